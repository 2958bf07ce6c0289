"""Masks to the contours of an RT structure set."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pictologics import Image

from .ct_readers import OURS
from .data import BenchmarkData, warm
from .structures import RT_UTILS, contours_of, drawn_by_scikit_image
from .timing import Benchmark, Contender, Target, measure

__all__ = ["run"]

TIMES_AS_FAST = 10.0


def write_with_pictologics(masks: Mapping[str, Image], series: Path, file: Path) -> None:
    from pictologics import save_rtstruct

    save_rtstruct(masks, series, file)


def write_with_rt_utils(masks: Mapping[str, npt.NDArray[np.bool_]], series: Path, file: Path) -> None:
    """As its users do."""
    from rt_utils import RTStructBuilder

    structures = RTStructBuilder.create_new(str(series))
    for name, mask in masks.items():
        structures.add_roi(mask=mask, name=name)
    with contextlib.redirect_stdout(io.StringIO()):
        structures.save(str(file))


def count_differing(file: Path, masks: Mapping[str, Image]) -> int:
    """How many voxels come back otherwise when the file is drawn by centers."""
    from pictologics import load_rtstruct

    with warnings.catch_warnings():
        # Contours through the centers of voxels enclose nothing where a ROI is thin.
        warnings.simplefilter("ignore")
        again = load_rtstruct(file, next(iter(masks.values())), combine_rois=False)
    return sum(int(np.count_nonzero(again[name].array != mask.array)) for name, mask in masks.items())


def run(data: BenchmarkData, rounds: int) -> Benchmark:
    series = data.ct_folder
    warm(series)
    folder = data.folder / "written structures"
    folder.mkdir(exist_ok=True)
    rois: list[Any] = list(contours_of(data.grid))
    masks = {
        f"organ {number}": Image.from_grid(array, data.grid)
        for number, array in enumerate(drawn_by_scikit_image(rois, data.grid.shape, False), 1)
    }
    # Rows first, as rt-utils takes them; a view, so that nothing is copied while the clock runs.
    theirs = {name: mask.array.transpose(1, 0, 2).view(np.bool_) for name, mask in masks.items()}
    files = {OURS: folder / "ours.dcm", RT_UTILS: folder / "rt-utils.dcm"}
    race = measure(
        [
            Contender(OURS, lambda: write_with_pictologics(masks, series, files[OURS])),
            Contender(RT_UTILS, lambda: write_with_rt_utils(theirs, series, files[RT_UTILS])),
        ],
        rounds,
    )
    result = Benchmark(
        f"RTSTRUCT written: {len(masks)} masks of {data.grid.shape} voxels, with the headers of their series",
        "ms",
        race.rows,
        disturbed=race.disturbed,
    )
    result.targets = [Target(f"times as fast as {RT_UTILS}", result.ratio(RT_UTILS, OURS), at_least=TIMES_AS_FAST)]
    total = sum(int(np.count_nonzero(mask.array)) for mask in masks.values())
    lost = {name: count_differing(file, masks) for name, file in files.items()}
    result.notes = [
        race.note,
        f"Drawn again, {lost[OURS]} of {total} voxels differ, and {lost[RT_UTILS]} of what rt-utils writes, whose "
        "contours run through the centers of voxels.",
    ]
    return result
