"""Ways to read a folder of CT slices into one float32 volume."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Volume = npt.NDArray[Any]

OURS, SIMPLEITK, PYDICOM = "pictologics", "SimpleITK", "pydicom"
DICOMSDL, DICOMSDL_THREADS, FLOOR = "dicomsdl", "dicomsdl, 2 threads", "floor: read + fill, 2 threads"
TOUCH = "floor: read + touch, 1 thread"


def shares(count: int, threads: int) -> list[range]:
    edges = [count * k // threads for k in range(threads + 1)]
    return [range(low, high) for low, high in itertools.pairwise(edges)]


def slice_files(folder: Path) -> list[str]:
    return sorted(entry.path for entry in os.scandir(folder))


def with_pictologics(folder: Path) -> Any:
    import pictologics

    return pictologics.load_image(folder)


def with_simpleitk(folder: Path) -> Any:
    import SimpleITK

    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def along_normal(orientation: Any, position: Any) -> float:
    """Distance of a slice along the normal of its plane."""
    orientation = [float(v) for v in orientation]
    return float(np.dot(np.cross(orientation[:3], orientation[3:]), [float(v) for v in position]))


def with_pydicom(folder: Path) -> Volume:
    from pydicom import dcmread

    datasets = [dcmread(file) for file in slice_files(folder)]
    datasets.sort(key=lambda d: along_normal(d.ImageOrientationPatient, d.ImagePositionPatient))
    volume = np.stack([d.pixel_array for d in datasets]).astype(np.float32)
    volume *= np.float32(datasets[0].RescaleSlope)
    volume += np.float32(datasets[0].RescaleIntercept)
    return volume


def with_dicomsdl(folder: Path, threads: int = 1) -> Volume:
    """Straight into the place of each slice: the fastest that its interface allows."""
    import dicomsdl

    files = slice_files(folder)
    with ThreadPoolExecutor(threads) as pool:
        opened = list(pool.map(dicomsdl.open, files) if threads > 1 else map(dicomsdl.open, files))
        opened.sort(key=lambda d: along_normal(d.ImageOrientationPatient, d.ImagePositionPatient))
        rows, columns = opened[0].Rows, opened[0].Columns
        volume = np.empty((len(files), rows, columns), dtype=np.float32)

        def fill(share: range) -> None:
            stored = np.empty((rows, columns), dtype=np.uint16)
            for k in share:
                dataset = opened[k]
                dataset.copyFrameData(0, stored)
                # The slope is 1 here, as in nearly every CT.
                np.add(stored, np.float32(dataset.RescaleIntercept), out=volume[k])
                dataset.close()

        list(pool.map(fill, shares(len(files), threads)))
    return volume


def floor(folder: Path, matrix: int, threads: int = 2) -> Volume:
    """Read the bytes once and touch the output once: what no reader can do without."""
    files = slice_files(folder)
    volume = np.empty((len(files), matrix, matrix), dtype=np.float32)
    # Headers differ by a few bytes from file to file.
    longest = Path(files[0]).stat().st_size + 4096

    def fill(share: range) -> None:
        buffer = bytearray(longest)
        for k in share:
            descriptor = os.open(files[k], os.O_RDONLY)
            os.readv(descriptor, [buffer])
            os.close(descriptor)
            volume[k].fill(0.0)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, shares(len(files), threads)))
    return volume


def touch(folder: Path, matrix: int) -> Volume:
    """Read the bytes once and touch every page of a fresh output, with nothing in parallel."""
    files = slice_files(folder)
    volume = np.empty((len(files), matrix, matrix), dtype=np.float32)
    buffer = bytearray(Path(files[0]).stat().st_size + 4096)
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        os.readv(descriptor, [buffer])
        os.close(descriptor)
    volume.reshape(-1)[:: 4096 // volume.itemsize] = 0.0
    return volume


def readers(folder: Path, matrix: int) -> dict[str, Callable[[], Any]]:
    """All of them for one folder; the floor is told the size, the others find it."""
    return {
        OURS: lambda: with_pictologics(folder),
        SIMPLEITK: lambda: with_simpleitk(folder),
        PYDICOM: lambda: with_pydicom(folder),
        DICOMSDL: lambda: with_dicomsdl(folder),
        DICOMSDL_THREADS: lambda: with_dicomsdl(folder, threads=2),
        FLOOR: lambda: floor(folder, matrix),
        TOUCH: lambda: touch(folder, matrix),
    }


def as_xyz(result: Any) -> Volume:
    """The voxels of any reader's result, (x, y, z)."""
    if hasattr(result, "GetSize"):
        import SimpleITK

        return SimpleITK.GetArrayFromImage(result).transpose()
    if hasattr(result, "array"):
        return np.asarray(result.array)
    return np.asarray(result).transpose()
