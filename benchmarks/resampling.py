"""A CT volume of 0.9 x 0.9 x 1.0 mm at 1 mm isotropic, with and without a source mask, and the memory that takes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

import numpy as np
import numpy.typing as npt
import SimpleITK
from scipy import ndimage

from pictologics import Image, load_image
from pictologics.geometry import Grid
from pictologics.preprocessing import resample_image

from .data import BenchmarkData, Size
from .peak_memory import MEGABYTE, ROOT, measure_one
from .timing import Benchmark, Contender, Row, Target, measure

__all__ = ["BENCHMARKS", "run", "run_memory"]

OURS, MASKED, OWN_MASK = "pictologics", "pictologics, source mask", "pictologics, source mask of noise"
SCIPY, SIMPLEITK = "scipy.ndimage.affine_transform", "SimpleITK"
SPACING, NEW_SPACING = (0.9, 0.9, 1.0), (1.0, 1.0, 1.0)

THAN_SCIPY = {"linear": 8.0, "cubic": 6.0}
LARGEST_DIFFERENCE = 0.01
"""HU, of values up to 3071 in float32."""


def scipy_resample(image: Image, target: Grid, order: int) -> npt.NDArray[np.float32]:
    """Index to index; seen as (z, y, x), in C order, where scipy is four times as fast as in Fortran order."""
    matrix = image.grid.index_map(target)
    made = np.empty(target.shape[::-1], np.float32)
    ndimage.affine_transform(
        image.array.T, matrix[:3, :3].diagonal()[::-1], matrix[2::-1, 3], output=made, order=order, mode="nearest"
    )
    return made.T


def sitk_image(image: Image) -> SimpleITK.Image:
    made = SimpleITK.GetImageFromArray(image.array.T)
    made.SetSpacing(image.spacing)
    made.SetOrigin(image.origin)
    return made


def sitk_resample(image: SimpleITK.Image, target: Grid, interpolator: int) -> SimpleITK.Image:
    work = SimpleITK.ResampleImageFilter()
    work.SetSize([int(size) for size in target.shape])
    work.SetOutputSpacing(target.spacing)
    work.SetOutputOrigin(target.origin)
    work.SetInterpolator(interpolator)
    return work.Execute(image)


def organ_mask(shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """An ellipsoid within the body: voxels outside are not data."""
    x, y, z = (np.linspace(-1, 1, size) for size in shape)
    return np.asfortranarray(x[:, None, None] ** 2 + y[:, None] ** 2 + z**2 < 0.9)


def noise_mask(shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """A tenth of all voxels, anywhere, is not data: no plane is spared the weighing."""
    return (np.random.default_rng(3).integers(0, 10, shape[::-1], np.uint8) > 0).T


def check(ours: npt.NDArray[np.float32], scipys: npt.NDArray[np.float32]) -> str:
    difference = float(np.abs(ours - scipys).max())
    if difference > LARGEST_DIFFERENCE:
        raise AssertionError(f"scipy's values differ by up to {difference}")
    return f"scipy gives the same within {difference:.1g} HU."


def volume(data: BenchmarkData) -> Image:
    return Image(load_image(data.nifti).array, SPACING, (0.0, 0.0, 0.0))


def run(method: str, data: BenchmarkData, rounds: int) -> Benchmark:
    image = volume(data)
    target = image.grid.with_spacing(NEW_SPACING)
    masks = {MASKED: organ_mask(image.array.shape), OWN_MASK: noise_mask(image.array.shape)}
    peer = sitk_image(image)
    order, interpolator = (1, SimpleITK.sitkLinear) if method == "linear" else (3, SimpleITK.sitkBSpline)
    ours: dict[str, Callable[[], object]] = {OURS: lambda: resample_image(image, NEW_SPACING, method)}
    for name, mask in masks.items():
        masked = image.with_source_mask(mask)
        ours[name] = partial(resample_image, masked, NEW_SPACING, method)
    contenders = [Contender(name, work) for name, work in ours.items()]
    contenders.append(Contender(SCIPY, lambda: scipy_resample(image, target, order)))
    contenders.append(Contender(SIMPLEITK, lambda: sitk_resample(peer, target, interpolator)))
    same = check(resample_image(image, NEW_SPACING, method).array, scipy_resample(image, target, order))
    race = measure(contenders, rounds)
    result = Benchmark(
        f"Resampling, {method}: {' × '.join(map(str, image.array.shape))} float32 to 1 mm isotropic",
        "ms",
        race.rows,
        disturbed=race.disturbed,
    )
    result.targets = [Target("times as fast as scipy", result.ratio(SCIPY, OURS), at_least=THAN_SCIPY[method])]
    if method == "linear":
        result.targets.append(Target("times as fast as SimpleITK", result.ratio(SIMPLEITK, OURS), at_least=2.0))
    result.targets += [
        Target(f"times the time without a mask ({name.partition(', ')[2]})", result.ratio(name, OURS), at_most=2.5)
        for name in masks
    ]
    result.notes = [race.note, same, "scipy uses one thread."]
    return result


# --- memory ---

WAYS = ["linear", "cubic", "linear, source mask", "cubic, source mask"]


def child(way: str, folder: str, size: str) -> None:
    """A process of its own: resamples once and prints what that took beside the input."""
    image = volume(BenchmarkData(ROOT / folder, Size(**json.loads(size))))
    method, _, masked = way.partition(", ")
    if masked:
        image = image.with_source_mask(noise_mask(image.array.shape))
    resample_image(Image(image.array[:8, :8, :8], SPACING, (0.0, 0.0, 0.0)), NEW_SPACING, method)
    before, peak = measure_one(lambda: resample_image(image, (1.0, 1.0, 1.1), method))
    print(json.dumps(peak - before + image.array.nbytes))


def spawn(way: str, data: BenchmarkData) -> float:
    size = json.dumps(asdict(data.size))
    command = [sys.executable, "-m", "benchmarks.resampling", way, str(data.folder.parent.resolve()), size]
    return float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def run_memory(data: BenchmarkData, rounds: int) -> Benchmark:
    grid = Grid(volume(data).array.shape, SPACING)
    target = grid.with_spacing((1.0, 1.0, 1.1))
    both = 4 * (np.prod(grid.shape) + np.prod(target.shape))
    rows = [Row(way, tuple(spawn(way, data) / MEGABYTE for _ in range(min(rounds, 3)))) for way in WAYS]
    result = Benchmark(
        f"Peak memory of resampling all three axes, input included; input and output are {both / MEGABYTE:.0f} MB",
        "MB",
        rows,
    )
    result.targets = [
        Target(f"times input and output ({row.name})", row.median * MEGABYTE / both, at_most=2.5) for row in rows
    ]
    result.notes = ["The mask of the input is not counted, that of the output is; each in a process of its own."]
    return result


BENCHMARKS: dict[str, Callable[[BenchmarkData, int], Benchmark]] = {
    "resample-linear": partial(run, "linear"),
    "resample-cubic": partial(run, "cubic"),
    "resample-memory": run_memory,
}
"""By the name that asks for it."""

if __name__ == "__main__":
    child(*sys.argv[1:])
