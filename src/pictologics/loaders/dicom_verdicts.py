"""What a volume of a DICOM series would be if it were loaded, and by which keywords, from the headers alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..dicom.pixels.value_conversions import PixelRules
from ..dicom.pixels.voxels import VoxelPlan, plan_voxels
from ..dicom.series.volumes import SeriesVolume, stack_volume
from ..dicom.stacks.planes import Planes
from ..dicom.stacks.rectifying import find_rectified_grid
from ..errors import (
    AmbiguousSeriesError,
    CorruptFileError,
    GeometryError,
    PictologicsError,
    UnsupportedFormatError,
)
from ..geometry import Grid

__all__ = ["REFUSALS", "VolumePlan", "VolumeVerdict", "judge_volume"]

REFUSALS = (AmbiguousSeriesError, CorruptFileError, GeometryError, UnsupportedFormatError)
"""Errors that are the answer to what a volume is; any other is a fault and passes."""


@dataclass(frozen=True)
class VolumePlan:
    """A volume as it would be loaded.

    Attributes:
        planes: Its planes in order.
        grid: Where its voxels would lie; of an irregular stack that is resampled, those of the regular volume.
        voxels: How its planes would be read.
    """

    planes: Planes
    grid: Grid
    voxels: VoxelPlan


@dataclass(frozen=True)
class VolumeVerdict:
    """Whether a volume loads.

    Attributes:
        plan: What it would be; None if nothing loads it.
        options: The keywords of ``load_image`` without which it does not load.
        errors: What ``load_image`` raises without them, one after the other; none if it loads as it is.
    """

    plan: VolumePlan | None
    options: tuple[tuple[str, Any], ...] = ()
    errors: tuple[PictologicsError, ...] = ()

    @property
    def findings(self) -> dict[str, float]:
        """Each way in which its planes are not regular, with the displacement of the worst corner in voxels."""
        found = (error.values.get("findings") for error in self.errors)
        return next((dict(findings) for findings in found if findings), {})


def judge_volume(volume: SeriesVolume, path: str) -> VolumeVerdict:
    """Take the steps of loading a volume up to its first pixel, with the keywords that errors on the way ask for.

    Args:
        volume: The volume.
        path: The source, for messages.
    """
    options: dict[str, Any] = {}
    errors: list[PictologicsError] = []
    while True:
        try:
            plan = plan_volume(volume, path, **options)
        except REFUSALS as error:
            errors.append(error)
            way_out = dict(error.values.get("way_out", ()))
            # Each round adds a keyword, of which there are few.
            if not way_out.keys() - options.keys():
                return VolumeVerdict(None, tuple(options.items()), tuple(errors))
            options.update(way_out)
        else:
            return VolumeVerdict(plan, tuple(options.items()), tuple(errors))


def plan_volume(volume: SeriesVolume, path: str, *, color: str = "error", irregular: str = "error") -> VolumePlan:
    """Plan a volume as ``load_image`` with these keywords would read it.

    Raises:
        CorruptFileError: As ``load_image`` does, from the headers alone, and so for the others.
        GeometryError: If its planes form no regular grid, and nothing says what to do with them.
        UnsupportedFormatError: If its pixels are stored in a way that is not read.
    """
    voxels = plan_voxels(volume.frames, PixelRules(luminance=color == "luminance"))
    planes = stack_volume(volume, volume.frames, irregular, path)
    stack = planes.irregular_stack
    return VolumePlan(planes, planes.grid if stack is None else find_rectified_grid(stack), voxels)
