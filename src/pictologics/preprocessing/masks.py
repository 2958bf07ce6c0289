"""Masks: by value, by connection, by distance, and the part of an image around them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from ..checks import check_choice, check_number, check_range, format_range
from ..image import Image
from ..image_checks import check_is_image
from .boxes import join_boxes, widen_box
from .mask_labels import check_mask
from .regions import compute_mean_and_deviation, find_mask_region, find_region, reduce_mask

__all__ = ["crop_around", "crop_to_mask", "filter_outliers", "keep_largest_component", "resegment_mask"]

CONNECTIVITIES = (6, 18, 26)
"""Neighbors of a voxel that share a face, an edge as well, or a corner as well: scipy's ranks 1, 2 and 3."""

Connectivity = Literal[6, 18, 26]


def resegment_mask(image: Image, mask: Image, value_range: tuple[float | None, float | None]) -> Image:
    """Keep the voxels of a mask whose values lie in a range, both ends included (IBSI 2.6, range re-segmentation).

    Args:
        image: The image. Its invalid voxels leave the mask.
        mask: The mask, or a label map whose labels are kept, on the image's voxels.
        value_range: Lowest and highest value, in units of the image; None for an end that is open.

    Returns:
        The mask, of the smallest unsigned integer type.

    Raises:
        OptionError: If no voxel lies in the range, the mask marks no valid voxel, or the range is not valid.
        GeometryError: If the mask does not lie on the image's voxels.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image, create_full_mask
        >>> from pictologics.preprocessing import resegment_mask
        >>> scan = Image(np.array([[[-1000.0, 40.0, 400.0, 401.0]]]), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> resegment_mask(scan, create_full_mask(scan), (-500, 400)).array.tolist()
        [[[0, 1, 1, 0]]]
    """
    low, high = check_range("value_range", value_range)
    region = find_region(image, mask)
    part = image.array[region.box]

    def explain_empty() -> tuple[str, str]:
        values = region.take_values(image)
        found = (
            f"no voxel of the mask lies in {format_range(low, high)}: its values run from {values.min():.6g} to "
            f"{values.max():.6g}"
        )
        return found, "check the range and the units of the image"

    def inside(_: int) -> npt.NDArray[np.bool_]:
        return np.asarray((part >= low) & (part <= high))

    return reduce_mask(mask, region, inside, f"resegmented to {format_range(low, high)}", explain_empty)


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

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image, create_full_mask
        >>> from pictologics.preprocessing import filter_outliers
        >>> scan = Image(np.array([[[1.0, 2.0, 1.0, 2.0, 99.0]]]), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> filter_outliers(scan, create_full_mask(scan), k=1.5).array.tolist()
        [[[1, 1, 1, 1, 0]]]
    """
    sigmas = check_number("k", k, "standard deviations", above=0, finite=False)
    region = find_region(image, mask)

    part = image.array[region.box]

    def within(number: int) -> npt.NDArray[np.bool_]:
        mean, deviation = compute_mean_and_deviation(region.take_values(image, number))
        # In float64, so that float32 values are compared as they are and the limits are not rounded to float32.
        low, high = np.float64(mean - sigmas * deviation), np.float64(mean + sigmas * deviation)
        return np.asarray((part >= low) & (part <= high))

    def explain_empty() -> tuple[str, str]:
        return f"no voxel lies within {sigmas:g} standard deviations of the mean", "pass a larger k"

    return reduce_mask(mask, region, within, f"outliers beyond {sigmas:g} standard deviations left out", explain_empty)


def keep_largest_component(mask: Image, connectivity: Connectivity = 26) -> Image:
    """Keep the largest connected part of a mask.

    Args:
        mask: The mask, or a label map, of each of whose labels the largest part stays.
        connectivity: Which voxels are connected: 6 by faces, 18 also by edges, 26 also by corners.

    Returns:
        The mask, of the smallest unsigned integer type. Of parts of one size, the one whose first voxel comes first
        stays, x running fastest.

    Raises:
        OptionError: If the mask marks no voxel, or the connectivity is not one of these.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import keep_largest_component
        >>> mask = Image(np.array([[[1, 0, 1, 1]]], np.uint8), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> keep_largest_component(mask).array.tolist()
        [[[0, 0, 1, 1]]]
    """
    from scipy import ndimage

    neighbors = check_choice("connectivity", connectivity, CONNECTIVITIES, advice="they share faces, edges or corners")
    region = find_mask_region(mask)
    structure = ndimage.generate_binary_structure(3, CONNECTIVITIES.index(neighbors) + 1)

    def largest(number: int) -> npt.NDArray[np.bool_]:
        # Turned so that x runs slowest in the view: its parts are then numbered with x running fastest.
        parts, _ = ndimage.label((region.labels == number).transpose(), structure)
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        return np.asarray((parts == sizes.argmax()).transpose())

    def explain_empty() -> tuple[str, str]:
        return "the mask marks no voxel", "check which segment was loaded"

    return reduce_mask(mask, region, largest, f"largest part kept ({connectivity} neighbors)", explain_empty)


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
        OptionError: If the mask marks no voxel, or the margin is not a number from 0 on.
        GeometryError: If the mask does not lie on the image's voxels.

    Examples:
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
    check_is_image("image", image)
    margin = check_number("margin_mm", margin_mm, "mm", least=0)
    boxes = []
    for mask in masks:
        check_mask(image, mask)
        boxes.append(find_mask_region(mask).box)
    box = widen_box(join_boxes(boxes), margin, image.grid.spacing, image.array.shape)
    return image[box], [mask[box] for mask in masks]
