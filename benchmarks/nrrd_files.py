"""Compressed NRRD and MetaImage files: one gzip stream, one zlib stream."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from isal import igzip_lib

from .checking import check_same_voxels
from .ct_readers import OURS, SIMPLEITK, with_pictologics
from .data import BenchmarkData, warm
from .nifti_files import INFLATED_CHUNK, INFLATION, with_simpleitk
from .timing import Benchmark, Contender, Target, measure


def inflate_from(file: Path, start: int, flag: int) -> int:
    """Inflate the stream that begins at some byte of a file with ISA-L and let the bytes go."""
    inflator = igzip_lib.IgzipDecompressor(flag=flag)
    count = 0
    with file.open("rb", buffering=0) as stream:
        stream.seek(start)
        while not inflator.eof:
            fresh = stream.read(INFLATED_CHUNK) if inflator.needs_input else b""
            count += len(inflator.decompress(fresh, INFLATED_CHUNK))
    return count


def compare(file: Path, mark: bytes, flag: int, kind: str, rounds: int, data: BenchmarkData) -> Benchmark:
    """Race both readers of one file against each other and the floor."""
    warm(file)
    content = file.read_bytes()
    start = content.index(mark) + len(mark)
    del content
    contenders: dict[str, Callable[[], Any]] = {
        OURS: lambda: with_pictologics(file),
        SIMPLEITK: lambda: with_simpleitk(file),
    }
    same = check_same_voxels(contenders)
    floor = Contender(INFLATION, lambda: inflate_from(file, start, flag))
    race = measure([*(Contender(name, run) for name, run in contenders.items()), floor], rounds)
    title = f"{kind}, compressed: int16, {data.voxels * 2e-6:.0f} MB in {file.stat().st_size / 1e6:.0f} MB"
    result = Benchmark(title, "ms", race.rows, floor=floor.name, disturbed=race.disturbed)
    result.notes = [race.note, same, "Written by SimpleITK, whose volume stays int16."]
    return result


def run_nrrd(data: BenchmarkData, rounds: int) -> Benchmark:
    result = compare(data.nrrd, b"\n\n", igzip_lib.DECOMP_GZIP, ".nrrd", rounds, data)
    result.targets = [Target("times as fast as SimpleITK", result.ratio(SIMPLEITK, OURS), at_least=1.4)]
    return result


def run_metaimage(data: BenchmarkData, rounds: int) -> Benchmark:
    result = compare(data.metaimage, b"LOCAL\n", igzip_lib.DECOMP_ZLIB, ".mha", rounds, data)
    result.targets = [Target("times as fast as SimpleITK", result.ratio(SIMPLEITK, OURS), at_least=1.1)]
    return result
