"""Sentinels: one value that fills the voxels where there is no data, such as -2048 around an exported lesion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .checks import check_number, option_error
from .errors import OptionError
from .image import Image
from .image_checks import derive_image, name_of
from .provenance import Decision

__all__ = [
    "SentinelEvidence",
    "create_source_mask_from_sentinel",
    "detect_sentinel_value",
    "find_sentinel",
    "mark_sentinel",
    "marked_as_asked",
]

KNOWN_FILLS = frozenset(
    (-32768.0, -32767.0, -10000.0, -9999.0, -4096.0, -3072.0, -3071.0, -3024.0, -2048.0, -2000.0, 32767.0, 65535.0)
) | {float(np.finfo(np.float32).min), float(np.finfo(np.float32).max)}
"""Values that software writes where it has none, and that nothing measures. Neither -1024 nor -1000 nor 0 is among
them: those are air, and the background of MR and PET."""

LOWEST_HU = -1024.0
"""Where Hounsfield units end: what lies below it in a CT is no measurement either."""

LEAST_FRACTION = 0.01
"""Part of the voxels that must have the value: a rare value is an outlier, no filling."""

LEAST_ON_EDGES = 0.5
"""Part of the voxels on the twelve edges of the volume that must have the value: filling surrounds the data."""

WAY, FEW_BETWEEN = 0.5, 0.001
"""How much of the way from the value to the median of the others must be nearly empty, and the part of them that may
lie there. Real air passes into tissue over the partial volumes of the skin, and background into dark tissue; a filling
is cut off sharply."""

WAY_OF_UNMEASURED, FEW_BETWEEN_UNMEASURED = 0.1, 0.05
"""The same for a value that nothing measures: there may be air beyond it, and what interpolation made of both."""

INSIDE_FRACTION, INSIDE_ON_EDGES, INSIDE_PEAK = 0.2, 0.95, 20
"""The stricter rule for a value within the range of the data, such as 0 around a lesion in HU: part of the voxels, of
the edges, and how many times more frequent than the most frequent other value."""

AIR_ENDS = -900.0
"""HU above which nothing is air: what surrounds a CT's data with one such value is no background, wherever the value
lies among the others."""

LEAST_VALUES = 16
"""Distinct values that the rest must have: fewer make a label map, whose background is no filling."""

SAMPLE = 1 << 20
"""Voxels whose values stand for all others."""


@dataclass(frozen=True, slots=True)
class SentinelEvidence:
    """What speaks for and against a value that fills voxels without data.

    Attributes:
        candidate: The most frequent value on the twelve edges of the volume; NaN if that is no number.
        is_sentinel: Whether the evidence is clear.
        reason: The deciding fact in words.
        fraction: Part of the valid voxels that have the value.
        on_edges: Part of the voxels on the edges that have it.
        between: Part of the other values that lies on the first part of the way to their median; NaN if that was not
            looked at.
        is_unmeasured: Whether it is a value that software fills with and nothing measures.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import find_sentinel
        >>> values = np.full((20, 20, 20), -2048.0)
        >>> values[5:15, 5:15, 5:15] = np.random.default_rng(1).normal(40, 15, (10, 10, 10)).round()
        >>> evidence = find_sentinel(Image(values, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)))
        >>> evidence.on_edges, evidence.fraction, evidence.is_unmeasured
        (1.0, 0.875, True)
    """

    candidate: float
    is_sentinel: bool
    reason: str
    fraction: float = 0.0
    on_edges: float = 0.0
    between: float = math.nan
    is_unmeasured: bool = False


def detect_sentinel_value(image: Image) -> float | None:
    """The value that fills voxels without data, if the evidence for one is clear.

    See ``find_sentinel`` for the rule and for what spoke against one.

    Args:
        image: The image, with the values that its file means (rescaled).

    Returns:
        The value, which is NaN where voxels without data hold no number; None if there is no clear sentinel.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import detect_sentinel_value
        >>> values = np.full((20, 20, 20), -2048.0)
        >>> values[5:15, 5:15, 5:15] = np.random.default_rng(1).normal(40, 15, (10, 10, 10)).round()
        >>> detect_sentinel_value(Image(values, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)))
        -2048.0
    """
    evidence = find_sentinel(image)
    return evidence.candidate if evidence.is_sentinel else None


def find_sentinel(image: Image) -> SentinelEvidence:
    """Weigh whether one value fills the voxels without data.

    The candidate is the most frequent value on the twelve edges of the volume. It is a sentinel if at least half of
    these edges and 1 % of all voxels have exactly this value, the rest is an image (16 distinct values or more), and

    - it lies beyond all other values, and nearly none of them (one of a thousand) lies on the first half of the way
      from it to their median. Real air fails: the partial volumes of the skin lie there; and so does the background of
      MR and PET, which passes into dark tissue. For a value that nothing measures (below -1024 in a CT; -2048, -3024,
      -32768 and their like in any image) a tenth of the way must be empty, of 95 % of the others;
    - or it lies within the other values, or is no air in a CT (above -900 HU), as 0 around a lesion: then it must have
      95 % of the edges, a fifth of all voxels, and 20 times as many voxels as any other value.

    NaN and infinity are never data: they are a sentinel if they have half the edges and 1 % of the voxels.

    Args:
        image: The image. Voxels that its source mask excludes are left out.

    Returns:
        The candidate, whether it is one, and why.

    Raises:
        OptionError: If no voxel is valid.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import find_sentinel
        >>> values = np.full((20, 20, 20), -2048.0)
        >>> values[5:15, 5:15, 5:15] = np.random.default_rng(1).normal(40, 15, (10, 10, 10)).round()
        >>> evidence = find_sentinel(Image(values, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)))
        >>> evidence.candidate, evidence.is_sentinel
        (-2048.0, True)
    """
    array, valid = image.array, image.source_mask
    total = array.size if valid is None else int(np.count_nonzero(valid))
    if total == 0:
        raise OptionError("the image has no valid voxel", path=name_of(image), advice="check its source mask")
    edges = values_on_edges(array, valid)
    if edges.size == 0:
        return SentinelEvidence(math.nan, False, "no voxel on the edges of the volume is valid")
    found, counts = np.unique(edges, return_counts=True)
    candidate = float(found[counts.argmax()])
    same = is_value(array, candidate)
    if valid is not None:
        same &= valid
    count = int(np.count_nonzero(same))
    fraction, on_edges = count / total, int(counts.max()) / edges.size
    what = (
        f"{candidate:.6g} on {100 * on_edges:.3g} % of the volume's edges and in {100 * fraction:.3g} % of its voxels"
    )
    is_ct = image.modality == "CT"
    unmeasured = candidate in KNOWN_FILLS or not math.isfinite(candidate) or (is_ct and candidate < LOWEST_HU)
    between = math.nan
    if on_edges < LEAST_ON_EDGES or fraction < LEAST_FRACTION:
        decided, why = False, "is too little to be a filling"
    elif not math.isfinite(candidate):
        decided, why = True, "is no data"
    else:
        others = ~same if valid is None else ~same & valid
        sample = sampled(array, others)
        below = float(np.mean(sample < candidate)) if sample.size else 0.0
        if np.unique(sample).size < LEAST_VALUES:
            decided, why = False, f"stands beside fewer than {LEAST_VALUES} other values, as in a label map"
        elif (is_ct and candidate > AIR_ENDS) or min(below, 1 - below) > FEW_BETWEEN:
            decided, why = weigh_inside(sample, fraction, on_edges)
        else:
            decided, why, between = weigh_beyond(sample, candidate, unmeasured)
    return SentinelEvidence(candidate, decided, f"{what} {why}", fraction, on_edges, between, unmeasured)


def weigh_beyond(sample: npt.NDArray[Any], candidate: float, unmeasured: bool) -> tuple[bool, str, float]:
    """Whether a value at the end of the range is a filling; why; and how many of the other values lie next to it."""
    way, few = (WAY_OF_UNMEASURED, FEW_BETWEEN_UNMEASURED) if unmeasured else (WAY, FEW_BETWEEN)
    stop = candidate + way * (float(np.median(sample)) - candidate)
    between = float(np.mean(sample < stop if stop > candidate else sample > stop))
    if between > few:
        return False, "passes into the other values, as air and background do", between
    return True, "stands apart from all other values", between


def weigh_inside(sample: npt.NDArray[Any], fraction: float, on_edges: float) -> tuple[bool, str]:
    """Whether a value within the range of the others is a filling, and why."""
    if on_edges < INSIDE_ON_EDGES or fraction < INSIDE_FRACTION:
        return False, "is too little for a value within the range of the data"
    _, counts = np.unique(sample, return_counts=True)
    if fraction < INSIDE_PEAK * (1 - fraction) * int(counts.max()) / sample.size:
        return False, "is not much more frequent than other values"
    return True, "is far more frequent than every other value"


def values_on_edges(array: npt.NDArray[Any], valid: npt.NDArray[np.bool_] | None) -> npt.NDArray[Any]:
    """The valid values on the twelve edges of the volume; of a single slice, on its rim."""
    lines, marks = [], []
    for axis in range(3):
        ends = [slice(None) if k == axis else slice(None, None, max(array.shape[k] - 1, 1)) for k in range(3)]
        lines.append(array[tuple(ends)].ravel())
        marks.append(np.ones(lines[-1].size, bool) if valid is None else valid[tuple(ends)].ravel())
    return np.concatenate(lines)[np.concatenate(marks)]


def sampled(array: npt.NDArray[Any], others: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Finite values of the other voxels, evenly thinned out where there are many."""
    # Odd, so that no axis of even length lets whole columns go by.
    step = max(1, int(np.count_nonzero(others)) // SAMPLE) | 1
    values = array.ravel(order="F")[::step][others.ravel(order="F")[::step]]
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values


def is_value(array: npt.NDArray[Any], value: float, tolerance: float = 0.0) -> npt.NDArray[np.bool_]:
    """Where an array has a value, which may be no number."""
    if math.isnan(value):
        return np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool, order="F")
    if array.dtype.kind == "f":
        # As the file holds it: 0.1 in float32 is not 0.1 in float64.
        with np.errstate(over="ignore"):
            value = float(array.dtype.type(value))
    if tolerance == 0:
        return np.asarray(array == value)
    return np.asarray((array >= value - tolerance) & (array <= value + tolerance))


