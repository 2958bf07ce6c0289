"""Gives a mask that was saved without an affine the place of its image, and draws it: IMAGE MASK TARGET PICTURE."""

import sys

from pictologics import GeometryError, load_image, load_mask, save_image, save_planes

image = load_image(sys.argv[1])
try:
    mask = load_mask(sys.argv[2], image)
except GeometryError as error:
    print(error.found)
    mask = load_mask(sys.argv[2], image, geometry="reference")
save_image(mask, sys.argv[3])
save_planes(image, sys.argv[4], mask=mask)
