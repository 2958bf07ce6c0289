"""Writes a mask back for the archive, as DICOM SEG and as RTSTRUCT of its series: SERIES MASK SEG RTSTRUCT."""

import sys

from pictologics import load_image, load_mask, save_rtstruct, save_seg

series, path, seg, rtstruct = sys.argv[1:]
scan = load_image(series)
mask = load_mask(path, scan)
save_seg(mask, series, seg)
save_rtstruct(mask, series, rtstruct)
for written in (seg, rtstruct):
    assert (load_mask(written, scan).array == mask.array).all()
