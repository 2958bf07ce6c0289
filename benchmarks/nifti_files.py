"""NIfTI files, compressed and plain."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .checking import check_same_voxels
from .ct_readers import OURS, SIMPLEITK, shares, with_pictologics
from .data import BenchmarkData, warm
from .timing import Benchmark, Contender, Target, measure

NIBABEL = "nibabel"
INFLATION = "floor: ISA-L inflation alone"
PLAIN_FLOOR = "floor: read + fill, 2 threads"

INFLATED_CHUNK = 1 << 18
"""Bytes asked for at once: of the sizes from 64 KiB to 8 MiB the fastest."""

READ_CHUNK = 1 << 19
"""Bytes read at once by the floor: they stay in the processor's cache."""


def with_nibabel(file: Path) -> npt.NDArray[np.float32]:
    import nibabel as nib

    # Its axes are (x, y, z), unlike those of the other peers: turned here, at no cost, to be as theirs.
    return nib.load(file).get_fdata(dtype=np.float32, caching="unchanged").transpose()


def with_simpleitk(file: Path) -> Any:
    import SimpleITK

    return SimpleITK.ReadImage(str(file))


def inflate(file: Path) -> int:
    """Inflate a gzip file with ISA-L and let the bytes go."""
    from isal import igzip_lib

    inflator = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    count = 0
    with file.open("rb", buffering=0) as stream:
        while not inflator.eof:
            fresh = stream.read(INFLATED_CHUNK) if inflator.needs_input else b""
            count += len(inflator.decompress(fresh, INFLATED_CHUNK))
    return count


def read_and_fill(file: Path, voxels: int, threads: int = 2) -> npt.NDArray[np.float32]:
    """Read every byte once into a small buffer and touch a fresh float32 output once."""
    volume = np.empty(voxels, dtype=np.float32)
    pieces = -(-file.stat().st_size // READ_CHUNK)
    filled = -(-voxels // pieces)

    def fill(share: range) -> None:
        buffer = bytearray(READ_CHUNK)
        for k in share:
            os.preadv(descriptor, [buffer], k * READ_CHUNK)
            volume[k * filled : (k + 1) * filled].fill(0.0)

    descriptor = os.open(file, os.O_RDONLY)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, shares(pieces, threads)))
    os.close(descriptor)
    return volume


def readers(file: Path) -> dict[str, Callable[[], Any]]:
    return {
        OURS: lambda: with_pictologics(file),
        NIBABEL: lambda: with_nibabel(file),
        SIMPLEITK: lambda: with_simpleitk(file),
    }


def compare(file: Path, floor: Contender, title: str, rounds: int) -> Benchmark:
    """Race all readers of one file against each other and the floor."""
    siblings = [other.name for other in file.parent.iterdir() if other != file]
    if siblings:
        raise AssertionError(f"{siblings} beside {file.name}: ITK might read another file than it is asked for")
    warm(file)
    contenders = readers(file)
    same = check_same_voxels(contenders)
    race = measure([*(Contender(name, run) for name, run in contenders.items()), floor], rounds)
    result = Benchmark(title, "ms", race.rows, floor=floor.name, disturbed=race.disturbed)
    result.notes = [race.note, same, "nibabel with `get_fdata(dtype=float32)`; SimpleITK's volume stays int16."]
    return result


def run_compressed(data: BenchmarkData, rounds: int) -> Benchmark:
    file = data.nifti_gz
    megabytes = file.stat().st_size / 1e6
    floor = Contender(INFLATION, lambda: inflate(file))
    result = compare(file, floor, f".nii.gz: int16, {data.voxels * 2e-6:.0f} MB in {megabytes:.0f} MB", rounds)
    result.targets = [
        Target("times bare ISA-L inflation", result.ratio(OURS, INFLATION), at_most=1.15),
        Target("times as fast as nibabel", result.ratio(NIBABEL, OURS), at_least=1.6),
        Target("times as fast as SimpleITK", result.ratio(SIMPLEITK, OURS), at_least=1.4),
    ]
    return result


def run_plain(data: BenchmarkData, rounds: int) -> Benchmark:
    file = data.nifti
    floor = Contender(PLAIN_FLOOR, lambda: read_and_fill(file, data.voxels))
    result = compare(file, floor, f".nii: int16, {data.voxels * 2e-6:.0f} MB", rounds)
    result.targets = [Target("times nibabel's time", result.ratio(OURS, NIBABEL), at_most=1.0)]
    return result
