"""Which voxels count: those of a mask that hold valid data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..array_types import AnyArray
from ..errors import OptionError
from ..geometry import Box
from ..image import Image, check_lies_on
from ..image_checks import check_image, derive_image, find_valid_voxels, name_of
from ..labels import label_type
from ..provenance import Decision

__all__ = [
    "Region",
    "bounding_box",
    "check_mask",
    "labels_of",
    "mean_and_deviation",
    "region_of",
    "region_of_mask",
    "widened",
    "with_labels",
]

CHUNK = 1 << 18
"""Values that are converted at a time."""

ROUNDING = 1e-9
"""A distance of whole voxels must not miss the last one by a rounding."""


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

    def numbers(self) -> list[int]:
        """The labels that some voxel has, ascending."""
        most = int(self.labels.max())
        if most == 1:
            return [1]
        counts = np.zeros(most + 1, np.int64)
        for plane in range(self.labels.shape[2]):
            counts += np.bincount(self.labels[:, :, plane].ravel(order="K"), minlength=most + 1)
        return [int(number) for number in np.flatnonzero(counts) if number]

    def values_of(self, image: Image, number: int | None = None) -> npt.NDArray[Any]:
        """The image's values where the mask has a label, or any, in no particular order."""
        chosen = self.labels > 0 if number is None else self.labels == number
        values: npt.NDArray[Any] = image.array[self.box][chosen]
        return values.astype(np.uint8) if values.dtype == np.bool_ else values


def labels_of(mask: Image) -> AnyArray:
    """The labels of a mask, as whole numbers of the smallest unsigned type; 0 where it marks nothing.

    Values of zero and below mark nothing, and neither do voxels outside the mask's own source mask.

    Raises:
        OptionError: If a value is no whole number, as in a mask that was interpolated.
        GeometryError: If it has no 3D grid, or its source mask has another shape.
    """
    mask = check_image(mask, "mask")
    array = mask.array
    if array.dtype == np.bool_:
        labels: AnyArray = array.view(np.uint8)
    else:
        # Passes over NaN, and is NaN where there is nothing else.
        largest = float(np.fmax.reduce(array, axis=None))
        if largest == np.inf:
            raise not_whole(mask, largest)
        kind = label_type(int(largest) if largest > 0 else 0)
        if array.dtype == kind:
            labels = array
        else:
            labels = np.zeros(array.shape, kind, order="F")
            np.copyto(labels, array, where=array > 0, casting="unsafe")
            if array.dtype.kind == "f":
                different = (labels != array) & (array > 0)
                if different.any():
                    raise not_whole(mask, float(array[different].flat[0]))
    if mask.source_mask is not None and not mask.source_mask.all():
        labels = labels * mask.source_mask
    return labels


def not_whole(mask: Image, value: float) -> OptionError:
    """The error for a mask of fractions."""
    return OptionError(
        f"the mask holds the value {value:.6g}, and labels are whole numbers",
        path=name_of(mask),
        advice="compare the mask with a threshold first, such as 0.5",
        value=value,
    )


def check_mask(image: Image, mask: Image) -> None:
    """See that a mask lies on an image's voxels.

    Raises:
        GeometryError: If it has another shape, or a corner lies a tenth of a voxel or more from the image's.
    """
    check_image(mask, "mask")
    check_lies_on(mask, image, path=name_of(mask))


def region_of(image: Image, mask: Image | None) -> Region:
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
        return Region(filled(labels, labels, image), everywhere, decisions)
    check_mask(image, mask)
    whole = labels_of(mask)
    box = bounding_box(whole)
    if box is None:
        raise OptionError("the mask marks no voxel", path=name_of(mask), advice="check which segment was loaded")
    marked = whole[box]
    counting = marked if valid is None else marked * valid[box]
    return Region(filled(counting, marked, image), box, decisions)


def filled(counting: AnyArray, marked: AnyArray, image: Image) -> AnyArray:
    """Labels of which some voxel counts."""
    if not counting.any():
        raise OptionError(
            f"none of the {np.count_nonzero(marked) or marked.size} voxels holds valid data",
            path=name_of(image),
            advice="check the source mask of the image",
        )
    return counting


def bounding_box(labels: AnyArray) -> Box | None:
    """The smallest box that holds every label, None if there is none."""
    edges = []
    for axis in range(3):
        others = tuple(k for k in range(3) if k != axis)
        marked = np.flatnonzero(labels.any(axis=others))
        if not marked.size:
            return None
        edges.append(slice(int(marked[0]), int(marked[-1]) + 1))
    return tuple(edges)  # type: ignore[return-value]


def with_labels(
    mask: Image,
    region: Region,
    keep: Callable[[int], npt.NDArray[np.bool_]],
    what: str,
    nothing_left: Callable[[], tuple[str, str]],
) -> Image:
    """A mask reduced to some of its voxels, label by label.

    Args:
        mask: The mask.
        region: Its valid voxels.
        keep: Of a label, which voxels of the box stay; a new array, which is written to.
        what: What is done, for the record.
        nothing_left: What to say, and to advise, if no voxel stays.

    Raises:
        OptionError: If no voxel stays.
    """
    before = int(np.count_nonzero(region.labels))
    reduced = np.zeros_like(region.labels)
    emptied = []
    for number in region.numbers():
        chosen = keep(number)
        chosen &= region.labels == number
        np.copyto(reduced, reduced.dtype.type(number), where=chosen)
        if not chosen.any():
            emptied.append(number)
    after = int(np.count_nonzero(reduced))
    if not after:
        found, advice = nothing_left()
        raise OptionError(found, path=name_of(mask), advice=advice)
    decisions = [*region.decisions, Decision("processed", f"{what}: {after} of {before} voxels stay", after)]
    if emptied:
        names = ", ".join(f"{number} ({mask.labels.get(number) or 'no name'})" for number in emptied)
        decisions.append(Decision("left out", f"{what} leaves nothing of label {names}", len(emptied), "content"))
    array = np.zeros(mask.array.shape, reduced.dtype, order="F")
    array[region.box] = reduced
    return derive_image(mask, *decisions, array=array)


def region_of_mask(mask: Image) -> Region:
    """The voxels that a mask marks, whatever the image.

    Raises:
        OptionError: If it marks none.
    """
    labels = labels_of(mask)
    box = bounding_box(labels)
    if box is None:
        raise OptionError("the mask marks no voxel", path=name_of(mask), advice="check which segment was loaded")
    return Region(labels[box], box, ())


def widened(box: Box, distance: float, spacing: Sequence[float], shape: Sequence[int]) -> Box:
    """A box that reaches a distance further on every side, within the image: whole voxels up to that far."""
    sides = []
    for one, step, size in zip(box, spacing, shape, strict=True):
        # No further than the image is long, so that no distance is too large for a whole number.
        more = int(min(np.floor(distance / step * (1 + ROUNDING)), size))
        sides.append(slice(max(one.start - more, 0), min(one.stop + more, size)))
    return tuple(sides)  # type: ignore[return-value]


def mean_and_deviation(values: npt.NDArray[Any]) -> tuple[float, float]:
    """Mean, and standard deviation of the population, computed in float64 without a copy of all values."""
    mean = float(values.mean(dtype=np.float64))
    squares = 0.0
    for start in range(0, values.size, CHUNK):
        squares += float(np.sum((values[start : start + CHUNK].astype(np.float64) - mean) ** 2))
    return mean, float(np.sqrt(squares / values.size))
