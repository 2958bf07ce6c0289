"""NrrdHeader -> which axes are spatial, and the Grid they span."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...errors import GeometryError
from ...provenance import Decision
from ..header_grids import HeaderGrid, complete_axes, fit_grid, millimeters_per
from ..text_fields import parse_numbers
from .header import NrrdHeader
from .segments import has_segments
from .vocabulary import NOT_SPATIAL, NRRD_FRAMES

__all__ = ["find_nrrd_grid", "find_spatial_axes"]

NRRD_GRID_ADVICE = 'correct its space directions, or pass irregular="ignore" if they are a shear'
"""What to do about directions that do not describe a grid."""


def find_spatial_axes(header: NrrdHeader) -> tuple[int, ...]:
    """Numbers of the two or three axes along which the voxels lie in space.

    With space directions these are the axes that have one, wherever they stand. Without, they are the first three
    whose kind does not say otherwise.

    Raises:
        GeometryError: If there are fewer than two, or more than three that have a direction.
    """
    if header.directions:
        # In a space with time, an axis that goes through time alone is not spatial.
        axes = [
            axis
            for axis, step in enumerate(header.directions)
            if step is not None and (any(step[:3]) or not any(step[3:]))
        ]
    else:
        kinds = header.kinds or ("",) * len(header.sizes)
        axes = [axis for axis, kind in enumerate(kinds) if kind not in NOT_SPATIAL][:3]
    if not 2 <= len(axes) <= 3:
        raise GeometryError(
            f"{len(axes)} of its axes {'is' if len(axes) == 1 else 'are'} spatial, and two or three are required",
            path=header.file.name,
            advice="correct its space directions and kinds",
            axes=tuple(axes),
        )
    return tuple(axes)


def find_nrrd_grid(header: NrrdHeader, axes: tuple[int, ...], irregular: str) -> HeaderGrid:
    """Find out where a NRRD volume lies.

    Args:
        header: The header.
        axes: The spatial axes.
        irregular: ``"ignore"`` keeps sheared directions as their nearest rectangular grid, with a warning.

    Raises:
        GeometryError: If the directions are singular, not finite, or sheared beyond the tolerance.
    """
    if header.directions:
        columns, origin, decisions = read_directions(header, axes)
    else:
        columns, origin, decisions = read_spacings(header, axes)
    frame = NRRD_FRAMES.get(header.space.removesuffix("-time").removesuffix("t"))
    if is_slicer_4(header):
        # 3D Slicer kept its own coordinates in files of four axes, which name no space: RAS.
        frame = "RAS"
        origin = origin + columns @ read_slicer_4_start(header)
        decisions.append(
            Decision("converted", "a segmentation of 3D Slicer 4 was placed as 3D Slicer places it, in RAS")
        )
    elif frame is None:
        found = f"the space '{header.space}' does not say" if header.space else "no space says"
        text = f"{found} where the patient's sides are; positions were taken as LPS"
        decisions.append(Decision("assumed", text, None, "geometry"))
    steps, thickness = complete_axes(columns)
    # A space of fewer than three dimensions leaves the other coordinates of the origin zero.
    affine = np.eye(4)
    affine[:3, :3] = steps
    affine[: len(origin), 3] = origin
    shape = ([header.sizes[axis] for axis in axes] + [1])[:3]
    world = fit_grid(affine, shape, frame or "LPS", irregular, header.file.name, NRRD_GRID_ADVICE)
    return world.after([*decisions, *thickness])


def is_slicer_4(header: NrrdHeader) -> bool:
    """Whether it is a segmentation of 3D Slicer 4, a volume for each segment: four axes, of a space without a name."""
    return header.space_dimension == 4 and not header.space and len(header.sizes) == 4 and has_segments(header.keys)


def read_slicer_4_start(header: NrrdHeader) -> npt.NDArray[np.float64]:
    """The index of the first voxel of a segmentation of 3D Slicer 4, counted from its space origin.

    3D Slicer's own reader of such files (vtkMRMLSegmentationStorageNode, 4D spatial NRRD) has the origin at index 0 of
    the extent, and the file begins where ``Segmentation_Extent`` does.

    Raises:
        GeometryError: If the header has an offset of later files, of which it does not say whether the origin has it.
    """
    extent = parse_numbers(header.keys.get("Segmentation_Extent", ""))
    if extent is not None and len(extent) == 6:
        return np.array(extent[::2])
    offset = parse_numbers(header.keys.get("Segmentation_ReferenceImageExtentOffset", ""))
    is_told = "Segmentation_Extent" in header.keys or "Segmentation_ReferenceImageExtentOffset" in header.keys
    if is_told and (offset is None or any(offset) or extent):
        raise GeometryError(
            "it is a segmentation of an early 3D Slicer 4 whose header does not say where its first voxel lies",
            path=header.file.name,
            advice="open it in 3D Slicer, check its place and save it again",
        )
    return np.zeros(3)


Steps = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], list[Decision]]
"""Steps along the axes in columns and position of the first voxel, mm, and what was decided about them."""


def read_directions(header: NrrdHeader, axes: tuple[int, ...]) -> Steps:
    """Steps (2 or 3, axes) and origin from the space directions; the origin is the center of the first voxel.

    NRRD, "space origin": the location of the center of the first sample.
    """
    decisions = []
    length = min(header.space_dimension, 3)
    columns = np.array([header.directions[axis] for axis in axes], dtype=np.float64).T
    if columns[3:].any():
        raise GeometryError(
            "its axes combine space and time", path=header.file.name, advice="correct its space directions"
        )
    if header.origin is None:
        decisions.append(
            Decision("assumed", "the header has no space origin; an origin of zero was assumed", None, "geometry")
        )
        origin = np.zeros(length)
    else:
        origin = np.array(header.origin[:length])
    scale, converted = find_scales(header.units[:length], length)
    return columns[:length] * scale[:, None], origin * scale, decisions + converted


def read_spacings(header: NrrdHeader, axes: tuple[int, ...]) -> Steps:
    """Steps and origin from spacings, or lower and upper ends of the axes: files that know no directions.

    An end is the center of a voxel where samples are nodes, and its edge where they are cells; it is taken as an edge
    where nothing is said, as Teem and ITK do.
    """
    steps, origin, unknown = [], [], 0
    for axis in axes:
        is_node = bool(header.centers) and header.centers[axis] == "node"
        low, high, size = header.minima[axis], header.maxima[axis], header.sizes[axis]
        step = header.spacings[axis]
        if not math.isfinite(step) and math.isfinite(low) and math.isfinite(high):
            # From center to center there is one step fewer than samples, from edge to edge as many (NRRD, "centers").
            step = (high - low) / max(size - is_node, 1)
        if not math.isfinite(step) or step == 0:
            step, unknown = 1.0, unknown + 1
        steps.append(step)
        origin.append((low if is_node else low + step / 2) if math.isfinite(low) else 0.0)
    decisions = []
    if header.space_dimension:
        text = "the header has no space directions; the axes were assumed to run along those of its space"
        decisions.append(Decision("assumed", text, None, "geometry"))
        origin = list(header.origin[: len(axes)]) if header.origin is not None else origin
    if unknown:
        text = f"{unknown} of {len(axes)} axes have no spacing; 1 mm was assumed"
        decisions.append(Decision("assumed", text, unknown, "geometry"))
    units = [header.units[axis] for axis in axes] if len(header.units) == len(header.sizes) else []
    scale, converted = find_scales(units, len(axes))
    return np.diag(steps) * scale[:, None], np.array(origin) * scale, decisions + converted


def find_scales(units: Sequence[str], length: int) -> tuple[npt.NDArray[np.float64], list[Decision]]:
    """Millimeters in each unit, 1 where it is not known, and what was converted."""
    factors = ([millimeters_per(unit) or 1.0 for unit in units] + [1.0] * length)[:length]
    if set(factors) == {1.0}:
        return np.array(factors), []
    text = f"lengths were converted to mm from {', '.join(unit for unit in units if millimeters_per(unit))}"
    return np.array(factors), [Decision("converted", text)]
