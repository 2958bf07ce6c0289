"""A folder of CT slices into one volume."""

from __future__ import annotations

from . import ct_readers as ct
from .checking import check_same_voxels
from .data import BenchmarkData, warm
from .timing import Benchmark, Contender, Target, measure


def run(data: BenchmarkData, rounds: int) -> Benchmark:
    folder, size = data.ct_folder, data.size
    warm(folder)
    readers = ct.readers(folder, size.matrix)
    same = check_same_voxels({name: run for name, run in readers.items() if name not in {ct.FLOOR, ct.TOUCH}})
    race = measure([Contender(name, run) for name, run in readers.items()], rounds)
    result = Benchmark(
        f"CT folder: {size.slices} uncompressed 16-bit slices of {size.matrix}×{size.matrix} into one volume",
        "ms",
        race.rows,
        floor=ct.FLOOR,
        disturbed=race.disturbed,
    )
    result.targets = [
        Target("times as fast as SimpleITK", result.ratio(ct.SIMPLEITK, ct.OURS), at_least=5.0),
        Target("times as fast as pydicom", result.ratio(ct.PYDICOM, ct.OURS), at_least=5.0),
        Target("times as fast as dicomsdl", result.ratio(ct.DICOMSDL, ct.OURS), at_least=1.3),
        Target(
            "times as fast as dicomsdl on 2 threads",
            result.ratio(ct.DICOMSDL_THREADS, ct.OURS),
            at_least=1.3,
        ),
        Target("times reading and touching on one thread", result.ratio(ct.OURS, ct.TOUCH), at_most=1.8),
    ]
    result.notes = [
        race.note,
        same,
        "Ours, pydicom and dicomsdl give float32; SimpleITK a type of its own choice, without the step to an array.",
        "The floors list the folder and read every byte once into a buffer; one fills a fresh float32 volume on two "
        "threads, the other touches each of its pages.",
    ]
    return result
