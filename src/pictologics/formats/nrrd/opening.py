"""File -> everything that its header says, checked against the file's size."""

from __future__ import annotations

from dataclasses import dataclass

from ...provenance import Decision
from ...storage.files import StoredFile
from ..notes import Note
from ..stored_volume import StoredVolume, check_size
from .facts import facts_of, note_in
from .header import NrrdHeader, parse_header
from .text import read_header_text
from .voxels import stored_volume
from .world import grid_of, spatial_axes

__all__ = ["OpenedNrrd", "open_nrrd"]


@dataclass(frozen=True)
class OpenedNrrd:
    """What a file says.

    Attributes:
        header: The header.
        volume: Its first volume, found to be there.
        note: Where it lies, and what else is known of it.
        decisions: What was decided about it.
    """

    header: NrrdHeader
    volume: StoredVolume
    note: Note
    decisions: tuple[Decision, ...]


def open_nrrd(file: StoredFile, irregular: str = "error", allow_outside: bool = False) -> OpenedNrrd:
    """Read the header of a file.

    Args:
        file: The file.
        irregular: ``"ignore"`` keeps sheared directions as their nearest rectangular grid, with a warning.
        allow_outside: Whether data files may lie outside the header's folder.
    """
    header = parse_header(read_header_text(file))
    axes = spatial_axes(header)
    volume = stored_volume(header, axes, allow_outside)
    check_size(volume)
    grid, decisions = grid_of(header, axes, irregular)
    return OpenedNrrd(header, volume, note_in(header, grid), (*decisions, *facts_of(header, axes)))
