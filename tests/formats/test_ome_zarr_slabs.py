"""Layers of chunks of OME-Zarr: inflated once for all threads, never more at once than there is room for."""

from __future__ import annotations

import errno
import os
from collections import Counter
from threading import Thread

import numpy as np
import pytest
import zarr

from pictologics import CorruptFileError, FileAccessError, MissingPathError
from pictologics.formats.ome_zarr import slabs
from pictologics.formats.ome_zarr.voxels import ZarrArrayFile
from pictologics.formats.ome_zarr.zarr_edge import refuse_zarr_errors

VOXELS = np.arange(2 * 24 * 10 * 8, dtype=np.int16).reshape(2, 24, 10, 8)
SLAB_BYTES = 4 * 10 * 8 * 2


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """A file of two volumes of six layers, of which there is room for two; and how often each was inflated."""
    monkeypatch.setattr(slabs, "MOST_BYTES", 2 * SLAB_BYTES + 1)
    array = zarr.create_array(str(tmp_path / "array"), shape=VOXELS.shape, dtype="int16", chunks=(1, 4, 4, 4))
    array[...] = VOXELS
    file, inflated = ZarrArrayFile("array", array), Counter()
    inflate = file.shelf.inflate

    def count(volume, layer):
        assert len(file.shelf.slabs) < 2
        inflated[volume, layer] += 1
        return inflate(volume, layer)

    file.shelf.inflate = count
    return file, inflated


def read_in_pieces(file, target, start, end):
    with file.open() as numbers:
        for low in range(start, end, 100):
            numbers.fill(low, target[low : min(low + 100, end)])


def test_many_threads_share_few_layers(stored):
    file, inflated = stored
    target = np.zeros(file.size, np.uint8)
    share = file.size // 6
    threads = [Thread(target=read_in_pieces, args=(file, target, k * share, (k + 1) * share)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert np.array_equal(target.view(np.int16), VOXELS.ravel())
    # A stretch of two layers each: whoever waits for room does not have a layer inflated for every piece.
    assert sorted(inflated) == [(volume, layer) for volume in range(2) for layer in range(6)]
    assert max(inflated.values()) == 1
    # Nothing is kept for nobody.
    assert not file.shelf.slabs


def test_a_layer_larger_than_the_room_is_read_alone(stored, monkeypatch):
    file, inflated = stored
    monkeypatch.setattr(slabs, "MOST_BYTES", 1)
    alone = ZarrArrayFile("array", file.array)
    assert alone.shelf.most == 1
    with alone.open() as numbers:
        assert numbers.read_at(0, numbers.size + 5) == VOXELS.tobytes()
        assert len(alone.shelf.slabs) == 1
    numbers.close()
    assert (alone.shelf.readers, inflated) == (0, {})


@pytest.mark.parametrize(
    ("raised", "kind", "sentence"),
    [
        (MemoryError(), FileAccessError, "no memory left; close other programs"),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE)), FileAccessError, "too many files are open in this process"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), FileAccessError, r"it cannot be read \(Input/output error\)"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES)), FileAccessError, "check its permissions"),
        (FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)), CorruptFileError, "damaged; fetch it again"),
        (OSError("not a gzip file"), CorruptFileError, "damaged; fetch it again"),
        (RuntimeError("blosc"), CorruptFileError, "damaged; fetch it again"),
    ],
)
def test_what_the_system_refuses_is_no_damage(raised, kind, sentence):
    with pytest.raises(kind, match=sentence) as caught, refuse_zarr_errors("scan", "damaged"):
        raise raised
    assert not isinstance(caught.value, MissingPathError)
