"""BIDS-like: folders of subjects and sessions, sidecars, and masks as derivatives.

What BIDS knows (anatomical MR whose image is called by its suffix, such as ``T1w``, and PET) has the names of BIDS
1.10; for other images the names are made alike, and ``.bidsignore`` tells validators to pass over them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._version import __version__
from ...errors import OptionError
from ...image import Image
from ..cases.case import Case
from .bids_names import IGNORED_FILES, find_data_type, make_bids_label, make_stem
from .bids_sidecars import make_sidecar
from .label_names import find_label_names
from .protocol import CaseOutputs, DataSetOutputs, FinishedCase, OutputFile, OutputFolder

__all__ = ["BidsLayout"]

BIDS_VERSION = "1.10.0"
"""The version whose names these are."""

DERIVATIVES = "derivatives/masks"
"""Where masks are: not what a scanner made, but what was made of it."""

SUFFIXES = (".nii.gz", ".nii")
"""The only files of voxels that BIDS allows."""


@dataclass(frozen=True)
class BidsLayout:
    """Folders of subjects and sessions, as BIDS has them.

    Attributes:
        suffix: ``.nii.gz`` or ``.nii``.
        dataset_name: What dataset_description.json calls the data set.
    """

    suffix: str = ".nii.gz"
    dataset_name: str = "Cohort"

    @property
    def name(self) -> str:
        """What ``--layout`` calls it."""
        return "bids"

    def check_cases(self, cases: Sequence[Case]) -> None:
        """Refuse what BIDS has no files for."""
        if self.suffix not in SUFFIXES:
            raise OptionError(f"BIDS has no files {self.suffix}", advice=f"choose one of {', '.join(SUFFIXES)}")

    def plan(self, case: Case) -> CaseOutputs:
        """Name the files of a case: images, sidecars, masks and the names of their labels."""
        files = []
        for name, choice in case.images.items():
            stem = f"{make_stem(case, choice)}_{find_data_type(choice)[1]}"
            files += [OutputFile(stem + self.suffix, "image", name), OutputFile(f"{stem}.json", "sidecar", name)]
        first = next(iter(case.images.values()))
        for mask in case.masks:
            stem = f"{DERIVATIVES}/{make_stem(case, first)}_seg-{make_bids_label(mask.name)}_dseg"
            files += [OutputFile(stem + self.suffix, "mask", mask.name)]
            files += [OutputFile(stem + end, "sidecar", mask.name + end) for end in (".json", ".tsv")]
        return CaseOutputs(case.case_id, tuple(files))

    def write_case(
        self, folder: OutputFolder, case: Case, images: Mapping[str, Image], masks: Mapping[str, Image]
    ) -> tuple[OutputFile, ...]:
        """Write the files of a case."""
        planned, written = self.plan(case), []
        for name, image in images.items():
            file, sidecar = planned.find("image", name), planned.find("sidecar", name)
            folder.save(image, file.path)
            folder.write_text(sidecar.path, format_facts(make_sidecar(case.images[name], image)))
            written += [file, sidecar]
        reference = next(file.path for file in planned.files if file.role == "image")
        for name, mask in masks.items():
            file, labels = planned.find("mask", name), find_label_names(mask)
            sidecar, table = planned.find("sidecar", f"{name}.json"), planned.find("sidecar", f"{name}.tsv")
            folder.save(mask, file.path)
            folder.write_text(sidecar.path, format_facts({"SpatialReference": f"bids::{reference}"}))
            folder.write_text(table.path, format_labels(labels))
            written += [OutputFile(file.path, "mask", name, labels), sidecar, table]
        return tuple(written)

    def finish(self, folder: OutputFolder, rows: Sequence[FinishedCase]) -> DataSetOutputs:
        """Write the descriptions of the data set and of its masks, and the list of subjects."""
        paths = [output.path for row in rows for output in row.outputs]
        paths = [path for path in paths if find_subject(path).startswith("sub-")]
        subjects = sorted(set(map(find_subject, paths)))
        described = {"Name": self.dataset_name, "BIDSVersion": BIDS_VERSION}
        maker = {"GeneratedBy": [{"Name": "pictologics", "Version": __version__}]}
        texts = {
            "dataset_description.json": format_facts({**described, "DatasetType": "raw", **maker}),
            "participants.tsv": "\n".join(["participant_id", *subjects]) + "\n",
            "README": f"{self.dataset_name}\n\nImages converted from their originals by pictologics {__version__}.\n",
            ".bidsignore": "\n".join([*IGNORED_FILES, *list_other_folders(paths, {"anat", "pet"})]) + "\n",
        }
        if any(path.startswith(f"{DERIVATIVES}/") for path in paths):
            masks = {**described, "Name": f"Masks of {self.dataset_name}", "DatasetType": "derivative", **maker}
            texts[f"{DERIVATIVES}/dataset_description.json"] = format_facts(masks)
            # Of masks, BIDS has names for those of anatomical images only.
            texts[f"{DERIVATIVES}/.bidsignore"] = "".join(f"{name}\n" for name in list_other_folders(paths, {"anat"}))
        for path, text in texts.items():
            folder.write_text(path, text)
        return DataSetOutputs(tuple(OutputFile(path, "list") for path in texts))


def find_subject(path: str) -> str:
    """The folder of the subject that a file is in."""
    return path.removeprefix(f"{DERIVATIVES}/").split("/")[0]


def list_other_folders(paths: Sequence[str], known: set[str]) -> list[str]:
    """Patterns of the folders of images besides those that BIDS knows."""
    # Without a slash at the end, which would not match the folder itself for the validator.
    return sorted({path.split("/")[-2] for path in paths} - known)


def format_labels(labels: Mapping[int, str]) -> str:
    """The table of a label map (BIDS, "Discrete Segmentations")."""
    rows = ["index\tname", "0\tbackground"]
    rows += [f"{value}\t{' '.join(name.split()) or 'n/a'}" for value, name in labels.items()]
    return "\n".join(rows) + "\n"


def format_facts(content: Mapping[str, Any]) -> str:
    """A text of JSON as people read it."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
