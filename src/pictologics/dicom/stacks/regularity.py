"""How far a stack of planes is from a regular grid, and in which way.

Every deviation is measured as the displacement of the worst corner of a plane, in voxels (see
:mod:`pictologics.geometry`). Distances along the normal are projections: under a tilt the straight distance
between two first voxels is longer than the distance of their planes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...array_types import FloatArray
from ...geometry import CORNER_ERROR_REFUSED, Grid, format_numbers
from .lattices import (
    Lattice,
    find_lattice,
    list_spacing_runs,
    split_interleaved,
)

__all__ = [
    "MOST_NAMED",
    "Finding",
    "StackGeometry",
    "find_irregularities",
    "find_sideways_shift",
    "find_turn",
    "find_uneven_spacing",
    "find_varying_pixel_spacing",
]

FindingKind = Literal[
    "tilted",
    "shifted sideways",
    "slices missing",
    "spacing varies",
    "interleaved lattices",
    "pixel spacing varies",
    "turned",
]

MOST_NAMED = 5
"""How many places, slices or spacings a message names before it says how many more there are."""


@dataclass(frozen=True)
class Finding:
    """One way in which a stack is not regular.

    Attributes:
        kind: Which way.
        text: What was found, with the numbers a person would ask for.
        voxels: Displacement of the worst corner, in voxels.
    """

    kind: FindingKind
    text: str
    voxels: float


@dataclass(frozen=True)
class StackGeometry:
    """What the files say about n planes, sorted along the normal.

    Attributes:
        positions: (n, 3) centers of the first pixels, LPS mm.
        row_axes: (n, 3) unit vectors along a row.
        column_axes: (n, 3) unit vectors down a column.
        pixel_spacings: (n, 2) distance between rows and between columns, mm.
        grid: The regular grid to compare with: first position, mean step along the normal.
    """

    positions: FloatArray
    row_axes: FloatArray
    column_axes: FloatArray
    pixel_spacings: FloatArray
    grid: Grid

    @property
    def offsets(self) -> FloatArray:
        """(n, 3) distance of each first pixel from that of the first plane, along the grid's axes, mm."""
        return np.asarray((self.positions - self.positions[0]) @ self.grid.direction)

    def corner_errors(self) -> FloatArray:
        """(n,) displacement of each plane's worst corner from the grid, in voxels."""
        columns, rows, _ = self.grid.shape
        errors = np.zeros(len(self.positions))
        # The displacement is a linear function of column and row, so that it is largest at one of the corners.
        slots = np.arange(len(self.positions))
        for x in (0, columns - 1):
            for y in (0, rows - 1):
                corners = (
                    self.positions
                    + self.row_axes * (x * self.pixel_spacings[:, 1:])
                    + self.column_axes * (y * self.pixel_spacings[:, :1])
                )
                index = np.stack([np.full(slots.size, x), np.full(slots.size, y), slots], axis=1)
                moved = self.grid.world_to_index(corners) - index
                errors = np.maximum(errors, np.sqrt((moved**2).sum(axis=1)))
        return errors


def find_irregularities(stack: StackGeometry) -> list[Finding]:
    """Name everything that keeps a stack from being regular; nothing if no corner is a tenth of a voxel off."""
    if stack.corner_errors().max() < CORNER_ERROR_REFUSED:
        return []
    found = [
        finding
        for finding in (
            find_varying_pixel_spacing(stack),
            find_turn(stack),
            find_sideways_shift(stack),
            find_uneven_spacing(stack),
        )
        if finding is not None
    ]
    # Several small deviations may add up to one that none of them is alone; name the largest then.
    return found or [Finding("shifted sideways", "small deviations add up", float(stack.corner_errors().max()))]


def find_varying_pixel_spacing(stack: StackGeometry) -> Finding | None:
    """Planes whose pixels have different sizes."""
    columns, rows, _ = stack.grid.shape
    low, high = stack.pixel_spacings.min(axis=0), stack.pixel_spacings.max(axis=0)
    voxels = float(((high - low) / low * (rows - 1, columns - 1)).max())
    if voxels < CORNER_ERROR_REFUSED:
        return None
    text = f"PixelSpacing runs from {format_numbers(low)} to {format_numbers(high)} mm"
    return Finding("pixel spacing varies", text, voxels)


def find_turn(stack: StackGeometry) -> Finding | None:
    """Planes that are turned against the first."""
    columns, rows, _ = stack.grid.shape
    # What is left of each axis without that of the grid, in the grid's own axes: in the plane it is a twist, along the
    # normal a sway. Times the extent of the plane it is how far a corner is moved, which adds up over both axes. Each
    # part counts once, in its own direction, in voxels of that direction.
    turns = [
        (axes - stack.grid.direction[:, k]) @ stack.grid.direction
        for k, axes in enumerate((stack.row_axes, stack.column_axes))
    ]
    ways = [
        turn * (count - 1) * stack.grid.spacing[k]
        for k, (turn, count) in enumerate(zip(turns, (columns, rows), strict=True))
    ]
    corners = np.stack([ways[0], ways[1], ways[0] + ways[1]]) / stack.grid.spacing
    voxels = float(np.sqrt((corners**2).sum(axis=2)).max())
    if voxels < CORNER_ERROR_REFUSED:
        return None
    # A unit vector turned by an angle is moved by twice the sine of half of it.
    angle = 2 * np.arcsin(min(1.0, max(float(np.linalg.norm(turn, axis=1).max()) for turn in turns) / 2))
    return Finding("turned", f"the planes are turned by up to {np.degrees(angle):.3g} degrees", voxels)


