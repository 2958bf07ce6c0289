"""pictologics merge, and convert onto a reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pictologics import (
    Grid,
    Image,
    load_image,
    save_image,
)
from tests.cli.program import MISUSED, fail, run, succeed
from tests.factories.phantom import OBLIQUE

pytestmark = pytest.mark.slow  # each test starts the program, and some several times

GRID = Grid((6, 5, 4), (0.5, 1.25, 3.0), (-20.0, 35.5, 100.0), OBLIQUE)


@pytest.fixture
def organs(tmp_path: Path) -> Path:
    """A scan, two cropped masks that share a plane, and one that lies half a voxel aside."""
    save_image(Image.from_grid(np.full(GRID.shape, 40, np.int16), GRID), tmp_path / "scan.nii.gz")
    for name, start in (("liver", 0), ("kidney", 2)):
        part = GRID.crop((start, 0, 0), (3, 5, 4))
        save_image(Image.from_grid(np.ones(part.shape, np.uint8), part), tmp_path / f"{name}.nii.gz")
    aside = Grid(GRID.shape, GRID.spacing, tuple(GRID.index_to_world((0.5, 0, 0))), GRID.direction)
    save_image(Image.from_grid(np.ones(GRID.shape, np.uint8), aside), tmp_path / "aside.nii.gz")
    wide = GRID.with_spacing([1.5 * step for step in GRID.spacing])
    save_image(Image.from_grid(np.ones(wide.shape, np.uint8), wide), tmp_path / "wide.nii.gz")
    return tmp_path


def test_crops_become_one_label_map_on_the_scan(organs):
    printed = succeed(
        organs, "merge", "liver.nii.gz", "kidney.nii.gz", "-o", "both.nii.gz", "--reference", "scan.nii.gz", "--relabel"
    )
    assert printed.splitlines()[0].startswith("both.nii.gz: Image(shape=(6, 5, 4)")
    assert [line.split() for line in printed.splitlines()[1:]] == [["1", "liver.nii.gz"], ["2", "kidney.nii.gz"]]
    merged = load_image(organs / "both.nii.gz", dtype="uint8")
    assert merged.array[:, 0, 0].tolist() == [1, 1, 2, 2, 2, 0]
    assert merged.grid == GRID


@pytest.mark.parametrize(
    ("binarize", "expected"),
    [("all", [1, 1, 1, 1, 1, 0]), ("2", [0, 0, 1, 1, 1, 0]), ("1,2", [1] * 5 + [0]), ("1-1", [1, 1] + [0] * 4)],
)
def test_binarize(organs, binarize, expected):
    names = ["liver.nii.gz", "kidney.nii.gz", "-o", "mask.nii.gz", "--reference", "scan.nii.gz", "--relabel"]
    succeed(organs, "merge", *names, "--binarize", binarize)
    assert load_image(organs / "mask.nii.gz").array[:, 0, 0].tolist() == expected


def test_what_does_not_fit_writes_nothing(organs):
    message = fail(organs, "merge", "liver.nii.gz", "aside.nii.gz", "-o", "bad.nii.gz")
    assert "aside.nii.gz" in message
    assert "shape" in message
    assert "half" not in message
    message = fail(organs, "merge", "wide.nii.gz", "-o", "bad.nii.gz", "--reference", "scan.nii.gz")
    assert "do not meet" in message
    assert "--binarize" in fail(organs, "merge", "liver.nii.gz", "-o", "bad.nii.gz", "--binarize", "most")
    assert not (organs / "bad.nii.gz").exists()
    assert run(organs, "merge", "liver.nii.gz").returncode == MISUSED


def test_convert_puts_a_mask_on_its_scan(organs):
    succeed(organs, "convert", "kidney.nii.gz", "placed.nii.gz", "--reference", "scan.nii.gz", "--dtype", "uint8")
    assert load_image(organs / "placed.nii.gz").array[:, 0, 0].tolist() == [0, 0, 1, 1, 1, 0]
