"""What a reader gives that opens all volumes of a source at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ..geometry import Grid
from ..image import Image
from ..provenance import Decision
from ..series.axes import SeriesAxis
from .protocol import Reader, ReadOptions, Source

__all__ = ["OpenedSeries", "SeriesReader"]


class OpenedSeries(Protocol):
    """All volumes of a source whose headers were read."""

    @property
    def axes(self) -> tuple[SeriesAxis, ...]:
        """The axes along which they lie."""

    @property
    def numbers(self) -> npt.NDArray[np.intp]:
        """The number of the volume at each place of the axes, as ``dataset_index`` counts them."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What each volume is called, by its number; empty texts where the files do not say."""

    @property
    def grid(self) -> Grid | None:
        """Where the voxels of each volume lie; None where only reading one tells."""

    @property
    def modality(self) -> str:
        """DICOM modality or ``"Unknown"``."""

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What is to be said of all of them when they are opened, and what of the source is in none."""

    @property
    def told(self) -> frozenset[Decision]:
        """What single volumes record of themselves that these say already."""

    def read(self, number: int, options: ReadOptions) -> Image:
        """Read one volume, going on where the last one ended if it comes after that."""

    def iterate(self, numbers: Sequence[int], options: ReadOptions) -> Iterator[Image]:
        """Read volumes one after another."""

    def read_together(self, options: ReadOptions) -> tuple[npt.NDArray[Any], tuple[Decision, ...]] | None:
        """All volumes at once, (volumes, z, y, x), and what was passed over; None where one by one is as fast."""

    def close(self) -> None:
        """Close what is open between two volumes."""


@runtime_checkable
class SeriesReader(Reader, Protocol):
    """A reader whose sources may hold several volumes on one grid."""

    def open_series(self, source: Source, options: ReadOptions) -> OpenedSeries:
        """Read what the headers say of all volumes."""
