"""Flat: every image and mask under a name that a template makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...errors import OptionError
from ...image import Image, copy_image
from ..cases.case import Case, SeriesChoice
from .file_names import clean_name, fill_template, fold_path, list_fields, list_values
from .label_names import find_label_names
from .protocol import SEGMENT_PLACE, CaseOutputs, DataSetOutputs, FinishedCase, OutputFile, OutputFolder, Role

__all__ = ["DEFAULT_TEMPLATE", "FlatLayout"]

DEFAULT_TEMPLATE = "{case_id}/{name}{suffix}"
"""A folder for each case, as most people sort their files."""


@dataclass(frozen=True)
class FlatLayout:
    """Files by a template.

    Attributes:
        suffix: What the format's files end with.
        template: Where images go, and masks unless they have a template of their own.
        mask_template: Where masks go; with ``{segment}``, each label becomes a mask of its own.
    """

    suffix: str = ".nii.gz"
    template: str = DEFAULT_TEMPLATE
    mask_template: str = ""

    @property
    def name(self) -> str:
        """What ``--layout`` calls it."""
        return "flat"

    def check_cases(self, cases: Sequence[Case]) -> None:
        """Refuse templates that cannot name files; any case will do."""
        if "segment" in list_fields(self.template) and not self.mask_template:
            raise OptionError(
                "{segment} stands in the template of images, which have none",
                advice="give masks a template of their own (mask_template)",
            )

    def plan(self, case: Case) -> CaseOutputs:
        """Name the files of a case."""
        mask_template = self.mask_template or self.template
        files = [self.name_file(self.template, "image", case, choice) for choice in case.images.values()]
        files += [self.name_file(mask_template, "mask", case, choice) for choice in case.masks]
        return CaseOutputs(case.case_id, tuple(files))

    def name_file(self, template: str, role: Role, case: Case, choice: SeriesChoice) -> OutputFile:
        """Name one file, in which the place of a segment stays open."""
        values = {**list_values(case, choice, self.suffix), "segment": SegmentPlace()}
        return OutputFile(fill_template(template, values), role, choice.name)

    def write_case(
        self, folder: OutputFolder, case: Case, images: Mapping[str, Image], masks: Mapping[str, Image]
    ) -> tuple[OutputFile, ...]:
        """Write the files of a case."""
        planned = self.plan(case)
        parts = [(planned.find("image", name), image) for name, image in images.items()]
        for name, mask in masks.items():
            parts += [(file, mask) for file in name_segments(planned.find("mask", name), mask)]
        files = [file for file, _ in parts]
        check_names(files)
        for file, image in parts:
            folder.save(take_segment(image, file), file.path)
        return tuple(files)

    def finish(self, folder: OutputFolder, rows: Sequence[FinishedCase]) -> DataSetOutputs:
        """Nothing describes the whole of it but the manifest."""
        return DataSetOutputs()


@dataclass(frozen=True)
class LabelFile(OutputFile):
    """The file of one label of a map.

    Attributes:
        value: The label's value in the map; in the file it is 1.
    """

    value: int = 0


class SegmentPlace:
    """Keeps the name of a segment open in a template, whatever its format says."""

    def __format__(self, specification: str) -> str:
        return SEGMENT_PLACE


def name_segments(file: OutputFile, mask: Image) -> list[OutputFile]:
    """The files of a label map: one, or one for each label where its path has a place for the segment's name."""
    if SEGMENT_PLACE not in file.path:
        return [replace(file, labels=dict(mask.labels))]
    return [
        LabelFile(file.path.replace(SEGMENT_PLACE, clean_name(name)), file.role, file.name, {1: name}, value)
        for value, name in find_label_names(mask).items()
    ]


def take_segment(image: Image, file: OutputFile) -> Image:
    """What goes into a file: an image or a label map as it is, or one label of it."""
    if not isinstance(file, LabelFile):
        return image
    return copy_image(image, array=np.asarray(image.array == file.value, np.uint8), labels=file.labels)


def check_names(files: Sequence[OutputFile]) -> None:
    """Refuse two files of one name: what segments are called is not known before the masks are loaded.

    Raises:
        OptionError: If two have.
    """
    seen: dict[str, OutputFile] = {}
    for file in files:
        first = seen.setdefault(fold_path(file.path), file)
        if first is not file:
            raise OptionError(
                f"{describe_named_file(first)} and {describe_named_file(file)} would both be the file '{file.path}'",
                advice="use a template for masks that tells them apart, or one without {segment}, which writes one "
                "label map",
            )


def describe_named_file(file: OutputFile) -> str:
    """What a file holds, for a message."""
    label = f"the label {file.labels[1]!r} of " if isinstance(file, LabelFile) else ""
    return f"{label}the {file.role} {file.name}"
