"""Small cases for runs, and functions that work on them as users' functions do: well, badly, or by ending a worker."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from pictologics import Image, save_image
from pictologics.cohort import Case
from pictologics.cohort.layouts.registry import make_layout
from pictologics.cohort.running.rules import make_rules
from pictologics.cohort.running.run_folder import open_run_folder

__all__ = [
    "add_one",
    "empty_disk",
    "end_worker_at_case_2",
    "end_worker_at_random",
    "exit_politely",
    "fail_at_case_1",
    "fill_disk_at_case_1",
    "hang_at_case_0",
    "hang_once_at_case_0",
    "make_cases",
    "make_run_rules",
    "take_time",
    "warn_of_something",
]

SPACING = (1.0, 2.0, 3.0)


def make_cases(folder: Path, count: int, masks: bool = True, shape: tuple[int, int, int] = (8, 7, 6)) -> list[Case]:
    """Cases of an image, whose voxels all are the number of the case, and a mask of its first half.

    Files that are there stay as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cases = []
    for number in range(count):
        image, mask = folder / f"image{number}.nii", folder / f"mask{number}.nii"
        if not image.exists():
            save_image(Image(np.full(shape, number, np.int16), SPACING, (number, 0.0, 0.0), modality="CT"), image)
        given = {}
        if masks:
            half = np.zeros(shape, np.uint8)
            half[: shape[0] // 2] = 1
            if not mask.exists():
                save_image(Image(half, SPACING, (number, 0.0, 0.0)), mask)
            given = {"liver": mask}
        cases.append(Case.from_files(f"case{number}", {"ct": image}, given))
    return cases


def make_run_rules(out: Path, **options):
    """Rules as ``run`` makes them by default."""
    given = {
        "process": None,
        "masks": "merged",
        "suv": None,
        "interpolation": "linear",
        "time_limit": None,
        "dtype": "smallest",
    }
    layout = make_layout(options.pop("layout", "flat"), options.pop("suffix", ".nii.gz"))
    return make_rules(open_run_folder(out), layout, **{**given, **options})


def number_of(images) -> int:
    """The number of a case, which all its voxels have."""
    return int(next(iter(images.values())).array.flat[0])


def add_one(images, masks):
    return {name: replace(image, array=image.array + 1) for name, image in images.items()}, masks


def fail_at_case_1(images, masks):
    if number_of(images) == 1:
        raise ZeroDivisionError("nothing can be shared among none")
    return images, masks


def exit_politely(images, masks):
    sys.exit("enough")


def end_worker_at_case_2(images, masks):
    if number_of(images) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return images, masks


def end_worker_at_random(images, masks, chance=1 / 60):
    """Some attempts end their worker, others each time."""
    if random.SystemRandom().random() < chance:
        os.kill(os.getpid(), signal.SIGKILL)
    return images, masks


def hang_once_at_case_0(images, masks):
    """The first worker that begins the case hangs, and no other."""
    path = Path(images["ct"].provenance.source).parent / "hangs"
    if number_of(images) == 0:
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            return images, masks
        time.sleep(120)
    return images, masks


def hang_at_case_0(images, masks):
    if number_of(images) == 0:
        time.sleep(120)
    return images, masks


def fill_disk_at_case_1(images, masks):
    """From here on this worker cannot write files of more than a few thousand bytes, as on a full disk."""
    import resource

    most = 3000 if number_of(images) == 1 else resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    noise = np.random.default_rng(0).normal(size=(40, 40, 40)).astype(np.float32)
    return {name: Image(noise, SPACING, (0.0, 0.0, 0.0)) for name in images}, {}


def empty_disk():
    """Lift the limit of ``fill_disk_at_case_1``, which is that of the whole process."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def take_time(images, masks):
    time.sleep(0.3)
    return images, masks


def warn_of_something(images, masks):
    warnings.warn("the image is rather small", UserWarning, stacklevel=1)
    return images, masks
