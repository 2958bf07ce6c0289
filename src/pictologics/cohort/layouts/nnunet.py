"""nnU-Net: the raw data set of version 2, as its dataset_format.md describes it and its integrity check requires.

- ``DatasetNNN_Name/imagesTr/CASE_CCCC.ENDING``: an image for each channel, from 0000 on, all on the same voxels,
  without NaN; every case has the same channels.
- ``labelsTr/CASE.ENDING``: a label map on the same voxels; 0 is the background, and values are consecutive.
- ``imagesTs``: images of cases without labels.
- ``dataset.json``: ``channel_names``, ``labels``, ``numTraining``, ``file_ending``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import OptionError
from ...image import Image, copy_image
from ..cases.case import Case
from .label_numbers import renumber_cases, unite_masks
from .protocol import CaseOutputs, DataSetOutputs, FinishedCase, OutputFile, OutputFolder
from .training_set import check_label_numbers, check_one_grid, read_list

__all__ = ["NnunetLayout"]

FILE_ENDINGS = (".nii.gz", ".nrrd", ".mha")
"""What both pictologics writes and nnU-Net reads."""

SET_NAME = re.compile(r"[A-Za-z0-9_-]+")
"""What the name of a data set is made of: it becomes a part of folders and commands."""

LABELS_NAME = "labels"
"""The name of the one label map of each case."""


@dataclass(frozen=True)
class NnunetLayout:
    """A raw data set of nnU-Net.

    Attributes:
        suffix: ``.nii.gz``, ``.nrrd`` or ``.mha``.
        dataset_id: Its number, 1 to 999; nnU-Net's own are below 11.
        dataset_name: Its name.
        labels: The number of each label; None numbers the names of all cases in alphabetical order, and keeps the
            numbers of a data set that is already there.
        test_cases: Whether cases without masks go into ``imagesTs``; otherwise they are refused.
    """

    suffix: str = ".nii.gz"
    dataset_id: int = 100
    dataset_name: str = "Cohort"
    labels: Mapping[str, int] | None = None
    test_cases: bool = False

    @property
    def name(self) -> str:
        """What ``--layout`` calls it."""
        return "nnunet"

    @property
    def folder_name(self) -> str:
        """The folder of the data set."""
        return f"Dataset{self.dataset_id:03d}_{self.dataset_name}"

    def check_cases(self, cases: Sequence[Case]) -> None:
        """Refuse what nnU-Net cannot train on: other file endings, cases of several sorts, cases without masks."""
        if self.suffix not in FILE_ENDINGS:
            raise OptionError(f"nnU-Net reads no {self.suffix}", advice=f"choose one of {', '.join(FILE_ENDINGS)}")
        if not 1 <= self.dataset_id <= 999 or not SET_NAME.fullmatch(self.dataset_name):
            raise OptionError(
                f"{self.folder_name} is no data set of nnU-Net",
                advice="choose a number from 1 to 999, and a name of letters, digits, _ and -",
            )
        check_label_numbers(self.labels)
        channels = {tuple(case.images) for case in cases}
        if len(channels) > 1:
            sorts = "; ".join(", ".join(names) for names in sorted(channels))
            raise OptionError(
                f"the cases have different images ({sorts}), and nnU-Net requires the same channels of all",
                advice="choose cases that have every image",
            )
        without = [case.case_id for case in cases if not case.masks]
        if without and not self.test_cases:
            raise OptionError(
                f"{len(without)} of {len(cases)} cases have no mask, such as {without[0]}",
                advice="choose those with masks by series_key IN (SELECT image_key FROM links), or set the option "
                "test_cases=true of the layout, which puts the others into imagesTs",
                cases=tuple(without),
            )

    def plan(self, case: Case) -> CaseOutputs:
        """Name the files of a case."""
        part = "Tr" if case.masks else "Ts"
        files = [
            OutputFile(f"{self.folder_name}/images{part}/{case.case_id}_{channel:04d}{self.suffix}", "image", name)
            for channel, name in enumerate(case.images)
        ]
        if case.masks:
            files.append(OutputFile(f"{self.folder_name}/labelsTr/{case.case_id}{self.suffix}", "mask", LABELS_NAME))
        return CaseOutputs(case.case_id, tuple(files))

    def write_case(
        self, folder: OutputFolder, case: Case, images: Mapping[str, Image], masks: Mapping[str, Image]
    ) -> tuple[OutputFile, ...]:
        """Write the channels of a case and its label map."""
        planned, united = self.plan(case), None
        check_channels(case, images)
        if case.masks:
            known = {} if self.labels else self.read_known_labels(folder)
            united = unite_masks(masks, check_label_numbers(self.labels), known)
        check_one_grid(images, united)
        written = []
        if united is not None:
            # Before the images: nnU-Net counts those, and asks each for its labels.
            file = planned.find("mask", LABELS_NAME)
            folder.save(united, file.path)
            written.append(OutputFile(file.path, "mask", LABELS_NAME, dict(united.labels)))
        for name, image in images.items():
            file = planned.find("image", name)
            # Saved with a source mask, voxels without data might become NaN.
            folder.save(copy_image(image, source_mask=None), file.path)
            written.append(file)
        return tuple(written)

    def finish(self, folder: OutputFolder, rows: Sequence[FinishedCase]) -> DataSetOutputs:
        """Number the labels of all cases alike, and write dataset.json."""
        rows = [row for row in rows if all(self.holds(output.path) for output in row.outputs)]
        known = {} if self.labels else self.read_known_labels(folder)
        numbers, changed = renumber_cases(folder, rows, known, check_label_numbers(self.labels))
        training = [row for row in rows if any(output.role == "mask" for output in row.outputs)]
        content = {
            "channel_names": self.name_channels(rows),
            "labels": {"background": 0, **{name: value for value, name in numbers.names.items()}},
            "numTraining": len(training),
            "file_ending": self.suffix,
            "name": self.dataset_name,
        }
        path = f"{self.folder_name}/dataset.json"
        folder.write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        return DataSetOutputs((OutputFile(path, "list"),), changed)

    def holds(self, path: str) -> bool:
        """Whether a file is one of the images and label maps of this data set."""
        return path.startswith(f"{self.folder_name}/") and path.endswith(self.suffix)

    def read_known_labels(self, folder: OutputFolder) -> dict[int, str]:
        """The numbers of the data set that is already there."""
        labels = read_list(folder, f"{self.folder_name}/dataset.json").get("labels", {})
        return {value: name for name, value in labels.items() if isinstance(value, int) and value}

    def name_channels(self, rows: Sequence[FinishedCase]) -> dict[str, str]:
        """The name of each channel, by its number as text; of one called ct, nnU-Net scales values as those of CT."""
        names: dict[str, str] = {}
        for row in rows:
            for output in row.outputs:
                if output.role == "image":
                    channel = int(output.path.removesuffix(self.suffix)[-4:])
                    names[str(channel)] = "CT" if output.name.lower() == "ct" else output.name
        return dict(sorted(names.items()))


def check_channels(case: Case, images: Mapping[str, Image]) -> None:
    """Refuse images that nnU-Net would refuse.

    Raises:
        OptionError: If one is missing, or holds NaN.
    """
    missing = [name for name in case.images if name not in images]
    if missing:
        raise OptionError(
            f"the case {case.case_id} has no image {missing[0]}, and nnU-Net requires every channel",
            advice="let process return all images that it got",
        )
    for name, image in images.items():
        if image.array.dtype.kind == "f" and np.isnan(image.array).any():
            raise OptionError(
                f"the image {name!r} of the case {case.case_id} holds NaN, which nnU-Net refuses",
                advice="replace NaN by the value of air with process",
            )
