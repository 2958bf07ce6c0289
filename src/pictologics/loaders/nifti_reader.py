"""NIfTI-1 and NIfTI-2: one file, gzip or not, or a pair of header and voxels."""

from __future__ import annotations

from ..formats.nifti.header import looks_like_nifti
from ..formats.nifti.opening import open_nifti
from ..image import Image
from .protocol import (
    Description,
    Probe,
    ReadOptions,
    Source,
)
from .volume_file_loading import describe_volume_file, load_volume_file

__all__ = ["NiftiReader"]


class NiftiReader:
    """Reads NIfTI; see ``pictologics.formats.nifti``."""

    name = "NIfTI"
    suffixes: tuple[str, ...] = (".nii", ".nii.gz", ".hdr", ".img")
    honors = frozenset({"dataset_index", "dtype", "region", "irregular"})
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
        return load_volume_file(open_nifti(source.files[0], options.irregular), source, self.name, options)

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the volumes of a file."""
        return describe_volume_file(open_nifti(source.files[0], "ignore"), self.name)
