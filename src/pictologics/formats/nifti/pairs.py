"""The two files of a NIfTI pair: a header (.hdr) and voxels (.img), either of them gzip or not."""

from __future__ import annotations

from pathlib import Path

from ...storage.files import DiskFile, StoredFile

__all__ = ["companion"]


def companion(name: str, suffix: str) -> StoredFile | None:
    """The other file of a pair, gzip or not, if it is there."""
    path = Path(name.removesuffix(".gz")).with_suffix(suffix)
    for one in (path, path.with_name(path.name + ".gz"), path.with_suffix(suffix.upper())):
        if one.is_file():
            return DiskFile(one)
    return None
