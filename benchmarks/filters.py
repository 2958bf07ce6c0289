"""Separable filters beside scipy.ndimage, and the memory they take."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from pictologics import Image, filters, load_image

from .ct_readers import OURS
from .data import BenchmarkData
from .peak_memory import ROOT, measure_one
from .timing import Benchmark, Contender, Target, measure

SCIPY = "scipy.ndimage"
MASKED = "pictologics, with a source mask"

SUPPORT = 15
SIGMA = 2.0
ROUNDING = 1e-5
"""Of the largest value: results in float32 may differ by it."""

Array = npt.NDArray[np.float32]

OURS_BY_NAME: dict[str, Callable[[Image], Image]] = {
    "mean": lambda image: filters.mean_filter(image, SUPPORT),
    "gaussian": lambda image: filters.gaussian_filter(image, SIGMA),
    "laplacian": lambda image: filters.laplacian_of_gaussian(image, SIGMA),
}

TITLES = {
    "mean": f"Mean of {SUPPORT}x{SUPPORT}x{SUPPORT} voxels",
    "gaussian": f"Gaussian, sigma {SIGMA} mm",
    "laplacian": f"Laplacian of Gaussian, sigma {SIGMA} mm",
}


def with_scipy(name: str, image: Image) -> Array:
    sigmas = [SIGMA / step for step in image.spacing]
    if name == "mean":
        return ndimage.uniform_filter(image.array, SUPPORT)
    if name == "gaussian":
        return ndimage.gaussian_filter(image.array, sigmas)
    return ndimage.gaussian_laplace(image.array, sigmas)


def check_same(name: str, image: Image) -> str:
    """The Laplacians are not compared: scipy's is per voxel along each axis, and not zero for a constant."""
    if name == "laplacian":
        return "The same numbers of kernels; scipy's Laplacian is per square voxel, whatever their shape."
    ours, theirs = OURS_BY_NAME[name](image).array, with_scipy(name, image)
    worst = float(np.abs(ours - theirs).max())
    if worst > ROUNDING * float(np.abs(theirs).max()):
        raise AssertionError(f"{name}: the results differ by {worst}")
    return f"The results differ by at most {worst:.2g}."


def peak(name: str, data: BenchmarkData) -> float:
    """The memory of the image and of filtering it at its highest, in a process of its own, bytes."""
    command = [sys.executable, "-m", "benchmarks.filters", name, str(data.nifti.resolve())]
    return float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def child(name: str, file: str) -> None:
    small = Image(np.zeros((40, 40, 40), np.float32, order="F"), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    OURS_BY_NAME[name](small)
    image = load_image(file)
    before, highest = measure_one(lambda: OURS_BY_NAME[name](image))
    print(highest - before + image.array.nbytes)


def run(name: str, data: BenchmarkData, rounds: int) -> Benchmark:
    image = load_image(data.nifti)
    masked = image.with_source_mask(image.array > -900)
    same = check_same(name, image)
    race = measure(
        [
            Contender(OURS, partial(OURS_BY_NAME[name], image)),
            Contender(SCIPY, partial(with_scipy, name, image)),
            Contender(MASKED, partial(OURS_BY_NAME[name], masked)),
        ],
        rounds,
    )
    shape = "×".join(map(str, image.array.shape))
    result = Benchmark(f"{TITLES[name]}, {shape} float32", "ms", race.rows, disturbed=race.disturbed)
    result.targets = [
        Target("times scipy's time", result.ratio(OURS, SCIPY), at_most=1.2),
        Target("times input plus output in memory", peak(name, data) / (2 * image.array.nbytes), at_most=2.5),
    ]
    result.notes = [race.note, same, "scipy works on one thread."]
    return result


BENCHMARKS: dict[str, Callable[[BenchmarkData, int], Benchmark]] = {
    "mean": partial(run, "mean"),
    "gaussian": partial(run, "gaussian"),
    "laplacian": partial(run, "laplacian"),
}
"""One for each filter, by the name that asks for it."""

if __name__ == "__main__":
    child(*sys.argv[1:])
