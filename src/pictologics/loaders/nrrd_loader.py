"""NRRD: header and voxels in one file, or a header that names the files of its voxels."""

from __future__ import annotations

from dataclasses import replace

from ..files import StoredFile
from ..image import Image
from ..nrrd.facts import facts_of, note_in
from ..nrrd.header import parse_header
from ..nrrd.layout import MAGIC
from ..nrrd.text import read_header_text
from ..nrrd.voxels import stored_volume
from ..nrrd.world import grid_of, spatial_axes
from ..stored_volumes import check_size
from .protocol import Description, Probe, ReadOptions, Source
from .stored_loading import StoredContent, describe_stored, read_stored

__all__ = ["NrrdReader"]


class NrrdReader:
    """Reads NRRD; see ``pictologics.nrrd``."""

    name = "NRRD"
    suffixes: tuple[str, ...] = (".nrrd", ".nhdr")
    honours = frozenset({"dataset_index", "dtype", "irregular", "allow_outside_files"})
    needs_reference = False

    def matches(self, probe: Probe) -> bool:
        """Whether the file begins with NRRD's magic."""
        return probe.source.kind == "file" and probe.head.startswith(MAGIC)

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read one volume."""
        return read_stored(content_of(source.files[0], options), source, self.name, options)

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the volumes of a file."""
        return describe_stored(content_of(source.files[0], replace(options, irregular="ignore")), self.name)


def content_of(file: StoredFile, options: ReadOptions) -> StoredContent:
    """What a file says."""
    header = parse_header(read_header_text(file))
    axes = spatial_axes(header)
    volume = stored_volume(header, axes, options.allow_outside_files)
    check_size(volume)
    grid, decisions = grid_of(header, axes, options.irregular)
    return StoredContent(volume, note_in(header, grid), (*decisions, *facts_of(header, axes)))
