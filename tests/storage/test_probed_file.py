"""A probed file: its beginning is read once, the rest when it is asked for."""

from __future__ import annotations

import gzip
import random

import numpy as np
import pytest

from pictologics import CorruptFileError, MissingPathError
from pictologics.storage.files import DiskFile, MemoryFile
from pictologics.storage.gzip_heads import inflate_head
from pictologics.storage.probed_file import HEAD_SIZE, forget_head, probe_file

LONG = random.Random(0).randbytes(HEAD_SIZE + 1000)


@pytest.mark.parametrize("content", [b"", b"short", LONG], ids=["empty", "short", "long"])
def test_it_reads_as_the_file_does(content, tmp_path, no_handle_left):
    (tmp_path / "file").write_bytes(content)
    probed = probe_file(DiskFile(tmp_path / "file"))
    assert (probed.size, probed.head) == (len(content), content[:HEAD_SIZE])
    with probed.open() as opened:
        for offset in (0, 3, HEAD_SIZE - 2, len(content), len(content) + 5):
            for count in (0, 2, 5, HEAD_SIZE + 5):
                assert opened.read_at(offset, count) == content[offset : offset + count]
        buffer = np.empty(len(content), np.uint8)
        opened.fill(0, buffer)
    assert buffer.tobytes() == content


def test_the_head_is_there_when_the_file_is_not(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(LONG)
    probed = probe_file(DiskFile(path))
    path.unlink()
    with probed.open() as opened:
        assert opened.read_at(10, 20) == LONG[10:30]
        with pytest.raises(MissingPathError):
            opened.read_at(HEAD_SIZE, 1)


def test_a_file_is_probed_once_and_forgotten_as_itself():
    file = MemoryFile("<bytes>", LONG)
    probed = probe_file(file)
    assert probe_file(probed) is probed
    assert forget_head(probed) is file
    assert forget_head(file) is file


def test_what_is_closed_twice_stays_closed(tmp_path, no_handle_left):
    (tmp_path / "file").write_bytes(LONG)
    opened = probe_file(DiskFile(tmp_path / "file")).open()
    opened.read_at(HEAD_SIZE, 1)
    opened.close()
    opened.close()
    with DiskFile(tmp_path / "file").open() as plain:
        plain.close()


def test_a_file_that_shrinks_is_noticed(tmp_path):
    (tmp_path / "file").write_bytes(LONG)
    probed = probe_file(DiskFile(tmp_path / "file"))
    with probed.open() as opened:
        opened.read_at(HEAD_SIZE, 1)
        (tmp_path / "file").write_bytes(LONG[:100])
        with pytest.raises(CorruptFileError, match="changed while it was read"):
            opened.fill(0, np.empty(200, np.uint8))
    with pytest.raises(CorruptFileError, match="written to after its header was read; load it again"):
        probed.open().read_at(HEAD_SIZE, 1)


@pytest.mark.parametrize("count", [1, 50, 5000])
def test_the_head_behind_gzip(count):
    content = bytes(range(256)) * 40
    members = gzip.compress(content[:1]) + gzip.compress(b"") + gzip.compress(content[1:])
    assert inflate_head(members, count) == content[:count]
    assert inflate_head(members + b"\0" * 512, 1 << 20) == content
    assert probe_file(MemoryFile("scan.gz", members)).inflated_head == content


def test_what_comes_before_damage_counts():
    content = LONG[:40_000]
    packed = bytearray(gzip.compress(content))
    packed[-6] ^= 1
    found = inflate_head(bytes(packed), 1 << 20)
    assert len(found) > 30_000
    assert content.startswith(found)
    assert inflate_head(b"\x1f\x8b and no more than the mark", 100) == b""
