"""What a folder, an archive or a list holds, in words: for errors that say why what was asked for is not there."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence

from ..dicom.frames.sop_classes import holds_image, holds_segments, read_sop_class
from ..dicom.headers import tags
from ..dicom.headers.header import Header
from ..dicom.headers.scanning import Scan
from ..dicom.structures.rois import RT_STRUCTURE_SET
from ..storage.files import StoredFile
from .protocol import Source

__all__ = [
    "count_files",
    "count_folders_below",
    "count_things",
    "count_volume_files",
    "describe_content",
    "find_segment_format",
    "join_words",
    "list_volume_members",
    "name_holder",
]

VOLUME_SUFFIXES = {
    ".nii": "NIfTI",
    ".nii.gz": "NIfTI",
    ".nrrd": "NRRD",
    ".nhdr": "NRRD",
    ".mha": "MetaImage",
    ".mhd": "MetaImage",
}
"""Files that hold an image each: a folder of them is no series, and they are loaded one by one."""


MODALITY_CODE = re.compile("[A-Z]{2,4}")
"""What a modality looks like (DICOM PS3.3 C.7.3.1.1.1); the few longer codes are of no image that is loaded."""


def find_segment_format(header: Header) -> str:
    """What messages call the format of a DICOM file of segments; empty if it is none."""
    if holds_segments(header):
        return "DICOM SEG"
    return "RTSTRUCT" if read_sop_class(header) == RT_STRUCTURE_SET else ""


def count_files(names: Sequence[str]) -> str:
    """How many files there are, in words: "1 file", "3 files"."""
    return count_things(len(names), "file")


def count_things(count: int, name: str) -> str:
    """How many there are of something, in words: "1 folder", "60 CT images"."""
    return f"{count} {name}{'s' * (count != 1)}"


def join_words(words: Sequence[str]) -> str:
    """A list in words: "a", "a and b", "a, b and c"."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def name_holder(source: Source) -> str:
    """What messages call a source: "the folder", "the list of 62 files", whose path is that of its first file."""
    return f"the list of {count_things(len(source.files), 'file')}" if source.kind == "list" else f"the {source.kind}"


def count_folders_below(source: Source, recursive: bool = False) -> tuple[int, str]:
    """How many folders below a source were not searched, and in words; none, and no words, where they were."""
    if source.kind != "folder" or recursive:
        return 0, ""
    # Hidden ones are never searched.
    if source.remote is not None:
        count = source.remote.count_folders()
    else:
        with os.scandir(source.path) as entries:
            count = sum(entry.is_dir() for entry in entries if not entry.name.startswith("."))
    return count, f"{count_things(count, 'folder')} that {'were' if count != 1 else 'was'} not searched" * bool(count)


def count_volume_files(names: Sequence[str]) -> dict[str, int]:
    """How many files there are of each format that holds an image in every file, by their names."""
    found = (next((kind for end, kind in VOLUME_SUFFIXES.items() if name.lower().endswith(end)), "") for name in names)
    return dict(sorted(Counter(filter(None, found)).items()))


def list_volume_members(source: Source) -> list[StoredFile]:
    """The files of an archive without DICOM that hold an image each, by their names."""
    if source.kind != "archive" or source.scan is None or source.scan.headers:
        return []
    return [file for file in source.files if count_volume_files([file.name])]


def describe_content(scan: Scan) -> list[str]:
    """What the files of a source are, kind by kind: "60 CT images", "1 DICOM SEG", "2 NIfTI files", "1 other file"."""
    modalities = (header.text(tags.MODALITY) for header in scan.headers if holds_image(header))
    # Of a field that holds more than a short code, nothing is quoted: it may be a name.
    images = Counter(text if MODALITY_CODE.fullmatch(text) else "" for text in modalities)
    others = [header for header in scan.headers if not holds_image(header)]
    segments = Counter(filter(None, map(find_segment_format, others)))
    found = [count_things(count, f"{modality} image".strip()) for modality, count in sorted(images.items())]
    found += [f"{count} {kind}" for kind, count in sorted(segments.items())]
    rest = len(others) - sum(segments.values())
    found += [count_things(rest, "other DICOM file")] * bool(rest)
    strangers = scan.others + scan.broken
    volumes = count_volume_files(strangers)
    found += [count_things(count, f"{kind} file") for kind, count in volumes.items()]
    rest = len(strangers) - sum(volumes.values())
    return found + [count_things(rest, "other file")] * bool(rest)
