"""NiftiHeader -> where its voxels are: behind the header, or in the other file of a pair.

A pair is a header (.hdr) and voxels (.img), either of them gzip or not.
"""

from __future__ import annotations

from pathlib import Path

from ...errors import MissingPathError
from ...storage.files import DiskFile, StoredFile
from ...storage.paths import is_file
from ...storage.probed_file import ProbedFile, probe_file
from ...storage.remote_files import find_neighbor, find_remote_file
from ..volume_file import VoxelParts, name_parts
from ..volume_layout import FilePart, VolumeLayout
from .header import NiftiHeader
from .vocabulary import COMPOUND_TYPES, VECTOR_INTENTS

__all__ = ["find_companion", "find_voxel_parts", "locate_nifti_voxels"]

FIFTH_AXIS = 4
"""Its number, counted from 0."""


def find_companion(file: StoredFile, suffix: str) -> StoredFile | None:
    """The other file of a pair, gzip or not, if it is there.

    Args:
        file: Either file of the pair.
        suffix: Of the file that is looked for, ``".hdr"`` or ``".img"``.
    """
    remote = find_remote_file(file)
    path = Path(file.name.removesuffix(".gz")).with_suffix(suffix)
    candidates = (path, path.with_name(path.name + ".gz"), path.with_suffix(suffix.upper()))
    if remote is not None:
        neighbors = (find_neighbor(remote, candidate.name) for candidate in candidates)
        return next(filter(None, neighbors), None)
    return next((DiskFile(candidate) for candidate in candidates if is_file(candidate)), None)


def locate_nifti_voxels(header: NiftiHeader) -> VolumeLayout:
    """Say where the first volume is.

    Raises:
        MissingPathError: If it is in the other file of a pair, and that is not there.
    """
    data = find_voxel_file(header)
    size = header.volumes * header.voxels * header.stored.itemsize * header.numbers
    if data.is_gzip:
        part = FilePart(data, size, encoding="gzip", skip=header.data_offset)
    else:
        part = FilePart(data, size, header.data_offset)
    others = header.volumes // header.fifth
    # The fourth axis runs faster than the fifth, which holds the numbers of vectors; the numbers of a color lie side by
    # side.
    axes = (*header.shape, header.fourth, header.fifth, others // header.fourth)
    sizes = axes if header.numbers == 1 else (header.numbers, *axes)
    spatial = (0, 1, 2) if header.numbers == 1 else (1, 2, 3)
    return VolumeLayout(data.name, header.stored, sizes, spatial, 0, (part,), header.slope, header.intercept)


def find_voxel_parts(header: NiftiHeader) -> VoxelParts | None:
    """The numbers of which a voxel is made, None if it is one."""
    if header.numbers > 1:
        kind = next(kind for _, count, kind in COMPOUND_TYPES.values() if count == header.numbers)
        return name_parts(0, header.numbers, kind)
    kind = VECTOR_INTENTS.get(header.intent, "")
    return name_parts(FIFTH_AXIS, header.fifth, kind) if kind else None


def find_voxel_file(header: NiftiHeader) -> ProbedFile:
    """The file that holds the voxels."""
    if not header.is_pair:
        return probe_file(header.file)
    data = find_companion(header.file, ".img")
    if data is None:
        raise MissingPathError(
            "this NIfTI header is one of a pair and its .img file is not beside it",
            path=header.file.name,
            advice="copy the .img file into the same folder",
        )
    return probe_file(data)
