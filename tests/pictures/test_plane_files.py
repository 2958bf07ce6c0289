"""Pictures in files: three planes in true proportions, masks over them, invalid voxels, and what cannot be drawn."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as PilImage

from pictologics import (
    GeometryError,
    Image,
    OptionError,
    save_planes,
)
from pictologics.labels.label_colors import TAB20, color_of_label, name_of_label
from pictologics.pictures.panels import HATCH_COLOR, draw_legend
from pictologics.pictures.windows import choose_grays

SPACING, ORIGIN = (1.0, 1.0, 2.0), (0.0, 0.0, 0.0)


def pixels_of(path) -> np.ndarray:
    with PilImage.open(path) as file:
        return np.asarray(file.convert("RGB"), dtype=int)


def corner_box() -> Image:
    """A bright box in the right anterior superior eighth of a body of voxels that are not cubes."""
    array = np.zeros((40, 40, 20), np.float32)
    array[:20, :20, 10:] = 1
    return Image(array, SPACING, ORIGIN)


def test_the_picture_shows_the_marker_in_true_proportions(tmp_path):
    save_planes(corner_box(), tmp_path / "planes.png", position=(10, 10, 30), window=(0.5, 1))
    picture = pixels_of(tmp_path / "planes.png").mean(axis=2)
    height = picture.shape[0]
    for panel, view in zip(range(3), ("axial", "coronal", "sagittal"), strict=True):
        square = picture[:, panel * (height + 8) : panel * (height + 8) + height]
        quarter = height // 4
        assert square[quarter, quarter] > 200, view
        for row, column in ((quarter, 3 * quarter), (3 * quarter, quarter), (3 * quarter, 3 * quarter)):
            assert square[row, column] < 50, view


@pytest.mark.parametrize("array", [np.zeros((5, 6, 7)), np.full((5, 6, 7), np.nan), np.eye(5)[:, :, None] > 0])
def test_images_without_contrast_are_drawn(tmp_path, array):
    save_planes(Image(array, (1.0, 1.0, 1.0), ORIGIN), tmp_path / "planes.png")
    with PilImage.open(tmp_path / "planes.png") as picture:
        assert picture.size[0] > 0


def test_a_mask_is_filled_outlined_and_named_below(tmp_path):
    image = corner_box()
    labels = np.zeros(image.array.shape, np.uint16)
    labels[8:33, 8:33, 4:17] = 2
    mask = Image(labels, SPACING, ORIGIN, labels={2: "liver"})
    color = np.array(color_of_label(2))
    for style, alpha in (("fill", 0.5), ("contour", 0.5), ("both", 0.5)):
        path = tmp_path / f"{style}.png"
        save_planes(image, path, mask=mask, window=(10, 1), alpha=alpha, style=style)
        picture = pixels_of(path)
        # The image is black in this window, so the middle of the axial panel shows the cover alone.
        middle = picture[192, 150]
        np.testing.assert_allclose(middle, 0 if style == "contour" else color / 2, atol=1)
        lines = (picture[:384] == color).all(axis=2).sum()
        assert lines == 0 if style == "fill" else lines > 1000
        swatch = (picture[384:] == color).all(axis=2)
        assert swatch.sum() > 100
    save_planes(image, tmp_path / "none.png", mask=Image(labels * 0, SPACING, ORIGIN))
    assert pixels_of(tmp_path / "none.png").shape[0] == 384


def test_the_planes_go_where_most_of_the_mask_is(tmp_path):
    image = Image(np.zeros((30, 30, 30), np.float32), (1.0, 1.0, 1.0), ORIGIN)
    labels = np.zeros((30, 30, 30), bool)
    labels[2:5, 20:24, 26:29] = True
    save_planes(image, tmp_path / "planes.png", mask=Image(labels, (1.0, 1.0, 1.0), ORIGIN), alpha=1)
    picture = pixels_of(tmp_path / "planes.png")
    for panel in range(3):
        part = picture[:384, panel * 392 : panel * 392 + 384]
        assert (part == color_of_label(1)).all(axis=2).any()


def test_invalid_voxels_are_hatched(tmp_path):
    valid = np.ones((40, 40, 20), bool)
    valid[20:] = False
    save_planes(corner_box().with_source_mask(valid), tmp_path / "planes.png")
    axial = (pixels_of(tmp_path / "planes.png")[:, :384] == HATCH_COLOR).all(axis=2)
    assert not axial[:, :190].any()
    assert axial[:, 194:].mean() == pytest.approx(1 / 7, abs=0.02)


def test_the_case_of_a_window_does_not_count(tmp_path):
    image = Image(np.random.default_rng(1).normal(0, 500, (5, 6, 7)), (1.0, 1.0, 1.0), ORIGIN)
    for name, window in (("small", "lung"), ("large", "Lung")):
        save_planes(image, tmp_path / f"{name}.png", window=window)
    assert (tmp_path / "small.png").read_bytes() == (tmp_path / "large.png").read_bytes()


def test_what_cannot_be_drawn(tmp_path):
    image = Image(np.zeros((5, 6, 7)), (1.0, 1.0, 1.0), ORIGIN)
    mask = Image(np.ones((5, 6, 7)), (1.0, 1.0, 1.0), ORIGIN)
    path = tmp_path / "planes.png"
    with pytest.raises(OptionError, match="PNG"):
        save_planes(image, tmp_path / "planes.jpg")
    for window in ((5, 0), (5, -1), (5, np.nan), (5,), "liver", 7, ("a", "b")):
        with pytest.raises(OptionError, match="window is"):
            save_planes(image, path, window=window)
    for keywords, reason in (
        ({"alpha": 1.5}, "alpha"),
        ({"alpha": np.nan}, "alpha"),
        ({"style": "dotted"}, "style"),
        ({"mask": np.ones((5, 6, 7))}, "ndarray"),
        ({"mask": Image(mask.array * 0.5, mask.spacing, mask.origin)}, "whole numbers"),
        ({"mask": Image(mask.array * np.nan, mask.spacing, mask.origin)}, "whole numbers"),
        ({"mask": Image(mask.array * 1j, mask.spacing, mask.origin)}, "complex"),
    ):
        with pytest.raises(OptionError, match=reason):
            save_planes(image, path, **keywords)
    for origin, reason in (((0.5, 0.0, 0.0), "load_mask"), ((90.0, 0.0, 0.0), "wholly outside")):
        with pytest.raises(GeometryError, match=reason):
            save_planes(image, path, mask=Image(mask.array, mask.spacing, origin))
    with pytest.raises(OptionError, match="Image"):
        save_planes(image.array, path)
    with pytest.raises(OptionError, match="complex"):
        save_planes(Image(image.array * 1j, image.spacing, image.origin), path)
    with pytest.raises(GeometryError, match="source mask"):
        save_planes(Image(image.array, image.spacing, image.origin, source_mask=np.ones((2, 2, 2), bool)), path)
    assert not list(tmp_path.iterdir())


# --- windows ---


def test_windows_by_name_by_center_and_width_and_by_default():
    array = np.zeros((10, 10, 10), np.float32)
    array.flat = np.arange(1000)
    ct = Image(array, SPACING, ORIGIN, metadata={"units": "HU"})
    assert (choose_grays(ct, None).low, choose_grays(ct, None).high) == (-160, 240)
    assert (choose_grays(ct, "lung").low, choose_grays(ct, "lung").high) == (-1350, 150)
    assert choose_grays(ct, "bone").text == "bone W 1800 L 400 HU"
    assert (choose_grays(ct, (40, 80)).low, choose_grays(ct, (40, 80)).high) == (0, 80)
    other = Image(array, SPACING, ORIGIN)
    assert (choose_grays(other, None).low, choose_grays(other, None).high) == pytest.approx(
        np.percentile(array, (0.5, 99.5))
    )
    # Voxels without data, however extreme, count for nothing.
    filled = Image(np.where(array < 500, -2048, array), SPACING, ORIGIN, source_mask=array >= 500)
    assert choose_grays(filled, None).low > 500


def test_grays_go_from_black_to_white():
    grays = choose_grays(corner_box(), (50, 100))
    values = np.array([[-5, 0, 50, 100, 101, np.nan, np.inf]])
    assert grays.shade(values).tolist() == [[0, 0, 128, 255, 255, 0, 255]]
    assert grays.shade(np.array([[0, 100]], np.int16)).tolist() == [[0, 255]]


# --- colors and names ---


def test_colors_are_those_of_tab20_each_once_and_again_after_twenty():
    matplotlib = pytest.importorskip("matplotlib")
    theirs = {tuple(round(255 * part) for part in color) for color in matplotlib.colormaps["tab20"].colors}
    assert set(TAB20) == theirs
    assert len(TAB20) == 20
    assert color_of_label(1) == color_of_label(21) == TAB20[0]


def test_a_label_without_a_name_is_called_by_its_number():
    assert name_of_label(3, {3: "spleen"}) == "spleen"
    assert name_of_label(3, {3: ""}) == name_of_label(3, {}) == "label 3"


def test_a_long_legend_takes_several_rows_and_ends_somewhere():
    names = {value: f"a rather long name {value}" for value in range(1, 200)}
    one, many, more = (draw_legend(list(range(1, count)), names, 1000).height for count in (3, 30, 200))
    assert one < many < more < 600
