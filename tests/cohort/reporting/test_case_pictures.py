"""Pictures of a case: what they show, and that they stay small enough."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image as PilImage

from pictologics import Image
from pictologics.cohort.reporting.case_pictures import draw_case
from pictologics.cohort.reporting.picture_levels import LEVELS, PAGE_BYTES, PictureLevel, choose_picture_level
from pictologics.labels.label_colors import color_of_label
from tests.factories.run_folders import make_volume

ROOMY = PictureLevel(plane_side=96, slice_side=160, slices=8, bytes=400_000)
NO_LEVEL = LEVELS[-1]


def decode(data: str) -> PilImage.Image:
    return PilImage.open(io.BytesIO(base64.b64decode(data))).convert("RGB")


def count_bytes(pictures) -> int:
    return sum(len(base64.b64decode(data)) for data in (pictures.planes, *(sheet.data for sheet in pictures.sheets)))


def test_three_planes_stand_side_by_side():
    image, _ = make_volume(0, "CT")
    pictures = draw_case({"ct": image}, None, ROOMY)
    assert decode(pictures.planes).size == (3 * 96, 96)
    assert (pictures.modality, pictures.labels, pictures.notes) == ("CT", {}, [])


def test_the_outline_of_a_mask_is_where_the_mask_is():
    array, mask = np.zeros((32, 32, 8), np.float32), np.zeros((32, 32, 8), np.uint8)
    mask[4:12, 8:24, 2:6] = 2
    image = Image(array, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    pictures = draw_case({"ct": image}, Image.from_grid(mask, image.grid, labels={2: "organ"}), ROOMY)
    (sheet,) = pictures.sheets
    picture = np.asarray(decode(sheet.data), np.int64)
    place = sheet.indices.index(4)
    left, top = place % sheet.columns * sheet.step[0], place // sheet.columns * sheet.step[1]
    tile = picture[top : top + sheet.size[1], left : left + sheet.size[0]]
    scale = sheet.size[0] / 32
    is_orange = (tile[..., 0] - tile[..., 2]) > 60
    rows, columns = np.flatnonzero(is_orange.any(axis=1)), np.flatnonzero(is_orange.any(axis=0))
    # x runs to the patient's left, which is on the right; y to the back, which is down.
    assert np.allclose([columns[0], columns[-1] + 1], [4 * scale, 12 * scale], atol=2)
    assert np.allclose([rows[0], rows[-1] + 1], [8 * scale, 24 * scale], atol=2)
    edge = tile[round(16 * scale), round(4 * scale) + 1]
    assert np.abs(edge - color_of_label(2)).max() < 90
    assert pictures.labels == {2: "organ"}
    assert sheet.letters == ("R", "L", "A", "P")


def test_the_slider_has_slices_spread_over_the_image():
    image, mask = make_volume(5, "MR")
    (sheet,) = draw_case({"mr": image}, mask, ROOMY).sheets
    assert (sheet.count, len(sheet.indices), sheet.view) == (17, 8, "axial")
    assert sheet.indices == sorted(set(sheet.indices))
    assert sheet.indices[0] <= 1
    assert sheet.indices[-1] >= 15


def test_slices_are_shown_as_they_were_scanned():
    turned = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    image = Image(np.zeros((20, 20, 6), np.float32), (1.0, 1.0, 4.0), (0.0, 0.0, 0.0), direction=turned)
    (sheet,) = draw_case({"mr": image}, None, ROOMY).sheets
    assert (sheet.view, sheet.count, sheet.indices) == ("sagittal", 6, [0, 1, 2, 3, 4, 5])


def test_images_of_a_case_share_its_slices():
    ct, mask = make_volume(0, "CT")
    pet = Image.from_grid(np.asarray(ct.array)[::, ::, ::] * 2.0, ct.grid, modality="PT")
    pictures = draw_case({"ct": ct, "pet": pet}, mask, ROOMY)
    assert [(sheet.name, len(sheet.indices)) for sheet in pictures.sheets] == [("ct", 4), ("pet", 4)]


@pytest.mark.parametrize("level", LEVELS[-4:-1], ids=lambda level: str(level.bytes))
def test_noise_stays_within_the_bytes_of_its_level(level):
    noise = np.random.default_rng(1).integers(-1000, 1000, (90, 80, 70)).astype(np.int16)
    image = Image(noise, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    assert 0 < count_bytes(draw_case({"ct": image}, None, level)) <= level.bytes


def test_what_cannot_be_made_small_enough_says_so():
    image, mask = make_volume(0, "CT")
    pictures = draw_case({"ct": image}, mask, PictureLevel(96, 96, 4, 100))
    assert (pictures.planes, pictures.sheets) == ("", [])
    assert "too large" in pictures.notes[0]


@pytest.mark.parametrize("cases", [0, 1, 30, 31, 70, 200, 999, 1000, 5000, 5001, 17_000, 100_000, 10_000_000])
@pytest.mark.parametrize("taken", [0, 5_000_000, PAGE_BYTES, 2 * PAGE_BYTES])
def test_pictures_fit_the_page_whatever_the_number_of_cases(cases, taken):
    level = choose_picture_level(cases, taken)
    assert level is NO_LEVEL or taken + cases * level.letters <= PAGE_BYTES


def test_five_thousand_cases_have_slices():
    assert choose_picture_level(5000, 6_000_000).slices > 0
