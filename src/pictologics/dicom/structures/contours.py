"""The contours of ROIs, parsed from text to points in the world."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ...array_types import BoolArray, FloatArray, IntArray
from ...errors import CorruptFileError
from ...provenance import Decision
from ..headers import tags
from ..headers.attributes import Attributes
from .repeated_contours import count_single_round
from .rois import Roi

__all__ = ["Contours", "read_contour_points"]

EXCLUSIVE: Final = "CLOSEDPLANARXOR"
"""The kind of contours that are combined by an exclusive or, without underscores (PS3.3 C.8.8.6.3)."""

CLOSED: Final = frozenset({"CLOSEDPLANAR", EXCLUSIVE, "INTERPOLATEDPLANAR", ""})
"""Kinds of contours that enclose something, without underscores, which not all programs set alike.

A missing kind is taken for the most common one. INTERPOLATED_PLANAR is no term of the standard: some programs call
closed contours so that they made themselves between those that a person drew."""

KINDS_IN_WORDS: Final = {"POINT": "points", "OPENPLANAR": "open contours", "OPENNONPLANAR": "open contours"}
"""What messages call the other kinds (PS3.3 C.8.8.6.1)."""


@dataclass(frozen=True)
class Contours:
    """Closed contours, one after another.

    Attributes:
        points: (n, 3) positions, LPS mm.
        starts: (m + 1,) where each contour begins in the points, and the number of points.
        rois: (m,) the ROI of each contour, by its place among the ROIs.
        exclusive: (m,) whether a contour is combined with the others by an exclusive or.
        decisions: What was left out.
    """

    points: FloatArray
    starts: IntArray
    rois: IntArray
    exclusive: BoolArray
    decisions: tuple[Decision, ...] = ()


def read_contour_points(path: str, rois: Sequence[Roi]) -> Contours:
    """Parse the closed contours of some ROIs.

    Points and open contours enclose no voxels and are left out, as are closed ones of fewer than three points. Of a
    contour that runs the same round twice, one round is kept: by the even-odd rule it would enclose nothing.

    Args:
        path: The file, for messages.
        rois: The ROIs.

    Raises:
        CorruptFileError: If contour data is of the wrong length, or not numbers.
    """
    texts: list[bytes] = []
    counts: list[int] = []
    owners: list[int] = []
    exclusive: list[bool] = []
    left_out: Counter[tuple[str, str]] = Counter()
    for place, roi in enumerate(rois):
        for number, item in enumerate(roi.contours, 1):
            kind = item.text(tags.CONTOUR_GEOMETRIC_TYPE).upper().replace("_", "").replace(" ", "")
            data = item.values.get(tags.CONTOUR_DATA, b"").rstrip(b" \0\\")
            count = count_contour_points(path, roi, number, item, data)
            if kind not in CLOSED:
                # What stands there instead of a kind is not quoted, and makes no sentence of its own.
                left_out[roi.title, KINDS_IN_WORDS.get(kind, "contours of a kind that DICOM does not define")] += 1
            elif count < 3:
                left_out[roi.title, "closed contours of fewer than three points"] += 1
            else:
                texts.append(data)
                counts.append(count)
                owners.append(place)
                exclusive.append(kind == EXCLUSIVE)
    starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64)
    values = parse_decimal_strings(path, texts).reshape(-1, 3)
    points, starts, shortened = keep_single_rounds(values, starts, np.array(exclusive, np.bool_))
    for place in np.array(owners, np.int64)[shortened].tolist():
        left_out[rois[place].title, "second rounds of contours that trace one outline twice"] += 1
    return Contours(
        points, starts, np.array(owners, np.int64), np.array(exclusive, np.bool_), describe_left_out(left_out)
    )


def keep_single_rounds(
    points: FloatArray, starts: IntArray, exclusive: BoolArray
) -> tuple[FloatArray, IntArray, IntArray]:
    """Keep the first round of contours that run twice round.

    Returns:
        The points, where each contour begins in them and their number, and which contours were shortened.
    """
    counts = np.diff(starts)
    # Few contours come back to their first point half way: only those are looked at one by one.
    middles = starts[:-1] + counts // 2
    suspects = np.flatnonzero(~exclusive & (counts >= 6) & (points[middles] == points[starts[:-1]]).all(axis=1))
    kept = counts.copy()
    for k in suspects.tolist():
        kept[k] = count_single_round(points[starts[k] : starts[k + 1]])
    shortened = np.flatnonzero(kept < counts)
    if not shortened.size:
        return points, starts, shortened
    within = np.arange(len(points)) - np.repeat(starts[:-1], counts)
    fresh = np.concatenate([[0], np.cumsum(kept)])
    return points[within < np.repeat(kept, counts)], fresh, shortened


def count_contour_points(path: str, roi: Roi, number: int, item: Attributes, data: bytes) -> int:
    """Count the points of a contour, and check that the file gives the same number."""
    values = data.count(b"\\") + 1 if data else 0
    points = item.integer(tags.NUMBER_OF_CONTOUR_POINTS)
    if values % 3 or points not in (None, values // 3):
        required = "points are three numbers each" if points is None else f"its {points} points are three numbers each"
        raise CorruptFileError(
            f"contour {number} of ROI {roi.title} holds {values} numbers, and {required}",
            path=path,
            advice="export the file again",
            roi=roi.number,
            contour=number,
            values=values,
        )
    return values // 3


def parse_decimal_strings(path: str, texts: Sequence[bytes]) -> FloatArray:
    """Parse decimal strings to numbers, one after another."""
    values = np.empty(sum(text.count(b"\\") + 1 for text in texts))
    done = 0
    for text in texts:
        try:
            numbers = list(map(float, text.split(b"\\")))
        except ValueError as error:
            raise not_numbers_error(path) from error
        if b"_" in text:
            # float() takes "1_000", which is not a decimal string (PS3.5 6.2).
            raise not_numbers_error(path)
        values[done : done + len(numbers)] = numbers
        done += len(numbers)
    if not np.isfinite(values).all():
        raise not_numbers_error(path)
    return values


def not_numbers_error(path: str) -> CorruptFileError:
    """Make the error for contour data that is not made of numbers."""
    return CorruptFileError(
        "its ContourData contains a value that is not a number", path=path, advice="export the file again"
    )


def describe_left_out(left_out: Counter[tuple[str, str]]) -> tuple[Decision, ...]:
    """Say which contours were left out, in one sentence for each kind."""
    by_kind: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (title, kind), count in left_out.items():
        by_kind[kind][title] = count
    decisions = []
    for kind, counts in by_kind.items():
        text = f"left out {sum(counts.values())} {kind} of ROI {', '.join(counts)}"
        decisions.append(Decision("left out", text, sum(counts.values()), "content"))
    return tuple(decisions)
