"""A header and the file of its voxels: old or new at any moment, and nobody else's file overwritten."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from pictologics import FileAccessError, Image, load_image, save_image

DATA_SUFFIXES = {".nhdr": ".raw.gz", ".mhd": ".zraw"}

each_pair = pytest.mark.parametrize(("suffix", "data_suffix"), DATA_SUFFIXES.items())


def uniform(value: int) -> Image:
    """An image whose place says the same number as its voxels."""
    return Image(np.full((20, 20, 10), value, np.int16), (float(value),) * 3, (0.0, 0.0, 0.0))


def read_value(path: Path) -> int:
    image = load_image(path)
    (value,) = np.unique(image.array)
    assert image.spacing == (value,) * 3, "the voxels of one image in the place of the other"
    return int(value)


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


@each_pair
def test_a_pair_that_is_replaced_leaves_nothing_behind(tmp_path, suffix, data_suffix):
    path = tmp_path / f"scan{suffix}"
    for value in (1, 2, 3, 4):
        save_image(uniform(value), path)
        assert read_value(path) == value
        assert len(names(tmp_path)) == 2
        assert all(name.startswith("scan") and name.endswith((suffix, data_suffix)) for name in names(tmp_path))
    save_image(uniform(5), tmp_path / f"other{suffix}")
    assert {f"other{suffix}", f"other{data_suffix}"} < names(tmp_path)


@each_pair
def test_files_of_others_are_not_overwritten(tmp_path, suffix, data_suffix):
    mine = tmp_path / f"scan{data_suffix}"
    mine.write_text("mine")
    path = tmp_path / f"scan{suffix}"
    for value in (1, 2):
        save_image(uniform(value), path)
        assert read_value(path) == value
        assert mine.read_text() == "mine"
        assert len(names(tmp_path)) == 3
    # A header of another program that names a file called otherwise.
    other = tmp_path / "other.raw"
    other.write_bytes(bytes(8))
    path.write_text(
        "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 2 2\nencoding: raw\ndata file: other.raw\n"
        if suffix == ".nhdr"
        else "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = other.raw\n"
    )
    save_image(uniform(3), path)
    assert other.read_bytes() == bytes(8)
    assert read_value(path) == 3


@each_pair
@pytest.mark.parametrize("copy_suffix", ["", ".nrrd", ".mha", ".NHDR"])
def test_data_that_a_copied_header_names_stay(tmp_path, suffix, data_suffix, copy_suffix):
    path, copy = tmp_path / f"scan{suffix}", tmp_path / f"copy{copy_suffix or suffix}"
    save_image(uniform(1), path)
    copy.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") if copy_suffix == ".NHDR" else path.read_bytes())
    for value in (2, 3):
        save_image(uniform(value), path)
        assert read_value(path) == value
        assert read_value(copy) == 1
        assert len(names(tmp_path)) == 4
    copy.unlink()


@each_pair
def test_a_list_or_a_pattern_of_files_keeps_what_it_names(tmp_path, suffix, data_suffix):
    path = tmp_path / f"scan7{suffix}"
    save_image(uniform(1), path)
    old = tmp_path / f"scan7{data_suffix}"
    for text in (
        f"data file: LIST\nscan6{data_suffix}\n./scan7{data_suffix}\n",
        f"data file: scan%d{data_suffix} 1 9 1\n",
    ):
        (tmp_path / "all.nhdr").write_text("NRRD0004\n" + text)
        save_image(uniform(2), path)
        assert old.is_file()
    kept = names(tmp_path)
    # A longer name that ends alike is another one.
    (tmp_path / "all.nhdr").write_text(f"NRRD0004\ndata file: ct-scan7{data_suffix}\n")
    (tmp_path / "large.nrrd").write_bytes(bytes(2 << 20))
    (tmp_path / "link.nhdr").symlink_to("nowhere")
    for value in (3, 4):
        save_image(uniform(value), path)
    assert len(names(tmp_path)) == len(kept) + 2


@each_pair
def test_of_writers_at_once_one_pair_is_left(tmp_path, suffix, data_suffix):
    path = tmp_path / f"scan{suffix}"
    save_image(uniform(9), path)
    for _ in range(4):
        start = threading.Barrier(4)

        def save_some(value, start=start):
            start.wait()
            for _ in range(4):
                save_image(uniform(value), path)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(save_some, (1, 2, 3, 4)))
        assert read_value(path) in {1, 2, 3, 4}
        assert len(names(tmp_path)) == 2


@each_pair
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_at_any_step_leaves_one_of_both_pairs(tmp_path, monkeypatch, suffix, data_suffix, error):
    """Each call that changes the folder fails in turn, before it does anything and after it is done."""
    path = tmp_path / f"scan{suffix}"
    calls = {"count": 0, "fails_at": -1, "after": False}

    def faulty(function):
        def call(*args, **options):
            calls["count"] += 1
            fails = calls["count"] == calls["fails_at"]
            if fails and not calls["after"]:
                raise error
            result = function(*args, **options)
            if fails:
                raise error
            return result

        return call

    for owner, name in (
        (os, "replace"),
        (os, "rename"),
        (os, "unlink"),
        (os, "open"),
        (Path, "open"),
        (Path, "replace"),
    ):
        monkeypatch.setattr(owner, name, faulty(getattr(owner, name)))
    value, steps = 1, 0
    save_image(uniform(value), path)
    for after in (False, True):
        calls.update(after=after)
        for step in range(1, 40):
            calls.update(count=0, fails_at=step)
            try:
                save_image(uniform(value + 1), path)
            except (FileAccessError, KeyboardInterrupt):
                steps += 1
            calls.update(fails_at=-1)
            found = read_value(path)
            assert found in (value, value + 1)
            value = value + 1
            save_image(uniform(value), path)
            assert read_value(path) == value
    assert steps >= 4


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
import numpy as np
from pictologics import Image, load_image, save_image, set_num_threads

set_num_threads(1)
path, kills = Path(sys.argv[1]), int(sys.argv[2])
images = [Image(np.full((20, 20, 10), k, np.int16), (float(k),) * 3, (0.0, 0.0, 0.0)) for k in (1, 2)]
save_image(images[0], path)
load_image(path)
random.seed(5)
seen = set()
# On a busy machine one may be killed before it has saved anything.
while kills > 0 or len(seen) < 2:
    kills -= 1
    worker = os.fork()
    if not worker:
        while True:
            for image in images:
                save_image(image, path)
    time.sleep(random.uniform(0.002, 0.02))
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    image = load_image(path)
    (value,) = np.unique(image.array)
    assert image.spacing == (value,) * 3, (value, image.spacing)
    seen.add(int(value))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed that were forked")
@each_pair
def test_kills_at_any_moment_leave_one_of_both_pairs(tmp_path, suffix, data_suffix):
    path = tmp_path / f"scan{suffix}"
    kills = os.environ.get("PICTOLOGICS_KILLS", "50")
    subprocess.run([sys.executable, "-c", KILLS, str(path), kills], check=True, timeout=600)
    save_image(uniform(3), path)
    assert read_value(path) == 3
    assert not [name for name in names(tmp_path) if ".partial" in name]
