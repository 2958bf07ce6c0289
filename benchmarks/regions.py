"""A tenth of a series: thirty of its three hundred slices."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from .codecs import CODECS, compress
from .ct_readers import OURS
from .data import BenchmarkData, made, warm
from .timing import Benchmark, Contender, Target, measure

WHOLE, HEADERS = "pictologics, the whole series", "floor: its headers alone"


def run(key: str, data: BenchmarkData, rounds: int) -> Benchmark:
    from pictologics import load_image
    from pictologics.utilities import get_dicom_phases

    folder = data.ct_folder
    if key in CODECS:
        folder = made(data.folder / f"ct_{key}", partial(compress, data.ct_folder, CODECS[key]))
    warm(folder)
    slices = data.size.slices
    region = np.s_[:, :, slices // 3 : slices // 3 + slices // 10]
    if not load_image(folder, region=region).equals(load_image(folder)[region]):
        raise AssertionError("the region is not what the whole series has there")
    race = measure(
        [
            Contender(OURS, lambda: load_image(folder, region=region)),
            Contender(WHOLE, lambda: load_image(folder)),
            Contender(HEADERS, lambda: get_dicom_phases(folder)),
        ],
        rounds,
    )
    kind = CODECS[key].name if key in CODECS else "not compressed"
    result = Benchmark(
        f"A region: {slices // 10} of {slices} slices of {data.size.matrix}×{data.size.matrix}, {kind}",
        "ms",
        race.rows,
        floor=HEADERS,
        disturbed=race.disturbed,
    )
    share = result.ratio(OURS, WHOLE)
    if key in CODECS:
        result.targets = [Target("of the time of the whole", share, at_most=0.15)]
    else:
        pixels = result.median(WHOLE) - result.median(HEADERS)
        expected = result.median(HEADERS) + pixels / 10
        result.targets = [
            Target("times headers and a tenth of the pixels", result.median(OURS) / expected, at_most=1.3)
        ]
    result.notes = [
        race.note,
        f"{share:.2f} of the time of the whole. Where the slices lie is known from all headers, which are all there is "
        "to do but for a tenth of the pixels; without compression, headers take most of that time.",
    ]
    return result


BENCHMARKS: dict[str, Callable[[BenchmarkData, int], Benchmark]] = {
    "region": partial(run, ""),
    "region j2k": partial(run, "j2k"),
}
