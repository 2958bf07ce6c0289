"""Twenty masks of one scan into one label map, against only loading them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pictologics import (
    Image,
    load_and_merge_images,
    load_image,
    save_image,
)

from .data import BenchmarkData, made, warm
from .timing import Benchmark, Contender, Target, measure

__all__ = ["run"]

MASKS = 20


def write_masks(data: BenchmarkData, folder: Path) -> None:
    """Ellipsoids of organ size, each in a file of the whole scan's voxels; neighbors overlap."""
    rng = np.random.default_rng(4)
    shape = np.array(data.grid.shape)
    for number in range(MASKS):
        center = shape * rng.uniform(0.25, 0.75, 3)
        radius = shape * rng.uniform(0.05, 0.15, 3)
        squares = [
            ((np.arange(n) - c) / r).astype(np.float32) ** 2 for n, c, r in zip(shape, center, radius, strict=True)
        ]
        x, y, z = np.ix_(*squares)
        mask = np.asfortranarray((x + y + z < 1).astype(np.uint8))
        save_image(Image.from_grid(mask, data.grid, modality="SEG"), folder / f"mask_{number:02}.nii.gz")


def run(data: BenchmarkData, rounds: int) -> Benchmark:
    folder = made(data.folder / "masks", lambda unfinished: write_masks(data, unfinished))
    warm(folder)
    paths = sorted(folder.iterdir())

    def load_all() -> None:
        for path in paths:
            load_image(path, dtype="uint8")

    contenders = [
        Contender("load_and_merge_images", lambda: load_and_merge_images(paths, relabel_masks=True, dtype="uint8")),
        Contender("load_image of each", load_all),
        Contender("load_and_merge_images, float32", lambda: load_and_merge_images(paths)),
    ]
    measured = measure(contenders, min(rounds, 5))
    result = Benchmark(
        f"Merging {MASKS} masks of {'×'.join(map(str, data.grid.shape))} voxels",
        "ms",
        measured.rows,
        floor="load_image of each",
        disturbed=measured.disturbed,
    )
    result.targets = [
        Target("times loading them", result.ratio("load_and_merge_images", "load_image of each"), at_most=1.5)
    ]
    result.notes = [
        measured.note,
        "Masks are gzip NIfTI files of the scan's size, loaded as uint8 where nothing is said.",
    ]
    return result
