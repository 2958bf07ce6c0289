"""Folder -> everything that its JSON says, checked against the chunks that are there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from ...errors import CorruptFileError
from ...geometry import Grid
from ...provenance import Decision
from ...series.axes import SeriesAxis, number_axis
from ..json_comment import ImageFacts, read_json_comment
from ..volume_file import VolumeFile
from ..volume_layout import FilePart, VolumeLayout
from .boxes import crop_zarr_layout
from .header import OmeZarrHeader, read_ome_zarr_header
from .vocabulary import OWN_KEY, SECONDS_OF
from .voxels import ZarrArrayFile, check_chunks
from .world import find_space_axes, find_zarr_grid
from .zarr_edge import open_zarr_array

__all__ = ["open_ome_zarr"]


def open_ome_zarr(path: str) -> VolumeFile:
    """Read what describes an image, and where its voxels are. Of several resolutions the first, which is the highest.

    Args:
        path: The folder of its group.

    Raises:
        UnsupportedFormatError: If it is no image.
        CorruptFileError: If it is damaged, or chunks are missing.
        GeometryError: If its steps make no grid.
    """
    header = read_ome_zarr_header(path, OWN_KEY)
    array_path = str(Path(path, *header.array_path.split("/")))
    array = open_zarr_array(array_path)
    sizes = tuple(int(size) for size in array.shape)
    if len(sizes) != len(header.axes):
        raise CorruptFileError(
            f"its array has {len(sizes)} axes and its JSON names {len(header.axes)}",
            path=path,
            advice="write it again with the software that made it",
        )
    decisions = check_chunks(array, array_path, header.own.get("complete") is True, header.is_label_map)
    world = find_zarr_grid(header, sizes)
    if header.levels > 1:
        text = f"{header.levels - 1} smaller copies of the image were not read"
        decisions = (*decisions, Decision("left out", text, header.levels - 1))
    file = ZarrArrayFile(array_path, array)
    stored = np.dtype(np.uint8) if array.dtype == np.bool_ else np.dtype(array.dtype)
    axes = len(sizes)
    layout = VolumeLayout(
        name=path,
        stored=stored,
        sizes=sizes[::-1],
        spatial=tuple(sorted(axes - 1 - axis for axis in find_space_axes(header))),
        index=0,
        parts=(FilePart(file, int(np.prod(sizes, dtype=object)) * stored.itemsize),),
    )
    facts = read_zarr_facts(header, world.grid)
    return VolumeFile(
        layout,
        facts,
        decisions=(*world.decisions, *decisions),
        crop=crop_zarr_layout,
        list_axes=partial(find_zarr_axes, header, sizes),
    )


def find_zarr_axes(header: OmeZarrHeader, sizes: Sequence[int]) -> dict[int, SeriesAxis]:
    """The axes of time and of channels, by their number among those of the layout, fastest first."""
    found = {}
    for k, (axis, size) in enumerate(zip(header.axes, sizes, strict=True)):
        if axis.kind == "time":
            scale = SECONDS_OF.get(axis.unit)
            labels = tuple((header.translation[k] + at * header.scale[k]) * (scale or 1.0) for at in range(size))
            found[len(sizes) - 1 - k] = SeriesAxis("time", labels, axis.unit if scale is None else "s")
        elif axis.kind == "channel":
            found[len(sizes) - 1 - k] = number_axis("channel", size)
    return found


def read_zarr_facts(header: OmeZarrHeader, grid: Grid) -> ImageFacts:
    """What is kept beside the standard's words, if it still holds, or what those say of a label map."""
    noted = read_json_comment(json.dumps(dict(header.own)), grid) if header.own else None
    if noted is not None and noted.is_saved_here:
        return noted
    return ImageFacts(grid, "SEG" if header.is_label_map else "Unknown", labels=header.labels)
