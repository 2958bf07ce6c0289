"""What ``explain`` finds: the volumes of a source, the masks and doses beside them, and what lies in folders below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from ..dicom.studies.pseudonyms import Pseudonyms
from ..errors import PictologicsError
from ..storage.files import DiskFile, PathLike, StoredFile
from ..storage.remote_files import RemoteFile
from .dicom_describing import list_unread_files
from .dicom_selection import add_scan
from .explanation import Explanation, name_source
from .linked_files import add_folders, add_studies, find_series_keys, list_linked_files
from .protocol import Description, ReadOptions, Source, VolumeInfo
from .registry import describe_stored_file, find_reader
from .source_content import count_folders_below, count_volume_files

__all__ = ["explain_source"]

Explainable = PathLike | Sequence[PathLike] | bytes | BinaryIO

MOST_FILES_DESCRIBED: Final = 500
"""Files that hold a volume each; a folder may hold any number, and each has to be opened."""


@dataclass(frozen=True)
class Findings:
    """What was found of a source.

    Attributes:
        source: The source, as it was searched at last.
        volumes: Its volumes.
        left_out: What is not a volume, and why.
    """

    source: Source
    volumes: tuple[VolumeInfo, ...]
    left_out: tuple[str, ...]


def explain_source(given: Explainable, options: ReadOptions, names: Pseudonyms | None) -> Explanation:
    """Explain what a path holds.

    Args:
        given: As for ``load_image``.
        options: How to look, ``recursive`` and ``allow_outside_files``.
        names: What stands in place of identifiers of studies and patients; None to leave these out.
    """
    found = find_volumes_of(given, options)
    keys = find_series_keys(found.source, found.volumes)
    volumes = add_folders(found.source, found.volumes, keys)
    links = list_linked_files(found.source, volumes, keys)
    if names is not None:
        volumes, links = add_studies(found.source, volumes, links, keys, names)
    return Explanation(name_source(given, found.source), volumes, found.left_out, links)


def find_volumes_of(given: Explainable, options: ReadOptions) -> Findings:
    """Find the volumes of a source; of a folder without images of its own, those of the folders below."""
    source, reader = find_reader(given, options.recursive, keeps_unreadable=True)
    if source.kind == "folder" and not has_content(source) and not options.recursive and count_folders_below(source)[0]:
        deeper = find_volumes_of(given, replace(options, recursive=True))
        # The path alone does not do.
        return replace(deeper, volumes=tuple(replace(volume, is_default=False) for volume in deeper.volumes))
    below = note_folders_below(source, options.recursive)
    if source.kind in ("folder", "archive") and source.scan and not source.scan.headers and has_content(source):
        found = describe_volume_files(source)
        return replace(found, left_out=(*found.left_out, *below))
    described: Description = reader.describe(source, options)
    volumes = described.volumes
    if options.allow_outside_files and "allow_outside_files" in reader.honors:
        # The calls that load them need it too, and the path alone does not do.
        allowed = ("allow_outside_files", True)
        volumes = tuple(replace(volume, options=(*volume.options, allowed), is_default=False) for volume in volumes)
    return Findings(source, volumes, (*described.left_out, *below))


def note_folders_below(source: Source, recursive: bool) -> list[str]:
    """What is said of folders that were not looked into, because there are images beside them."""
    # Behind a URL it would take one more listing of what may be thousands of files.
    text = "" if source.remote is not None else count_folders_below(source, recursive)[1]
    return [f"{text}; pass recursive=True to look into the folders below"] if text else []


def has_content(source: Source) -> bool:
    """Whether a folder or an archive holds anything that can be loaded, besides folders."""
    source = add_scan(source, recursive=False, keeps_unreadable=True)
    assert source.scan is not None  # just made
    return bool(source.scan.headers or count_volume_files(source.scan.others + source.scan.broken))


def describe_volume_files(source: Source) -> Findings:
    """Describe the files of a folder or an archive of which each holds volumes of its own."""
    assert source.scan is not None  # it was looked into
    names = [name for name in source.scan.others if count_volume_files([name])]
    volumes: list[VolumeInfo] = []
    for name in names[:MOST_FILES_DESCRIBED]:
        volumes += describe_own_file(name, source)
    left_out = []
    strangers = len(source.scan.others) + len(source.scan.broken) - len(names)
    if len(names) > MOST_FILES_DESCRIBED:
        left_out.append(f"{len(names) - MOST_FILES_DESCRIBED} files more of the same formats")
    if strangers:
        left_out.append(f"{strangers} file{'s' * (strangers != 1)} of other formats")
    return Findings(source, tuple(volumes), (*left_out, *list_unread_files(source.scan)))


def describe_own_file(name: str, source: Source) -> list[VolumeInfo]:
    """The volumes of one file of a folder, each with the file's path; one that says why, if it does not load."""
    members = {file.name: file for file in source.files}
    file: StoredFile = members.get(name) or (DiskFile(name) if source.remote is None else RemoteFile(name))
    try:
        described = describe_stored_file(file)
    except PictologicsError as error:
        return [VolumeInfo("file", notes=(error.found,), loads=False, path=name)]
    if described is None:
        return []
    return [replace(volume, path=name, is_default=False) for volume in described.volumes]
