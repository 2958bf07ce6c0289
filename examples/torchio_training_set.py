"""Makes a training set of TorchIO of every scan with a mask in an export, patches around the labels: EXPORT."""

import sys

import torchio as tio

from pictologics import explain, load_image, load_mask

found = explain(sys.argv[1], recursive=True)
pairs = [(load_image(scan.folder), mask.path) for scan in found.volumes for mask in found.links_of(scan)]
cases = [tio.Subject(ct=image.to_torchio(), label=load_mask(path, image).to_torchio()) for image, path in pairs]
cases = tio.SubjectsDataset(cases, tio.RandomAffine(degrees=5))
queue = tio.Queue(cases, 40, 2, tio.LabelSampler((24, 24, 12), "label"), num_workers=0)
for batch in tio.SubjectsLoader(queue, batch_size=4):
    print(len(cases), "cases:", tuple(batch["ct"]["data"].shape), batch["label"]["data"].unique().tolist())
