"""Writes every volume of a folder of DICOM files, and of the folders below, as NIfTI: SOURCE TARGET."""

import sys
from pathlib import Path

from pictologics import explain, load_image, save_image

source, target = sys.argv[1], Path(sys.argv[2])
target.mkdir(parents=True, exist_ok=True)
for number, volume in enumerate(explain(source, recursive=True).volumes, 1):
    if volume.loads:
        image = load_image(source, **dict(volume.options))
        save_image(image, target / f"{number:03}_{volume.modality}.nii.gz", dtype="smallest")
    print(number, image if volume.loads else f"does not load: {'; '.join(volume.notes)}")
