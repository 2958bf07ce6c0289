"""The files of segments in a folder, an archive, a DICOMDIR or a list: which of them is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..dicom.frames.sop_classes import holds_image, read_sop_class
from ..dicom.headers import tags
from ..dicom.headers.header import Header, ParsedFile
from ..dicom.headers.scanning import Scan
from ..errors import AmbiguousSeriesError
from .protocol import Probe, SegmentReader, Source

__all__ = ["SegmentFile", "choose_segment_file", "find_lone_segment_file", "list_segment_files"]


@dataclass(frozen=True)
class SegmentFile:
    """A DICOM file of segments.

    Attributes:
        header: Its header.
        probe: What readers ask about it.
        reader: Who reads it.
    """

    header: Header
    probe: Probe
    reader: SegmentReader

    def __str__(self) -> str:
        description = self.header.text(tags.SERIES_DESCRIPTION)
        return f"'{self.header.path}' ({', '.join(filter(None, (self.reader.segment_format, description)))})"


def list_segment_files(scan: Scan, readers: Sequence[SegmentReader]) -> list[SegmentFile]:
    """List the files of segments among those of a scan, in the order of the scan.

    Args:
        scan: What was found.
        readers: Who may read segments.
    """
    found = []
    for header in scan.headers:
        if holds_image(header):
            continue
        source = Source(header.path, "file", (ParsedFile(header),), is_dicom=True)
        probe = Probe(source, is_dicom=True, sop_class=read_sop_class(header))
        reader = next((reader for reader in readers if reader.matches(probe) and reader.holds_segments(probe)), None)
        if reader is not None:
            found.append(SegmentFile(header, probe, reader))
    return found


def find_lone_segment_file(
    scan: Scan, readers: Sequence[SegmentReader], series_uid: str | None = None
) -> SegmentFile | None:
    """Find the file of segments that stands for the whole source, as images are loaded.

    That is the only one, where there is no image, or the one of the series that is asked for.

    Args:
        scan: What was found.
        readers: Who may read segments.
        series_uid: The series that is asked for; None for any.
    """
    found = list_segment_files(scan, readers)
    if series_uid is not None:
        found = [file for file in found if file.header.text(tags.SERIES_INSTANCE_UID) == series_uid]
    elif any(map(holds_image, scan.headers)):
        return None
    return found[0] if len(found) == 1 else None


def choose_segment_file(scan: Scan, readers: Sequence[SegmentReader], source: Source) -> SegmentFile | None:
    """Choose the file of segments that is meant where segments are asked for; None if there is none.

    Voxels come before contours: of a folder that holds a DICOM SEG and a structure set, the SEG is meant.

    Raises:
        AmbiguousSeriesError: If several could be meant.
    """
    found = list_segment_files(scan, readers)
    of_voxels = [file for file in found if not file.reader.needs_reference]
    candidates = of_voxels or found
    if len(candidates) > 1:
        raise several_segment_files_error(candidates, source)
    return candidates[0] if candidates else None


def several_segment_files_error(files: Sequence[SegmentFile], source: Source) -> AmbiguousSeriesError:
    """Make the error for a source with several files of segments, of which any could be meant."""
    return AmbiguousSeriesError(
        f"the {source.kind} holds {len(files)} files of segments and one is needed: {', '.join(map(str, files))}",
        path=source.path,
        advice="pass the path of the one that is meant",
        files=[file.header.path for file in files],
    )
