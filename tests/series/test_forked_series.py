"""Series in other processes: forked while they were read, and sent there."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from pathlib import Path

import nibabel
import numpy as np
import pytest

from pictologics import Image, load_series, save_image
from pictologics.formats.ome_zarr.slabs import SlabShelf
from pictologics.loaders.volume_file_series import FileSeries
from pictologics.silence import SILENCE_USE, silence_this_thread

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def write_scan(path: Path, values) -> Path:
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)
    return path


def fork(work) -> object:
    """What some work gives in a process that is forked here and now; an error if it does not end."""
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    worker = context.Process(target=lambda: queue.put(work()), daemon=True)
    worker.start()
    try:
        return queue.get(timeout=60)
    finally:
        worker.kill()
        worker.join()


class HeldThread:
    """A thread that stays within a function of a class until the block ends."""

    def __init__(self, monkeypatch, owner, name, work) -> None:
        self.inside, self.go_on = threading.Event(), threading.Event()
        plain = getattr(owner, name)

        def wait(*arguments):
            if threading.current_thread() is self.thread:
                self.inside.set()
                self.go_on.wait(60)
            return plain(*arguments)

        monkeypatch.setattr(owner, name, wait)
        self.thread = threading.Thread(target=work)

    def __enter__(self) -> None:
        self.thread.start()
        assert self.inside.wait(60)

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self.thread.join(60)


def test_a_forked_worker_reads_on_by_itself(tmp_path):
    # Large enough for a thread to inflate it, which a fork does not take along, and more than it has ready.
    values = np.random.default_rng(8).integers(0, 2, (128, 128, 100, 3)).astype(np.int16)
    with load_series(write_scan(tmp_path / "scan.nii.gz", values)) as series:
        np.testing.assert_array_equal(series[0].array, values[..., 0])
        np.testing.assert_array_equal(fork(lambda: series[2].array), values[..., 2])
        np.testing.assert_array_equal(series[1].array, values[..., 1])


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_both_processes_go_on_from_where_they_were(tmp_path, name):
    values = np.random.default_rng(8).integers(0, 999, (64, 64, 60, 4)).astype(np.int16)
    images = iter(load_series(write_scan(tmp_path / name, values)))
    next(images)
    others = fork(lambda: [image.array for image in images])
    for k, image in enumerate(images, 1):
        np.testing.assert_array_equal(image.array, values[..., k])
        np.testing.assert_array_equal(others[k - 1], values[..., k])


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_a_process_forked_while_a_thread_reads_does_not_wait_for_it(tmp_path, monkeypatch, name):
    values = np.random.default_rng(8).integers(0, 999, (8, 7, 6, 3)).astype(np.int16)
    series = load_series(write_scan(tmp_path / name, values))
    with HeldThread(monkeypatch, FileSeries, "read", lambda: series[0]):
        np.testing.assert_array_equal(fork(lambda: series[2].array), values[..., 2])
    np.testing.assert_array_equal(series[1].array, values[..., 1])


def test_nor_for_chunks_that_a_thread_inflates(tmp_path, monkeypatch):
    pytest.importorskip("zarr")
    image = Image(np.random.default_rng(8).normal(size=(8, 7, 6)), (1, 1, 1), (0, 0, 0))
    save_image(image, tmp_path / "scan.ome.zarr")
    series = load_series(tmp_path / "scan.ome.zarr")
    # The shelf is locked while a layer is inflated, and a layer is taken while it is read.
    for name in ("makes_room", "give_back"):
        with HeldThread(monkeypatch, SlabShelf, name, lambda: list(series)):
            np.testing.assert_array_equal(fork(lambda: next(iter(series)).array), image.array)


def silence() -> bool:
    with silence_this_thread():
        return True


def test_nor_for_a_thread_that_changes_the_filters_of_warnings(monkeypatch):
    class Locked:
        def hold(self) -> None:
            """Nothing, while the lock is held."""

    def change() -> None:
        with SILENCE_USE.lock:
            Locked().hold()

    with HeldThread(monkeypatch, Locked, "hold", change):
        assert fork(silence)


def test_a_series_of_chunks_travels_to_another_process(tmp_path):
    pytest.importorskip("zarr")
    image = Image(np.random.default_rng(8).normal(size=(8, 7, 6)), (1, 1, 1), (0, 0, 0))
    save_image(image, tmp_path / "scan.ome.zarr")
    series = load_series(tmp_path / "scan.ome.zarr")
    assert pickle.loads(pickle.dumps(series))[0].equals(image)
