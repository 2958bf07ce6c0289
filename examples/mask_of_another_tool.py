"""Puts a mask of any tool on the voxels of its image, and says what had to be moved or cut: IMAGE MASK TARGET."""

import sys
import warnings

from pictologics import load_image, load_mask, save_image

image = load_image(sys.argv[1])
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    mask = load_mask(sys.argv[2], image)
print(mask, *(warning.message for warning in told), sep="\n")
save_image(mask, sys.argv[3])
