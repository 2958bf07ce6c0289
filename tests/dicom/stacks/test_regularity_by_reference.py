"""How far planes are from a grid, against a slow and plain computation, and each finding's number worked out by hand.

Planes are 9 columns by 7 rows of 0.75 mm by 1.125 mm, so that no exchange of rows and columns goes by.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from pictologics.dicom.stacks.regularity import StackGeometry, find_irregularities
from pictologics.geometry import CORNER_ERROR_REFUSED
from tests.factories.phantom import OBLIQUE
from tests.factories.stacks import stack_of

COLUMNS, ROWS = 9, 7
BETWEEN_COLUMNS, BETWEEN_ROWS = 0.75, 1.125
STEP = 2.5
HEIGHTS = np.arange(6) * STEP


def expected_errors(stack: StackGeometry) -> list[float]:
    """One corner at a time: where its file puts it, by the inverse of the grid's affine, and how far that is off."""
    affine = np.eye(4)
    affine[:3, :3] = stack.grid.direction * np.array(stack.grid.spacing)
    affine[:3, 3] = stack.grid.origin
    to_index = np.linalg.inv(affine)
    columns, rows, count = stack.grid.shape
    errors = []
    for k in range(count):
        worst = 0.0
        for x, y in product((0, columns - 1), (0, rows - 1)):
            between_rows, between_columns = stack.pixel_spacings[k]
            corner = (
                stack.positions[k] + stack.row_axes[k] * between_columns * x + stack.column_axes[k] * between_rows * y
            )
            index = (to_index @ [*corner, 1.0])[:3]
            worst = max(worst, float(np.linalg.norm(index - [x, y, k])))
        errors.append(worst)
    return errors


def turn(axis: int, angle: float) -> np.ndarray:
    """A rotation about one axis of the world."""
    cosine, sine = np.cos(angle), np.sin(angle)
    matrix = np.eye(3)
    first, second = [k for k in range(3) if k != axis]
    matrix[[first, second], [first, second]] = cosine
    matrix[first, second], matrix[second, first] = -sine, sine
    return matrix


def with_last_turned(axis: int, angle: float) -> StackGeometry:
    """A regular stack in the axes of the world whose last plane is turned about its first pixel."""
    stack = stack_of(HEIGHTS)
    row_axes, column_axes = stack.row_axes.copy(), stack.column_axes.copy()
    row_axes[-1], column_axes[-1] = turn(axis, angle) @ row_axes[-1], turn(axis, angle) @ column_axes[-1]
    return replace(stack, row_axes=row_axes, column_axes=column_axes)


def only_finding(stack: StackGeometry):
    (finding,) = find_irregularities(stack)
    return finding


@pytest.mark.parametrize("seed", range(20))
def test_corner_errors(seed):
    rng = np.random.default_rng(seed)
    stack = stack_of(HEIGHTS, direction=OBLIQUE)
    count = len(HEIGHTS)
    turned = [turn(k % 3, angle) for k, angle in enumerate(rng.normal(0, 0.1, count))]
    stack = replace(
        stack,
        positions=stack.positions + rng.normal(0, 1.0, (count, 3)),
        row_axes=np.array([matrix @ axis for matrix, axis in zip(turned, stack.row_axes, strict=True)]),
        column_axes=np.array([matrix @ axis for matrix, axis in zip(turned, stack.column_axes, strict=True)]),
        pixel_spacings=stack.pixel_spacings * rng.uniform(0.9, 1.1, (count, 2)),
    )
    np.testing.assert_allclose(stack.corner_errors(), expected_errors(stack), rtol=1e-9)


@pytest.mark.parametrize("direction", [np.eye(3), OBLIQUE], ids=["axial", "oblique"])
def test_a_regular_stack_has_no_corner_error(direction):
    stack = stack_of(HEIGHTS, direction=direction)
    assert stack.corner_errors().max() < 1e-9
    assert find_irregularities(stack) == []


@pytest.mark.parametrize("axis", [0, 1, 2], ids=["sways down its columns", "sways along its rows", "turned in itself"])
def test_a_turned_plane_is_off_by_what_its_worst_corner_is_off(axis):
    """A sway of the row axis counts as a sway alone: it also leaves the grid's row axis, and is no twist for that."""
    stack = with_last_turned(axis, 0.05)
    finding = only_finding(stack)
    assert finding.kind == "turned"
    assert finding.voxels == pytest.approx(max(expected_errors(stack)))
    assert "2.86 degrees" in finding.text


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_turn_is_found_where_a_corner_is_a_tenth_of_a_voxel_off(axis):
    small = 1e-3
    edge = small * CORNER_ERROR_REFUSED / max(expected_errors(with_last_turned(axis, small)))
    assert only_finding(with_last_turned(axis, edge * 1.01)).kind == "turned"
    assert find_irregularities(with_last_turned(axis, edge * 0.99)) == []


@pytest.mark.parametrize(
    ("column", "last"),
    [(0, ROWS - 1), (1, COLUMNS - 1)],
    ids=["between rows", "between columns"],
)
def test_pixel_spacing_that_varies(column, last):
    """The far end of the rows or of the columns is displaced: by the change of the spacing, times the pixels to it."""
    stack = stack_of(HEIGHTS)
    spacings = stack.pixel_spacings.copy()
    spacings[-1, column] *= 1.02
    finding = only_finding(replace(stack, pixel_spacings=spacings))
    assert finding.kind == "pixel spacing varies"
    assert finding.voxels == pytest.approx(0.02 * last)


@pytest.mark.parametrize(("axis", "pixel"), [(0, BETWEEN_COLUMNS), (1, BETWEEN_ROWS)], ids=["x", "y"])
def test_a_shift_is_counted_in_pixels_of_its_own_direction(axis, pixel):
    shifts = np.zeros((len(HEIGHTS), 2))
    shifts[3, axis] = 0.45
    finding = only_finding(stack_of(HEIGHTS, shifts))
    assert finding.kind == "shifted sideways"
    assert finding.voxels == pytest.approx(0.45 / pixel)


@pytest.mark.parametrize(("axis", "pixel"), [(0, BETWEEN_COLUMNS), (1, BETWEEN_ROWS)], ids=["x", "y"])
def test_the_distance_of_tilted_planes_is_along_the_normal(axis, pixel):
    """A gantry tilted by 20 degrees: positions are 6 % further apart than planes, and the spacing is that of planes."""
    shift = np.zeros(2)
    shift[axis] = np.tan(np.radians(20))
    finding = only_finding(stack_of(HEIGHTS, shift))
    assert finding.kind == "tilted"
    assert "20 degrees" in finding.text
    assert finding.voxels == pytest.approx(HEIGHTS[-1] * np.tan(np.radians(20)) / pixel)
