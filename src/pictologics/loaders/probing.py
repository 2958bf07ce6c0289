"""Path -> Probe: what is there, found out once and without waiting for anything."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..dicom import tags
from ..dicom.headers import read_header
from ..errors import CorruptFileError, MissingPathError, OptionError
from ..files import open_regular
from ..inflation import inflate_head
from .protocol import Probe, Source

__all__ = ["make_probe", "make_source"]

# Holds the header of every format that has one of fixed size.
HEAD = 2048
GZIP_MARK = b"\x1f\x8b"


def make_source(path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> Source:
    """Say what a path or a list of paths is.

    Raises:
        MissingPathError: If there is nothing at a path.
        OptionError: If it is no path and no list of paths, or an empty list.
    """
    if isinstance(path, (str, os.PathLike)):
        one = existing(path)
        return Source(one, "folder" if one.is_dir() else "file")
    if not isinstance(path, Sequence) or isinstance(path, (bytes, bytearray)):
        raise OptionError(f"a path or a list of paths is required, and {type(path).__name__} was given")
    if not path:
        raise OptionError("the list of files is empty", advice="list the files of one series")
    files = tuple(existing(item) for item in path)
    for file in files:
        if file.is_dir():
            raise OptionError(
                "a list may name files only, and this is a folder", path=file, advice="pass the folder alone"
            )
    return Source(files[0], "list", files) if len(files) > 1 else Source(files[0], "file")


def existing(path: str | os.PathLike[str]) -> Path:
    """The path, if there is something at it."""
    if not isinstance(path, (str, os.PathLike)):
        raise OptionError(f"a list of paths is required, and it holds {type(path).__name__}")
    one = Path(path)
    try:
        there = bool(os.fspath(path)) and one.exists()
    except (OSError, ValueError):
        # Too long a name, or a null byte: there can be no such file.
        there = False
    if not there:
        raise MissingPathError("there is no such file or folder", path=path, advice="check the path")
    return one


def make_probe(source: Source) -> Probe:
    """Find out what can be known cheaply about a source.

    Raises:
        FileAccessError: If the file cannot be opened or is no regular file.
    """
    if source.kind == "folder":
        return Probe(source)
    head = first_bytes(source.path)
    suffix = "".join(source.path.suffixes[-2:]).lower()
    companion = source.path.with_suffix(".hdr")
    if suffix.endswith(".img") and companion.is_file():
        # Of a pair, the header tells the format; either file may be named.
        head = first_bytes(companion)
    is_gzip = head.startswith(GZIP_MARK)
    try:
        header = read_header(source.path)
        is_dicom, sop_class = header is not None, header.text(tags.SOP_CLASS_UID) if header else ""
    except CorruptFileError:
        # It begins as DICOM; the DICOM reader will say what is wrong with it.
        is_dicom, sop_class = True, ""
    return Probe(source, suffix, head, is_gzip, inflate_head(head, HEAD) if is_gzip else head, is_dicom, sop_class)


def first_bytes(path: Path) -> bytes:
    """The first bytes of a regular file."""
    descriptor, _ = open_regular(path)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        return file.read(HEAD) or b""
