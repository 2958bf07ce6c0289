"""The writers, and the one for a file's name."""

from __future__ import annotations

from pathlib import Path

from ..errors import OptionError
from ..formats.metaimage.writing import MetaImageWriter
from ..formats.nifti.writing import NiftiWriter
from ..formats.nrrd.writing import NrrdWriter, SegNrrdWriter
from ..formats.ome_zarr.writing import OmeZarrWriter
from .protocol import Writer

__all__ = ["WRITERS", "find_writer"]

WRITERS: tuple[Writer, ...] = (
    NiftiWriter(),
    NrrdWriter(),
    SegNrrdWriter(),
    MetaImageWriter(),
    OmeZarrWriter(),
)
"""A new format is one more line here."""


def find_writer(path: Path) -> Writer:
    """The writer whose suffix the name of a file has; of several the longest, so that .seg.nrrd is not .nrrd.

    Raises:
        OptionError: If there is none.
    """
    by_suffix = {suffix: writer for writer in WRITERS for suffix in writer.suffixes}
    for suffix in sorted(by_suffix, key=len, reverse=True):
        if path.name.lower().endswith(suffix):
            return by_suffix[suffix]
    is_dicom = path.suffix.lower() == ".dcm" or path.name.lower() == ".dcm"
    raise OptionError(
        f"unsupported file suffix; formats are {', '.join(sorted(by_suffix))}",
        path=path,
        advice="give the file one of these suffixes"
        + (", or write DICOM with save_dicom, save_seg or save_rtstruct" if is_dicom else ""),
    )
