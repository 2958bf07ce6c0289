"""Reads only the part of a scan around a lesion, to train on: SCAN MASK TARGET."""

import sys

import numpy as np

from pictologics import load_image, load_mask

MARGIN = 4
mask = load_mask(sys.argv[2])
inside = np.argwhere(mask.array)
low, high = np.maximum(inside.min(0) - MARGIN, 0), inside.max(0) + 1 + MARGIN
part = load_image(sys.argv[1], region=mask.grid[tuple(map(slice, low, high))])
np.savez(sys.argv[3], image=part.array, label=load_mask(sys.argv[2], part).array)
