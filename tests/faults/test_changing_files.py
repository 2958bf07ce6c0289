"""Files that vanish, shrink, grow or are replaced while they are read: the true voxels or an error of ours."""

from __future__ import annotations

import os
import shutil
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

from pictologics import Grid, PictologicsError, load_image
from pictologics.storage.files import OpenDiskFile
from tests.factories.hostile import ends_at_last
from tests.factories.phantom import PHANTOM
from tests.factories.variants import VARIANTS


def vanish(file: Path) -> None:
    file.unlink(missing_ok=True)


def shrink(file: Path) -> None:
    if file.exists():
        os.truncate(file, file.stat().st_size // 2)


def empty(file: Path) -> None:
    if file.exists():
        os.truncate(file, 0)


def grow(file: Path) -> None:
    with file.open("ab") as opened:
        opened.write(b"\x07" * 1000)


def replace(file: Path) -> None:
    """Put another file in its place: what is open stays what it was."""
    other = file.with_name("other")
    other.write_bytes(b"\x07" * 2000)
    other.replace(file)


FAULTS = [vanish, shrink, empty, grow, replace]


class FaultAtRead:
    """Does something to the file that is read, before the n-th time that anything is read of any file.

    Attributes:
        reads: How often was read so far.
    """

    def __init__(self, monkeypatch, fault=None, at=0):
        self.fault, self.at, self.reads = fault, at, 0
        self.lock = threading.Lock()
        for method in ("read_at", "fill"):
            monkeypatch.setattr(OpenDiskFile, method, self.wrap(getattr(OpenDiskFile, method)))

    def wrap(self, method):
        def read(file, *arguments):
            with self.lock:
                self.reads += 1
                if self.fault is not None and self.reads == self.at:
                    self.fault(Path(file.name))
            return method(file, *arguments)

        return read


def load_quietly(source):
    """Load, whatever is warned of: surplus bytes behind the voxels are, and rightly."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_image(source)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_true_voxels_or_an_error(variant, fault, tmp_path):
    (tmp_path / "made").mkdir()
    made = variant(tmp_path / "made")
    with pytest.MonkeyPatch.context() as patch:
        counter = FaultAtRead(patch)
        load_image(made)
    whole = Grid(PHANTOM.shape, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    for at in sorted({1, 2, 3, counter.reads // 2, counter.reads - 1, counter.reads} - {0}):
        work = tmp_path / f"work{at}"
        shutil.copytree(tmp_path / "made", work)
        source = (
            [move(file, tmp_path / "made", work) for file in made]
            if isinstance(made, list)
            else move(made, tmp_path / "made", work)
        )
        with pytest.MonkeyPatch.context() as patch, ends_at_last():
            FaultAtRead(patch, fault, at)
            try:
                image = load_quietly(source)
            except PictologicsError as error:
                assert isinstance(error, ValueError)
                continue
        if at == 1 and fault is replace:
            # Raw voxels beside their header say nothing of themselves, and nothing of them was read yet.
            continue
        if image.array.shape[2] < PHANTOM.shape[2]:
            # The first or the last slice was empty before its header was read: it is none, and was named as left out.
            assert fault is empty
            assert "left out 1 file" in " ".join(decision.text for decision in image.provenance.decisions)
            own = image.grid.index_to_world((0, 0, 0))
            start = round(float(whole.world_to_index(own)[2]))
            np.testing.assert_array_equal(image.array, PHANTOM.array[:, :, start : start + image.array.shape[2]])
            continue
        assert image.array.shape == PHANTOM.shape, at
        np.testing.assert_array_equal(image.array, PHANTOM.array, err_msg=f"fault at read {at}")


def move(file: Path, old: Path, new: Path) -> Path:
    return new / file.relative_to(old)
