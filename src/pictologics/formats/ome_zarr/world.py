"""OmeZarrHeader -> Grid. The standard gives steps and a translation, and does not say where left and right are.

Files written here keep their direction cosines beside what the standard has. For others, x, y and z are taken as
DICOM's axes (LPS), which is what software for patients writes (ITK, and what follows it), and a warning says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import GeometryError, UnsupportedFormatError
from ...geometry import Grid
from ...provenance import Decision
from ..header_grids import UNKNOWN_THICKNESS
from .header import OmeZarrHeader
from .vocabulary import MILLIMETERS, PATIENT_AXES

__all__ = ["ZarrWorld", "find_space_axes", "find_zarr_grid"]

NO_PATIENT = Decision(
    "assumed",
    "OME-Zarr does not say where the patient's left, back and head are; x, y and z were taken to run there (LPS)",
    None,
    "geometry",
)
NO_UNIT = Decision("assumed", "its axes have no unit; millimeters were assumed", None, "geometry")


@dataclass(frozen=True)
class ZarrWorld:
    """Where an image lies.

    Attributes:
        grid: The grid of its voxels.
        decisions: What was assumed.
    """

    grid: Grid
    decisions: tuple[Decision, ...]


def find_space_axes(header: OmeZarrHeader) -> tuple[int, ...]:
    """The axes of space among those of the array, slowest first.

    Raises:
        UnsupportedFormatError: If there are not two or three of them, called x, y and z.
    """
    found = tuple(k for k, axis in enumerate(header.axes) if axis.kind == "space" or axis.name in PATIENT_AXES)
    names = [header.axes[k].name for k in found]
    if not 2 <= len(found) <= 3 or len(set(names)) != len(names) or not set(names) <= set(PATIENT_AXES):
        raise UnsupportedFormatError(
            f"it has {len(found)} axes of space, and two or three that are called x, y and z are required",
            path=header.path,
            advice="convert it with the software that made it",
        )
    return found


def find_zarr_grid(header: OmeZarrHeader, shape: tuple[int, ...]) -> ZarrWorld:
    """The grid of an image.

    Args:
        header: What the JSON says.
        shape: Of the array, slowest axis first.

    Raises:
        GeometryError: If the steps make no grid.
        UnsupportedFormatError: If a unit is none of length.
    """
    decisions = []
    # The array's last axis is the fastest, and becomes the first of the image.
    axes = find_space_axes(header)[::-1]
    units = [header.axes[k].unit for k in axes]
    if not all(units):
        decisions.append(NO_UNIT)
    if len(axes) < 3:
        decisions.append(UNKNOWN_THICKNESS)
    unknown = [unit for unit in units if unit and unit not in MILLIMETERS]
    if unknown:
        raise UnsupportedFormatError(
            "the unit of an axis of space is none of length, such as millimeter",
            path=header.path,
            advice="correct the unit in its JSON",
        )
    factors = [MILLIMETERS.get(unit, 1.0) for unit in units]
    places = [PATIENT_AXES.index(header.axes[k].name) for k in axes]
    own = read_direction(header)
    affine = np.eye(4)
    if own is None:
        decisions.insert(0, NO_PATIENT)
        affine[:3, :3] = 0
        missing = [place for place in range(3) if place not in places]
        for column, (place, step) in enumerate(
            [*((place, header.scale[k] * factor) for place, k, factor in zip(places, axes, factors, strict=True))]
            + [(place, 1.0) for place in missing]
        ):
            affine[place, column] = step
    else:
        steps = [header.scale[k] * factor for k, factor in zip(axes, factors, strict=True)] + [1.0] * (3 - len(axes))
        affine[:3, :3] = own * np.array(steps)
    for place, k, factor in zip(places, axes, factors, strict=True):
        affine[place, 3] = header.translation[k] * factor
    sizes = tuple([shape[k] for k in axes] + [1] * (3 - len(axes)))
    try:
        return ZarrWorld(Grid.from_affine(affine, sizes), tuple(decisions))
    except GeometryError as error:
        raise GeometryError(error.found, path=header.path, advice=error.advice, **error.values) from error


def read_direction(header: OmeZarrHeader) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None:
    """The direction cosines that files written here keep; None if there are none, or they do not fit the axes."""
    is_usual = [header.axes[k].name for k in find_space_axes(header)] == ["z", "y", "x"]
    try:
        direction = np.array(header.own["direction"], np.float64)
    except (KeyError, TypeError, ValueError):
        return None
    return direction if is_usual and direction.shape == (3, 3) and np.isfinite(direction).all() else None
