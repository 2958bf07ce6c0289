"""Files are written whole or not at all, whoever writes beside, and whenever a writer is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from pictologics import Grid, Image, load_image, save_image
from pictologics.errors import FileAccessError
from pictologics.storage.file_writing import ABANDONED_AFTER, LAST_CLEANED, make_temporary_name, replace_file

KILLS = 12
"""Enough for a daily run; ``PICTOLOGICS_KILLS`` asks for more."""


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_there_when_it_is_complete_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replace_file(path) as temporary:
        assert temporary.suffix == ".txt"
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names_in(tmp_path) == ["a.txt"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replace_file(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["a.txt"]


def test_a_new_file_has_the_permissions_of_the_user(tmp_path):
    mask = os.umask(0o027)
    try:
        with replace_file(tmp_path / "a.txt") as temporary:
            temporary.write_text("new")
    finally:
        os.umask(mask)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("stem", ["x" * 251, "é" * 125 + "x"])
def test_a_name_of_255_bytes_is_written(tmp_path, stem):
    path = tmp_path / f"{stem}.nii"
    assert len(os.fsencode(path.name)) == 255
    image = Image(np.ones((3, 4, 5), np.float32), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0))
    save_image(image, path)
    assert (load_image(path).array == image.array).all()
    assert names_in(tmp_path) == [path.name]


def test_a_long_suffix_is_no_obstacle(tmp_path):
    path = tmp_path / ("a." + "b" * 200)
    assert len(make_temporary_name(path)) < 120
    with replace_file(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


def test_a_link_in_the_way_is_not_followed(tmp_path, monkeypatch):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    monkeypatch.setattr("pictologics.storage.file_writing.make_temporary_name", lambda path: ".foreseen")
    (tmp_path / ".foreseen").symlink_to(victim)
    with pytest.raises(FileAccessError, match="cannot be written"), replace_file(tmp_path / "a.txt"):
        pytest.fail("nothing is written through a link")
    assert victim.read_text() == "precious"


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    path = tmp_path / "a.nii.gz"
    code = (
        "import sys, os, signal, pathlib\n"
        "from pictologics.storage.file_writing import replace_file\n"
        "with replace_file(pathlib.Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert run.returncode == -signal.SIGKILL
    (left,) = names_in(tmp_path)
    assert left.endswith(".partial.nii.gz")
    with replace_file(path) as temporary:
        temporary.write_bytes(b"whole")
    assert names_in(tmp_path) == ["a.nii.gz"]


def test_a_folder_of_many_files_is_not_searched_for_each_of_them(tmp_path, monkeypatch):
    searched = []
    scandir = os.scandir
    monkeypatch.setattr("os.scandir", lambda folder: searched.append(folder) or scandir(folder))
    for k in range(20):
        with replace_file(tmp_path / f"{k}.txt") as temporary:
            temporary.write_text("new")
    assert len(searched) == 1


def test_a_writer_that_lives_keeps_its_file_and_another_machine_is_given_a_day(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    with replace_file(path) as first:
        first.write_text("first")
        with replace_file(path) as second:
            second.write_text("second")
        assert path.read_text() == "second"
        assert first.exists()
    assert path.read_text() == "first"
    monkeypatch.setattr("platform.node", lambda: "elsewhere")
    young, old = path.with_name(make_temporary_name(path)), path.with_name(make_temporary_name(path))
    monkeypatch.undo()
    for file, age in ((young, ABANDONED_AFTER / 2), (old, 2 * ABANDONED_AFTER)):
        file.write_text("of another machine")
        os.utime(file, (time.time() - age,) * 2)
    LAST_CLEANED.clear()
    with replace_file(path) as temporary:
        temporary.write_text("third")
    assert names_in(tmp_path) == sorted(["a.txt", young.name])


def test_of_threads_that_save_to_one_path_one_has_its_whole_file_there(tmp_path):
    path = tmp_path / "a.nii.gz"
    rng = np.random.default_rng(0)
    images = [
        Image(rng.integers(0, 9, (40, 30, 20 + k)).astype(np.float32), (1.0 + k, 1.0, 1.0), (float(k), 0.0, 0.0))
        for k in range(3)
    ]
    for _ in range(8):
        threads = [threading.Thread(target=save_image, args=(image, path)) for image in images]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        loaded = load_image(path)
        (same,) = [image for image in images if image.grid == loaded.grid]
        assert (loaded.array == same.array).all()
    assert names_in(tmp_path) == ["a.nii.gz"]


SAVE_TWO = (
    "import sys, numpy as np\n"
    "from pictologics import Image, save_image\n"
    "images = [Image(np.full((40, 40, 20), k, np.float32), (1.0 + k, 1.0, 1.0), (0.0, 0.0, 0.0)) for k in (0, 1)]\n"
    "print('ready', flush=True)\n"
    "while True:\n"
    "    for image in images:\n"
    "        save_image(image, sys.argv[1])\n"
)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.nii.gz", "a.mha"])
def test_killed_at_any_moment_the_file_is_one_of_those_that_were_saved(tmp_path, name):
    path = tmp_path / name
    save_image(Image(np.zeros((40, 40, 20), np.float32), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), path)
    chance = random.Random(name)
    for _ in range(int(os.environ.get("PICTOLOGICS_KILLS", KILLS))):
        with subprocess.Popen([sys.executable, "-c", SAVE_TWO, str(path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.05))
            process.kill()
        loaded = load_image(path)
        value = loaded.array.flat[0]
        assert loaded.grid == Grid((40, 40, 20), (1.0 + value, 1.0, 1.0), (0.0, 0.0, 0.0))
        assert (loaded.array == value).all()
    LAST_CLEANED.clear()
    save_image(loaded, path)
    assert names_in(tmp_path) == [name]
