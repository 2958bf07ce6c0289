"""Flat: every image and mask under a name that a template makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...errors import OptionError
from ...image import Image, copy_image
from ..cases.case import Case, SeriesChoice
from .file_names import clean_name, fill_template, list_fields, list_values
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
        files = [(planned.find("image", name), image) for name, image in images.items()]
        for name, mask in masks.items():
            files += split_segments(planned.find("mask", name), mask)
        for file, image in files:
            folder.save(image, file.path)
        return tuple(file for file, _ in files)

    def finish(self, folder: OutputFolder, rows: Sequence[FinishedCase]) -> DataSetOutputs:
        """Nothing describes the whole of it but the manifest."""
        return DataSetOutputs()


class SegmentPlace:
    """Keeps the name of a segment open in a template, whatever its format says."""

    def __format__(self, specification: str) -> str:
        return SEGMENT_PLACE


def split_segments(file: OutputFile, mask: Image) -> list[tuple[OutputFile, Image]]:
    """The files of a label map: one, or one for each label where its path has a place for the segment's name.

    Raises:
        OptionError: If two labels would have one name.
    """
    if SEGMENT_PLACE not in file.path:
        return [(replace(file, labels=dict(mask.labels)), mask)]
    names = find_label_names(mask)
    parts: dict[str, tuple[OutputFile, Image]] = {}
    for value, name in names.items():
        path = file.path.replace(SEGMENT_PLACE, clean_name(name))
        if path.casefold() in parts:
            raise OptionError(
                f"two labels of the mask {file.name} have one name, and a file of its own is required for each",
                advice="use a template for masks without {segment}, which writes one label map",
            )
        alone = copy_image(mask, array=np.asarray(mask.array == value, np.uint8), labels={1: name})
        parts[path.casefold()] = replace(file, path=path, labels={1: name}), alone
    return list(parts.values())
