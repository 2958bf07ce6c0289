"""The peak: the largest mean within a small sphere around one of the voxels of a label."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import signal

from ..array_types import AnyArray, BoolArray
from ..geometry import Box

__all__ = ["find_peak"]

PEAK_RADIUS: Final = 10 * (3 / (4 * np.pi)) ** (1 / 3)
"""mm; a sphere of 1 ml, as the IBSI (global intensity peak, 0F91) and QIBA's profile of FDG-PET have it."""

RADIUS_ROUNDING: Final = 1e-9
"""Share of the radius: a voxel whose center lies on the sphere belongs to it."""


def find_peak(
    array: AnyArray,
    valid: BoolArray | None,
    spacing: tuple[float, float, float],
    box: Box,
    inside: BoolArray,
) -> float:
    """The largest mean of the valid voxels whose centers lie within 6.2 mm of a valid voxel of a label.

    Args:
        array: All voxels.
        valid: Which of them hold valid data, None for all.
        spacing: mm.
        box: The box around the label.
        inside: Which voxels of the box are the label's and valid.

    Returns:
        The mean; NaN if no voxel counts.
    """
    if not inside.any():
        return float("nan")
    sphere = make_sphere(spacing)
    reach = [n // 2 for n in sphere.shape]
    wide: Box = tuple(  # type: ignore[assignment]
        slice(max(0, side.start - margin), min(size, side.stop + margin))
        for side, margin, size in zip(box, reach, array.shape, strict=True)
    )
    counting = np.ones([side.stop - side.start for side in wide]) if valid is None else valid[wide].astype(np.float64)
    values = np.where(counting > 0, array[wide].astype(np.float64), 0.0)
    # Less the mean, so that the error of the transform is relative to how much the values differ.
    middle = float(values.sum() / counting.sum())
    sums = signal.oaconvolve((values - middle) * counting, sphere, mode="same")
    counts = np.round(signal.oaconvolve(counting, sphere, mode="same"))
    inner = tuple(
        slice(side.start - outer.start, side.stop - outer.start) for side, outer in zip(box, wide, strict=True)
    )
    # A voxel that counts is in its own sphere, so that no count is zero there.
    return middle + float((sums[inner][inside] / counts[inner][inside]).max())


def make_sphere(spacing: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    """1.0 at the voxels around a central one whose centers lie within the radius; an odd number along each axis."""
    limit = PEAK_RADIUS * (1 + RADIUS_ROUNDING)
    axes = [np.arange(-int(limit // step), int(limit // step) + 1) * step for step in spacing]
    squares = sum(np.square(part) for part in np.meshgrid(*axes, indexing="ij", sparse=True))
    return np.asarray(squares <= limit**2, np.float64)
