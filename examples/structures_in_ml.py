"""Measures the structures of an RTSTRUCT, or any other mask, on its CT, and draws them: CT MASK PICTURE."""

import sys

from pictologics import load_image, load_mask, measure, save_planes

ct = load_image(sys.argv[1])
mask = load_mask(sys.argv[2], ct)
for roi in measure(ct, mask):
    print(f"{roi.name}: {roi.milliliters:.1f} ml, {roi.mean:.0f} {roi.units}")
save_planes(ct, sys.argv[3], mask=mask)
