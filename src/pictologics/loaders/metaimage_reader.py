"""MetaImage: header and voxels in one file, or a header that names the files of its voxels."""

from __future__ import annotations

from ..formats.metaimage.header_text import looks_like_metaimage
from ..formats.metaimage.opening import open_metaimage
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

__all__ = ["MetaImageReader"]


class MetaImageReader:
    """Reads MetaImage; see ``pictologics.formats.metaimage``."""

    name = "MetaImage"
    suffixes: tuple[str, ...] = (".mha", ".mhd")
    honors = frozenset({"dataset_index", "dtype", "region", "irregular", "apply_rescale", "allow_outside_files"})
    needs_reference = False

    def matches(self, probe: Probe) -> bool:
        """Whether the file begins with the fields of a MetaImage header."""
        return probe.source.kind == "file" and looks_like_metaimage(probe.head, probe.suffix)

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read one volume."""
        opened = open_metaimage(source.files[0], options.irregular, options.apply_rescale, options.allow_outside_files)
        return load_volume_file(opened, source, self.name, options)

    def open_series(self, source: Source, options: ReadOptions) -> OpenedSeries:
        """Read what the header says of all volumes."""
        opened = open_metaimage(source.files[0], options.irregular, options.apply_rescale, options.allow_outside_files)
        return FileSeries(opened, source, self.name)

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the volumes of a file."""
        opened = open_metaimage(source.files[0], "ignore", options.apply_rescale, options.allow_outside_files)
        return describe_volume_file(opened, self.name)
