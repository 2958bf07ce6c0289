"""Recommended colors: the CIELab numbers of DICOM (PS3.3 C.10.7.1.1) and sRGB (IEC 61966-2-1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from ...array_types import FloatArray
from ...errors import OptionError

__all__ = ["WRITTEN_COLOR", "lab_to_srgb", "srgb_to_lab"]

WHITE: Final = np.array([0.9642, 1.0, 0.8249])
"""The white of the profile connection space, D50, which DICOM's numbers are relative to."""

RGB_OF_XYZ: Final = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
"""Linear sRGB of XYZ relative to D50 (Bradford adaptation from the display's D65)."""

KNEE: Final = 6 / 29
"""Where the cube root of CIE 1976 gives way to a straight line."""

LOWEST: Final = np.array([0.0, -128.0, -128.0])
"""The L, a and b of the stored number 0 (PS3.3 C.10.7.1.1)."""

EXTENT: Final = np.array([100.0, 255.0, 255.0])
"""L runs from 0 to 100 and a and b from -128 to 127, each spread over 16 bits."""

WRITTEN_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")
"""How colors are passed in and out."""


def lab_to_srgb(numbers: Sequence[float]) -> str:
    """Convert three CIELab numbers of 16 bits to ``"#rrggbb"``; colors that no display shows are clipped."""
    light, a, b = np.asarray(numbers, np.float64) / 65535 * EXTENT + LOWEST
    roots = (light + 16) / 116 + np.array([a / 500, 0.0, -b / 200])
    xyz = WHITE * np.where(roots > KNEE, roots**3, 3 * KNEE**2 * (roots - 4 / 29))
    linear = np.clip(RGB_OF_XYZ @ xyz, 0, 1)
    # The curve of sRGB (IEC 61966-2-1), a straight line near black.
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(float(share) * 255):02x}" for share in encoded)


def srgb_to_lab(color: str) -> tuple[int, int, int]:
    """Convert a color ``"#rrggbb"`` to three CIELab numbers of 16 bits.

    Raises:
        OptionError: If it is written in another way.
    """
    if not isinstance(color, str) or not WRITTEN_COLOR.fullmatch(color):
        raise OptionError(f"{color!r} is not a color", advice='write it as "#rrggbb", such as "#e6194b"')
    encoded = np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    ratio: FloatArray = np.linalg.solve(RGB_OF_XYZ, linear) / WHITE
    x, y, z = np.where(ratio > KNEE**3, np.cbrt(ratio), ratio / (3 * KNEE**2) + 4 / 29)
    lab = np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
    numbers = np.clip(np.rint((lab - LOWEST) / EXTENT * 65535), 0, 65535)
    return int(numbers[0]), int(numbers[1]), int(numbers[2])
