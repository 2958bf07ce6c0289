"""File -> everything that its NRRD header says, checked against the file's size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from ...provenance import Decision
from ...storage.files import StoredFile
from ..volume_file import VolumeFile
from ..volume_layout import check_file_sizes
from .axes import find_nrrd_axes
from .facts import find_nrrd_parts, list_unused_nrrd_fields, read_nrrd_facts
from .header import NrrdHeader, parse_nrrd_header
from .header_text import read_nrrd_text
from .voxels import locate_nrrd_voxels
from .world import find_nrrd_grid, find_spatial_axes

__all__ = ["NrrdFile", "open_nrrd"]


@dataclass(frozen=True, kw_only=True)
class NrrdFile(VolumeFile):
    """A NRRD file, whose keys may describe segments.

    Attributes:
        header: The header.
    """

    header: NrrdHeader


def open_nrrd(file: StoredFile, irregular: str = "error", allow_outside: bool = False) -> NrrdFile:
    """Read the header of a file.

    Args:
        file: The file.
        irregular: ``"ignore"`` keeps sheared directions as their nearest rectangular grid, with a warning.
        allow_outside: Whether data files may lie outside the header's folder.
    """
    header = parse_nrrd_header(read_nrrd_text(file))
    axes = find_spatial_axes(header)
    layout = locate_nrrd_voxels(header, axes, allow_outside)
    surplus = check_file_sizes(layout)
    world = find_nrrd_grid(header, axes, irregular)
    decisions = [*world.decisions, *list_unused_nrrd_fields(header), *surplus]
    if any(part.encoding != header.encoding for part in layout.parts):
        text = f"its header says that the voxels are {header.encoding}, and they are not; they were read as they are"
        decisions.append(Decision("assumed", text, None, "content"))
    return NrrdFile(
        layout=layout,
        facts=read_nrrd_facts(header, world.grid),
        shear=world.shear,
        decisions=tuple(decisions),
        parts=find_nrrd_parts(header, axes),
        header=header,
        list_axes=partial(find_nrrd_axes, header, axes),
    )
