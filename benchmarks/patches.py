"""Patches for training, cut from a file of a whole scan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pictologics.cohort.training.volume_boxes import open_volume

from .checking import check_same_voxels
from .ct_readers import OURS, SIMPLEITK
from .data import BenchmarkData, warm
from .timing import Benchmark, Contender, Target, measure

MAPPED = "nibabel, mapped to memory"
WHOLE = "pictologics, the whole scan"

PATCH = (96, 96, 64)
"""Voxels of a patch, as networks for organs take them; fewer where there are fewer."""


def find_box(shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The first voxel and the shape of a patch in the middle."""
    sizes = tuple(min(size, count) for size, count in zip(PATCH, shape, strict=True))
    return tuple((count - size) // 2 for count, size in zip(shape, sizes, strict=True)), sizes


def find_slices(shape: tuple[int, ...]) -> tuple[slice, ...]:
    """The patch as slices of an array."""
    return tuple(slice(at, at + size) for at, size in zip(*find_box(shape), strict=True))


def with_boxes(file: Path) -> npt.NDArray[Any]:
    volume = open_volume(str(file))
    return volume.read(*find_box(volume.grid.shape)).transpose()


def with_mapping(file: Path) -> npt.NDArray[np.float32]:
    import nibabel as nib

    stored = nib.load(file).dataobj
    return np.asarray(stored[find_slices(stored.shape)], np.float32).transpose()


def with_extraction(file: Path) -> Any:
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(file))
    reader.ReadImageInformation()
    start, shape = find_box(reader.GetSize())
    reader.SetExtractIndex(start)
    reader.SetExtractSize(shape)
    return reader.Execute()


def with_whole(file: Path) -> npt.NDArray[Any]:
    volume = open_volume(str(file))
    whole = volume.read((0, 0, 0), volume.grid.shape)
    return whole[find_slices(whole.shape)].transpose()


def run(data: BenchmarkData, rounds: int) -> Benchmark:
    file = data.nifti
    warm(file)
    contenders = {
        OURS: lambda: with_boxes(file),
        MAPPED: lambda: with_mapping(file),
        SIMPLEITK: lambda: with_extraction(file),
        WHOLE: lambda: with_whole(file),
    }
    same = check_same_voxels(contenders)
    race = measure([Contender(name, work) for name, work in contenders.items()], rounds)
    size = "×".join(map(str, PATCH))
    title = f"A patch of {size} voxels out of an uncompressed .nii of {data.voxels * 2e-6:.0f} MB"
    result = Benchmark(title, "ms", race.rows, disturbed=race.disturbed)
    result.targets = [
        Target("times nibabel's time", result.ratio(OURS, MAPPED), at_most=1.5),
        Target("times as fast as reading the whole", result.ratio(WHOLE, OURS), at_least=5),
    ]
    result.notes = [race.note, same, "Each opens the file anew, as a data set does for every item."]
    return result
