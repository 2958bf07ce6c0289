"""``pictologics overlay``: one picture of a mask over its image, or one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage

from pictologics import (
    Grid,
    Image,
    OptionError,
    load_image,
    save_image,
)
from pictologics.cli.commands.overlay import parse_window
from pictologics.labels.label_colors import color_of_label
from tests.cli.test_cli import fail, succeed
from tests.factories.dicom_series import write_series

pytestmark = pytest.mark.slow  # each test starts the program, and some several times


@pytest.fixture(scope="module")
def case(tmp_path_factory) -> Path:
    """A series, a mask on part of it, and one whose place was lost."""
    folder = tmp_path_factory.mktemp("case")
    write_series(folder / "ct", intercept=-1024.0)
    grid = load_image(folder / "ct").grid
    part = grid.crop((1, 1, 2), (4, 3, 2)).flip(1)
    for name, where in (("mask", part), ("lost", Grid(grid.shape))):
        save_image(Image.from_grid(np.full(where.shape, 3, np.uint8), where), folder / f"{name}.nii.gz")
    return folder


def share_of_color(path: Path) -> float:
    with PilImage.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"), int)
    return float((np.abs(pixels - color_of_label(3)).max(axis=2) < 3).mean())


@pytest.mark.parametrize(
    ("options", "proportion"),
    [
        (("--planes", "--window", "lung"), (1.3, 2)),
        (("--axis", "0", "--slice", "3", "--window", "-1000,200", "--contours"), (0.5, 1.2)),
    ],
)
def test_the_picture_shows_the_mask(case, tmp_path, options, proportion):
    target = tmp_path / "out.png"
    assert succeed(case, "overlay", "ct", "mask.nii.gz", target, "--alpha", 1, *options) == f"{target}\n"
    share = share_of_color(target)
    assert (0 < share < 0.1) if "--contours" in options else share > 0.03
    with PilImage.open(target) as picture:
        assert proportion[0] < picture.width / picture.height < proportion[1]


def test_drawings_of_lines(case, tmp_path):
    succeed(case, "overlay", "ct", "mask.nii.gz", tmp_path / "out.PDF")
    assert (tmp_path / "out.PDF").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("ct", "mask.nii.gz", "out.tiff"), "'out.tiff': "),
        (("ct", "nothing.nii.gz", "out.png"), "'nothing.nii.gz': "),
        (("ct", "lost.nii.gz", "out.png"), "pass --geometry reference"),
        (("ct", "mask.nii.gz", "out.png", "--slice", "99"), "0 to 4"),
        (("ct", "mask.nii.gz", "out.png", "--window", "liver"), "soft tissue"),
    ],
)
def test_one_sentence_and_no_file(case, arguments, reason):
    before = sorted(case.iterdir())
    assert reason in fail(case, "overlay", *arguments)
    assert sorted(case.iterdir()) == before


@pytest.mark.parametrize(
    ("text", "window"), [("", None), ("lung", "lung"), ("40,400", (40, 400)), ("-600, 1.5e3", (-600, 1500))]
)
def test_windows_as_they_are_typed(text, window):
    assert parse_window(text) == window


def test_a_window_that_is_no_two_numbers():
    with pytest.raises(OptionError, match="40,400"):
        parse_window("40,wide")


def test_without_matplotlib_the_error_says_how_to_install_it(case, tmp_path, monkeypatch):
    (tmp_path / "matplotlib").mkdir()
    (tmp_path / "matplotlib" / "__init__.py").write_text("raise ImportError", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    assert "pip install matplotlib" in fail(case, "overlay", "ct", "mask.nii.gz", "out.png")
