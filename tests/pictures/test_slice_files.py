"""Slices as files: which, under which names, and each whole or not at all."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as PilImage

from pictologics import FileAccessError, Image, OptionError
from pictologics.pictures import slice_files
from pictologics.utilities import save_slices

SCAN = Image(np.random.default_rng(1).normal(size=(12, 10, 20)).astype(np.float32), (1.0, 2.0, 0.5), (0.0, 0.0, 0.0))
MASK = np.zeros(SCAN.array.shape, np.uint8)
MASK[4:8, 3:6, 8:14] = 1
MASK = Image(MASK, SCAN.spacing, SCAN.origin)


def indices(paths) -> list[int]:
    return [int(path.stem.rpartition("_")[2]) for path in paths]


def test_which_slices(tmp_path):
    folder = tmp_path / "new" / "folder"
    assert indices(save_slices(SCAN, folder)) == list(range(20))
    assert indices(save_slices(SCAN, folder, every=7)) == [0, 7, 14]
    assert indices(save_slices(SCAN, folder, percentage=20)) == [2, 7, 12, 17]
    assert indices(save_slices(SCAN, folder, percentage=0.1)) == [10]
    assert indices(save_slices(SCAN, folder, MASK, mask_only=True, every=2)) == [8, 10, 12]
    assert indices(save_slices(SCAN, folder, MASK, mask_only=True, axis=0)) == [4, 5, 6, 7]


def test_names_and_sizes(tmp_path):
    (path,) = save_slices(SCAN, tmp_path / "{view}-{axis}-{index:04d}.PNG", every=99, axis=1)
    assert path == tmp_path / "coronal-1-0000.PNG"
    with PilImage.open(path) as picture:
        # 12 mm wide and 10 mm high.
        assert picture.size == (512, 427)
    (path,) = save_slices(SCAN, tmp_path / "so.many.slices", every=99, size=100)
    assert path == tmp_path / "so.many.slices" / "axial_000.png"
    with PilImage.open(path) as picture:
        assert picture.size == (60, 100)


@pytest.mark.parametrize(
    ("keywords", "reason"),
    [
        ({"every": 0}, "every"),
        ({"every": 1.5}, "every"),
        ({"percentage": 0}, "percentage"),
        ({"percentage": 101}, "percentage"),
        ({"percentage": float("nan")}, "percentage"),
        ({"every": 2, "percentage": 5}, "contradict"),
        ({"axis": 3}, "axis is 3"),
        ({"axis": True}, "axis"),
        ({"mask_only": True}, "mask"),
        ({"size": 1}, "size"),
        ({"folder_or_pattern": "one.png"}, "index"),
        ({"folder_or_pattern": "{view}.png"}, "one name"),
        ({"folder_or_pattern": "{number}.png"}, "pattern"),
        ({"folder_or_pattern": "{}.png"}, "pattern"),
        ({"folder_or_pattern": "{index.png"}, "pattern"),
        ({"folder_or_pattern": "{index:q}.png"}, "pattern"),
        ({"folder_or_pattern": "{index}.jpg"}, "PNG"),
    ],
)
def test_what_cannot_be_written_leaves_nothing(tmp_path, monkeypatch, keywords, reason):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OptionError, match=reason):
        save_slices(SCAN, **{"folder_or_pattern": "out", **keywords})
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_created(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(FileAccessError, match="cannot be created"):
        save_slices(SCAN, tmp_path / "file" / "out")


def test_a_failure_leaves_no_half_file(tmp_path, monkeypatch):
    draw = slice_files.draw_panel

    def fail_later(scene, plane, *sizes):
        picture, labels = draw(scene, plane, *sizes)
        if plane.index == 3:
            monkeypatch.setattr(picture, "save", broken)
        return picture, labels

    def broken(path, **_):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(slice_files, "draw_panel", fail_later)
    with pytest.raises(FileAccessError, match="No space left"):
        save_slices(SCAN, tmp_path)
    written = sorted(tmp_path.iterdir())
    assert tmp_path / "axial_003.png" not in written
    for path in written:
        with PilImage.open(path) as picture:
            picture.load()
