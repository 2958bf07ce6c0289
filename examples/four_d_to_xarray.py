"""Makes a labeled array of all volumes of a 4D file or a DICOM series, and the curve of their means: SOURCE CSV."""

import sys

from pictologics import load_series

series = load_series(sys.argv[1])
print(series)
data = series.to_xarray()
print(dict(data.sizes), data.attrs.get("units", ""))
curve = data.mean(("x", "y", "z"))
curve.to_series().to_csv(sys.argv[2])
