"""Masks: by value, by connection, by distance, and the part of an image around them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..errors import OptionError
from ..image import Image
from ..provenance import Decision
from .parameters import checked_connectivity, checked_distance, checked_range, checked_sigmas, range_text
from .regions import (
    Box,
    Region,
    bounding_box,
    check_mask,
    labels_of,
    name_of,
    processed,
    region_of,
    with_labels,
)

__all__ = ["crop_around", "crop_to_mask", "filter_outliers", "grow_mask", "keep_largest_component", "resegment_mask"]

Connectivity = Literal[6, 18, 26]

# Distances are sums of squares of floats: a voxel exactly at the distance must not depend on the last bit.
ROUNDING = 1e-9


def resegment_mask(image: Image, mask: Image, value_range: tuple[float | None, float | None]) -> Image:
    """Keep the voxels of a mask whose values lie in a range, both ends included (IBSI 2.6, range re-segmentation).

    Args:
        image: The image. Its invalid voxels leave the mask.
        mask: The mask, or a label map whose labels are kept, on the image's voxels.
        value_range: Lowest and highest value, in units of the image; None for an end that is open.

    Returns:
        The mask, of the smallest unsigned integer type.

    Raises:
        OptionError: If no voxel lies in the range, the mask marks no valid voxel, or the range is none.
        GeometryError: If the mask does not lie on the image's voxels.

    Example:
        >>> import numpy as np
        >>> from pictologics import Image, create_full_mask
        >>> from pictologics.preprocessing import resegment_mask
        >>> scan = Image(np.array([[[-1000.0, 40.0, 400.0, 401.0]]]), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> resegment_mask(scan, create_full_mask(scan), (-500, 400)).array.tolist()
        [[[0, 1, 1, 0]]]
    """
    low, high = checked_range(value_range)
    region = region_of(image, mask)
    part = image.array[region.box]
    inside = (part >= low) & (part <= high)
    values = region.values_of(image)
    return with_labels(
        mask,
        region,
        lambda number: inside,
        f"resegmented to {range_text(value_range)}",
        (
            f"no voxel of the mask lies in {range_text(value_range)}: its values run from {values.min():.6g} to "
            f"{values.max():.6g}",
            "check the range and the units of the image",
        ),
    )


def filter_outliers(image: Image, mask: Image, k: float = 3.0) -> Image:
    """Keep the voxels of a mask whose values lie within mean ± k standard deviations (IBSI 2.6, outlier filtering).

    Mean and standard deviation are those of the mask's valid voxels, the latter that of the population (divided by n).
    IBSI takes them before any other re-segmentation: filter outliers first and resegment to a range afterwards, and the
    result is the intersection that IBSI asks for.

    Args:
        image: The image. Its invalid voxels leave the mask.
        mask: The mask, or a label map whose labels are kept, on the image's voxels. Each label has its own mean.
        k: How many standard deviations.

    Returns:
        The mask, of the smallest unsigned integer type.

    Raises:
        OptionError: If the mask marks no valid voxel, or ``k`` is not above 0.
        GeometryError: If the mask does not lie on the image's voxels.

    Example:
        >>> import numpy as np
        >>> from pictologics import Image, create_full_mask
        >>> from pictologics.preprocessing import filter_outliers
        >>> scan = Image(np.array([[[1.0, 2.0, 1.0, 2.0, 99.0]]]), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> filter_outliers(scan, create_full_mask(scan), k=1.5).array.tolist()
        [[[1, 1, 1, 1, 0]]]
    """
    sigmas = checked_sigmas(k)
    region = region_of(image, mask)

    def within(number: int) -> npt.NDArray[np.bool_]:
        values = region.values_of(image, number)
        mean, deviation = values.mean(), values.std()
        part = image.array[region.box].astype(np.float64)
        return np.asarray((part >= mean - sigmas * deviation) & (part <= mean + sigmas * deviation))

    nothing = (f"no voxel lies within {sigmas:g} standard deviations of the mean", "pass a larger k")
    return with_labels(mask, region, within, f"outliers beyond {sigmas:g} standard deviations left out", nothing)


def keep_largest_component(mask: Image, connectivity: Connectivity = 26) -> Image:
    """Keep the largest connected part of a mask.

    Args:
        mask: The mask, or a label map, of each of whose labels the largest part stays.
        connectivity: Which voxels are connected: 6 by faces, 18 also by edges, 26 also by corners.

    Returns:
        The mask, of the smallest unsigned integer type. Of parts of one size, the one whose first voxel comes first
        stays, x running fastest.

    Raises:
        OptionError: If the mask marks no voxel, or the connectivity is none.

    Example:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import keep_largest_component
        >>> mask = Image(np.array([[[1, 0, 1, 1]]], np.uint8), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> keep_largest_component(mask).array.tolist()
        [[[0, 0, 1, 1]]]
    """
    from scipy import ndimage

    order = checked_connectivity(connectivity)
    region = region_of_mask(mask)
    structure = ndimage.generate_binary_structure(3, order)

    def largest(number: int) -> npt.NDArray[np.bool_]:
        # Turned so that x runs slowest in the view: its parts are then numbered with x running fastest.
        parts, _ = ndimage.label((region.labels == number).transpose(), structure)
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        return np.asarray((parts == sizes.argmax()).transpose())

    nothing = ("the mask marks no voxel", "check which segment was loaded")
    return with_labels(mask, region, largest, f"largest part kept ({connectivity} neighbours)", nothing)


def grow_mask(mask: Image, distance_mm: float) -> Image:
    """Grow a mask by a distance, or shrink it by a negative one.

    Distances are Euclidean, in millimetres, between voxel centres. Growing adds every voxel that lies at most the
    distance from one of the mask. Shrinking takes away every voxel that lies at most the distance from one outside it;
    what lies beyond the edge of the image is unknown, and nothing is taken away for its sake.

    Args:
        mask: The mask, or a label map: a voxel that several labels reach goes to the nearest, and no label grows into
            another. Each shrinks for itself.
        distance_mm: How far, mm.

    Returns:
        The mask on the same grid, of the smallest unsigned integer type. It does not grow into voxels that its own
        source mask excludes.

    Raises:
        OptionError: If the mask marks no voxel, or shrinking leaves none, or the distance is no number.

    Example:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import grow_mask
        >>> mask = Image(np.array([[[0, 0, 1, 0, 0]]], np.uint8), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0))
        >>> grow_mask(mask, 3.0).array.tolist()
        [[[0, 1, 1, 1, 0]]]
    """
    distance = checked_distance("distance_mm", distance_mm)
    region = region_of_mask(mask)
    spacing = mask.grid.spacing
    if distance < 0:
        nothing = (f"shrinking by {-distance:g} mm leaves nothing of the mask", "shrink by less")
        return with_labels(
            mask,
            region,
            lambda number: core_of(region, mask, number, -distance),
            f"shrunk by {-distance:g} mm",
            nothing,
        )
    box = widened(region.box, distance, spacing, mask.array.shape)
    grown = grown_labels(labels_of(mask)[box], distance, spacing)
    if mask.source_mask is not None:
        grown = grown * mask.source_mask[box]
    array = np.zeros(mask.array.shape, grown.dtype, order="F")
    array[box] = grown
    before, after = int(np.count_nonzero(region.labels)), int(np.count_nonzero(grown))
    text = f"grown by {distance:g} mm from {before} to {after} voxels"
    return processed(mask, Decision("processed", text, after), array=array)


def region_of_mask(mask: Image) -> Region:
    """The voxels that a mask marks, whatever the image."""
    labels = labels_of(mask)
    box = bounding_box(labels)
    if box is None:
        raise OptionError("the mask marks no voxel", path=name_of(mask), advice="check which segment was loaded")
    return Region(labels[box], box, ())


def grown_labels(
    labels: npt.NDArray[np.unsignedinteger[npt.NBitBase]], distance: float, spacing: tuple[float, float, float]
) -> npt.NDArray[np.unsignedinteger[npt.NBitBase]]:
    """Labels with every voxel within the distance given to the nearest."""
    from scipy import ndimage

    limit = distance * (1 + ROUNDING)
    outside = labels == 0
    is_mask = int(labels.max()) == int(labels[~outside].min())
    if is_mask:
        far = ndimage.distance_transform_edt(outside, sampling=spacing)
        return np.where(far <= limit, labels.max(), labels.dtype.type(0))
    far, nearest = ndimage.distance_transform_edt(outside, sampling=spacing, return_indices=True)
    return np.where(far <= limit, labels[tuple(nearest)], labels.dtype.type(0))


def core_of(region: Region, mask: Image, number: int, distance: float) -> npt.NDArray[np.bool_]:
    """The voxels of a label that lie further than a distance from every voxel without it."""
    from scipy import ndimage

    # One voxel more on each side shows where the label ends, unless the image ends there too.
    box = widened(region.box, max(mask.grid.spacing), mask.grid.spacing, mask.array.shape)
    inside = np.zeros([one.stop - one.start for one in box], dtype=bool, order="F")
    inner = tuple(
        slice(one.start - wide.start, one.stop - wide.start) for one, wide in zip(region.box, box, strict=True)
    )
    inside[inner] = region.labels == number
    if inside.all():
        return np.asarray(inside[inner])
    far = ndimage.distance_transform_edt(inside, sampling=mask.grid.spacing)
    return np.asarray(far[inner] > distance * (1 + ROUNDING))


def widened(box: Box, distance: float, spacing: tuple[float, float, float], shape: tuple[int, ...]) -> Box:
    """A box that reaches a distance further on every side, within the image."""
    sides = []
    for one, step, size in zip(box, spacing, shape, strict=True):
        # The longest way that any image has, so that no distance is too large for a whole number.
        more = int(min(np.floor(distance / step * (1 + ROUNDING)), size))
        sides.append(slice(max(one.start - more, 0), min(one.stop + more, size)))
    return tuple(sides)  # type: ignore[return-value]


def crop_to_mask(image: Image, mask: Image, margin_mm: float = 0.0) -> tuple[Image, Image]:
    """Cut an image and its mask down to the smallest box that holds the mask.

    Args:
        image: The image.
        mask: The mask or label map, on the image's voxels.
        margin_mm: How much more to keep on every side, mm, along the axes: whole voxels up to that far, and no further
            than the image.

    Returns:
        The image and the mask; every voxel lies where it did.

    Raises:
        OptionError: If the mask marks no voxel, or the margin is no number from 0 on.
        GeometryError: If the mask does not lie on the image's voxels.

    Example:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import crop_to_mask
        >>> scan = Image(np.array([[[5.0, 6.0, 7.0, 8.0]]]), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0))
        >>> mask = Image(np.array([[[0, 0, 1, 0]]], np.uint8), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0))
        >>> part, _ = crop_to_mask(scan, mask, margin_mm=2.0)
        >>> part.array.tolist(), part.origin
        ([[[6.0, 7.0, 8.0]]], (0.0, 0.0, 2.0))
    """
    part, parts = crop_around(image, [mask], margin_mm)
    return part, parts[0]


def crop_around(image: Image, masks: list[Image], margin_mm: float) -> tuple[Image, list[Image]]:
    """Cut an image and several masks down to the box that holds all of them; see ``crop_to_mask``."""
    margin = checked_distance("margin_mm", margin_mm, 0.0)
    boxes = []
    for mask in masks:
        check_mask(image, mask)
        boxes.append(region_of_mask(mask).box)
    box = tuple(
        slice(min(one.start for one in sides), max(one.stop for one in sides)) for sides in zip(*boxes, strict=True)
    )
    wide = widened(box, margin, image.grid.spacing, image.array.shape)  # type: ignore[arg-type]
    return cropped(image, wide), [cropped(mask, wide) for mask in masks]


def cropped(image: Image, box: Box) -> Image:
    """The voxels of a box, copied, where they were."""
    grid = image.grid.cropped([one.start for one in box], [one.stop - one.start for one in box])
    slices = image.provenance.slices
    if len(slices) == image.array.shape[2]:
        slices = slices[box[2]]
    text = f"cropped from {image.array.shape} to {grid.shape} voxels"
    provenance = replace(image.provenance.with_decisions(Decision("processed", text)), slices=slices)
    return replace(
        image,
        array=np.array(image.array[box], order="F"),
        origin=grid.origin,
        source_mask=None if image.source_mask is None else np.array(image.source_mask[box], order="F"),
        provenance=provenance,
    )
