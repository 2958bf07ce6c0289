"""Files written to where fsspec reaches, whole or not at all: made on this machine first, and sent when complete."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import FileAccessError, MissingPathError, OptionError, PictologicsError
from .file_pairs import HEADER_SUFFIXES, LONGEST_REPLACED_HEADER, PAIR_DATA_SUFFIXES, find_pair_data
from .paths import check_is_path, expand_home, is_folder, refuse_system_errors
from .remote_files import RemoteFile
from .remote_folders import RemoteEntry, list_remote_folder
from .remote_systems import RemoteSystem, find_remote_system, refuse_remote_errors
from .urls import find_url, hide_secrets, local_path_of, url_options

__all__ = ["remove_remote_file", "write_anywhere"]

REPLACES_WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "az", "adl", "memory"})
"""Protocols by which a file appears when all of it has come; elsewhere it is sent under another name, and renamed."""

MOST_OTHER_HEADERS = 32
"""How many headers beside one that is replaced are asked whether they name its data; beside more, these stay."""


@contextmanager
def write_anywhere(path: object) -> Iterator[Path]:
    """A path of this machine on which to write what is meant for any path or URL.

    Args:
        path: Where the file goes: a path, whose ``~`` is the home of a user, or a URL.

    Yields:
        The path itself, or one of the same name in a temporary folder. All files of that folder are sent at the end,
        unless the block raises; the one that was named comes last, so that it never names others that are not there.

    Raises:
        OptionError: If it is no path, the protocol of a URL takes no files, or its library is missing.
        FileAccessError: If the server refuses.
    """
    url = find_url(path)
    local = None if url is None else local_path_of(url)
    if url is None or local is not None:
        if local is None:
            check_is_path(path)
        yield expand_home(path) if local is None else local  # type: ignore[arg-type]
        return
    options = url_options(path)
    system, _ = find_remote_system(url, options)
    check_takes_files(system, url)
    name = hide_secrets(url).rpartition("/")[2]
    if not name:
        raise OptionError("the URL of a file is required, and this is a folder's", path=hide_secrets(url))
    with tempfile.TemporaryDirectory(prefix="pictologics-") as folder:
        target = Path(folder, name)
        stand_ins = make_stand_ins(url, options, target)
        yield target
        with refuse_system_errors("the file cannot be sent", target):
            left = set(Path(folder).iterdir())
            written = sorted(left - stand_ins, key=lambda file: (file == target, file.name))
        if any(is_folder(file) for file in written):
            raise OptionError(
                "this format is a folder of files, which is not sent to a URL",
                path=hide_secrets(url),
                advice="save it to a folder of this machine, and copy that",
            )
        send_files(written, url.rpartition("/")[0], options)
        for file in stand_ins - left:
            with suppress(FileAccessError):
                remove_remote_file(f"{url.rpartition('/')[0]}/{file.name}", options)


def make_stand_ins(url: str, options: Mapping[str, Any], target: Path) -> set[Path]:
    """Put what is beside a header that is replaced into the temporary folder: the header, and empty files for data.

    So the new data get a name that nobody has, as on this machine, and never stand behind the old header. A stand-in
    that is gone at the end is the old header's own.
    """
    data_suffix = PAIR_DATA_SUFFIXES.get(target.suffix.lower())
    if data_suffix is None:
        return set()
    folder, stand_ins = url.rpartition("/")[0], {target.with_suffix(data_suffix)}
    with suppress(MissingPathError), RemoteFile(url, options).open() as header:
        target.write_bytes(header.read_at(0, LONGEST_REPLACED_HEADER))
    named = find_pair_data(target, data_suffix)
    others = list_other_headers(folder, options, target) if named is not None else []
    if named is not None:
        stand_ins.add(named)
    if len(others) > MOST_OTHER_HEADERS:
        # Nothing is removed for a header that is not seen.
        target.unlink()
        others = []
    found = {file for file in stand_ins if is_remote_file(f"{folder}/{file.name}", options)}
    for file in found:
        file.touch()
    for other in others:
        with suppress(MissingPathError), other.file.open() as header:
            target.with_name(other.path).write_bytes(header.read_at(0, LONGEST_REPLACED_HEADER))
            found.add(target.with_name(other.path))
    return found


def list_other_headers(folder: str, options: Mapping[str, Any], target: Path) -> list[RemoteEntry]:
    """List the other headers in a folder behind a URL, which may name the same data."""
    return [
        entry
        for entry in list_remote_folder(folder, options).files
        if entry.path.lower().endswith(HEADER_SUFFIXES)
        and entry.path != target.name
        and (entry.size or 0) <= LONGEST_REPLACED_HEADER
    ]


def is_remote_file(url: str, options: Mapping[str, Any]) -> bool:
    """Whether there is anything behind a URL."""
    system, path = find_remote_system(url, options)
    with refuse_remote_errors("the server does not say what is there", url), system.turn() as limits:
        system.filesystem.invalidate_cache(path)
        return bool(system.filesystem.exists(path, **limits))


def send_files(files: list[Path], folder: str, options: Mapping[str, Any]) -> None:
    """Send files of this machine to a folder behind a URL, in their order; what fails takes back those before it.

    Raises:
        FileAccessError: If the server refuses, or the connection breaks.
    """
    for k, file in enumerate(files):
        try:
            send_file(file, f"{folder}/{file.name}", options)
        except PictologicsError:
            for sent in files[:k]:
                with suppress(FileAccessError):
                    remove_remote_file(f"{folder}/{sent.name}", options)
            raise


def send_file(source: Path, url: str, options: Mapping[str, Any]) -> None:
    """Send a file of this machine to a URL, so that there is the whole new file, or what was there before.

    Raises:
        OptionError: If the protocol takes no files.
        FileAccessError: If the server refuses, or the connection breaks.
    """
    system, path = find_remote_system(url, options)
    check_takes_files(system, url)
    filesystem = system.filesystem
    with refuse_remote_errors("the file cannot be written", url), system.turn():
        if replaces_whole(system):
            filesystem.put_file(os.fspath(source), path)
            return
        folder, _, name = path.rpartition("/")
        temporary = f"{folder}/.{secrets.token_hex(8)}.partial-{name}"
        try:
            filesystem.put_file(os.fspath(source), temporary)
            filesystem.mv(temporary, path)
        finally:
            # There if something failed.
            with suppress(OSError):
                if filesystem.exists(temporary):
                    filesystem.rm_file(temporary)


def remove_remote_file(url: str, options: Mapping[str, Any] | None = None) -> None:
    """Remove a file behind a URL.

    Raises:
        MissingPathError: If there is none.
        FileAccessError: If the server refuses.
    """
    system, path = find_remote_system(url, options or {})
    with refuse_remote_errors("the file cannot be removed", url), system.turn() as limits:
        system.filesystem.invalidate_cache(path)
        if not system.filesystem.exists(path, **limits):
            # Object stores remove what is not there without a word.
            raise FileNotFoundError(path)
        system.filesystem.rm_file(path)


def replaces_whole(system: RemoteSystem) -> bool:
    """Whether a file of this system appears when all of it has come."""
    protocol = system.filesystem.protocol
    return not REPLACES_WHOLE.isdisjoint({protocol} if isinstance(protocol, str) else protocol)


def check_takes_files(system: RemoteSystem, url: str) -> None:
    """Refuse to write where a URL is for reading only, before work is done."""
    if system.is_http:
        raise OptionError(
            "a web server takes no files", path=hide_secrets(url), advice="write to s3:// or to a path, for example"
        )
