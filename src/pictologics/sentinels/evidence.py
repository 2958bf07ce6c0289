"""Whether one value fills the voxels without data: the statistics, and what they decide."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import OptionError
from ..image import Image
from ..image_checks import check_image, name_of

__all__ = ["SentinelEvidence", "detect_sentinel_value", "find_sentinel", "has_value"]

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

EMPTY_WAY = 0.5
"""How much of the way from the value to the median of the others must be nearly empty. Real air passes into tissue over
the partial volumes of the skin, and background into dark tissue; a filling is cut off sharply."""

MOST_BETWEEN = 0.001
"""Part of the other values that may lie on that way."""

EMPTY_WAY_OF_UNMEASURED = 0.1
"""How much of the way must be nearly empty for a value that nothing measures: there may be air beyond it."""

MOST_BETWEEN_OF_UNMEASURED = 0.05
"""Part of the other values that may lie on that way: interpolation makes some of the value and of its neighbors."""

LEAST_FRACTION_INSIDE = 0.2
"""Part of the voxels that must have a value within the range of the data, such as 0 around a lesion in HU."""

LEAST_ON_EDGES_INSIDE = 0.95
"""Part of the edges that must have it."""

LEAST_PEAK_INSIDE = 20
"""How many times more frequent than the most frequent other value it must be."""

AIR_ENDS = -900.0
"""HU above which nothing is air: what surrounds a CT's data with one such value is no background, wherever the value
lies among the others."""

LEAST_VALUES = 16
"""Distinct values that the rest must have: fewer make a label map, whose background is no filling."""

LARGEST_SAMPLE_SIZE = 1 << 20
"""Voxels whose values stand for all others."""


@dataclass(frozen=True, slots=True)
class SentinelEvidence:
    """What speaks for and against a value that fills voxels without data.

    Attributes:
        candidate: The most frequent value on the twelve edges of the volume; NaN if most of these are.
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
        The value, which is NaN where voxels without data are NaN; None if there is no clear sentinel.

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
    image = check_image(image)
    return weigh_sentinel(image.array, image.source_mask, image.modality, name_of(image))


def weigh_sentinel(
    array: npt.NDArray[Any], valid: npt.NDArray[np.bool_] | None, modality: str, path: str | None
) -> SentinelEvidence:
    """Look at the most frequent value on the edges of a volume; see :func:`find_sentinel`.

    Args:
        array: Voxels (x, y, z).
        valid: Which of them hold data, same shape; None for all.
        modality: DICOM's code: in CT, values are Hounsfield units, of which some cannot be data.
        path: What messages call the image.

    Raises:
        OptionError: If no voxel is valid.
    """
    total = array.size if valid is None else int(np.count_nonzero(valid))
    if total == 0:
        raise OptionError("the image has no valid voxel", path=path, advice="check its source mask")
    edges = collect_edge_values(array, valid)
    if edges.size == 0:
        return SentinelEvidence(math.nan, False, "no voxel on the edges of the volume is valid")
    found, counts = np.unique(edges, return_counts=True)
    candidate = float(found[counts.argmax()])
    same = has_value(array, candidate)
    if valid is not None:
        same &= valid
    count = int(np.count_nonzero(same))
    fraction, on_edges = count / total, int(counts.max()) / edges.size
    what = (
        f"{candidate:.6g} on {100 * on_edges:.3g} % of the volume's edges and in {100 * fraction:.3g} % of its voxels"
    )
    is_ct = modality == "CT"
    unmeasured = candidate in KNOWN_FILLS or not math.isfinite(candidate) or (is_ct and candidate < LOWEST_HU)
    between = math.nan
    if on_edges < LEAST_ON_EDGES or fraction < LEAST_FRACTION:
        decided, why = False, "is too few to be a fill value"
    elif not math.isfinite(candidate):
        decided, why = True, "is not data"
    else:
        others = ~same if valid is None else ~same & valid
        sample = sample_values(array, others)
        below = float(np.mean(sample < candidate)) if sample.size else 0.0
        if np.unique(sample).size < LEAST_VALUES:
            decided, why = False, f"occurs with fewer than {LEAST_VALUES} other values, as in a label map"
        elif (is_ct and candidate > AIR_ENDS) or min(below, 1 - below) > MOST_BETWEEN:
            decided, why = weigh_inside(sample, fraction, on_edges)
        else:
            decided, why, between = weigh_beyond(sample, candidate, unmeasured)
    return SentinelEvidence(candidate, decided, f"{what} {why}", fraction, on_edges, between, unmeasured)


def weigh_beyond(sample: npt.NDArray[Any], candidate: float, unmeasured: bool) -> tuple[bool, str, float]:
    """Whether a value at the end of the range is a filling; why; and how many of the other values lie next to it."""
    way, few = (EMPTY_WAY_OF_UNMEASURED, MOST_BETWEEN_OF_UNMEASURED) if unmeasured else (EMPTY_WAY, MOST_BETWEEN)
    stop = candidate + way * (float(np.median(sample)) - candidate)
    between = float(np.mean(sample < stop if stop > candidate else sample > stop))
    if between > few:
        return False, "blends into the other values, as air and background do", between
    return True, "stands apart from all other values", between


def weigh_inside(sample: npt.NDArray[Any], fraction: float, on_edges: float) -> tuple[bool, str]:
    """Whether a value within the range of the others is a filling, and why."""
    if on_edges < LEAST_ON_EDGES_INSIDE or fraction < LEAST_FRACTION_INSIDE:
        return False, "is too few for a fill value within the range of the data"
    _, counts = np.unique(sample, return_counts=True)
    if fraction < LEAST_PEAK_INSIDE * (1 - fraction) * int(counts.max()) / sample.size:
        return False, "is not much more frequent than other values"
    return True, "is far more frequent than every other value"


def collect_edge_values(array: npt.NDArray[Any], valid: npt.NDArray[np.bool_] | None) -> npt.NDArray[Any]:
    """The valid values on the twelve edges of the volume; of a single slice, on its rim."""
    lines, marks = [], []
    for axis in range(3):
        ends = [slice(None) if k == axis else slice(None, None, max(array.shape[k] - 1, 1)) for k in range(3)]
        lines.append(array[tuple(ends)].ravel())
        marks.append(np.ones(lines[-1].size, bool) if valid is None else valid[tuple(ends)].ravel())
    return np.concatenate(lines)[np.concatenate(marks)]


def sample_values(array: npt.NDArray[Any], others: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Finite values of the other voxels, evenly thinned out where there are many."""
    # Odd, so that no axis of even length lets whole columns go by.
    step = max(1, int(np.count_nonzero(others)) // LARGEST_SAMPLE_SIZE) | 1
    values = array.ravel(order="F")[::step][others.ravel(order="F")[::step]]
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values


def has_value(array: npt.NDArray[Any], value: float, tolerance: float = 0.0) -> npt.NDArray[np.bool_]:
    """Where an array has a value, which may be NaN."""
    if math.isnan(value):
        return np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool, order="F")
    if array.dtype.kind == "f":
        # As the file holds it: 0.1 in float32 is not 0.1 in float64.
        with np.errstate(over="ignore"):
            value = float(array.dtype.type(value))
    if tolerance == 0:
        return np.asarray(array == value)
    return np.asarray((array >= value - tolerance) & (array <= value + tolerance))
