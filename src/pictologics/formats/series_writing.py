"""Several volumes as bytes of one file: their common type, one volume after another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ContentWarning, OptionError, warn
from ..image import Image
from ..series.axes import AxisLabel
from ..series.image_series import ImageSeries
from .json_comment import VoxelNote
from .small_integers import narrow_voxels
from .voxel_writing import Writable, convert_voxels, iterate_planes

__all__ = ["TimeStep", "VolumesToWrite", "find_column", "find_time_step"]

UNEVEN_STEPS = 1e-3
"""Of the mean step: times that differ less are even; scanners round theirs to milliseconds."""


@dataclass
class VolumesToWrite:
    """The volumes of a series on their way into a file.

    Attributes:
        series: The series.
        types: What the format stores.
        format_name: For messages.
        path: The file, for messages.
        smallest: Whether whole numbers are stored in the smallest type of integers that holds them.
        first: The first volume.
        stored: The type in which all volumes are stored.
        has_lost_mask: Whether a source mask was left out that is not True everywhere.
    """

    series: ImageSeries
    types: Collection[np.dtype[np.generic]]
    format_name: str
    path: Path
    smallest: bool
    first: Image = field(init=False)
    stored: np.dtype[Any] = field(init=False)
    has_lost_mask: bool = False

    def __post_init__(self) -> None:
        self.first = self.series[0]
        self.stored = self.find_smallest() or self.convert(self.first.array).dtype

    def find_smallest(self) -> np.dtype[Any] | None:
        """The type of integers that holds all volumes, which is known when all were seen; None if it saves nothing."""
        if not self.smallest:
            return None
        found = np.result_type(*[narrow_voxels(image.array).dtype for image in self.series])
        # What NumPy makes of uint64 beside a type with a sign is a float that does not hold all numbers.
        return found if found.itemsize < self.first.array.dtype.itemsize else None

    @property
    def note(self) -> VoxelNote:
        """What the comment says of the voxels."""
        return VoxelNote(self.first.array.dtype.newbyteorder("="), self.stored)

    def convert(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Voxels as the format stores them."""
        return convert_voxels(array, self.types, self.format_name, self.path)

    def write(self, file: Writable) -> None:
        """Write all volumes, one in memory at a time.

        Raises:
            OptionError: If a volume is of another type than the first.
        """
        for number, image in enumerate(self.series):
            if image.array.dtype != self.first.array.dtype:
                raise OptionError(
                    f"volume {number} is of type {image.array.dtype} and the first of {self.first.array.dtype}, and a "
                    "file has one type",
                    path=self.path,
                    advice="load the series with dtype=numpy.float64",
                )
            valid = image.source_mask
            self.has_lost_mask |= valid is not None and not bool(np.all(valid))
            stored = image.array.astype(self.stored) if self.smallest else self.convert(image.array)
            for content in iterate_planes(stored):
                file.write(content)

    def warn_of_masks(self) -> None:
        """Say that source masks were not saved, if there were any."""
        if self.has_lost_mask:
            text = "the source masks of its volumes were not saved, as a file of several volumes has no place for them"
            warn(f"'{self.path}': {text}", ContentWarning)


@dataclass(frozen=True)
class TimeStep:
    """When the volumes of a series begin.

    Attributes:
        start: Of the first, s.
        step: From one to the next, s; the mean where they are uneven.
        is_even: Whether all steps are the same.
    """

    start: float
    step: float
    is_even: bool


def find_column(series: ImageSeries, name: str) -> tuple[AxisLabel, ...] | None:
    """What stands under a name at each volume, in the order in which they are written; None if no axis has it."""
    lengths = [len(axis) for axis in series.axes]
    for place, axis in enumerate(series.axes):
        if name in axis.names:
            column = axis.column(name)
            return tuple(column[k] for k in np.unravel_index(np.arange(len(series)), lengths)[place].tolist())
    return None


def find_time_step(series: ImageSeries, path: Path) -> TimeStep | None:
    """When the volumes begin; None if the series does not say it in seconds, or has more axes than time.

    What the format cannot keep of uneven times is warned of.
    """
    axis, times = series.axes[0], find_column(series, "time")
    if times is None or len(series.axes) > 1 or (axis.name == "time" and axis.units != "s"):
        return None
    seconds = [time for time in times if isinstance(time, (int, float))]
    if len(seconds) < max(len(times), 2):
        return None
    steps = [after - before for before, after in pairwise(seconds)]
    mean = (seconds[-1] - seconds[0]) / len(steps)
    if mean <= 0:
        return None
    is_even = max(abs(step - mean) for step in steps) <= UNEVEN_STEPS * mean
    if not is_even:
        text = f"its times are uneven; for other software the header has their mean step, {mean:.6g} s"
        warn(f"'{path}': {text}", ContentWarning)
    return TimeStep(seconds[0], mean, is_even)
