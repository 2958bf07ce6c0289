"""The readers, in the order in which they are asked who reads a source: an image, or the segments that it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import BinaryIO, Final

from ..dicom.headers.pydicom_edge import find_registered_name
from ..dicom.series.phase_info import DicomPhaseInfo
from ..errors import CorruptFileError, UnsupportedFormatError
from ..formats.nifti.header import ends_within_nifti_header
from ..storage.files import PathLike, StoredFile, check_content
from .dicom_reader import DicomReader
from .dicom_seg_reader import SegReader
from .dicom_selection import add_scan
from .foreign_formats import find_foreign_format
from .metaimage_reader import MetaImageReader
from .nifti_reader import NiftiReader
from .nrrd_reader import NrrdReader
from .ome_zarr_reader import OmeZarrReader
from .probing import make_file_source, make_probe, make_source
from .protocol import Description, Probe, Reader, ReadOptions, SegmentReader, Source
from .rtstruct_reader import RtstructReader
from .segment_files import choose_segment_file, find_lone_segment_file
from .segmentations.nrrd_seg import SLICER_SEGMENTATION
from .source_content import (
    count_folders_below,
    count_volume_files,
    describe_content,
    find_segment_format,
    list_volume_members,
    name_holder,
)

__all__ = ["READERS", "describe_stored_file", "find_reader", "find_segment_reader", "name_format"]

READERS: tuple[Reader, ...] = (
    NiftiReader(),
    NrrdReader(),
    MetaImageReader(),
    OmeZarrReader(),
    SegReader(),
    RtstructReader(),
    DicomReader(),
)
"""The first that matches is the one; an error of its own is final."""

SINGLE_KINDS = frozenset({"file", "zarr"})
"""Sources that are one thing, and no collection of files to look through."""

SUFFIX_BEGINNINGS: Final = {
    ".gz": b"\x1f\x8b",
    ".nrrd": b"NRRD",
    ".nhdr": b"NRRD",
    ".mha": b"ObjectType = Image",
    ".mhd": b"ObjectType = Image",
    ".dcm": bytes(128) + b"DICM",
}
"""What files begin with, by their suffix: one that holds no more than a part of it was cut off."""

DETACHED_HEADERS = (".mhd", ".nhdr")
"""Names of headers whose voxels are, as a rule, in a file beside them, which is looked for on disk."""


def find_reader(
    path: PathLike | Sequence[PathLike] | DicomPhaseInfo | bytes | BinaryIO,
    recursive: bool = False,
    series_uid: str | None = None,
    *,
    prefers_segments: bool = False,
    keeps_unreadable: bool = False,
) -> tuple[Source, Reader]:
    """Look at a source once and choose its reader.

    A folder that holds no image and one file of segments, as public archives lay them out, is that file.

    Args:
        path: The source.
        recursive: Of a folder, also look into the folders below it.
        series_uid: The DICOM series that is asked for; None for any.
        prefers_segments: Whether the file of segments is meant where there are images beside it, too.
        keeps_unreadable: Go on where a file of a folder cannot be read, and keep the error in the source's scan.

    Raises:
        UnsupportedFormatError: If no reader knows the content; the message lists the formats.
        CorruptFileError: If the file is empty, or ends before it can be recognized.
        AmbiguousSeriesError: If files of segments are preferred and there are several.
    """
    probe = make_probe(make_source(path))
    if probe.source.kind not in SINGLE_KINDS and probe.source.only is None:
        source = add_scan(probe.source, recursive, keeps_unreadable=keeps_unreadable)
        assert source.scan is not None  # just made
        if prefers_segments and series_uid is None:
            alone = choose_segment_file(source.scan, list_segment_readers(), source)
        else:
            alone = find_lone_segment_file(source.scan, list_segment_readers(), series_uid)
        if alone is not None:
            for header in source.scan.headers:
                if header is not alone.header:
                    # Damage may have made an image of an archive look like something else.
                    check_content(header.file)
            return alone.probe.source, alone.reader
        probe = probe_member(source) or replace(probe, source=source)
    for reader in READERS:
        if reader.matches(probe):
            return probe.source, reader
    raise unknown_format_error(probe)


def probe_member(source: Source) -> Probe | None:
    """Probe the one file of an archive that holds an image by itself, such as NIfTI; None if there is no such file."""
    members = list_volume_members(source)
    if len(members) != 1:
        return None
    if members[0].name.lower().endswith(DETACHED_HEADERS) and len(source.files) > 1:
        raise UnsupportedFormatError(
            f"the archive holds a header whose voxels are in another file, '{members[0].name}'",
            path=source.path,
            advice="unpack it, and load the header by its own path",
        )
    return make_probe(make_file_source(members[0]))


def describe_stored_file(file: StoredFile) -> Description | None:
    """Say what a single file holds, from its header, wherever it is stored.

    Args:
        file: The file.

    Returns:
        Its volumes; None if no reader knows what it is, or it is an archive.

    Raises:
        CorruptFileError: If it is of a known format, and damaged; in other ways too, as ``explain`` does.
    """
    probe = make_probe(make_file_source(file))
    if probe.source.kind != "file":
        return None
    if probe.source.damage is not None:
        raise probe.source.damage
    reader = next((reader for reader in READERS if reader.matches(probe)), None)
    if reader is not None:
        return reader.describe(probe.source, ReadOptions())
    damage = find_damage(probe) if count_volume_files([file.name]) else ""
    if damage:
        raise damage_error(damage, probe.source.path)
    return None


def find_segment_reader(path: PathLike | bytes | BinaryIO, segment_format: str = "") -> tuple[Source, SegmentReader]:
    """Look at a source once and choose the reader of the segments that it holds.

    Args:
        path: The source: a file, or a folder or archive with one file of segments, whatever else it holds.
        segment_format: The only format that will do; empty for every one.

    Raises:
        UnsupportedFormatError: If it holds no segments in a way that is known.
        AmbiguousSeriesError: If a folder or archive holds several files of segments.
        CorruptFileError: If it begins as DICOM and its header is damaged.
    """
    probe = make_probe(make_source(path))
    if probe.source.damage is not None:
        raise probe.source.damage
    readers = list_segment_readers(segment_format)
    if probe.source.kind not in SINGLE_KINDS:
        source = add_scan(probe.source, recursive=False)
        assert source.scan is not None  # just made
        chosen = choose_segment_file(source.scan, readers, source)
        if chosen is not None:
            return chosen.probe.source, chosen.reader
        probe = probe_member(source) or replace(probe, source=source)
    for reader in readers:
        if reader.matches(probe) and reader.holds_segments(probe):
            return probe.source, reader
    raise no_segments_error(probe, segment_format)


def list_segment_readers(segment_format: str = "") -> list[SegmentReader]:
    """List the readers of segments, or of those of one format."""
    return [reader for reader in find_segment_readers(READERS) if segment_format in ("", reader.segment_format)]


@cache
def find_segment_readers(readers: tuple[Reader, ...]) -> tuple[SegmentReader, ...]:
    """Which of the readers give segments, too; asked once, since comparing an object with a protocol takes its time."""
    return tuple(reader for reader in readers if isinstance(reader, SegmentReader))


def unknown_format_error(probe: Probe) -> UnsupportedFormatError | CorruptFileError:
    """What to say of a file that no reader knows."""
    path = probe.source.path
    damage = find_damage(probe)
    if damage:
        return damage_error(damage, path)
    known = ", ".join(f"{reader.name} ({', '.join(reader.suffixes)})" for reader in READERS)
    foreign = find_foreign_format(probe.inflated_head)
    if foreign is not None:
        return UnsupportedFormatError(
            f"this is {foreign.name}: the format is not supported", path=path, advice=foreign.advice
        )
    if probe.is_gzip:
        found = f"this is a gzip file of something else (its content begins with {probe.inflated_head[:8]!r})"
    else:
        found = f"the file begins with {probe.head[:8]!r}, which is not a supported format"
    return UnsupportedFormatError(f"{found}; formats are {known}", path=path, advice="convert it to one of these first")


def damage_error(damage: str, path: str) -> CorruptFileError:
    """The error for a file that ends before it can be recognized."""
    return CorruptFileError(damage, path=path, advice="fetch it again")


def find_damage(probe: Probe) -> str:
    """What is wrong with a file that ends before it can be recognized; empty if nothing is."""
    if not probe.head:
        return "the file is empty"
    begun = next((begun for suffix, begun in SUFFIX_BEGINNINGS.items() if probe.suffix.endswith(suffix)), b"")
    if begun.startswith(probe.head):
        count = len(probe.head)
        return f"it ends after {count} byte{'s' * (count != 1)}, before the format can be recognized"
    is_cut = probe.suffix.endswith((".nii", ".nii.gz")) and ends_within_nifti_header(probe.inflated_head)
    return f"it ends within its NIfTI header, after {len(probe.inflated_head)} bytes" if is_cut else ""


def name_format(probe: Probe) -> str:
    """What messages call a single file: "a NIfTI file", "a DICOM file (CT Image Storage)"."""
    if probe.is_dicom:
        name = find_registered_name(probe.sop_class) if probe.sop_class else ""
        unknown = f" of SOP class {probe.sop_class}" if probe.sop_class else ""
        return f"a DICOM file ({name})" if name else f"a DICOM file{unknown}"
    reader = next((reader for reader in READERS if reader.matches(probe)), None)
    foreign = find_foreign_format(probe.inflated_head)
    if reader is not None:
        return f"{'an' if reader.name[0] in 'AEIO' else 'a'} {reader.name} file"
    return foreign.name if foreign is not None else f"a file that begins with {probe.head[:8]!r}"


def no_segments_error(probe: Probe, segment_format: str) -> UnsupportedFormatError | CorruptFileError:
    """What to say of a source that holds no segments, or not those of the format that is required."""
    source = probe.source
    if source.kind not in SINGLE_KINDS:
        return no_segment_file_error(source, segment_format)
    damage = find_damage(probe) if source.kind == "file" else ""
    if damage:
        return damage_error(damage, source.path)
    if segment_format:
        required = f"the format {segment_format} is required"
        advice = "load it with load_mask, if it is a mask of another kind, or with load_image"
    else:
        required = f"a segmentation is required ({list_segment_formats()})"
        advice = "load it with load_mask, if it is a mask without segments, or with load_image"
    return UnsupportedFormatError(
        f"this is {name_format(probe)}, and {required}", path=source.path, advice=advice, sop_class=probe.sop_class
    )


def no_segment_file_error(source: Source, segment_format: str) -> UnsupportedFormatError:
    """What to say of a folder, an archive or a list without a file of segments: what it holds instead."""
    assert source.scan is not None  # it was searched
    folders, below = count_folders_below(source)
    content = [*describe_content(source.scan), *filter(None, [below])] or ["no files"]
    if any(map(find_segment_format, source.scan.headers)):
        # Of another format than the one that is required.
        advice = "use load_mask"
    elif folders:
        advice = "pass the path of the file itself, or of the folder that holds it"
    else:
        advice = "pass the path of the file itself"
    missing = segment_format or f"file of segments in DICOM ({list_segment_formats(of_dicom=True)})"
    return UnsupportedFormatError(
        f"{name_holder(source)} holds {', '.join(content)} and no {missing}", path=source.path, advice=advice
    )


def list_segment_formats(of_dicom: bool = False) -> str:
    """List what messages call the formats of segments, or those that are DICOM."""
    formats = [reader.segment_format for reader in list_segment_readers()]
    return ", ".join(name for name in formats if not of_dicom or name != SLICER_SEGMENTATION)
