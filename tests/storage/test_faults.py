"""What the system and the keyboard do to a load: no memory, no thread, Ctrl-C; nobody waits, nothing stays open."""

from __future__ import annotations

import gc
import gzip
import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from pictologics import FileAccessError, Image, MissingPathError, load_image, save_image
from pictologics.formats.volume_layout import FilePart
from pictologics.formats.voxel_reading import JoinedParts
from pictologics.storage import inflation
from pictologics.storage.files import DiskFile

SHAPE = (40, 30, 20)


@pytest.fixture(scope="module", params=["a.nii.gz", "a.nii"])
def volume(tmp_path_factory, request):
    path = tmp_path_factory.mktemp("volume") / request.param
    rng = np.random.default_rng(1)
    save_image(Image(rng.integers(0, 1000, SHAPE).astype(np.int16), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), path)
    return path


class Failing:
    """An unpacker that fails."""

    eof, needs_input, unused_data = False, True, b""

    def __init__(self, error):
        self.error = error

    def decompress(self, *_):
        raise self.error


@pytest.mark.parametrize("who", ["a thread", "the calling thread", "the calling thread where no other can start"])
@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("odd"), SystemExit()])
def test_a_thread_that_dies_says_so(tmp_path, monkeypatch, error, who):
    path = tmp_path / "a.nii.gz"
    save_image(Image(np.ones(SHAPE, np.int16), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), path)
    monkeypatch.setitem(inflation.UNPACKERS, "gzip", lambda: Failing(error))
    if who != "the calling thread":
        monkeypatch.setattr(inflation, "BYTES_WITHOUT_THREAD", 0)
    if who == "the calling thread where no other can start":
        refuse_threads(monkeypatch)
    with inflation.InflatedStream(DiskFile(path)) as stream:
        with pytest.raises(FileAccessError if isinstance(error, MemoryError) else type(error)):
            stream.next_piece()
        assert stream.next_piece() == b""


def refuse_threads(monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)


def test_without_a_further_thread_the_calling_one_does_it_all(volume, monkeypatch):
    expected = load_image(volume).array
    monkeypatch.setattr(inflation, "BYTES_WITHOUT_THREAD", 0)
    refuse_threads(monkeypatch)
    assert np.array_equal(load_image(volume).array, expected)


@pytest.mark.parametrize("most", [0, 1, inflation.BYTES_WITHOUT_THREAD])
def test_a_thread_goes_on_where_the_calling_one_ends(tmp_path, monkeypatch, most):
    content = np.random.default_rng(1).integers(0, 50, 3_000_000).astype(np.uint8).tobytes()
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(content[:1_000_000]) + gzip.compress(content[1_000_000:]))
    monkeypatch.setattr(inflation, "BYTES_WITHOUT_THREAD", most)
    with inflation.InflatedStream(DiskFile(path)) as stream:
        assert b"".join(iter(stream.next_piece, b"")) == content
        assert stream._thread is not None


@pytest.mark.parametrize("ends", [True, False])
def test_a_small_stream_starts_no_thread(tmp_path, ends):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(bytes(inflation.BYTES_WITHOUT_THREAD - 1)))
    before = count_descriptors()
    with inflation.InflatedStream(DiskFile(path)) as stream:
        while stream.next_piece() and ends:
            continue
        assert stream._thread is None
    assert count_descriptors() == before


def test_a_stream_that_is_forgotten_ends_its_thread(tmp_path):
    path = tmp_path / "a.nii.gz"
    noise = np.random.default_rng(1).integers(0, 1000, (200, 200, 100)).astype(np.int16)
    save_image(Image(noise, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), path)
    before = count_descriptors()
    stream = inflation.InflatedStream(DiskFile(path))
    stream.skip_to(3 * inflation.BYTES_WITHOUT_THREAD)
    thread = stream._thread
    assert thread.is_alive()
    del stream
    thread.join(10)
    assert not thread.is_alive()
    assert count_descriptors() == before


def count_descriptors() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_a_file_that_is_forgotten_is_closed(volume):
    opened = DiskFile(volume).open()
    descriptor = opened.descriptor
    del opened
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_file_is_closed_once(volume):
    """The number of a closed descriptor is soon another file's."""
    opened = DiskFile(volume).open()
    opened.close()
    with volume.open("rb") as other:
        opened.close()
        del opened
        assert other.read(4)


def test_a_part_that_vanished_closes_the_one_before_once(volume, tmp_path):
    parts = JoinedParts([FilePart(DiskFile(volume), 8), FilePart(DiskFile(tmp_path / "gone"), 8)])
    with parts:
        with pytest.raises(MissingPathError):
            parts.fill(0, np.empty(16, np.uint8))
        assert parts.file is None


@pytest.mark.skipif(sys.platform == "win32", reason="no signals to send")
def test_ctrl_c_leaves_no_thread_and_no_descriptor(tmp_path, request):
    # Shells start what runs in the background without it.
    before_test = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before_test))
    path = tmp_path / "big.nrrd"
    noise = np.random.default_rng(0).integers(0, 1000, (200, 200, 60)).astype(np.int16)
    save_image(Image(noise, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), path)
    load_image(path)
    before, interrupted = count_descriptors(), 0
    for k in range(60):
        timer = threading.Timer(0.0005 * (k % 60), os.kill, (os.getpid(), signal.SIGINT))
        try:
            timer.start()
            load_image(path)
            while timer.is_alive():
                time.sleep(0.001)
            time.sleep(0.005)
        except KeyboardInterrupt:
            interrupted += 1
        try:
            timer.join()
            time.sleep(0.002)
        except KeyboardInterrupt:
            interrupted += 1
    gc.collect()
    assert interrupted
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("pictologics")])
    assert count_descriptors() == before


def wait_until(condition) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
