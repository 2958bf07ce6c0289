"""A volume filtered one axis after the other, in place, by several threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ...array_types import AnyArray, FloatingArray
from ...threads import run_in_shares
from .filter_input import FilterInput, array_axis

__all__ = ["LinePass", "average_valid", "filter_across_planes", "run_passes"]

LinePass = Callable[[AnyArray, AnyArray, int, float], None]
"""Filters an array along one axis into another, which may be itself: array, output, axis, what lies outside."""


def run_passes(array: FloatingArray, output: FloatingArray, passes: Sequence[LinePass | None], outside: float) -> None:
    """Filter along x, y and z; in each thread, a plane is filtered along both of its axes while it is in the cache.

    Args:
        array: (z, y, x).
        output: Of the same shape and type; may be the array itself.
        passes: What to do along x, y and z, None for nothing; z may be left out.
        outside: What stands for zero in the boundary condition ``"zero"``. The passes must preserve it.
    """
    in_plane = [(array_axis(axis) - 1, line_pass) for axis, line_pass in enumerate(passes[:2]) if line_pass is not None]

    def filter_planes(share: Iterable[int]) -> None:
        for plane in share:
            current = array[plane]
            for axis, line_pass in in_plane:
                line_pass(current, output[plane], axis, outside)
                current = output[plane]

    if in_plane:
        run_in_shares(filter_planes, array.shape[0])
        array = output
    along_z = passes[2] if len(passes) > 2 else None
    if along_z is not None:

        def along_lines(lines: AnyArray, into: AnyArray) -> None:
            along_z(lines, into, 1, outside)

        run_in_shares(lambda rows: filter_across_planes(along_lines, array, output, rows), array.shape[1])
    elif not in_plane:
        np.copyto(output, array)


def filter_across_planes(
    work: Callable[[AnyArray, AnyArray], None], array: AnyArray, output: AnyArray, rows: Iterable[int]
) -> None:
    """Filter along the first axis of a volume, one row of all its planes at a time.

    Args:
        work: Filters the last axis of an array into another, which is the same.
        array: (z, y, x).
        output: Of the same shape and type; may be the array itself.
        rows: Which rows, y.
    """
    for row in rows:
        # The voxels of such a line lie whole planes apart. Where a plane has a power of two of bytes, as is common, all
        # of them fall on the same few places of a cache; side by side they take about half the time.
        lines = np.ascontiguousarray(array[:, row].T)
        work(lines, lines)
        output[:, row] = lines.T


def average_valid(source: FilterInput, passes: Sequence[LinePass | None]) -> FloatingArray:
    """The response of an averaging filter, whose weights are positive and sum to one.

    With a source mask it is the sum of weight times value over the valid voxels, divided by the sum of their weights.

    Args:
        source: What to filter.
        passes: What to do along x, y and z, None for nothing.

    Returns:
        (z, y, x), of the source's type. Invalid voxels hold anything.
    """
    if source.valid is None:
        response = np.empty_like(source.values)
        run_passes(source.values, response, passes, 0.0)
        return response
    middle = source.values.dtype.type(source.middle)
    response = np.subtract(source.values, middle, out=np.zeros_like(source.values), where=source.valid)
    run_passes(response, response, passes, -source.middle)
    weight = source.valid.astype(response.dtype)
    # Beyond the image the boundary condition supplies values, and they count.
    run_passes(weight, weight, passes, 1.0)
    np.divide(response, weight, out=response, where=source.valid)
    response += middle
    return response
