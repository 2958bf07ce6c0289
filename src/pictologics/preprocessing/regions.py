"""Which voxels count: those of a mask that hold valid data. Their values, and masks reduced to some of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..array_types import AnyArray, BoolArray
from ..errors import OptionError
from ..geometry import Box, find_bounding_box
from ..image import Image
from ..image_checks import derive_image, find_valid_voxels, name_of
from ..provenance import Decision
from .mask_labels import check_mask, read_mask_labels

__all__ = ["Region", "compute_mean_and_deviation", "find_mask_region", "find_region", "reduce_mask"]

VALUES_AT_ONCE = 1 << 18
"""Values that are converted to float64 at a time: two megabytes, which stay in the cache."""


@dataclass(frozen=True)
class Region:
    """The voxels of a mask that hold valid data.

    Attributes:
        labels: Label of each voxel of the box, 0 where it does not count; an unsigned integer type.
        box: Where the box lies in the image; the smallest that holds the whole mask.
        decisions: What was decided on the way.
    """

    labels: AnyArray
    box: Box
    decisions: tuple[Decision, ...]

    def list_numbers(self) -> list[int]:
        """The labels that some voxel has, ascending."""
        most = int(self.labels.max())
        if most == 1:
            return [1]
        counts = np.zeros(most + 1, np.int64)
        for plane in range(self.labels.shape[2]):
            counts += np.bincount(self.labels[:, :, plane].ravel(order="K"), minlength=most + 1)
        return [int(number) for number in np.flatnonzero(counts) if number]

    def take_values(self, image: Image, number: int | None = None) -> AnyArray:
        """The image's values where the mask has this label, or any if None, in no particular order."""
        chosen = self.labels > 0 if number is None else self.labels == number
        values: AnyArray = image.array[self.box][chosen]
        return values.astype(np.uint8) if values.dtype == np.bool_ else values


def find_region(image: Image, mask: Image | None) -> Region:
    """The voxels of a mask at which an image holds valid data; without a mask, all such voxels.

    Raises:
        GeometryError: If the mask does not lie on the image's voxels.
        OptionError: If the mask marks no voxel, or none that is valid.
    """
    validity = find_valid_voxels(image)
    valid, decisions = validity.mask, validity.decisions
    if mask is None:
        everywhere: Box = (slice(None), slice(None), slice(None))
        labels = np.ones(image.array.shape, np.uint8, order="F") if valid is None else valid.view(np.uint8)
        region, marked = Region(labels, everywhere, decisions), labels.size
    else:
        check_mask(image, mask)
        whole = find_mask_region(mask)
        counting = whole.labels if valid is None else whole.labels * valid[whole.box]
        region, marked = Region(counting, whole.box, decisions), int(np.count_nonzero(whole.labels))
    if not region.labels.any():
        raise OptionError(
            f"none of the {marked} voxels holds valid data",
            path=name_of(image),
            advice="check the source mask of the image",
        )
    return region


def find_mask_region(mask: Image) -> Region:
    """The voxels that a mask marks, whatever the image.

    Raises:
        OptionError: If it marks none.
    """
    labels = read_mask_labels(mask)
    box = find_bounding_box(labels)
    if box is None:
        raise OptionError("the mask marks no voxel", path=name_of(mask), advice="check which segment was loaded")
    return Region(labels[box], box, ())


def reduce_mask(
    mask: Image,
    region: Region,
    keep: Callable[[int], BoolArray],
    action: str,
    explain_empty: Callable[[], tuple[str, str]],
) -> Image:
    """Reduce a mask to some of its voxels, label by label.

    Args:
        mask: The mask.
        region: Its valid voxels.
        keep: Of a label, which voxels of the box stay; a new array, which is written to.
        action: What is done, for the record.
        explain_empty: Gives the message and the advice if no voxel stays.

    Raises:
        OptionError: If no voxel stays.
    """
    before = int(np.count_nonzero(region.labels))
    reduced = np.zeros_like(region.labels)
    emptied = []
    for number in region.list_numbers():
        chosen = keep(number)
        chosen &= region.labels == number
        np.copyto(reduced, reduced.dtype.type(number), where=chosen)
        if not chosen.any():
            emptied.append(number)
    after = int(np.count_nonzero(reduced))
    if not after:
        found, advice = explain_empty()
        raise OptionError(found, path=name_of(mask), advice=advice)
    decisions = [*region.decisions, Decision("processed", f"{action}: {after} of {before} voxels stay", after)]
    if emptied:
        names = ", ".join(f"{number} ({mask.labels.get(number) or 'no name'})" for number in emptied)
        decisions.append(Decision("left out", f"{action} leaves nothing of label {names}", len(emptied), "content"))
    array = np.zeros(mask.array.shape, reduced.dtype, order="F")
    array[region.box] = reduced
    return derive_image(mask, *decisions, array=array)


def compute_mean_and_deviation(values: AnyArray) -> tuple[float, float]:
    """Mean, and standard deviation of the population, computed in float64 without a copy of all values."""
    mean = float(values.mean(dtype=np.float64))
    # In two passes: the mean of the squares less the square of the mean cancels where the mean is large.
    squares = 0.0
    for start in range(0, values.size, VALUES_AT_ONCE):
        squares += float(np.sum((values[start : start + VALUES_AT_ONCE].astype(np.float64) - mean) ** 2))
    return mean, float(np.sqrt(squares / values.size))