def find_sideways_shift(stack: StackGeometry) -> Finding | None:
    """A tilted gantry, where the shift grows evenly, or planes that jump sideways."""
    offsets = stack.offsets
    shift, height = offsets[:, :2], offsets[:, 2]
    pixel = np.asarray(stack.grid.spacing[:2])
    voxels = float(np.sqrt(((shift / pixel) ** 2).sum(axis=1)).max())
    if voxels < CORNER_ERROR_REFUSED:
        return None
    # The tangent of the tilt in x and y, from the ends of the stack: between them a tilt is a straight line.
    rate = shift[-1] / height[-1]
    unexplained = np.sqrt((((shift - height[:, None] * rate) / pixel) ** 2).sum(axis=1))
    if unexplained.max() < CORNER_ERROR_REFUSED:
        angle = np.degrees(np.arctan(np.sqrt((rate**2).sum())))
        return Finding("tilted", f"the stack is tilted by {angle:.3g} degrees (a tilted gantry)", voxels)
    if find_lattice(height) is not None:
        # Slices at even heights may still come from two stacks that lie beside each other.
        finding = find_interleaving(stack, offsets, voxels)
        if finding is not None:
            return finding
    jumps = np.sqrt((np.diff(shift, axis=0) ** 2).sum(axis=1))
    at = int(jumps.argmax())
    text = f"planes are shifted sideways, most between slices {at + 1} and {at + 2}, by {jumps[at]:.4g} mm"
    return Finding("shifted sideways", text, voxels)


def find_uneven_spacing(stack: StackGeometry) -> Finding | None:
    """Missing slices, where all lie on one lattice; two lattices; or a spacing that varies."""
    height = stack.offsets[:, 2]
    voxels = float(np.abs(height / stack.grid.spacing[2] - np.arange(height.size)).max())
    if voxels < CORNER_ERROR_REFUSED:
        return None
    lattice = find_lattice(height)
    if lattice is not None:
        return Finding(
            "slices missing", describe_missing(lattice, float(stack.positions[0] @ stack.grid.direction[:, 2])), voxels
        )
    return find_interleaving(stack, height[:, None], voxels) or Finding(
        "spacing varies", describe_spacing(np.diff(height)), voxels
    )


def find_interleaving(stack: StackGeometry, offsets: FloatArray, voxels: float) -> Finding | None:
    """Two evenly spaced stacks, one between the slices of the other, seen in some of the grid's axes."""
    unit = np.asarray(stack.grid.spacing)[-offsets.shape[1] :]
    split = split_interleaved(offsets / unit)
    if split is None:
        return None
    steps = [float(np.diff(stack.offsets[part, 2]).mean()) for part in split]
    first, other = (stack.offsets[part] for part in split)
    # The offset of the stacks is told from the slice of the first stack that lies below where the other begins.
    below = first[max(0, int(np.searchsorted(first[:, 2], other[0, 2], side="right")) - 1)]
    apart = other[0] - below
    sizes = " and ".join(f"{part.size} slices {step:.6g} mm apart" for part, step in zip(split, steps, strict=True))
    text = f"two lattices are interleaved, {sizes}, the second {apart[2]:.6g} mm above the first"
    beside = float(np.hypot(*apart[:2]))
    if beside >= CORNER_ERROR_REFUSED * min(stack.grid.spacing[:2]):
        text += f" and {beside:.4g} mm beside it"
    return Finding("interleaved lattices", text, voxels)


def describe_missing(lattice: Lattice, start: float) -> str:
    """How many slices are missing, and where along the normal in the world."""
    counts = np.diff(lattice.slots) - 1
    places = [int(k) for k in np.flatnonzero(counts)]
    named = []
    for k in places[:MOST_NAMED]:
        low = start + (lattice.slots[k] + 1) * lattice.step
        high = start + (lattice.slots[k + 1] - 1) * lattice.step
        at = f"{low:.6g} mm" if counts[k] == 1 else f"{low:.6g} to {high:.6g} mm"
        # Of a single missing slice the number has been said.
        number = "" if counts.sum() == 1 else f"{counts[k]} "
        named.append(f"{number}after slice {k + 1} (at {at})")
    more = f" and {len(places) - MOST_NAMED} more places" if len(places) > MOST_NAMED else ""
    missing = int(counts.sum())
    return f"{missing} slice{'s are missing:' if missing != 1 else ' is missing,'} {', '.join(named)}{more}"


def describe_spacing(gaps: FloatArray) -> str:
    """The spacings that there are, slice by slice where they are few."""
    text = f"the distance between slices varies from {gaps.min():.6g} to {gaps.max():.6g} mm (mean {gaps.mean():.6g}"
    runs = list_spacing_runs(gaps)
    if len(runs) > MOST_NAMED:
        return text + ")"
    return text + "; " + ", ".join(f"{gap:.6g} from slice {low + 1} to {end + 1}" for low, end, gap in runs) + ")"
