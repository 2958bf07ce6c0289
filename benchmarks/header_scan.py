"""The headers of thousands of files."""

from __future__ import annotations

import os
from typing import Any

from .ct_readers import OURS, PYDICOM, slice_files
from .data import BenchmarkData, warm
from .timing import Benchmark, Contender, Target, measure

FLOOR = "floor: open + read 8 KiB"


def with_pictologics(files: list[str]) -> list[Any]:
    from pictologics.dicom.headers.header_reading import read_header

    return [read_header(file) for file in files]


def with_pydicom(files: list[str]) -> list[Any]:
    from pydicom import dcmread

    return [dcmread(file, stop_before_pixels=True) for file in files]


def floor(files: list[str]) -> int:
    count = 0
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        count += len(os.read(descriptor, 8192))
        os.close(descriptor)
    return count


def check_same_positions(files: list[str]) -> str:
    """Compare the values that sorting needs, of every tenth file."""
    from pictologics.dicom.headers import tags

    for header, dataset in zip(with_pictologics(files[::10]), with_pydicom(files[::10]), strict=True):
        ours = header.numbers(tags.IMAGE_POSITION_PATIENT), header.text(tags.SERIES_INSTANCE_UID)
        theirs = tuple(dataset.ImagePositionPatient), str(dataset.SeriesInstanceUID)
        if ours != theirs:
            raise AssertionError(f"headers differ: {ours} and {theirs}")
    return "Both give the same positions and series."


def run(data: BenchmarkData, rounds: int) -> Benchmark:
    folder = data.header_folder
    warm(folder)
    files = slice_files(folder)
    same = check_same_positions(files)
    race = measure(
        [
            Contender(OURS, lambda: with_pictologics(files)),
            Contender(PYDICOM, lambda: with_pydicom(files)),
            Contender(FLOOR, lambda: floor(files)),
        ],
        rounds,
    )
    result = Benchmark(
        f"Header scan: {len(files)} files of about 120 elements", "ms", race.rows, floor=FLOOR, disturbed=race.disturbed
    )
    result.targets = [Target("times pydicom's time", result.ratio(OURS, PYDICOM), at_most=0.2)]
    result.notes = [race.note, same, "Both on one thread; pydicom with `stop_before_pixels=True`."]
    return result
