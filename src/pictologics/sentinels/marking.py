"""Source masks that sentinels make, and what the record says of them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..checks import check_number, option_error
from ..errors import OptionError
from ..image import Image
from ..image_checks import check_image, derive_image, name_of
from ..provenance import Decision
from .evidence import has_value, weigh_sentinel

__all__ = ["create_source_mask_from_sentinel", "find_source_mask", "mark_sentinel"]


def create_source_mask_from_sentinel(image: Image, sentinel: float, tolerance: float = 0.0) -> npt.NDArray[np.bool_]:
    """Mark which voxels hold data and not a sentinel.

    Args:
        image: The image.
        sentinel: The value that fills voxels without data, as the image holds it (rescaled); may be NaN.
        tolerance: How far a voxel may differ from the sentinel and still be one, for values that were rounded.

    Returns:
        True where the data is valid, shape (x, y, z); False also where the image's own source mask is.

    Raises:
        OptionError: If sentinel or tolerance is not a number, or no voxel is left.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import create_source_mask_from_sentinel
        >>> scan = Image(np.array([[[-2048.0, 40.0, 60.0]]]), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> scan = scan.with_source_mask(create_source_mask_from_sentinel(scan, -2048))
        >>> scan.source_mask.tolist()
        [[[False, True, True]]]
    """
    image = check_image(image)
    return mark_values(image.array, image.source_mask, sentinel, tolerance, name_of(image))


def mark_values(
    array: npt.NDArray[Any],
    source_mask: npt.NDArray[np.bool_] | None,
    sentinel: float,
    tolerance: float,
    path: str | None,
) -> npt.NDArray[np.bool_]:
    """Mark which voxels hold data and not a sentinel; see :func:`create_source_mask_from_sentinel`."""
    if isinstance(sentinel, (bool, str)) or not hasattr(sentinel, "__float__"):
        raise option_error("sentinel", sentinel, "a number")
    valid = ~has_value(array, float(sentinel), check_number("tolerance", tolerance, least=0))
    if source_mask is not None:
        valid &= source_mask
    if not valid.any():
        raise OptionError(
            f"every voxel is {float(sentinel):.6g}, and marking it leaves no valid one",
            path=path,
            advice="check the value",
            sentinel=float(sentinel),
        )
    return valid


def mark_sentinel(image: Image, sentinel: float | Literal["detect"] = "detect", tolerance: float = 0.0) -> Image:
    """Give an image the source mask that a sentinel makes, and its record the reason.

    Args:
        image: The image.
        sentinel: The value, or ``"detect"`` to find it; see ``find_sentinel``. If none is found, or no voxel has the
            value, a warning says so and the image stays as it is.
        tolerance: How far a voxel may differ from the sentinel and still be one.

    Returns:
        The image with its source mask.

    Raises:
        OptionError: If sentinel or tolerance is not a number, or no voxel is left.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import mark_sentinel
        >>> values = np.full((20, 20, 20), -2048.0)
        >>> values[5:15, 5:15, 5:15] = np.random.default_rng(1).normal(40, 15, (10, 10, 10)).round()
        >>> lesion = mark_sentinel(Image(values, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)))
        >>> int(lesion.source_mask.sum())
        1000
    """
    image = check_image(image)
    mask, decision = find_sentinel_mask(
        image.array, image.source_mask, sentinel, tolerance, modality=image.modality, path=name_of(image)
    )
    return derive_image(image, decision, source_mask=mask)


def find_sentinel_mask(
    array: npt.NDArray[Any],
    source_mask: npt.NDArray[np.bool_] | None,
    sentinel: float | Literal["detect"],
    tolerance: float = 0.0,
    *,
    modality: str,
    path: str | None,
) -> tuple[npt.NDArray[np.bool_] | None, Decision]:
    """The source mask that a sentinel makes, and the decision that says so."""
    why = "as asked for"
    if sentinel == "detect":
        evidence = weigh_sentinel(array, source_mask, modality, path)
        if not evidence.is_sentinel:
            text = f"no sentinel was found and no voxel is marked: {evidence.reason}"
            return source_mask, Decision("left out", text, warning="content")
        sentinel, why = evidence.candidate, f"detected: {evidence.reason}"
    before = array.size if source_mask is None else int(np.count_nonzero(source_mask))
    mask = mark_values(array, source_mask, sentinel, tolerance, path)
    count = before - int(np.count_nonzero(mask))
    if not count:
        text = f"no voxel has the value {float(sentinel):.6g}, and none is marked as invalid"
        return source_mask, Decision("left out", text, warning="content")
    text = f"{count} voxels of the value {float(sentinel):.6g} are marked as invalid ({why})"
    return mask, Decision("left out", text, count)


def find_source_mask(
    array: npt.NDArray[Any],
    source_mask: npt.NDArray[np.bool_] | None,
    source_mask_from: str | float | None,
    *,
    modality: str,
    path: str | None,
) -> tuple[npt.NDArray[np.bool_] | None, list[Decision]]:
    """Find the source mask that ``source_mask_from`` of ``load_image`` asks for, except the padding that a file names.

    Args:
        array: Voxels (x, y, z) as they were read.
        source_mask: Which of them are known to hold data, same shape; None for all.
        source_mask_from: ``"sentinel"`` to detect one, or its value; None and ``"padding"`` keep the given mask.
        modality: DICOM's code; what fills a CT is told by Hounsfield units.
        path: The source, for messages.

    Returns:
        The source mask, and what was decided.
    """
    if source_mask_from is None or source_mask_from == "padding":
        return source_mask, []
    sentinel: float | Literal["detect"] = "detect" if isinstance(source_mask_from, str) else source_mask_from
    mask, decision = find_sentinel_mask(array, source_mask, sentinel, modality=modality, path=path)
    return mask, [decision]
