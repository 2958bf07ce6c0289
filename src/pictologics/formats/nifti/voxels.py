"""NiftiHeader -> where its voxels are stored."""

from __future__ import annotations

from ...storage.files import StoredFile
from ..stored_volume import Part, StoredVolume
from .header import NiftiHeader

__all__ = ["stored_volume"]


def stored_volume(header: NiftiHeader, data: StoredFile, is_gzip: bool) -> StoredVolume:
    """Say where the first volume is.

    Args:
        header: What the file says.
        data: The file that holds the voxels.
        is_gzip: Whether that file is gzip.
    """
    size = header.volumes * header.voxels * header.stored.itemsize
    if is_gzip:
        part = Part(data, size, encoding="gzip", skip=header.data_offset)
    else:
        part = Part(data, size, header.data_offset)
    sizes = (*header.shape, header.volumes)
    return StoredVolume(data.name, header.stored, sizes, (0, 1, 2), 0, (part,), header.slope, header.intercept)
