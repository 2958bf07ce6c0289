"""File -> everything that its MetaImage header says, checked against the file's size."""

from __future__ import annotations

from ...storage.files import StoredFile
from ..volume_file import VolumeFile, name_parts
from ..volume_layout import check_file_sizes
from .facts import list_unused_metaimage_fields, read_metaimage_facts
from .header import parse_metaimage_header
from .header_text import read_metaimage_text
from .voxels import compare_stream_size, locate_metaimage_voxels
from .world import find_metaimage_grid

__all__ = ["open_metaimage"]


def open_metaimage(
    file: StoredFile, irregular: str = "error", apply_rescale: bool = True, allow_outside: bool = False
) -> VolumeFile:
    """Read the header of a file.

    Args:
        file: The file.
        irregular: ``"ignore"`` keeps a sheared matrix as its nearest rectangular grid, with a warning.
        apply_rescale: Whether values are wanted, or the stored numbers.
        allow_outside: Whether data files may lie outside the header's folder.
    """
    header = parse_metaimage_header(read_metaimage_text(file))
    layout = locate_metaimage_voxels(header, apply_rescale, allow_outside)
    surplus = check_file_sizes(layout)
    world = find_metaimage_grid(header, irregular)
    facts = read_metaimage_facts(header, world.grid)
    decisions = (
        *world.decisions,
        *list_unused_metaimage_fields(header),
        *surplus,
        *compare_stream_size(header, layout),
    )
    # MetaIO, "ElementNumberOfChannels": the numbers of a voxel lie side by side.
    return VolumeFile(layout, facts, world.shear, decisions, name_parts(0, header.channels, "channels"))
