"""Fuzzing finds what is planted, and makes it small; its seeds are valid, and its changes repeat."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from fuzz.mutators import mutate
from fuzz.seeds import make_seeds
from fuzz.targets import TARGETS, Target
from fuzz.worker import Session, run_own_engine

from fuzz import comparing, comparing_dicom, judging
from pictologics import CorruptFileError, Image, PictologicsError, load_image, load_seg
from pictologics.dicom.structures.contours import read_contour_points

each_target = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
@each_target
def test_seeds_are_valid_and_keep_the_promise(target):
    seeds = make_seeds(target.seeds or target.name)
    loaded = 0
    for content in seeds:
        try:
            target.call(content)
            loaded += 1
        except PictologicsError:
            # A header whose voxels are in other files, which are not beside bytes.
            continue
    assert loaded >= 0.6 * len(seeds) > 1


def shift(image: Image) -> Image:
    """The same image, a voxel further on."""
    return Image(image.array, image.spacing, tuple(np.array(image.origin) + image.spacing), image.direction)


def make_negative(image: Image) -> Image:
    """The same image with other voxels."""
    return Image(image.array.max() - image.array, image.spacing, image.origin, image.direction)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("change", [shift, make_negative])
@pytest.mark.parametrize("name", [target.name for target in TARGETS.values() if target.seeds])
def test_a_planted_difference_is_seen(monkeypatch, name, change):
    if name in {"dicom-pydicom", "frames-pydicom"} and change is shift:
        pytest.skip("pydicom says nothing of places")

    def change_segments(*arguments, **options):
        return {number: change(mask) for number, mask in load_seg(*arguments, **options).items()}

    def move_points(*arguments):
        contours = read_contour_points(*arguments)
        return replace(contours, points=contours.points + 0.1)

    for module in (comparing, comparing_dicom):
        monkeypatch.setattr(module, "load_image", lambda *given, **options: change(load_image(*given, **options)))
    monkeypatch.setattr(comparing_dicom, "load_seg", change_segments)
    monkeypatch.setattr(comparing_dicom, "read_contour_points", move_points)
    for content in make_seeds(TARGETS[name].seeds):
        try:
            TARGETS[name].call(content)
        except comparing.DifferenceError:
            return
        except PictologicsError:
            continue
    pytest.fail("no seed is compared")


def test_changes_repeat_and_change():
    content = make_seeds("structures")[0]
    for kind in ("dicom", "text", "binary"):
        changed = [mutate(content, kind, random.Random(seed), [content], 1 << 16) for seed in range(200)]
        assert changed == [mutate(content, kind, random.Random(seed), [content], 1 << 16) for seed in range(200)]
        assert len(set(changed) - {content}) > 120
        assert max(map(len, changed)) <= 1 << 16
        assert [mutate(b"", kind, random.Random(seed), [], 100) for seed in range(50)]


def planted(content: bytes) -> None:
    """A reader with a fault: of what follows DimSize it believes that it is a number."""
    place = content.find(b"DimSize = ")
    if place < 0:
        raise CorruptFileError("no size")
    int(content[place + 10 : place + 12])


def test_a_planted_fault_is_found_once_and_made_small(tmp_path):
    target = Target("planted", planted, "text")
    seed = b"ObjectType = Image\nNDims = 3\nDimSize = 16 16 16\nElementType = MET_CHAR\n" + bytes(500)
    planted(seed)
    for _ in range(2):
        state = tmp_path / "state"
        state.mkdir(exist_ok=True)
        run_own_engine(Session(target, tmp_path / "findings", state), [seed], 0.7, 3)
        (report,) = (tmp_path / "findings").glob("*.txt")
        assert report.read_text().startswith("ValueError at ")
        found = report.with_suffix(".bin").read_bytes()
        assert b"DimSize = " in found
        assert len(found) < 30
        with pytest.raises(ValueError, match="invalid literal"):
            planted(found)


def test_a_call_without_end_is_a_finding(monkeypatch):
    monkeypatch.setattr(judging, "LONGEST_CALL", 0.1)

    def endless(content: bytes) -> None:
        while True:
            pass

    found = judging.judge(endless, b"")
    assert found is not None
    assert found.what == "EndlessError"
    assert judging.judge(lambda content: None, b"") is None


def test_errors_of_ours_are_none():
    def refuse(content: bytes) -> None:
        raise CorruptFileError("it is damaged")

    assert judging.judge(refuse, b"") is None


@pytest.mark.slow
def test_the_program_fuzzes_and_reports(tmp_path):
    command = [sys.executable, "-m", "fuzz", "--minutes", "0.03", "--only", "nifti", "--engine", "own"]
    done = subprocess.run(
        [*command, "--findings", str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "inputs, 0 findings" in done.stdout
