"""Volumes of which short runs count: their voxels, and how much work a million runs are."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from pictologics import load_image
from pictologics.formats import voxel_reading
from pictologics.formats.short_runs import list_run_groups
from pictologics.formats.volume_layout import Runs

VECTORS = ("(1,0,0)", "(0,1,0)", "(0,0,1)")


def write(path, array, spatial, encoding):
    """Write a NRRD file whose spatial axes are any of the array's."""
    vectors = iter(VECTORS)
    steps = [next(vectors) if axis in spatial else "none" for axis in range(array.ndim)]
    header = (
        f"NRRD0004\ntype: int16\ndimension: {array.ndim}\nspace: LPS\nsizes: {' '.join(map(str, array.shape))}\n"
        f"space directions: {' '.join(steps)}\nspace origin: (0,0,0)\nendian: little\nencoding: {encoding}\n\n"
    )
    numbers = array.astype("<i2").ravel(order="F")
    content = (" ".join(map(str, numbers)) + "\n").encode() if encoding == "text" else numbers.tobytes()
    path.write_bytes(header.encode() + (gzip.compress(content) if encoding == "gzip" else content))
    return path


@pytest.mark.parametrize("encoding", ["raw", "gzip", "text"])
@pytest.mark.parametrize(
    ("sizes", "spatial"),
    [
        ((1, 2, 1, 5000), (0, 2, 3)),
        ((3, 2, 4, 900), (0, 2, 3)),
        ((2, 3, 2, 2, 700), (1, 2, 4)),
        ((2, 5, 3, 4, 60, 2), (1, 3, 4)),
        ((2000, 2, 3, 7), (0, 2, 3)),
    ],
)
def test_voxels_of_short_runs_are_those_of_the_array(tmp_path, sizes, spatial, encoding):
    array = (np.arange(np.prod(sizes)) % 30011).reshape(sizes, order="F")
    path = write(tmp_path / "runs.nrrd", array, spatial, encoding)
    others = [axis for axis in range(len(sizes)) if axis not in spatial]
    for index in range(2):
        # The faster of the axes that are not spatial counts through the volumes first.
        at = dict(zip(others, np.unravel_index(index, [sizes[axis] for axis in others], order="F"), strict=True))
        expected = array[tuple(at.get(axis, slice(None)) for axis in range(len(sizes)))]
        assert np.array_equal(load_image(path, dataset_index=index).array, expected)


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
def test_work_grows_with_the_bytes_and_not_with_the_runs(tmp_path, monkeypatch, encoding):
    """Counted: how often numbers are converted. A step for each run would be 64,000."""
    calls = []
    convert = voxel_reading.rescale_into
    monkeypatch.setattr(voxel_reading, "rescale_into", lambda *given: (calls.append(1), convert(*given)))
    for runs in (1000, 8000, 64000):
        calls.clear()
        array = (np.arange(2 * runs) % 30011).reshape((1, 2, 1, runs), order="F")
        image = load_image(write(tmp_path / "runs.nrrd", array, (0, 2, 3), encoding))
        assert image.array.shape == (1, 1, runs)
        assert len(calls) <= 2 + 4 * runs * 2 // (1 << 15)


def test_groups_hold_every_run_once_and_lie_within_their_stretch():
    runs = Runs(np.array([0, 10, 20, 500, 510, 2000], np.int64), 3, 2)
    edges = list_run_groups(runs, 100)
    assert edges == [0, 3, 5, 6]
    assert list_run_groups(runs, 5) == [0, 1, 2, 3, 4, 5, 6]
