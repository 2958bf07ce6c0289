"""Where slices lie along their normal: on one lattice, on two, or unevenly.

One analysis says what a stack is (:mod:`pictologics.dicom.stacks.regularity`) and how it is made regular
(:mod:`pictologics.dicom.stacks.rectifying`), so that both always agree. Heights are the distances of the planes
from the first one, projected on the normal, ascending, mm.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import groupby, takewhile

import numpy as np
import numpy.typing as npt

from ...array_types import BoolArray, FloatArray
from ...geometry import CORNER_ERROR_NOTED, CORNER_ERROR_REFUSED

__all__ = [
    "FEWEST",
    "Lattice",
    "find_finest_step",
    "find_lattice",
    "find_long_gaps",
    "is_evenly_spaced",
    "list_spacing_runs",
    "split_interleaved",
]


RUN_OF_ONE_SPACING = 5
"""Equal gaps in a row that are a spacing of their own, even if each is a multiple of the step.

Slices get lost in ones and twos; five in a row were scanned so: 5 mm through the skull base and 10 mm above it."""

AROUND = 5
"""How many gaps on either side a gap is judged by: enough to see a pattern, few enough to stay within one block."""

USUAL_SHARE = 0.3
"""Share of the gaps around it that make a gap usual, if they are as long."""

STEP_SHARE = 1 / 20
"""Share of the extent that gaps as short as a step must make up, for it to be the stack's own.

