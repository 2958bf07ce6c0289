"""MetaImageHeader -> Grid, and whether its letters agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...errors import GeometryError
from ...geometry import AXIS_LETTERS, Grid
from ...provenance import Decision
from ..header_grids import HeaderGrid, complete_axes, fit_grid, millimeters_per
from .header import MetaImageHeader

__all__ = ["find_metaimage_grid"]

MATRIX_FIELDS = ("TransformMatrix", "Rotation", "Orientation")
"""Names of one field; of those that a file has, the first counts, as in ITK."""

OFFSET_FIELDS = ("Origin", "Offset", "Position")
"""Names of one field, as above."""

SPACING_FIELDS = ("ElementSpacing", "ElementSize")
"""Names of one field, as above; strictly, the size of a voxel is no spacing, but ITK takes it for one."""

METAIMAGE_GRID_ADVICE = 'correct its TransformMatrix and ElementSpacing, or pass irregular="ignore" if it is a shear'
"""What to do about a matrix that describes no grid."""

LETTERS_CONTRADICT = 0.5
"""Of the sum of the three cosines between axes and letters, which is 3 where they agree.

Axes that lie half way between two letters may be given either.
"""


def find_metaimage_grid(header: MetaImageHeader, irregular: str) -> HeaderGrid:
    """Find out where a MetaImage volume lies: the first NDims numbers of the matrix are axis 0, the offset is LPS.

    Args:
        header: The header.
        irregular: ``"ignore"`` keeps a sheared matrix as its nearest rectangular grid, with a warning.

    Raises:
        GeometryError: If the matrix is singular, not finite, or sheared beyond the tolerance.
    """
    axes = len(header.sizes)
    used = min(axes, 3)
    if axes < 2:
        raise GeometryError("it has one axis, and two or three are required", path=header.file.name)
    decisions: list[Decision] = []
    spacing = header.numbers(SPACING_FIELDS, axes)
    if spacing is None:
        spacing = (1.0,) * axes
        decisions.append(Decision("assumed", "the header has no ElementSpacing; 1 mm was assumed", 1.0, "geometry"))
    offset = header.numbers(OFFSET_FIELDS, axes)
    if offset is None:
        offset = (0.0,) * axes
        decisions.append(
            Decision("assumed", "the header has no Offset; an origin of zero was assumed", None, "geometry")
        )
    matrix = header.numbers(MATRIX_FIELDS, axes * axes)
    if matrix is None:
        # Writers leave it out for images along the patient's axes, and ITK reads it so.
        matrix = tuple(np.eye(axes).ravel())
    unit = header.fields.get("DistanceUnits", "mm")
    scale = millimeters_per(unit.removeprefix("MET_DISTANCE_UNITS_")) or 1.0
    if scale != 1.0:
        decisions.append(Decision("converted", f"lengths were converted to mm from {unit}"))
    # A row of the matrix is an axis (MetaIO, "TransformMatrix"): its transpose has them in columns, as Grid has.
    columns = np.array(matrix).reshape(axes, axes)[:used, :used].T * spacing[:used] * scale
    steps, thickness = complete_axes(columns)
    affine = np.eye(4)
    affine[:3, :3] = steps
    affine[:used, 3] = np.array(offset[:used]) * scale
    shape = (*header.sizes[:3], 1)[:3]
    world = fit_grid(affine, shape, "LPS", irregular, header.file.name, METAIMAGE_GRID_ADVICE)
    letters = compare_letters(header, world.grid)
    return replace(world, decisions=(*decisions, *thickness, *world.decisions, *letters))


def compare_letters(header: MetaImageHeader, grid: Grid) -> list[Decision]:
    """Warn if the letters say something else than the matrix.

    MetaIO's documentation gives the side towards which an axis runs, ITK writes the side from which it comes; a
    contradiction is what agrees with neither.
    """
    letters = header.fields.get("AnatomicalOrientation", "").upper()
    if len(letters) != 3 or "?" in letters:
        return []
    named = np.zeros((3, 3))
    for column, letter in enumerate(letters):
        for row, ends in enumerate(AXIS_LETTERS):
            if letter in ends:
                named[row, column] = 1.0 if letter == ends[1] else -1.0
    # The best that any three letters could reach, against what these reach in either reading of MetaIO's letters.
    best = np.abs(grid.direction).max(axis=0).sum()
    agreement = abs(float((named * grid.direction).sum()))
    if best - agreement < LETTERS_CONTRADICT:
        return []
    # Others are not quoted: they may be anything.
    are_known = all(any(letter in ends for ends in AXIS_LETTERS) for letter in letters)
    shown = f"is {letters}" if are_known else "has letters that name no side,"
    text = (
        f"AnatomicalOrientation {shown} and the matrix says that the axes run towards {grid.orientation}; "
        "the matrix was used"
    )
    return [Decision("assumed", text, None, "geometry")]
