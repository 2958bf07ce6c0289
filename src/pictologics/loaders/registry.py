"""The readers, in the order in which they are asked who reads a source: an image, or the segments that it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from ..dicom.series.phase_info import DicomPhaseInfo
from ..errors import UnsupportedFormatError
from ..storage.files import PathLike
from .dicom_reader import DicomReader
from .dicom_seg_reader import SegReader
from .metaimage_reader import MetaImageReader
from .nifti_reader import NiftiReader
from .nrrd_reader import NrrdReader
from .probing import make_probe, make_source
from .protocol import Probe, Reader, SegmentReader, Source
from .rtstruct_reader import RtstructReader

__all__ = ["READERS", "find_reader", "find_segment_reader"]

READERS: tuple[Reader, ...] = (
    NiftiReader(),
    NrrdReader(),
    MetaImageReader(),
    SegReader(),
    RtstructReader(),
    DicomReader(),
)
"""The first that matches is the one; an error of its own is final."""


def find_reader(path: PathLike | Sequence[PathLike] | DicomPhaseInfo | bytes | BinaryIO) -> tuple[Source, Reader]:
    """Look at a source once and choose its reader.

    Raises:
        UnsupportedFormatError: If no reader knows the content; the message lists the formats.
    """
    probe = make_probe(make_source(path))
    for reader in READERS:
        if reader.matches(probe):
            return probe.source, reader
    raise unknown_format_error(probe)


def find_segment_reader(path: PathLike | bytes | BinaryIO, segment_format: str = "") -> tuple[Source, SegmentReader]:
    """Look at a source once and choose the reader of the segments that it holds.

    Args:
        path: The source.
        segment_format: The only format that will do; empty for every one.

    Raises:
        UnsupportedFormatError: If it holds no segments in a way that is known.
        CorruptFileError: If it begins as DICOM and its header is damaged.
    """
    probe = make_probe(make_source(path))
    if probe.source.damage is not None:
        raise probe.source.damage
    for reader in READERS:
        if not isinstance(reader, SegmentReader) or segment_format not in ("", reader.segment_format):
            continue
        if reader.matches(probe) and reader.holds_segments(probe):
            return probe.source, reader
    raise no_segments_error(probe, segment_format)


def unknown_format_error(probe: Probe) -> UnsupportedFormatError:
    """What to say of a file that no reader knows."""
    known = ", ".join(f"{reader.name} ({', '.join(reader.suffixes)})" for reader in READERS)
    if not probe.head:
        found = "the file is empty"
    elif probe.is_gzip:
        found = f"this is a gzip file of something else (its content begins with {probe.inflated_head[:8]!r})"
    else:
        found = f"the file begins with {probe.head[:8]!r}, which is not a supported format"
    return UnsupportedFormatError(
        f"{found}; formats are {known}", path=probe.source.path, advice="convert it to one of these first"
    )


def no_segments_error(probe: Probe, segment_format: str) -> UnsupportedFormatError:
    """What to say of a source that holds no segments, or not those of the format that is required."""
    source = probe.source
    if source.kind != "file":
        return UnsupportedFormatError(
            f"one {segment_format or 'segmentation'} file is required, and this is "
            f"{'an' if source.kind in ('archive', 'index') else 'a'} {source.kind}",
            path=source.path,
            advice="pass the path of the file itself",
        )
    found = "a DICOM file" if probe.is_dicom else f"a file that begins with {probe.head[:8]!r}"
    if probe.sop_class:
        found += f" of SOP class {probe.sop_class}"
    if segment_format:
        required = f"the format {segment_format} is required"
        advice = "load it with load_seg, if it holds segments, or with load_image"
    else:
        known = ", ".join(reader.segment_format for reader in READERS if isinstance(reader, SegmentReader))
        required = f"a segmentation is required ({known})"
        advice = "load it with load_image, if it is an image or a mask without segments"
    return UnsupportedFormatError(
        f"this is {found}, and {required}", path=source.path, advice=advice, sop_class=probe.sop_class
    )
