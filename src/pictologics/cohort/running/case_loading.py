"""The images and masks of a case, in memory and on the voxels of its first image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from ...image import Image
from ...loader import load_image
from ..cases.case import Case, SeriesChoice
from .mask_loading import give_files, load_case_masks
from .mask_merging import merge_label_maps
from .rules import RunRules
from .voxels_without_data import choose_fill_value, warn_of_resampling

__all__ = ["MERGED_MASK", "LoadedCase", "load_case", "name_written_masks"]

MERGED_MASK = "mask"
"""What the one label map is called that the masks of a case become."""

PET = "PT"
"""The modality whose values can be given as uptake."""


@dataclass(frozen=True)
class LoadedCase:
    """A case in memory.

    Attributes:
        images: Its images by name, all on the voxels of the first.
        masks: Its label maps by name, on the same voxels.
    """

    images: dict[str, Image]
    masks: dict[str, Image]


def name_written_masks(case: Case, rules: RunRules) -> Case:
    """The case as it is written: with one mask, if all of them are merged."""
    if rules.masks == "separate" or not case.masks:
        return case
    first = case.masks[0]
    keys = "+".join(dict.fromkeys(mask.series_key for mask in case.masks if mask.series_key))
    merged = SeriesChoice(
        MERGED_MASK,
        keys,
        study_key=first.study_key,
        patient_key=first.patient_key,
        modality="SEG",
        shape=next(iter(case.images.values())).shape,
        kind=first.kind,
    )
    return Case(case.case_id, case.images, (merged,), case.notes, case.problem)


def load_case(case: Case, rules: RunRules) -> LoadedCase:
    """Load a case.

    Raises:
        PictologicsError: If anything of it does not load, or has no place on the first image.
    """
    images: dict[str, Image] = {}
    for choice in case.images.values():
        placing: dict[str, Any] = {}
        if images:
            reference = next(iter(images.values()))
            placing = {"reference_image": reference, "interpolation": rules.interpolation}
        images[choice.name] = load_choice(choice, rules, **placing)
    reference = next(iter(images.values()))
    masks = load_case_masks(case, reference, rules.segments, partial(load_choice, rules=rules))
    if masks and rules.masks == "merged":
        masks = {MERGED_MASK: merge_label_maps(masks)}
    return LoadedCase(images, masks)


def load_choice(choice: SeriesChoice, rules: RunRules, **placing: Any) -> Image:
    """Load an image of a case, by what is known of it."""
    options = dict(choice.options)
    if rules.suv is not None and choice.modality == PET:
        options["suv"] = rules.suv
    is_resampled = options.get("irregular") == "resample"
    fill_value = choose_fill_value(choice, rules.fill_value)
    if is_resampled or placing:
        options["fill_value"] = fill_value
    image = load_image(give_files(choice), **{**options, **placing})
    if is_resampled:
        warn_of_resampling(choice, image, fill_value)
    return image
