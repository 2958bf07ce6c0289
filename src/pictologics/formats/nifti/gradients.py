"""Tables of gradients beside a NIfTI file, as FSL keeps them: ``.bval`` and ``.bvec``, and back.

A row of ``.bval`` has the b-value of each volume, s/mm2; three rows of ``.bvec`` have the components of its direction
along the axes of the voxels. Where the axes are right-handed (a positive determinant of the affine, "neurological"),
FSL counts the first component from the other end of the first axis (FDT, "What conventions do the bvecs use?").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ...geometry import Grid
from ...provenance import Decision
from ...series.axes import AxisLabel, SeriesAxis
from ...storage.files import StoredFile
from ..text_fields import parse_numbers
from ..volume_file import VolumeFile
from .voxels import find_companion

__all__ = ["add_gradients", "make_gradient_tables"]

LARGEST_TABLE = 1 << 22
"""Bytes of a table: more than a scan of a hundred thousand volumes has."""

LEAST_DIRECTION = 1e-3
"""A shorter vector is none: tables have zeros for b = 0."""


def add_gradients(opened: VolumeFile, file: StoredFile) -> VolumeFile:
    """The file with what the tables beside it say of its volumes, where they fit.

    Where a comment of ours says something else, the tables count: other software reads them and rotates them.
    """
    volumes, known = opened.layout.volumes, opened.facts.axes or tuple(opened.list_axes().values())
    if volumes < 2 or len(known) != 1 or len(known[0]) != volumes:
        return opened
    tables = [find_companion(file, suffix) for suffix in (".bval", ".bvec")]
    if tables[0] is None:
        return opened
    b_values, vectors = (
        None if table is None else read_gradient_table(table, rows) for table, rows in zip(tables, (1, 3), strict=True)
    )
    damaged = [
        table.name for table, numbers in zip(tables, (b_values, vectors), strict=True) if table and numbers is None
    ]
    if damaged or b_values is None:
        text = f"'{damaged[0]}' beside it is no table of gradients: rows of numbers, all of one length; not used"
        return replace(opened, decisions=(*opened.decisions, Decision("left out", text, None, "content")))
    counts = {b_values.shape[1]} | ({vectors.shape[1]} if vectors is not None else set())
    if counts != {volumes}:
        found = " and ".join(map(str, sorted(counts)))
        text = f"the tables .bval and .bvec beside it are of {found} volumes, and it holds {volumes}; not used"
        return replace(opened, decisions=(*opened.decisions, Decision("left out", text, None, "content")))
    axis = make_gradient_axis(b_values[0], vectors, opened.facts.grid, known[0])
    return replace(opened, facts=replace(opened.facts, axes=(axis,)))


def make_gradient_axis(
    b_values: npt.NDArray[np.float64], vectors: npt.NDArray[np.float64] | None, grid: Grid, known: SeriesAxis
) -> SeriesAxis:
    """The axis that tables describe; the one that is known already, if it says the same.

    Args:
        b_values: Of each volume.
        vectors: (3, volumes) directions as FSL has them; None where there is no such table.
        grid: Where the voxels lie.
        known: What is known of the volumes besides, such as their times.
    """
    directions = (None,) * len(b_values) if vectors is None else turn_gradients(vectors, grid)
    own = {"b_value": tuple(b_values.tolist())}
    rest = {name: values for name, values in known.coordinates.items() if name not in ("b_value", "direction")}
    if known.units == "s" or known.name not in ("time", "direction", "b_value"):
        rest[known.name] = known.labels
    made = SeriesAxis("b_value", own["b_value"], "s/mm2", rest)
    if any(directions):
        made = SeriesAxis("direction", directions, "", {**rest, **own})
    return known if made.name == known.name and have_same_gradients(made, known) else made


def have_same_gradients(axis: SeriesAxis, known: SeriesAxis) -> bool:
    """Whether two axes say the same, but for the digits that tables have."""
    if "b_value" not in known.names:
        return False
    columns = [(axis.values(name), known.values(name)) for name in (axis.name, "b_value")]
    return all(
        own.shape == other.shape and np.allclose(own, other, rtol=1e-5, atol=LEAST_DIRECTION, equal_nan=True)
        for own, other in columns
    )


def read_gradient_table(table: StoredFile, rows: int) -> npt.NDArray[np.float64] | None:
    """The numbers of a table, (rows, volumes); None if it is none of so many rows or columns."""
    with table.open() as source:
        text = source.read_at(0, LARGEST_TABLE).decode("ascii", "replace")
    lines = [parse_numbers(line.replace(",", " ")) for line in text.splitlines() if line.strip()]
    widths = {None if line is None else len(line) for line in lines}
    if len(widths) != 1 or None in widths or not lines:
        return None
    numbers = np.array(lines, np.float64)
    if not np.isfinite(numbers).all():
        return None
    # Some programs write a row for each volume.
    return numbers if len(numbers) == rows else numbers.T if numbers.shape[1] == rows else None


def find_signs(grid: Grid) -> npt.NDArray[np.float64]:
    """What the components of ``.bvec`` are multiplied by to run along the axes of the voxels."""
    return np.array([-1.0 if grid.is_right_handed else 1.0, 1.0, 1.0])


def turn_gradients(vectors: npt.NDArray[np.float64], grid: Grid) -> tuple[AxisLabel, ...]:
    """Directions in the patient's coordinates (LPS), of length 1; None where there is none."""
    found: list[AxisLabel] = []
    for vector in (vectors.T * find_signs(grid)) @ grid.direction.T:
        length = float(np.linalg.norm(vector))
        found.append(tuple((vector / length).tolist()) if length >= LEAST_DIRECTION else None)
    return tuple(found)


def make_gradient_tables(b_values: Sequence[AxisLabel], directions: Sequence[AxisLabel], grid: Grid) -> tuple[str, str]:
    """The content of ``.bval`` and ``.bvec``.

    Args:
        b_values: Of each volume, s/mm2.
        directions: Of each volume, LPS; None where there is none.
        grid: Where the voxels lie.
    """
    vectors = np.zeros((len(directions), 3))
    for k, direction in enumerate(directions):
        if isinstance(direction, tuple):
            vectors[k] = (grid.direction.T @ np.array(direction)) * find_signs(grid)
    # Adding zero turns -0.0 into 0.0.
    rows = "".join(" ".join(f"{number:.7g}" for number in row) + "\n" for row in vectors.T + 0.0)
    return " ".join(f"{b_value:.6g}" for b_value in b_values) + "\n", rows