def create_source_mask_from_sentinel(image: Image, sentinel: float, tolerance: float = 0.0) -> npt.NDArray[np.bool_]:
    """Mark which voxels hold data and not a sentinel.

    Args:
        image: The image.
        sentinel: The value that fills voxels without data, as the image holds it (rescaled); may be NaN.
        tolerance: How far a voxel may differ from the sentinel and still be one, for values that were rounded.

    Returns:
        True where the data is valid, shape (x, y, z); False also where the image's own source mask is.

    Raises:
        OptionError: If sentinel or tolerance is no number, or no voxel is left.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import create_source_mask_from_sentinel
        >>> scan = Image(np.array([[[-2048.0, 40.0, 60.0]]]), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> scan = scan.with_source_mask(create_source_mask_from_sentinel(scan, -2048))
        >>> scan.source_mask.tolist()
        [[[False, True, True]]]
    """
    if isinstance(sentinel, (bool, str)) or not hasattr(sentinel, "__float__"):
        raise option_error("sentinel", sentinel, "a number")
    valid = ~is_value(image.array, float(sentinel), check_number("tolerance", tolerance, least=0))
    if image.source_mask is not None:
        valid &= image.source_mask
    if not valid.any():
        raise OptionError(
            f"every voxel is {float(sentinel):.6g}, and marking it leaves no valid one",
            path=name_of(image),
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
        OptionError: If sentinel or tolerance is no number, or no voxel is left.

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
    mask, decision = sentinel_mask(image, sentinel, tolerance)
    return derive_image(image, decision, source_mask=mask)


def sentinel_mask(
    image: Image, sentinel: float | Literal["detect"], tolerance: float = 0.0
) -> tuple[npt.NDArray[np.bool_] | None, Decision]:
    """The source mask that a sentinel makes, and what to say of it."""
    why = "as asked for"
    if sentinel == "detect":
        evidence = find_sentinel(image)
        if not evidence.is_sentinel:
            text = f"no sentinel was found and no voxel is marked: {evidence.reason}"
            return image.source_mask, Decision("left out", text, warning="content")
        sentinel, why = evidence.candidate, f"detected: {evidence.reason}"
    before = image.array.size if image.source_mask is None else int(np.count_nonzero(image.source_mask))
    mask = create_source_mask_from_sentinel(image, sentinel, tolerance)
    count = before - int(np.count_nonzero(mask))
    if not count:
        text = f"no voxel has the value {float(sentinel):.6g}, and none is marked as invalid"
        return image.source_mask, Decision("left out", text, warning="content")
    text = f"{count} voxels of the value {float(sentinel):.6g} are marked as invalid ({why})"
    return mask, Decision("left out", text, count)


def marked_as_asked(
    image: Image, source_mask_from: str | float | None
) -> tuple[npt.NDArray[np.bool_] | None, list[Decision]]:
    """What ``source_mask_from`` of ``load_image`` makes of an image, but for the padding that its file names.

    Args:
        image: The image as it was read.
        source_mask_from: ``"sentinel"``, a sentinel's value, or what is none of the two.

    Returns:
        The source mask, and what was decided.
    """
    if source_mask_from is None or source_mask_from == "padding":
        return image.source_mask, []
    source_mask, decision = sentinel_mask(image, "detect" if isinstance(source_mask_from, str) else source_mask_from)
    return source_mask, [decision]
