"""Path -> Source -> Probe: what is there, found out once and without waiting for anything."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..dicom.frames.sop_classes import read_sop_class
from ..dicom.headers.dicomdir import MEDIA_STORAGE_DIRECTORY, list_dicomdir_files
from ..dicom.headers.header import ParsedFile
from ..dicom.headers.header_reading import read_open_header
from ..dicom.series.phase_info import DicomPhaseInfo
from ..errors import CorruptFileError, MissingPathError, OptionError
from ..formats.nifti.voxels import find_companion
from ..formats.ome_zarr.vocabulary import ZARR_MARKS
from ..storage.archives import list_archive_entries, looks_like_archive
from ..storage.files import DiskFile, MemoryFile, PathLike, StoredFile
from ..storage.paths import expand_home, is_file, is_folder, is_there
from ..storage.probed_file import OpenProbedFile, ProbedFile, forget_head, probe_file
from ..storage.remote_files import LISTED_HEAD, RemoteFile
from ..storage.remote_folders import RemoteFolder, find_remote
from ..storage.urls import find_url, local_path_of, lost_slash_advice, url_options
from .protocol import Probe, Source

__all__ = ["make_file_source", "make_probe", "make_source"]


MOST_ENTRIES_NAMED = 5
"""How many files of an archive a message names."""


def make_source(given: Any) -> Source:
    """Say what a path, a list of paths, bytes, an open file or a phase is.

    Raises:
        MissingPathError: If there is nothing at a path.
        OptionError: If it is none of these, or an empty list.
    """
    if isinstance(given, DicomPhaseInfo):
        return make_phase_source(given)
    url = find_url(given)
    if url is not None:
        return make_remote_source(url, url_options(given))
    if isinstance(given, (str, os.PathLike)):
        return make_local_source(given)
    if isinstance(given, (bytes, bytearray, memoryview)):
        return make_file_source(MemoryFile("<bytes>", bytes(given)))
    if isinstance(given, io.IOBase) or hasattr(given, "read") or hasattr(given, "read_bytes"):
        is_entry = hasattr(given, "read_bytes")
        return make_file_source(read_pathlike(given) if is_entry else read_open_file(cast(BinaryIO, given)))
    if not isinstance(given, Sequence):
        raise OptionError(
            f"a path, a list of paths, bytes or a binary file is required, and {type(given).__name__} was given"
        )
    if not given:
        raise OptionError("the list of files is empty", advice="list the files of one series")
    files = tuple(map(make_listed_file, given))
    return make_file_source(files[0]) if len(files) == 1 else Source(files[0].name, "list", files)


def make_local_source(given: PathLike) -> Source:
    """Make the source of a path of this machine, which may lead into an archive."""
    member = find_archive_member(given)
    if member is not None:
        return make_file_source(member)
    path = check_path_exists(given)
    if not is_folder(path):
        return make_file_source(DiskFile(path))
    is_zarr = any(is_file(Path(path) / mark) for mark in ZARR_MARKS)
    return Source(str(path), "zarr" if is_zarr else "folder")


def find_archive_member(given: PathLike) -> StoredFile | None:
    """The file of an archive that a path such as ``scans.zip/a.nii.gz`` leads to; None for every other path.

    Raises:
        MissingPathError: If there is an archive, and no such file in it.
    """
    path = expand_home(os.fsdecode(given))
    if not os.fsdecode(given) or is_there(path):
        return None
    archive = next((parent for parent in Path(path).parents if is_file(parent)), None)
    if archive is None:
        return None
    file = DiskFile(archive)
    with file.open() as opened:
        probed = ProbedFile(file, opened)
        if not looks_like_archive(probed.head, probed.inflated_head):
            return None
    entries = list_archive_entries(probed)
    found = next((entry for entry in entries if Path(entry.name) == Path(path)), None)
    if found is None:
        names = ", ".join(f"'{entry.name}'" for entry in entries[:MOST_ENTRIES_NAMED])
        more = ", ..." if len(entries) > MOST_ENTRIES_NAMED else ""
        raise MissingPathError(
            f"there is no such file in the archive; it holds {names or 'none'}{more}",
            path=given,
            advice="check the name",
        )
    return found


def make_remote_source(url: str, options: Mapping[str, Any]) -> Source:
    """Make the source of a URL: of this machine, of a file elsewhere or of a folder elsewhere."""
    local = local_path_of(url)
    if local is not None:
        return make_local_source(local)
    found = find_remote(url, options)
    if isinstance(found, RemoteFolder):
        return Source(found.name, "folder", remote=found)
    return make_file_source(found)


def make_listed_file(given: object) -> StoredFile:
    """Make a file of an entry of a list, which must not be a folder."""
    url = find_url(given)
    path = None if url is None else local_path_of(url)
    if url is not None and path is None:
        return RemoteFile(url, url_options(given), head_size=LISTED_HEAD)
    path = check_path_exists(given if path is None else path)
    if is_folder(path):
        raise OptionError(
            "a list may contain only files, and this is a folder", path=path, advice="pass the folder alone"
        )
    return DiskFile(path)


def make_phase_source(phase: DicomPhaseInfo) -> Source:
    """Make the source of a phase: as it was listed, or of its files where it was made of what a list says."""
    if phase.frames is not None:
        return Source(phase.file_paths[0], "list", phase.stored_files, phase.frames)
    source = make_source(list(phase.file_paths))
    # Of a list of one file too, the series' volumes are meant.
    files = source.files if source.kind == "list" else (make_listed_file(phase.file_paths[0]),)
    return Source(source.path, "list", files, phase=phase)


def check_path_exists(path: object) -> Path:
    """Check that there is something at a path, and return it as one."""
    if not isinstance(path, (str, os.PathLike)):
        raise OptionError(f"a list of paths is required, and it holds {type(path).__name__}")
    given = expand_home(os.fsdecode(path))
    # Empty text would mean the current folder.
    if not os.fsdecode(path) or not is_there(given):
        advice = lost_slash_advice(path) or "check the path"
        raise MissingPathError("there is no such file or folder", path=path, advice=advice)
    return given


def has_been_passed(file: BinaryIO) -> bool:
    """Whether an open file has a beginning behind its position, as after it was written."""
    return isinstance(file, io.IOBase) and file.seekable() and file.tell() > 0


def read_open_file(file: BinaryIO) -> MemoryFile:
    """Read what an open binary file holds from its current position on."""
    content = file.read()
    if not isinstance(content, bytes):
        raise OptionError("the open file gives text, and bytes are required", advice='open it with mode "rb"')
    if not content and has_been_passed(file):
        raise OptionError(
            "the open file stands at its end, and is read from its position on", advice="call its seek(0) first"
        )
    name = getattr(file, "name", None)
    return MemoryFile(name if isinstance(name, str) else "<file>", content)


def read_pathlike(entry: Any) -> MemoryFile:
    """Read what is like a path, and is none of the system: ``zipfile.Path``, a resource of a package.

    Raises:
        OptionError: If it is a folder.
        MissingPathError: If it is not there.
    """
    if not entry.is_file():
        if entry.is_dir():
            raise OptionError(
                f"this is a folder in {type(entry).__name__}", path=str(entry), advice="pass a file in it"
            )
        raise MissingPathError("there is no such file", path=str(entry), advice="check the path")
    return MemoryFile(str(entry), entry.read_bytes())


def make_file_source(file: StoredFile) -> Source:
    """Make the source of a file or an archive; its first bytes are read once, for every question they answer."""
    with file.open() as opened:
        probed = ProbedFile(file, opened)
        is_archive = looks_like_archive(probed.head, probed.inflated_head)
        try:
            header = None if is_archive else read_open_header(probed, OpenProbedFile(probed, opened))
        except CorruptFileError as error:
            # It begins as DICOM; the reader that is chosen will say what is wrong with it.
            return Source(file.name, "file", (probed,), head=probed.head, is_dicom=True, damage=error)
    if is_archive:
        return Source(file.name, "archive", tuple(list_archive_entries(probed)))
    if header is None:
        return Source(file.name, "file", (probed,), head=probed.head)
    return Source(file.name, "file", (ParsedFile(header),), head=probed.head, is_dicom=True)


def make_probe(source: Source) -> Probe:
    """Find out what can be known cheaply about a source.

    Raises:
        FileAccessError: If the file cannot be opened, or is not a regular file.
    """
    if source.kind != "file":
        return Probe(source)
    file, path = source.files[0], Path(source.path)
    suffix = "".join(path.suffixes[-2:]).lower()
    header_file = find_companion(file, ".hdr") if suffix.endswith((".img", ".img.gz")) else None
    if header_file is None and isinstance(file, ParsedFile):
        sop_class = read_sop_class(file.header)
        if sop_class == MEDIA_STORAGE_DIRECTORY and isinstance(forget_head(file.header.file), DiskFile):
            return Probe(Source(source.path, "index", tuple(list_dicomdir_files(path))))
        return Probe(source, suffix, source.head, False, source.head, source.is_dicom, sop_class)
    # Of a pair, the header tells the format; either file may be named.
    first = probe_file(header_file or file)
    return Probe(source, suffix, first.head, first.is_gzip, first.inflated_head, source.is_dicom)
