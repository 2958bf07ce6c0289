"""The readers, in the order in which they are asked."""

from __future__ import annotations

from ..errors import UnsupportedFormatError
from .dicom_loader import DicomReader
from .metaimage_loader import MetaImageReader
from .nifti_loader import NiftiReader
from .nrrd_loader import NrrdReader
from .protocol import Probe, Reader
from .rtstruct_loader import RtstructReader
from .seg_loader import SegReader

__all__ = ["READERS", "select"]

READERS: tuple[Reader, ...] = (
    NiftiReader(),
    NrrdReader(),
    MetaImageReader(),
    SegReader(),
    RtstructReader(),
    DicomReader(),
)
"""The first that matches is the one; an error of its own is final."""


def select(probe: Probe) -> Reader:
    """The reader of a source.

    Raises:
        UnsupportedFormatError: If there is none.
    """
    for reader in READERS:
        if reader.matches(probe):
            return reader
    known = ", ".join(f"{reader.name} ({', '.join(reader.suffixes)})" for reader in READERS)
    if not probe.head:
        found = "the file is empty"
    elif probe.is_gzip:
        found = f"this is a gzip file of something else (its content begins with {probe.inflated_head[:8]!r})"
    else:
        found = f"the file begins with {probe.head[:8]!r}, which is no format that is read"
    raise UnsupportedFormatError(
        f"{found}; formats are {known}", path=probe.source.path, advice="convert it to one of these first"
    )
