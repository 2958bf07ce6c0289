"""Puts a PET scan, as uptake values, on the voxels of its CT, and measures a mask: CT PET MASK TARGET."""

import sys

from pictologics import load_image, load_mask, measure, save_image

ct = load_image(sys.argv[1])
pet = load_image(sys.argv[2], suv="bw", reference_image=ct, interpolation="linear")
for lesion in measure(pet, load_mask(sys.argv[3], ct)):
    print(f"{lesion.name}: SUVmax {lesion.maximum:.1f}, SUVpeak {lesion.peak:.1f}, {lesion.milliliters:.1f} ml")
save_image(pet, sys.argv[4])
