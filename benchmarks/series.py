"""A compressed 4D file of functional MR: all of its volumes, every eighth one, their mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pictologics import load_image, load_series

from .ct_readers import OURS
from .data import BenchmarkData, made, warm
from .timing import Benchmark, Contender, Target, measure

NIBABEL = "nibabel, all"
SOME, MEAN = "pictologics, every eighth volume", "pictologics, the mean over time"
ONE_BY_ONE = "pictologics, every eighth volume, each with load_image"
SHAPE = (64, 64, 30)
VOLUMES = 240


def write_bold(folder: Path, volumes: int) -> None:
    """A head whose voxels flicker, as integers, compressed as most tools do."""
    import nibabel as nib

    rng = np.random.default_rng(20)
    head = np.abs(rng.normal(600, 200, SHAPE))
    values = np.empty((*SHAPE, volumes), np.int16)
    for k in range(volumes):
        values[..., k] = head + rng.normal(0, 10, SHAPE)
    image = nib.Nifti1Image(values, np.diag([3.0, 3.0, 3.5, 1.0]))
    image.header.set_xyzt_units("mm", "sec")
    image.header["pixdim"][4] = 2.0
    nib.save(image, folder / "bold.nii.gz")


def with_nibabel(file: Path) -> npt.NDArray[np.float32]:
    import nibabel as nib

    array: npt.NDArray[np.float32] = nib.load(file).get_fdata(dtype=np.float32, caching="unchanged")
    return array


def take_some(file: Path) -> list[Any]:
    with load_series(file) as series:
        return [series[k] for k in range(0, len(series), 8)]


def run(data: BenchmarkData, rounds: int) -> Benchmark:
    volumes = VOLUMES if data.size.slices >= 100 else 24
    file = made(data.folder / "bold", lambda folder: write_bold(folder, volumes)) / "bold.nii.gz"
    warm(file)
    if not np.array_equal(load_series(file).to_array(), with_nibabel(file)):
        raise AssertionError("the voxels differ")
    contenders = {
        OURS: lambda: load_series(file).to_array(),
        NIBABEL: lambda: with_nibabel(file),
        SOME: lambda: take_some(file),
        MEAN: lambda: load_series(file).mean(),
        ONE_BY_ONE: lambda: [load_image(file, k) for k in range(0, volumes, 8)],
    }
    race = measure([Contender(name, work) for name, work in contenders.items()], rounds)
    size = "×".join(map(str, SHAPE))
    title = f"{volumes} volumes of {size} voxels in a .nii.gz of {file.stat().st_size * 1e-6:.0f} MB"
    result = Benchmark(title, "ms", race.rows, disturbed=race.disturbed)
    result.targets = [
        Target("times as fast as nibabel", result.ratio(NIBABEL, OURS), at_least=2.0),
        Target("of all: every eighth volume, in one pass", result.ratio(SOME, OURS), at_most=1.2),
    ]
    result.notes = [race.note, "Ours and nibabel give all volumes as float32."]
    return result
