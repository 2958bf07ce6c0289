"""MetaImage: header and voxels in one file, or a header that names the files of its voxels."""

from __future__ import annotations

from dataclasses import replace

from ..formats.metaimage.facts import facts_of, note_in
from ..formats.metaimage.header import looks_like_metaimage, parse_header
from ..formats.metaimage.voxels import stored_volume
from ..formats.metaimage.world import grid_of
from ..formats.stored_volume import check_size
from ..image import Image
from ..storage.files import StoredFile
from .protocol import (
    Description,
    Probe,
    ReadOptions,
    Source,
)
from .stored_loading import StoredContent, describe_stored, read_stored

__all__ = ["MetaImageReader"]


class MetaImageReader:
    """Reads MetaImage; see ``pictologics.formats.metaimage``."""

    name = "MetaImage"
    suffixes: tuple[str, ...] = (".mha", ".mhd")
    honors = frozenset({"dataset_index", "dtype", "irregular", "apply_rescale", "allow_outside_files"})
    needs_reference = False

    def matches(self, probe: Probe) -> bool:
        """Whether the file begins with the fields of a MetaImage header."""
        return probe.source.kind == "file" and looks_like_metaimage(probe.head, probe.suffix)

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read one volume."""
        return read_stored(content_of(source.files[0], options), source, self.name, options)

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the volumes of a file."""
        return describe_stored(content_of(source.files[0], replace(options, irregular="ignore")), self.name)


def content_of(file: StoredFile, options: ReadOptions) -> StoredContent:
    """What a file says."""
    header = parse_header(file)
    volume = stored_volume(header, options.apply_rescale, options.allow_outside_files)
    check_size(volume)
    grid, decisions = grid_of(header, options.irregular)
    return StoredContent(volume, note_in(header, grid), (*decisions, *facts_of(header)))
