"""NIfTI-1 and NIfTI-2: one file, gzip or not, or a pair of header and voxels."""

from __future__ import annotations

from ..errors import MissingPathError
from ..formats.nifti.header import (
    NiftiHeader,
    looks_like_nifti,
    parse_header,
)
from ..formats.nifti.note import note_in
from ..formats.nifti.pairs import companion
from ..formats.nifti.voxels import stored_volume
from ..formats.nifti.world import grid_of
from ..formats.stored_volume import check_size
from ..image import Image
from ..storage.files import StoredFile
from ..storage.probed_file import probe_file
from .protocol import (
    Description,
    Probe,
    ReadOptions,
    Source,
)
from .stored_loading import StoredContent, describe_stored, read_stored

__all__ = ["NiftiReader"]


class NiftiReader:
    """Reads NIfTI; see ``pictologics.formats.nifti``."""

    name = "NIfTI"
    suffixes: tuple[str, ...] = (".nii", ".nii.gz", ".hdr", ".img")
    honors = frozenset({"dataset_index", "dtype", "irregular"})
    needs_reference = False

    def matches(self, probe: Probe) -> bool:
        """Whether the file begins with a NIfTI header, behind gzip or not."""
        if probe.source.kind != "file":
            return False
        # The name breaks the tie for a gzip file so damaged that not even its head can be inflated.
        is_damaged = probe.is_gzip and not probe.inflated_head and probe.suffix.endswith(".nii.gz")
        return is_damaged or looks_like_nifti(probe.inflated_head)

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read one volume."""
        return read_stored(content_of(source.files[0], options.irregular), source, self.name, options)

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the volumes of a file."""
        return describe_stored(content_of(source.files[0], "ignore"), self.name)


def content_of(file: StoredFile, irregular: str) -> StoredContent:
    """What a file says."""
    header = open_header(file)
    data = probe_file(voxels_of(header))
    volume = stored_volume(header, data, data.is_gzip)
    check_size(volume)
    grid, decisions = grid_of(header, irregular)
    return StoredContent(volume, note_in(header, grid), tuple(decisions))


def open_header(file: StoredFile) -> NiftiHeader:
    """Read the header of a file, or of the header file of a pair."""
    if file.name.lower().endswith((".img", ".img.gz")):
        file = companion(file.name, ".hdr") or file
    probed = probe_file(file)
    return parse_header(probed, probed.inflated_head)


def voxels_of(header: NiftiHeader) -> StoredFile:
    """The file that holds the voxels."""
    if not header.is_pair:
        return header.file
    data = companion(header.file.name, ".img")
    if data is None:
        raise MissingPathError(
            "this NIfTI header is one of a pair and its .img file is not beside it",
            path=header.file.name,
            advice="copy the .img file into the same folder",
        )
    return data
