"""Where the volumes of a series come from: files, of which one volume at a time is read, or memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy.typing as npt

from ..geometry import Grid
from ..image import Image

__all__ = ["MemoryVolumes", "VolumeSource"]


class VolumeSource(Protocol):
    """Gives the volumes of a series one by one."""

    @property
    def path(self) -> str:
        """What messages call it."""

    @property
    def grid(self) -> Grid:
        """Where the voxels of each volume lie."""

    @property
    def modality(self) -> str:
        """DICOM modality or ``"Unknown"``."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What each volume is called, by its number; empty texts where the files do not say."""

    def read(self, number: int) -> Image:
        """Read one volume."""

    def iterate(self, numbers: Sequence[int]) -> Iterator[Image]:
        """Read volumes one after another; of a compressed file in one pass, as long as their numbers ascend."""

    def read_together(self) -> npt.NDArray[Any] | None:
        """All volumes at once, (volumes, z, y, x); None where they are read one by one."""

    def close(self) -> None:
        """Close what is open. Reading opens it again."""


class MemoryVolumes:
    """Volumes in memory."""

    def __init__(self, images: Sequence[Image], labels: Sequence[str], path: str = "") -> None:
        self.images = tuple(images)
        self.path = path
        self.grid = images[0].grid
        self.modality = images[0].modality
        self.labels = tuple(labels)

    def read(self, number: int) -> Image:
        """One of them, a copy: writing to it changes nothing else."""
        return self.images[number].copy()

    def iterate(self, numbers: Sequence[int]) -> Iterator[Image]:
        """Some of them."""
        return (self.read(number) for number in numbers)

    def read_together(self) -> npt.NDArray[Any] | None:
        """They are copied one by one."""
        return None

    def close(self) -> None:
        """Nothing is open."""
