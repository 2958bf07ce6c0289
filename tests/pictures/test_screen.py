"""A marker at a known point of the patient is found where a radiologist looks for it, whatever the storage order."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PilImage

from pictologics import Grid, OptionError
from pictologics.labels.label_colors import color_of_label
from pictologics.pictures.screen import find_view_plane, make_axis_plane
from pictologics.utilities import save_slices, visualize_mask_overlay
from tests.factories.markers import marked_images, moved_mask

axes = st.sampled_from([0, 1, 2])
moves = {"order": st.permutations(range(3)), "flips": st.sets(axes)}


def middle_of(found: np.ndarray) -> np.ndarray:
    """The mean column and row of the pixels that are set."""
    assert found.any()
    return np.argwhere(found).mean(axis=0)[::-1]


def looks_white(pixels: np.ndarray) -> np.ndarray:
    return (pixels.min(axis=2) > 120) & (np.ptp(pixels, axis=2) < 10)


def looks_like(pixels: np.ndarray, color) -> np.ndarray:
    return np.abs(pixels - np.array(color, float)).max(axis=2) < 30


@given(marked=marked_images(), axis=axes)
def test_the_voxel_on_the_screen_is_the_marker(marked, axis):
    grid = marked.image.grid
    plane = make_axis_plane(grid, axis, marked.index[axis])
    row, column = np.argwhere(plane.cut(marked.image.array))[0]
    assert plane.voxel_at(row + 0.4, column - 0.4) == marked.index
    assert (plane.view, "".join(plane.letters)) == (marked.view(axis), marked.letters(axis))
    right, down = marked.offset(axis)
    height, width = plane.lengths
    assert (width, height) == marked.lengths(axis)
    np.testing.assert_allclose((column + 0.5) * plane.pixel_spacing[1] - width / 2, right, atol=1e-6)
    np.testing.assert_allclose((row + 0.5) * plane.pixel_spacing[0] - height / 2, down, atol=1e-6)
    assert find_view_plane(grid, plane.view, marked.position) == plane


@given(marked=marked_images())
def test_outside_of_the_picture_is_no_voxel(marked):
    plane = make_axis_plane(marked.image.grid, 2, 0)
    rows, columns = plane.shape
    for row, column in ((-0.6, 0), (rows - 0.4, 0), (0, -0.6), (0, columns - 0.4)):
        assert plane.voxel_at(row, column) is None


@pytest.mark.slow
@settings(max_examples=20)
@given(marked=marked_images(), axis=axes, **moves)
def test_marker_and_mask_are_where_they_belong_in_the_file(tmp_path_factory, marked, axis, order, flips):
    folder = tmp_path_factory.mktemp("slices")
    pattern = folder / "{index}.png"
    mask = moved_mask(marked, order, flips)
    width, height = marked.lengths(axis)
    scale = 256 / max(width, height)
    for shown, finds in ((None, looks_white), (mask, lambda pixels: looks_like(pixels, color_of_label(4)))):
        save_slices(marked.image, pattern, shown, axis=axis, window=(50, 100), alpha=1, style="fill", size=256)
        with PilImage.open(folder / f"{marked.index[axis]}.png") as file:
            pixels = np.asarray(file.convert("RGB"), float)
        expected = np.array(pixels.shape[1::-1]) / 2 + np.array(marked.offset(axis)) * scale
        # The letters at the edges may hide a part of the marker.
        np.testing.assert_allclose(middle_of(finds(pixels)) + 0.5, expected, atol=scale * 0.7)


@pytest.mark.slow
@settings(max_examples=12)
@given(marked=marked_images(), axis=axes, **moves)
def test_marker_and_mask_are_where_they_belong_in_the_figure(marked, axis, order, flips):
    mask = moved_mask(marked, order, flips)
    for alpha, finds in ((0.0, looks_white), (1.0, lambda pixels: looks_like(pixels, color_of_label(4)))):
        figure = visualize_mask_overlay(marked.image, mask, alpha, axis=axis, window=(50, 100), style="fill")
        stream = io.BytesIO()
        figure.savefig(stream, format="png")
        with PilImage.open(stream) as file:
            pixels = np.asarray(file.convert("RGB"), float)
        (panel,) = figure.axes
        assert panel.get_title(loc="left") == f"{marked.view(axis)} {marked.index[axis]}"
        box = panel.get_window_extent()
        # The caption and the legend lie outside the panel.
        top, bottom = round(pixels.shape[0] - box.y1), round(pixels.shape[0] - box.y0)
        found = middle_of(finds(pixels[top:bottom, round(box.x0) : round(box.x1)])) + 0.5
        width, height = marked.lengths(axis)
        scale = box.width / width
        np.testing.assert_allclose(box.height / height, scale, rtol=0.02)
        right, down = marked.offset(axis)
        expected = (box.width / 2 + right * scale, box.height / 2 + down * scale)
        np.testing.assert_allclose(found, expected, atol=scale * 0.7)


@pytest.mark.parametrize("position", ["here", (1, 2), (1, 2, np.nan), {}])
def test_a_position_is_three_numbers(position):
    with pytest.raises(OptionError, match="three numbers"):
        find_view_plane(Grid((6, 5, 5)), "axial", position)


def test_a_plane_beyond_the_volume_is_the_outermost():
    grid = Grid((6, 5, 4))
    assert find_view_plane(grid, "axial").index == 2
    assert find_view_plane(grid, "axial", (0, 0, 1e6)).index == 3
    assert find_view_plane(grid, "sagittal", (-50, 0, 0)).index == 0
