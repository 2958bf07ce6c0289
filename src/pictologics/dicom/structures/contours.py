"""The contours of ROIs, parsed from text to points in the world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ...array_types import FloatArray, IntArray
from ...errors import CorruptFileError
from ...provenance import Decision
from ..headers import tags
from ..headers.attributes import Attributes
from .rois import Roi

__all__ = ["Contours", "read_contour_points"]

CLOSED: Final = frozenset({"CLOSED_PLANAR", "CLOSEDPLANAR_XOR", ""})
"""Kinds of contours that enclose something; a missing kind is taken for the most common one."""

KINDS_IN_WORDS: Final = {"POINT": "points", "OPEN_PLANAR": "open contours", "OPEN_NONPLANAR": "open contours"}
"""What messages call the other kinds (PS3.3 C.8.8.6.1)."""


@dataclass(frozen=True)
class Contours:
    """Closed contours, one after another.

    Attributes:
        points: (n, 3) positions, LPS mm.
        starts: (m + 1,) where each contour begins in the points, and the number of points.
        rois: (m,) the ROI of each contour, by its place among the ROIs.
        decisions: What was left out.
    """

    points: FloatArray
    starts: IntArray
    rois: IntArray
    decisions: tuple[Decision, ...] = ()


def read_contour_points(path: str, rois: Sequence[Roi]) -> Contours:
    """Parse the closed contours of some ROIs.

    Points and open contours enclose no voxels and are left out, as are closed ones of fewer than three points. A
    contour that stands twice in a ROI counts once: by the even-odd rule it would wipe itself out. Only where the
    file says ``CLOSEDPLANAR_XOR`` is it left to do that.

    Args:
        path: The file, for messages.
        rois: The ROIs.

    Raises:
        CorruptFileError: If contour data is of the wrong length, or not numbers.
    """
    texts: list[bytes] = []
    counts: list[int] = []
    owners: list[int] = []
    left_out: Counter[tuple[str, str]] = Counter()
    for place, roi in enumerate(rois):
        seen: set[bytes] = set()
        for number, item in enumerate(roi.contours, 1):
            kind = item.text(tags.CONTOUR_GEOMETRIC_TYPE).upper()
            data = item.values.get(tags.CONTOUR_DATA, b"").rstrip(b" \0\\")
            count = count_contour_points(path, roi, number, item, data)
            if kind not in CLOSED:
                left_out[roi.title, KINDS_IN_WORDS.get(kind, f"contours of kind {kind[:20]!r}")] += 1
            elif count < 3:
                left_out[roi.title, "closed contours of fewer than three points"] += 1
            elif data in seen and kind != "CLOSEDPLANAR_XOR":
                left_out[roi.title, "contours that stand twice"] += 1
            else:
                # Compared as text: a contour written twice is written alike, and parsing is the expensive part.
                seen.add(data)
                texts.append(data)
                counts.append(count)
                owners.append(place)
    starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64)
    values = parse_decimal_strings(path, texts).reshape(-1, 3)
    return Contours(values, starts, np.array(owners, np.int64), describe_left_out(left_out))


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
    decisions = []
    for kind in dict.fromkeys(kind for _, kind in left_out):
        counts = {title: count for (title, other), count in left_out.items() if other == kind}
        text = f"left out {sum(counts.values())} {kind} of ROI {', '.join(counts)}"
        decisions.append(Decision("left out", text, sum(counts.values()), "content"))
    return tuple(decisions)
