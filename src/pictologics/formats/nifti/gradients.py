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
    """The file with what the tables beside it say of its volumes, where they fit."""
    volumes = opened.layout.volumes
    b_values = read_gradient_table(file, ".bval", 1)
    if volumes < 2 or b_values is None or len(opened.axes) != 1 or opened.facts.axes:
        return opened
    (number, axis), *_ = opened.axes.items()
    vectors = read_gradient_table(file, ".bvec", 3)
    counts = {b_values.shape[1]} | ({vectors.shape[1]} if vectors is not None else set())
    if counts != {volumes} or len(axis) != volumes:
        text = f"the tables .bval and .bvec beside it are of {sorted(counts)[0]} volumes, and it holds {volumes}"
        return replace(
            opened, decisions=(*opened.decisions, Decision("left out", f"{text}; not used", None, "content"))
        )
    directions = turn_gradients(vectors, opened.facts.grid) if vectors is not None else (None,) * volumes
    coordinates = {axis.name: axis.labels} if axis.units else {}
    own = tuple(b_values[0].tolist())
    found = SeriesAxis("b_value", own, "s/mm2", coordinates)
    if any(directions):
        found = SeriesAxis("direction", directions, "", {"b_value": own, **coordinates})
    return replace(opened, axes={number: found})


def read_gradient_table(file: StoredFile, suffix: str, rows: int) -> npt.NDArray[np.float64] | None:
    """The numbers of a table, (rows, volumes); None if there is none of so many rows, or of so many columns."""
    table = find_companion(file, suffix)
    if table is None:
        return None
    with table.open() as source:
        text = source.read_at(0, LARGEST_TABLE).decode("ascii", "replace")
    lines = [parse_numbers(line.replace(",", " ")) for line in text.splitlines() if line.strip()]
    widths = {None if line is None else len(line) for line in lines}
    if len(widths) != 1 or None in widths or not lines:
        return None
    numbers = np.array(lines, np.float64)
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
