"""OME-Zarr: a folder of chunks, and JSON that says where they lie."""

from __future__ import annotations

from ..formats.ome_zarr.opening import open_ome_zarr
from ..image import Image
from .protocol import (
    Description,
    Probe,
    ReadOptions,
    Source,
)
from .series_protocol import OpenedSeries
from .volume_file_loading import describe_volume_file, load_volume_file
from .volume_file_series import FileSeries

__all__ = ["OmeZarrReader"]


class OmeZarrReader:
    """Reads OME-Zarr; see ``pictologics.formats.ome_zarr``."""

    name = "OME-Zarr"
    suffixes: tuple[str, ...] = (".ome.zarr", ".zarr")
    honors = frozenset({"dataset_index", "dtype", "region"})
    needs_reference = False

    def matches(self, probe: Probe) -> bool:
        """Whether the folder is a group of Zarr."""
        return probe.source.kind == "zarr"

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read one volume."""
        return load_volume_file(open_ome_zarr(source.path), source, self.name, options)

    def open_series(self, source: Source, options: ReadOptions) -> OpenedSeries:
        """Read what the JSON says of all volumes."""
        return FileSeries(open_ome_zarr(source.path), source, self.name)

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the volumes of a folder."""
        return describe_volume_file(open_ome_zarr(source.path), self.name)
