"""MONAI: images and label maps, and the data list that ``monai.data.load_decathlon_datalist`` reads.

The list is ``dataset.json``: ``training``, ``validation`` and ``test`` each hold an entry for every case: ``image``
(a path, or one for each channel) and ``label``, relative to the list. MONAI asks for a key and fails where it is
missing, and of an empty ``test`` too, so that a part without cases has no key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import OptionError
from ...image import Image
from ..cases.case import Case
from .label_numbers import renumber_cases, unite_masks
from .protocol import CaseOutputs, DataSetOutputs, FinishedCase, OutputFile, OutputFolder
from .training_set import check_label_numbers, check_one_grid, read_list

__all__ = ["MonaiLayout"]

LIST_PATH = "dataset.json"
"""The data list."""

PARTS = ("training", "validation", "test")
"""The parts of the list, and the folders of their cases."""

LABEL_FILE = "label"
"""What the label map of a case is called."""


@dataclass(frozen=True)
class MonaiLayout:
    """Images, label maps and a data list for MONAI.

    Attributes:
        suffix: What the format's files end with.
        validation: Share of the patients whose cases are kept for validation, 0 to 1. A hash of the patient chooses, so
            that nobody is in two parts, and nobody changes sides when patients are added; of few patients the share is
            not exact.
        labels: The number of each label; None numbers the names of all cases in alphabetical order, and keeps the
            numbers of a data set that is already there.
    """

    suffix: str = ".nii.gz"
    validation: float = 0.0
    labels: Mapping[str, int] | None = None

    @property
    def name(self) -> str:
        """What ``--layout`` calls it."""
        return "monai"

    def check_cases(self, cases: Sequence[Case]) -> None:
        """Refuse shares that are none. Cases without masks become the part ``test``."""
        if not 0 <= self.validation <= 1:
            raise OptionError(f"validation is {self.validation} and must be a share from 0 to 1")
        check_label_numbers(self.labels)

    def plan(self, case: Case) -> CaseOutputs:
        """Name the files of a case."""
        folder = f"{self.choose_part(case)}/{case.case_id}"
        files = [OutputFile(f"{folder}/{name}{self.suffix}", "image", name) for name in case.images]
        if case.masks:
            files.append(OutputFile(f"{folder}/{LABEL_FILE}{self.suffix}", "mask", LABEL_FILE))
        return CaseOutputs(case.case_id, tuple(files))

    def choose_part(self, case: Case) -> str:
        """The part to which a case belongs."""
        if not case.masks:
            return "test"
        first = next(iter(case.images.values()))
        digest = hashlib.sha256((first.patient_key or case.case_id).encode()).digest()
        return "validation" if int.from_bytes(digest[:4]) < self.validation * 2**32 else "training"

    def write_case(
        self, folder: OutputFolder, case: Case, images: Mapping[str, Image], masks: Mapping[str, Image]
    ) -> tuple[OutputFile, ...]:
        """Write the images of a case and its label map."""
        planned, united = self.plan(case), None
        if case.masks:
            united = unite_masks(masks, check_label_numbers(self.labels), self.read_known_labels(folder))
        check_one_grid(images, united)
        written = []
        for name, image in images.items():
            file = planned.find("image", name)
            folder.save(image, file.path)
            written.append(file)
        if united is not None:
            file = planned.find("mask", LABEL_FILE)
            folder.save(united, file.path)
            written.append(OutputFile(file.path, "mask", LABEL_FILE, dict(united.labels)))
        return tuple(written)

    def finish(self, folder: OutputFolder, rows: Sequence[FinishedCase]) -> DataSetOutputs:
        """Number the labels of all cases alike, and write the list."""
        rows = [row for row in rows if all(output.path.split("/")[0] in PARTS for output in row.outputs)]
        known = {} if self.labels else self.read_known_labels(folder)
        numbers, changed = renumber_cases(folder, rows, known, check_label_numbers(self.labels))
        parts: dict[str, list[dict[str, Any]]] = {part: [] for part in PARTS}
        for row in sorted(rows, key=lambda row: row.case_id):
            entry = make_entry(row)
            if entry:
                parts[row.outputs[0].path.split("/")[0]].append(entry)
        content = {
            "labels": {"0": "background", **{str(value): name for value, name in numbers.names.items()}},
            "numTraining": len(parts["training"]),
            "numTest": len(parts["test"]),
            **{part: entries for part, entries in parts.items() if entries},
        }
        folder.write_text(LIST_PATH, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        return DataSetOutputs((OutputFile(LIST_PATH, "list"),), changed)

    def read_known_labels(self, folder: OutputFolder) -> dict[int, str]:
        """The numbers of the data set that is already there."""
        labels = read_list(folder, LIST_PATH).get("labels", {})
        return {int(value): str(name) for value, name in labels.items() if value.isdecimal() and int(value)}


def make_entry(row: FinishedCase) -> dict[str, Any]:
    """The entry of a case in the list; empty if it has no image."""
    images = [output.path for output in row.outputs if output.role == "image"]
    labels = [output.path for output in row.outputs if output.role == "mask"]
    if not images:
        return {}
    entry: dict[str, Any] = {"image": images[0] if len(images) == 1 else images}
    return {**entry, **({"label": labels[0]} if labels else {}), "case_id": row.case_id}
