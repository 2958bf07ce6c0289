"""Cases drawn from their files: whatever is wrong with these is noted, and ends nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from pictologics import Image
from pictologics.cohort.reporting.picture_drawing import draw_job, make_picture_job, read_kept_pictures
from pictologics.cohort.reporting.picture_levels import NO_PICTURES, PictureLevel
from pictologics.cohort.reporting.picture_pool import draw_jobs
from pictologics.cohort.reporting.report_rows import read_report_rows
from pictologics.cohort.running.manifest import write_row
from pictologics.cohort.running.run_folder import RunFolder, open_run_folder
from tests.factories.processes import list_survivors
from tests.factories.run_folders import make_done_row, make_volume, write_run

LEVEL = PictureLevel(plane_side=64, slice_side=64, slices=3, bytes=60_000)


def make_jobs(out, level=LEVEL):
    folder = open_run_folder(out)
    return [make_picture_job(row, folder, folder, level) for row in read_report_rows(folder)]


def draw_first(out):
    job = make_jobs(out)[0]
    draw_job(job)
    return read_kept_pictures(job)


def test_a_case_is_drawn_and_kept(tmp_path):
    write_run(tmp_path, 1)
    pictures = draw_first(tmp_path)
    assert pictures["planes"]
    assert pictures["labels"] == {"1": "liver", "2": "left kidney"}
    assert pictures["notes"] == []


def test_only_what_made_an_image_is_drawn(tmp_path):
    write_run(tmp_path, 6)
    assert [job is None for job in make_jobs(tmp_path)] == [False] * 4 + [True] * 2
    assert make_jobs(tmp_path, NO_PICTURES) == [None] * 6


def test_pictures_are_drawn_again_when_the_case_or_the_level_is_another(tmp_path):
    rows = write_run(tmp_path, 1)
    assert draw_first(tmp_path)
    assert read_kept_pictures(make_jobs(tmp_path)[0])
    assert read_kept_pictures(make_jobs(tmp_path, replace(LEVEL, slices=2))[0]) is None
    image, mask = rows[0].outputs
    write_row(open_run_folder(tmp_path), replace(rows[0], outputs=(replace(image, sha256="another"), mask)))
    assert read_kept_pictures(make_jobs(tmp_path)[0]) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": 1}'])
def test_damaged_pictures_are_drawn_again(tmp_path, content):
    write_run(tmp_path, 1)
    (job,) = make_jobs(tmp_path)
    draw_job(job)
    (tmp_path / job.path).write_text(content, encoding="utf-8")
    assert read_kept_pictures(job) is None


def test_an_image_that_is_gone_leaves_a_note(tmp_path):
    write_run(tmp_path, 1)
    (tmp_path / "case-0000/image.nii").unlink()
    pictures = draw_first(tmp_path)
    assert (pictures["planes"], pictures["notes"]) == ("", ["case-0000/image.nii is gone"])


@pytest.mark.parametrize("damage", [b"", b"nothing", None])
def test_an_image_that_is_damaged_leaves_a_note(tmp_path, damage):
    write_run(tmp_path, 1)
    path = tmp_path / "case-0000/image.nii"
    path.write_bytes(path.read_bytes()[:400] if damage is None else damage)
    pictures = draw_first(tmp_path)
    assert pictures["planes"] == ""
    assert pictures["notes"][0].startswith("case-0000/image.nii cannot be read (")


def test_a_mask_that_is_damaged_or_lies_elsewhere_leaves_the_image(tmp_path):
    image, _ = make_volume(0, "CT")
    away = Image.from_grid(np.ones((4, 4, 4), np.uint8), image.grid.crop((0, 0, 0), (4, 4, 4)))
    away = replace(away, origin=(5000.0, 0.0, 0.0))
    write_row(open_run_folder(tmp_path), make_done_row(tmp_path, "a", image, {"organs": away}))
    pictures = draw_first(tmp_path)
    assert pictures["planes"]
    assert pictures["notes"] == ["the mask cannot be drawn (GeometryError)"]
    (tmp_path / "a/organs.nii").write_bytes(b"damaged")
    assert draw_first(tmp_path)["notes"] == ["a/organs.nii cannot be read (UnsupportedFormatError)"]


def test_several_masks_have_a_color_each(tmp_path):
    image, mask = make_volume(0, "CT")
    parts = {
        name: Image.from_grid((mask.array == value).astype(np.uint8), mask.grid) for value, name in mask.labels.items()
    }
    write_row(open_run_folder(tmp_path), make_done_row(tmp_path, "a", image, parts))
    assert draw_first(tmp_path)["labels"] == {"1": "liver", "2": "left kidney"}


@dataclass(frozen=True)
class DeadlyFolder(RunFolder):
    """A folder whose second case ends the process that reads it, as the system does when memory is short."""

    def load(self, path: str) -> Image:
        """End the process, or load."""
        if path.startswith("case-0001"):
            os._exit(9)
        return super().load(path)


@pytest.mark.slow
def test_a_case_that_ends_its_process_takes_no_other_with_it(tmp_path):
    write_run(tmp_path, 4)
    deadly = DeadlyFolder(str(tmp_path))
    jobs = [replace(job, folder=deadly) for job in make_jobs(tmp_path)]
    drawn: list[int] = []
    draw_jobs(jobs, 1e9, drawn.append)
    assert [read_kept_pictures(job) is not None for job in jobs] == [True, False, True, True]
    assert sum(drawn) == 3


DRAW_FOR_EVER = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pictologics.cohort.reporting.picture_drawing import prepare_process
if __name__ == "__main__":
    with ProcessPoolExecutor(1, get_context("spawn"), prepare_process) as pool:
        pool.submit(time.sleep, 0).result()
        print(*pool._processes, flush=True)
        pool.submit(time.sleep, 600).result()
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="processes are found in /proc")
def test_processes_end_with_the_report_that_is_killed(tmp_path):
    (tmp_path / "script.py").write_text(DRAW_FOR_EVER)
    with subprocess.Popen([sys.executable, tmp_path / "script.py"], stdout=subprocess.PIPE, text=True) as report:
        drawing = int(report.stdout.readline())
        report.kill()
    assert list_survivors([drawing]) == []
