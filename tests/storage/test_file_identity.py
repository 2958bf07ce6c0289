"""Which file is another one: put in its place, or written to; and which is only numbered anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pictologics import CorruptFileError
from pictologics.storage.files import DiskFile


@pytest.fixture
def file(tmp_path):
    """A file that was opened once."""
    path = tmp_path / "scan.raw"
    path.write_bytes(b"first")
    file = DiskFile(path)
    file.open().close()
    return file


def put_in_place(file, content: bytes) -> None:
    """Put another file in its place, of the same time."""
    path = Path(file.name)
    other = path.with_suffix(".new")
    other.write_bytes(content)
    changed = path.stat().st_mtime_ns
    os.utime(other, ns=(changed, changed))
    other.replace(path)


def number_anew(monkeypatch) -> None:
    """Let the system give each file that is opened another number and device, as some do over a network."""
    fstat, numbers = os.fstat, iter(range(1000, 2000))

    def renumber(descriptor):
        status = fstat(descriptor)
        facts = {name: getattr(status, name) for name in ("st_mtime_ns", "st_ctime_ns")}
        return os.stat_result((*status[:1], next(numbers), next(numbers), *status[3:]), facts)

    monkeypatch.setattr(os, "fstat", renumber)


def test_a_file_of_equal_size_and_time_in_its_place(file):
    put_in_place(file, b"other")
    with pytest.raises(CorruptFileError, match="replaced or written to after its header was read"):
        file.open()


def test_a_file_that_has_another_name_or_permission_is_the_same(file):
    path = Path(file.name)
    path.chmod(0o600)
    path.with_suffix(".copy").hardlink_to(path)
    assert file.open().read_at(0, 5) == b"first"


def test_a_file_that_is_numbered_anew_is_the_same(file, monkeypatch):
    number_anew(monkeypatch)
    assert file.open().read_at(0, 5) == b"first"
    put_in_place(file, b"other")
    with pytest.raises(CorruptFileError, match="replaced or written to"):
        file.open()
