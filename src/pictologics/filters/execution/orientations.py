"""Separable filters in one or all right-angle orientations, and what becomes of their responses."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...array_types import FloatingArray
from ..options import Pooling
from .filter_input import FilterInput, array_axis
from .line_kernels import LineKernel, apply_kernel
from .slabs import Slab, respond_in_slabs

__all__ = ["Orientation", "Plan", "Pool", "filter_orientations", "list_rotations", "plan_orientations"]

Plan = tuple[LineKernel, ...]
"""A separable filter: its kernel along each axis, x first; those of a second filter after it follow, and so on."""


@dataclass(frozen=True)
class Orientation:
    """A rotation by right angles.

    Attributes:
        axes: For each axis, the axis that is turned onto it.
        flips: For each axis, whether it then runs the other way.
    """

    axes: tuple[int, ...]
    flips: tuple[bool, ...]


def list_rotations(dimensions: int) -> Iterator[Orientation]:
    """All rotations by right angles: 24 in 3D, 4 in 2D. Mirror images are not among them."""
    for axes in itertools.permutations(range(dimensions)):
        odd = sum(a > b for a, b in itertools.combinations(axes, 2)) % 2
        for flips in itertools.product((False, True), repeat=dimensions):
            if sum(flips) % 2 == odd:
                yield Orientation(axes, flips)


def plan_orientations(
    filters: Sequence[Sequence[LineKernel]], rotation_invariance: bool
) -> Mapping[Plan, Counter[int]]:
    """The filters to run: each with how often its response is needed with each sign.

    Turning a symmetric or antisymmetric kernel changes its sign at most, so there are fewer filters than orientations.

    Args:
        filters: One filter after the other, each as its kernels, x first.
        rotation_invariance: All right-angle rotations, or none.
    """
    count = len(filters[0])
    identity = [Orientation(tuple(range(count)), (False,) * count)]
    plans: defaultdict[Plan, Counter[int]] = defaultdict(Counter)
    for orientation in list_rotations(count) if rotation_invariance else identity:
        plan: list[LineKernel] = []
        sign = 1
        for kernels in filters:
            for axis, flip in zip(orientation.axes, orientation.flips, strict=True):
                kernel = kernels[axis]
                turned = kernel.flipped if flip else kernel
                if turned.first == kernel.first and turned.taps == tuple(-tap for tap in kernel.taps):
                    turned, sign = kernel, -sign
                plan.append(turned)
        plans[tuple(plan)][sign] += 1
    return plans


class Pool:
    """Responses that become one as they come.

    Args:
        pooling: How.
    """

    def __init__(self, pooling: Pooling) -> None:
        self.pooling = pooling
        self.count = 0
        self.pooled: FloatingArray | None = None

    def add(self, response: FloatingArray, signs: Mapping[int, int]) -> None:
        """Take in a response, as often as each sign says."""
        self.count += sum(signs.values())
        if self.pooling == "mean":
            factor = sum(sign * often for sign, often in signs.items())
            self.merge(np.add, response if factor == 1 else response * response.dtype.type(factor))
        else:
            for sign in signs:
                self.merge(np.maximum if self.pooling == "max" else np.minimum, response if sign > 0 else -response)

    def merge(self, rule: np.ufunc, response: FloatingArray) -> None:
        """Merge a response into those before."""
        self.pooled = response.copy() if self.pooled is None else rule(self.pooled, response, out=self.pooled)

    def result(self) -> FloatingArray:
        """The pooled response."""
        assert self.pooled is not None
        if self.pooling == "mean" and self.count > 1:
            self.pooled /= self.pooled.dtype.type(self.count)
        return self.pooled


@dataclass(frozen=True)
class PartialResponse:
    """An array on its way through the kernels of a filter.

    Attributes:
        array: (z, y, x).
        outside: What stands for zero beyond the image in the extension ``"zero"``.
        absolute: Whether it meets the weights' absolute values.
    """

    array: npt.NDArray[Any]
    outside: float
    absolute: bool

    def after(self, kernel: LineKernel, axis: int, slab: Slab) -> PartialResponse:
        """The array after one more kernel."""
        used = kernel.absolute if self.absolute else kernel
        array = apply_kernel(used, self.array, array_axis(axis), slab.extension, self.outside)
        return PartialResponse(array, self.outside * used.total, self.absolute)


def start_filter(values: FloatingArray, slab: Slab, middle: float) -> list[PartialResponse]:
    """Prepare what goes through a filter: the values; with a mask also the validity, and both for the absolute weights.

    With a mask the values are taken relative to ``middle``.
    """
    if slab.valid is None:
        return [PartialResponse(values, 0.0, False)]
    known = (values - values.dtype.type(middle)) * slab.valid
    return [
        PartialResponse(array, outside, absolute)
        for absolute in (False, True)
        for array, outside in ((known, -middle), (slab.valid, 1.0))
    ]


def finish_filter(running: Sequence[PartialResponse], slab: Slab, middle: float) -> tuple[FloatingArray, float]:
    """The response to what went through a filter, and the response to a constant that is the middle.

    An invalid voxel counts as m, the mean of the valid ones around, weighted by the absolute weights w. With validity
    v and values f that is sum w v f + m (sum w - sum w v).
    """
    if slab.valid is None:
        return running[0].array, 0.0
    response, weight, values, weights = (partial.array for partial in running)
    total = running[1].outside
    # Where no valid voxel has a weight, the voxel itself stands for those around.
    own = slab.values - slab.values.dtype.type(middle)
    mean = np.divide(values, weights, out=own, where=weights > 0)
    response = response + mean * (response.dtype.type(total) - weight) + response.dtype.type(middle * total)
    return response, middle * total


def filter_orientations(
    source: FilterInput, plans: Mapping[Plan, Mapping[int, int]], pooling: Pooling
) -> FloatingArray:
    """The pooled response to several separable filters; kernels that begin alike are run once.

    Args:
        source: What to filter.
        plans: The filters, and how often each response counts with each sign.
        pooling: How responses become one.

    Returns:
        (z, y, x), of the source's type. Invalid voxels hold anything.
    """
    axes = source.dimensions
    length = len(next(iter(plans)))

    def walk(
        running: list[PartialResponse],
        middle: float,
        todo: Mapping[Plan, Mapping[int, int]],
        at: int,
        slab: Slab,
        pool: Pool,
    ) -> None:
        """Run the kernels in place ``at`` of all plans, and what follows them."""
        groups: defaultdict[LineKernel, dict[Plan, Mapping[int, int]]] = defaultdict(dict)
        for plan, signs in todo.items():
            groups[plan[at]][plan] = signs
        for kernel, members in groups.items():
            after, next_middle = [partial.after(kernel, at % axes, slab) for partial in running], middle
            if (at + 1) % axes == 0:
                response, next_middle = finish_filter(after, slab, middle)
                if at + 1 == length:
                    for signs in members.values():
                        pool.add(response, signs)
                    continue
                after = start_filter(slab.restore_boundary(response), slab, next_middle)
            walk(after, next_middle, members, at + 1, slab, pool)

    def respond_to(slab: Slab) -> FloatingArray:
        pool = Pool(pooling)
        walk(start_filter(slab.values, slab, source.middle), source.middle, plans, 0, slab, pool)
        return pool.result()

    # The third axis of each filter in a plan runs across planes; in 2D none does.
    reach = max(sum(kernel.reach for kernel in plan[2::axes]) for plan in plans) if axes == 3 else 0
    return respond_in_slabs(source, reach, respond_to)
