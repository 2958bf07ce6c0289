"""Makes a training set of MONAI of every scan with a mask in an export, patches around the labels: EXPORT."""

import sys

from monai.data import DataLoader, Dataset
from monai.transforms import RandCropByPosNegLabeld

from pictologics import explain, load_image, load_mask

found = explain(sys.argv[1], recursive=True)
pairs = [(load_image(scan.folder), mask.path) for scan in found.volumes for mask in found.links_of(scan)]
cases = [{"image": image.to_monai(), "label": load_mask(path, image).to_monai()} for image, path in pairs]
crop = RandCropByPosNegLabeld(["image", "label"], "label", (24, 24, 12), num_samples=2)
for batch in DataLoader(Dataset(cases, crop), batch_size=4):
    print(len(cases), "cases:", tuple(batch["image"].shape), batch["label"].unique().tolist())
