"""The labels of a mask as whole numbers, and whether it lies on an image."""

from __future__ import annotations

import numpy as np

from ..array_types import AnyArray
from ..errors import OptionError
from ..image import Image
from ..image_checks import check_image, check_lies_on, name_of
from ..labels import choose_label_type, judge_regions

__all__ = ["check_mask", "read_mask_labels"]


def read_mask_labels(mask: Image) -> AnyArray:
    """The labels of a mask, as whole numbers of the smallest unsigned type; 0 where it marks nothing.

    Values of zero and below mark nothing, and neither do voxels outside the mask's own source mask.

    Raises:
        OptionError: If a value is not a whole number, as in a mask that was interpolated, or if it is an image.
        GeometryError: If it has no 3D grid, or its source mask has another shape.
    """
    mask = check_image(mask, "mask")
    array = mask.array
    if array.dtype == np.bool_:
        labels: AnyArray = array.view(np.uint8)
    else:
        # fmax skips NaN, and gives NaN only where there is nothing else.
        largest = float(np.fmax.reduce(array, axis=None))
        if largest == np.inf:
            raise not_whole_error(mask, largest)
        kind = choose_label_type(int(largest) if largest > 0 else 0)
        if array.dtype == kind:
            labels = array
        else:
            labels = np.zeros(array.shape, kind, order="F")
            np.copyto(labels, array, where=array > 0, casting="unsafe")
            if array.dtype.kind == "f":
                different = (labels != array) & (array > 0)
                if different.any():
                    raise not_whole_error(mask, float(array[different].flat[0]))
        check_is_mask(mask)
    if mask.source_mask is not None and not mask.source_mask.all():
        labels = labels * mask.source_mask
    return labels


def check_is_mask(mask: Image) -> None:
    """Refuse an image where a mask belongs: thousands of labels would come of it. What is marked as a mask is one.

    Raises:
        OptionError: If its values lie side by side as those of an image do.
    """
    if mask.modality == "SEG" or mask.labels:
        return
    judged = judge_regions(mask.array)
    if judged.are_of_an_image:
        raise OptionError(
            f"the mask holds {judged.values} different values and more, which lie side by side as those of an image do",
            path=name_of(mask),
            advice="exchange the arguments, if image and mask were mixed up; load_mask marks what it loads as a mask",
            values=judged.values,
        )


def not_whole_error(mask: Image, value: float) -> OptionError:
    """The error for a mask of fractions."""
    return OptionError(
        f"the mask holds the value {value:.6g}, and labels are whole numbers",
        path=name_of(mask),
        advice="compare the mask with a threshold first, such as 0.5",
        value=value,
    )


def check_mask(image: Image, mask: Image) -> None:
    """Check that a mask lies on an image's voxels.

    Raises:
        GeometryError: If it has another shape, or a corner lies a tenth of a voxel or more from the image's.
    """
    check_image(mask, "mask")
    check_lies_on(mask, image, path=name_of(mask))
