"""NIfTI-1 and NIfTI-2: one file, gzip or not, or a pair of header and voxels."""

from __future__ import annotations

from ..formats.nifti.gradients import add_gradients
from ..formats.nifti.header import looks_like_nifti
from ..formats.nifti.opening import open_nifti
from ..image import Image
from .protocol import (
    Description,
    Probe,
    ReadOptions,
    Source,
)
from .series_protocol import OpenedSeries
from .volume_file_loading import describe_volume_file, load_volume_file
from .volume_file_series import FileSeries

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

    def open_series(self, source: Source, options: ReadOptions) -> OpenedSeries:
        """Read what the header, and tables of gradients beside it, say of all volumes."""
        opened = open_nifti(source.files[0], options.irregular)
        return FileSeries(add_gradients(opened, source.files[0]), source, self.name)

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the volumes of a file."""
        return describe_volume_file(open_nifti(source.files[0], "ignore"), self.name)
