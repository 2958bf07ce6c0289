"""Image -> a folder of OME-Zarr 0.5, written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...image import Image
from ...storage.folder_writing import replace_folder
from ..json_comment import make_json_comment
from ..voxel_writing import prepare_voxels
from .label_groups import add_label_group, describe_label_group, is_label_group, make_labels_folder
from .vocabulary import OWN_KEY, VERSION, ZARR_MARKS
from .zarr_edge import import_zarr

__all__ = ["OmeZarrWriter"]

CHUNK = (64, 128, 128)
"""Voxels of a chunk along (z, y, x): 2 MB in 16 bits, small enough for patches and large enough for a disk."""

ZSTD_LEVEL = 3
"""Zstandard's own default: higher ones save little of an image, and take several times as long."""

STORED_TYPES = frozenset(
    np.dtype(f"{kind}{size}")
    for kind, sizes in (("i", (1, 2, 4, 8)), ("u", (1, 2, 4, 8)), ("f", (4, 8)))
    for size in sizes
)
"""Types of voxels that every implementation of Zarr 3 has."""


class OmeZarrWriter:
    """Writes OME-Zarr: one resolution in chunks of Zarr 3, compressed by Zstandard behind a shuffle of the bytes."""

    name = "OME-Zarr"
    suffixes: tuple[str, ...] = (".ome.zarr", ".zarr")
    types = STORED_TYPES

    def write(self, image: Image, path: Path, smallest: bool = False) -> None:
        """Write an image; see ``pictologics.save_image``."""
        stored, note = prepare_voxels(image, self.types, self.name, path, smallest)
        own = {**json.loads(make_json_comment(image, note)), "complete": True}
        is_labels = is_label_group(path)
        label_words = {"image-label": describe_label_group(image, path)} if is_labels else {}
        if is_labels:
            make_labels_folder(path)
        with replace_folder(path, ZARR_MARKS) as temporary:
            write_zarr_image(temporary, image, stored, {OWN_KEY: own}, label_words)
        if is_labels:
            add_label_group(path)


def write_zarr_image(
    folder: Path, image: Image, stored: npt.NDArray[Any], own: dict[str, Any], more: dict[str, Any]
) -> None:
    """Write the group and its array.

    Args:
        folder: Where the group goes.
        image: The image.
        stored: Its voxels, as they are to be stored.
        own: Attributes beside those of the standard.
        more: What the standard has besides the multiscales.

    Raises:
        OptionError: If zarr is not installed.
        OSError: If the system refuses; who gave the folder knows what messages call it.
    """
    zarr = import_zarr()
    from zarr.codecs import BloscCodec

    grid = image.grid
    transformations = [
        {"type": "scale", "scale": list(grid.spacing[::-1])},
        {"type": "translation", "translation": list(grid.origin[::-1])},
    ]
    ome = {
        "version": VERSION,
        **more,
        "multiscales": [
            {
                "name": image.modality,
                "axes": [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"],
                "datasets": [{"path": "0", "coordinateTransformations": transformations}],
            }
        ],
    }
    voxels = stored.T
    group = zarr.create_group(str(folder), zarr_format=3, overwrite=True, attributes={"ome": ome, **own})
    array = group.create_array(
        "0",
        shape=voxels.shape,
        dtype=voxels.dtype,
        chunks=tuple(min(most, size) for most, size in zip(CHUNK, voxels.shape, strict=True)),
        compressors=BloscCodec(cname="zstd", clevel=ZSTD_LEVEL, shuffle="shuffle"),
        fill_value=0,
        dimension_names=("z", "y", "x"),
        # A chunk that is not there is a chunk that got lost.
        config={"write_empty_chunks": True},
    )
    for start in range(0, voxels.shape[0], CHUNK[0]):
        array[start : start + CHUNK[0]] = voxels[start : start + CHUNK[0]]
