"""Boxes of volumes in files: where the format allows it, no more is read than the box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy.typing as npt

from ...formats.metaimage.opening import open_metaimage
from ...formats.nifti.opening import open_nifti
from ...formats.noted_voxels import read_noted_box
from ...formats.nrrd.opening import open_nrrd
from ...formats.ome_zarr.opening import open_ome_zarr
from ...formats.volume_file import VolumeFile
from ...geometry import Grid
from ...image import Image
from ...loader import load_image
from ...loaders.protocol import Source
from ...loaders.registry import find_reader

__all__ = ["OpenVolume", "open_volume"]

OPENINGS: Final[dict[str, Callable[[Source], VolumeFile]]] = {
    "NIfTI": lambda source: open_nifti(source.files[0]),
    "NRRD": lambda source: open_nrrd(source.files[0]),
    "MetaImage": lambda source: open_metaimage(source.files[0]),
    "OME-Zarr": lambda source: open_ome_zarr(source.path),
}
"""What reads the header of a format's files, by the name of its reader."""


@dataclass(frozen=True)
class OpenVolume:
    """A volume whose place is known, and of which boxes are read.

    Attributes:
        grid: Where its voxels lie.
        image: The whole, where it had to be loaded; None where boxes are read from the file.
        file: What the header says, where it was not.
    """

    grid: Grid
    image: Image | None = None
    file: VolumeFile | None = None

    def read(self, start: Sequence[int], shape: Sequence[int]) -> npt.NDArray[Any]:
        """Read a box that lies within the volume.

        Args:
            start: Its first voxel, (x, y, z).
            shape: Its voxels along (x, y, z).

        Returns:
            Shape (x, y, z).

        Raises:
            CorruptFileError: If the file holds less than its header says.
        """
        if self.file is not None:
            return read_noted_box(self.file.layout, self.file.facts, start, shape, self.file.crop).array
        assert self.image is not None  # one of the two is there
        return self.image.array[tuple(slice(low, low + count) for low, count in zip(start, shape, strict=True))]


def open_volume(path: str) -> OpenVolume:
    """Open a volume: read its header, or all of it where the format has no boxes.

    Raises:
        PictologicsError: As ``load_image`` does.
    """
    source, reader = find_reader(path)
    if reader.name not in OPENINGS:
        image = load_image(path)
        return OpenVolume(image.grid, image)
    opened = OPENINGS[reader.name](source)
    return OpenVolume(opened.facts.grid, file=opened)
