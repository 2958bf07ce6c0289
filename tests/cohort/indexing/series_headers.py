"""Headers of a tree of files, series by series, as indexing hands them on."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from pictologics.dicom.headers import tags
from pictologics.dicom.headers.header import Header
from pictologics.dicom.headers.scanning import list_files, scan_files
from pictologics.dicom.studies.series_kinds import find_kind

__all__ = ["read_series_headers"]


def read_series_headers(root: Path) -> dict[tuple[str, str], list[Header]]:
    """The headers of all DICOM files below a folder that can be read, by series and kind."""
    groups = defaultdict(list)
    for file in list_files(root, recursive=True):
        try:
            scan = scan_files([file])
        except ValueError:
            continue  # one that breaks off
        for header in scan.headers:
            groups[header.text(tags.SERIES_INSTANCE_UID), find_kind(header)].append(header)
    return dict(groups)