It passes over the one short gap where two blocks of slices meet, and bounds the number of resampled slices to 20 times
that of the slices."""

MOST_LATTICE_SLOTS = 2**31 - 1
"""No scan has more slots; a position that lies so far off is an error of its header."""

FEWEST = 3
"""How many slices make a lattice of their own: any two are evenly spaced."""

MOST_SLICES_BETWEEN = 12
"""How many slices of one lattice may lie between two neighbors of the other: one may be finer, hardly by more."""


@dataclass(frozen=True)
class Lattice:
    """Evenly spaced slots, some of which may be empty.

    Attributes:
        step: Distance between slots, mm.
        slots: (n,) the slot of each slice, from 0.
    """

    step: float
    slots: npt.NDArray[np.intp]

    @property
    def empty(self) -> npt.NDArray[np.intp]:
        """Slots without a slice."""
        return np.setdiff1d(np.arange(self.slots[-1] + 1), self.slots)


def find_lattice(heights: FloatArray) -> Lattice | None:
    """The lattice on which all slices lie, each within a tenth of a step; None if the spacing truly varies.

    The step is the smallest gap, so that longer gaps hold empty slots. Two kinds of stack fit such a lattice and are
    something else: long runs of one longer gap, and two lattices that interleave.

    Args:
        heights: (n,) ascending.
    """
    count = heights.size
    even = is_evenly_spaced(heights[:, None], heights[-1] / max(count - 1, 1))
    if count < FEWEST or even:
        return Lattice(float(heights[-1]) / max(count - 1, 1), np.arange(count))
    gaps = np.diff(heights)
    if not gaps.min() > 0 or heights[-1] > MOST_LATTICE_SLOTS * gaps.min():
        # Planes at one height, or as good as that, share no lattice with those that lie apart.
        return None
    # The median of all gaps of one step, because the smallest of them is the one that rounding shortened most.
    step = np.median(gaps[np.round(gaps / gaps.min()) == 1])
    # Gaps are rounded, so that a small error of the step does not add up; the slots are then put to the test.
    counts = np.round(gaps / step)
    slots = np.concatenate([[0.0], np.cumsum(counts)])
    step = heights[-1] / slots[-1]
    if np.abs(heights / step - slots).max() >= CORNER_ERROR_REFUSED or slots[-1] > MOST_LATTICE_SLOTS:
        return None
    # A lattice also fits two blocks of slices, 5 mm and then 10 mm apart, and nothing is missing there.
    longest = max((len(list(run)) for slots_on, run in groupby(counts) if slots_on > 1), default=0)
    if longest >= RUN_OF_ONE_SPACING:
        return None
    # Two interleaved stacks lie on one fine lattice where their offset is a simple fraction of the step. Slots then
    # stay empty everywhere: a third of them at least (an offset of a half makes one stack of half the step).
    sparse = slots[-1] + 1 - count >= (slots[-1] + 1) / 4
    if sparse and split_interleaved(heights[:, None]):
        return None
    return Lattice(float(step), slots.astype(np.intp))


def find_long_gaps(gaps: FloatArray) -> BoolArray:
    """Which gaps of an uneven stack are so long that a slice seems to be missing there.

    Such a gap is twice as long as the gaps around it, within the tenth of a step that all geometry is allowed. A
    length that recurs is the stack's own way, however uneven: one that three in ten of the ten gaps around it reach.

    Args:
        gaps: (n - 1,) distances between neighboring slices, mm.
    """
    rooms = np.zeros(gaps.size, bool)
    for k, gap in enumerate(gaps):
        around = np.concatenate([gaps[max(0, k - AROUND) : k], gaps[k + 1 : k + 1 + AROUND]])
        usual = np.count_nonzero(around * (2 - CORNER_ERROR_REFUSED) >= gap)
        rooms[k] = usual < USUAL_SHARE * around.size
    return rooms


def find_finest_step(gaps: FloatArray) -> float:
    """The finest distance that slices of an uneven stack keep, rather than one at which two happen to lie.

    Args:
        gaps: (n - 1,) distances between neighboring slices, mm.
    """
    # Counted by length, not by number: the share of the extent that is covered by gaps up to each.
    ascending = np.sort(gaps[~find_long_gaps(gaps)])
    reached = np.cumsum(ascending) >= STEP_SHARE * ascending.sum()
    finest = ascending[reached.argmax()]
    # Positions are rounded, so that the gaps of one spacing differ a little.
    return float(ascending[np.abs(ascending / finest - 1) < CORNER_ERROR_NOTED].mean())


def list_spacing_runs(gaps: FloatArray) -> list[tuple[int, int, float]]:
    """Stretches of gaps of one length: the first gap, the end, and the mean gap of each, mm."""
    runs = []
    start = 0
    while start < gaps.size:
        rest = gaps[start:]
        alike = takewhile(bool, np.abs(rest[1:] - rest[0]) < CORNER_ERROR_REFUSED * rest[0])
        end = start + 1 + sum(1 for _ in alike)
        runs.append((start, end, float(gaps[start:end].mean())))
        start = end
    return runs


def split_interleaved(offsets: FloatArray) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]] | None:
    """Split slices into two evenly spaced stacks whose ranges overlap, if they are that.

    Args:
        offsets: (n, d) places of the slices, mm or any unit; the last column is their height, ascending.

    Returns:
        The slices of the stack to which the first slice belongs, and those of the other; None if there is no such
        split.
    """
    count = len(offsets)
    if count < 2 * FEWEST:
        return None
    # The usual gap in the merged order is shorter than either stack's own: tolerances by it are the stricter ones.
    tolerance_unit = float(np.median(np.diff(offsets[:, -1])))
    for second in range(1, min(count, MOST_SLICES_BETWEEN + 2)):
        first_stack = follow_steps(offsets, second, tolerance_unit)
        other_stack = np.setdiff1d(np.arange(count), first_stack)
        if min(first_stack.size, other_stack.size) < FEWEST or not is_evenly_spaced(
            offsets[other_stack], tolerance_unit
        ):
            continue
        low = max(first_stack[0], other_stack[0])
        high = min(first_stack[-1], other_stack[-1])
        if high - low + 1 < FEWEST:
            continue
        # Slices that are even where both stacks are need no second stack to explain them.
        shared = offsets[low : high + 1]
        if not is_evenly_spaced(shared, float(shared[-1, -1] - shared[0, -1]) / (high - low)):
            return first_stack, other_stack
    return None


def follow_steps(offsets: FloatArray, second: int, tolerance_unit: float) -> npt.NDArray[np.intp]:
    """Slices met in even steps from the first slice over a second one, until no slice lies at the next step."""
    heights = offsets[:, -1].tolist()
    tolerance = CORNER_ERROR_REFUSED * tolerance_unit
    members = [0, second]
    while True:
        last = offsets[members[-1]]
        # By the mean of all steps so far: each position is rounded, and the errors of single steps would add up.
        expected = last + (last - offsets[0]) / (len(members) - 1)
        low = bisect_left(heights, expected[-1] - tolerance, lo=members[-1] + 1)
        high = bisect_left(heights, expected[-1] + tolerance, lo=low)
        near = [k for k in range(low, high) if np.abs(offsets[k] - expected).max() < tolerance]
        if not near:
            return np.array(members)
        members.append(near[0])


def is_evenly_spaced(offsets: FloatArray, unit: float) -> bool:
    """Whether places are evenly spaced along a line, each within a tenth of a unit in every direction."""
    steps = np.linspace(0, 1, len(offsets))[:, None]
    line = offsets[0] + steps * (offsets[-1] - offsets[0])
    return bool(np.abs(offsets - line).max() < CORNER_ERROR_REFUSED * unit)
