"""Many numbers to decimal strings of DICOM at once."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...array_types import FloatArray, IntArray
from ...errors import GeometryError

__all__ = ["choose_decimals", "write_decimals"]

LONGEST: Final = 16
"""Characters of a decimal string (DICOM PS3.5 6.2)."""

MOST_DECIMALS: Final = 9
"""More say nothing of a position in millimeters."""

SEPARATOR: Final = b"\\"[0]


def choose_decimals(finest: float, largest: float) -> int:
    """Choose how many decimals positions need: so many that rounding moves none by more than a hundred-thousandth.

    Args:
        finest: Distance between the positions, mm.
        largest: Largest coordinate without its sign, mm.

    Raises:
        GeometryError: If so many do not fit beside the digits before the point.
    """
    wanted = int(np.clip(np.ceil(5 - np.log10(finest)), 0, MOST_DECIMALS))
    # Beside a sign and the point.
    room = LONGEST - 2 - len(str(int(largest) + 1))
    if 10.0 ** -min(wanted, room) > finest / 100:
        raise GeometryError(
            f"positions reach {largest:.6g} mm and voxels are {finest:.6g} mm wide, and decimal strings of DICOM have "
            f"{LONGEST} characters",
            advice="move the image nearer to the origin",
            position=largest,
        )
    return min(wanted, room)


def write_decimals(values: FloatArray, decimals: int) -> tuple[bytes, IntArray]:
    """Write numbers as decimal strings, without zeros that say nothing, each with a backslash behind it.

    Args:
        values: (n,) numbers.
        decimals: Digits after the point, 0 or more.

    Returns:
        The text, and where each number begins in it, with its length at the end.
    """
    scaled = np.rint(values * 10.0**decimals).astype(np.int64)
    rest = np.abs(scaled)
    whole = max(1, len(str(int(rest.max(initial=0)))) - decimals)
    # A sign, digits, a point, decimals and the separator, each in its own column; what is not needed is left out.
    width = 1 + whole + 1 + decimals + 1
    text = np.empty((len(values), width), np.uint8)
    kept = np.ones((len(values), width), np.bool_)
    text[:, 0], kept[:, 0] = b"-"[0], scaled < 0
    text[:, -1] = SEPARATOR
    needed = np.zeros(len(values), np.bool_)
    for column in range(width - 2, whole + 1, -1):
        rest, digit = np.divmod(rest, 10)
        needed |= digit != 0
        text[:, column], kept[:, column] = digit + b"0"[0], needed
    text[:, whole + 1], kept[:, whole + 1] = b"."[0], needed
    for column in range(whole, 0, -1):
        kept[:, column] = (rest > 0) | (column == whole)
        rest, digit = np.divmod(rest, 10)
        text[:, column] = digit + b"0"[0]
    ends = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    return text[kept].tobytes(), ends.astype(np.int64)
