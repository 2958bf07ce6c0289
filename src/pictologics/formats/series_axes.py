"""VolumeFile -> the axes along which its volumes lie, and what each volume is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from ..series.axes import SeriesAxis, number_axis
from .volume_file import VolumeFile

__all__ = ["find_file_axes"]


def find_file_axes(opened: VolumeFile) -> tuple[SeriesAxis, ...]:
    """The axes of a file's volumes, the last one fastest, as ``dataset_index`` counts them.

    What a comment of ours says comes first, as long as it speaks of as many volumes.
    """
    noted, layout = opened.facts.axes, opened.layout
    if noted and prod(map(len, noted)) == layout.volumes:
        return noted
    known, found = opened.list_axes(), []
    for axis, size in enumerate(layout.sizes):
        if axis in layout.spatial or size < 2:
            continue
        parts = opened.parts
        if parts is not None and parts.axis == axis:
            found.append(SeriesAxis("component", parts.names))
        else:
            found.append(known.get(axis, number_axis("volume", size)))
    return rename_doubles(found[::-1]) or (number_axis("volume", layout.volumes),)


def rename_doubles(axes: Sequence[SeriesAxis]) -> tuple[SeriesAxis, ...]:
    """The axes with a number behind names that several of them have."""
    names = [axis.name for axis in axes]
    counted = (names[: k + 1].count(axis.name) for k, axis in enumerate(axes))
    return tuple(
        axis if number == 1 else replace(axis, name=f"{axis.name}_{number}")
        for axis, number in zip(axes, counted, strict=True)
    )
