"""What placing and sampling did, in words, with the warnings that are due."""

from __future__ import annotations

import numpy as np

from ..geometry import CORNER_ERROR_NOTED, CORNER_ERROR_REFUSED, Box, Grid, LatticeMap, count_voxels, format_numbers
from ..interpolation.sampling import Sampled, Sampling
from ..provenance import Decision

__all__ = ["describe_placing", "describe_sampling"]

LEAST_SHIFT_SHOWN = 1e-4
"""Voxels. What rounding in headers makes of no shift."""


def describe_sampling(
    grid: Grid, target: Grid, how: Sampling, made: Sampled, warned_reason: str | None = None
) -> list[Decision]:
    """What sampling on another grid did, in words; arguments as for :func:`resample_onto`."""
    if not made.inside:
        return [make_outside_decision(grid, target)]
    text = f"resampled onto the reference by {how.interpolation} interpolation"
    outside = made.array.size - made.inside
    if outside:
        text += f"; {outside} of {made.array.size} voxels lie outside the image and hold {how.fill_value:g}"
    if warned_reason is not None:
        text = f"{warned_reason}: {text}"
    decision = Decision("resampled", text, made.inside, None if warned_reason is None else "geometry")
    return [decision, *made.decisions]


def describe_placing(grid: Grid, target: Grid, lattice: LatticeMap, destination: Box) -> list[Decision]:
    """What placing did, in words."""
    kept = count_voxels(destination)
    total = int(np.prod(grid.shape))
    decisions = []
    if not kept:
        decisions.append(make_outside_decision(grid, target))
    else:
        text = f"{kept} of {total} voxels placed on the reference"
        decisions.append(Decision("placed", text, kept))
    if kept and lattice.corner_error >= CORNER_ERROR_REFUSED:
        decisions.append(make_shift_decision(target, lattice))
    elif kept and lattice.corner_error >= CORNER_ERROR_NOTED:
        text = f"placing moved the worst corner by {lattice.corner_error:.3g} voxels"
        decisions.append(Decision("rounded", text, lattice.corner_error))
    return decisions


def make_shift_decision(target: Grid, lattice: LatticeMap) -> Decision:
    """The warning that voxels went to the nearest ones of the reference."""
    # What float32 headers leave of a zero is no shift.
    shift = [part if abs(part) >= LEAST_SHIFT_SHOWN else 0.0 for part in lattice.shift]
    distances = [part * step for part, step in zip(shift, target.spacing, strict=True)]
    text = (
        f"its voxels lie beside the reference's and were moved, unchanged, to the nearest ones: by "
        f"{format_numbers(shift)} voxels ({format_numbers(distances)} mm) along the reference's x, y and z"
    )
    return Decision("placed", text, lattice.corner_error, "geometry")


def make_outside_decision(grid: Grid, target: Grid) -> Decision:
    """The warning that nothing overlaps."""
    corners = grid.index_to_world(grid.corner_indices[[0, -1]]).round(1).tolist()
    others = target.index_to_world(target.corner_indices[[0, -1]]).round(1).tolist()
    text = (
        f"the image lies wholly outside the reference: its corners are at {corners[0]} and {corners[1]} mm, "
        f"the reference's at {others[0]} and {others[1]} mm; every voxel is the fill value"
    )
    return Decision("placed", text, 0, "content")
