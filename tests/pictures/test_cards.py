"""What a notebook shows of an image: planes of every kind of array, small, escaped, and never an error."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image as PilImage

from pictologics import Image
from pictologics.pictures.cards import CARD_SIDE

SPACING, ORIGIN = (1.0, 1.0, 2.0), (0.0, 0.0, 0.0)
MOST_LETTERS = 60_000


def picture_of(image: Image) -> PilImage.Image | None:
    """The picture of the card, which is small whatever it shows."""
    card = image._repr_html_()
    assert card.startswith("<table")
    assert len(card) < MOST_LETTERS
    found = re.search(r"src='data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=]+)'", card)
    return None if found is None else PilImage.open(io.BytesIO(base64.b64decode(found[1]))).convert("RGB")


def noise(*shape) -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape)


DRAWN = {
    "scan": Image(noise(40, 30, 20), SPACING, ORIGIN),
    "noise of many voxels": Image(noise(200, 200, 60), SPACING, ORIGIN),
    "NaN": Image(np.full((5, 5, 5), np.nan), SPACING, ORIGIN),
    "constant": Image(np.ones((5, 5, 5)), SPACING, ORIGIN),
    "infinite and huge": Image(np.array([[[np.inf, -np.inf, 1e308, -1e308]]]), SPACING, ORIGIN),
    "plane": Image(noise(9, 8), SPACING, ORIGIN),
    "slice": Image(noise(9, 8, 1), SPACING, ORIGIN),
    "four axes": Image(noise(9, 8, 7, 2), SPACING, ORIGIN),
    "truth values": Image(noise(9, 8, 7) > 0, SPACING, ORIGIN, modality="SEG"),
    "empty mask": Image(np.zeros((9, 8, 7), np.uint8), SPACING, ORIGIN, modality="SEG"),
    "labels below zero": Image(np.full((9, 8, 7), -1, np.int16), SPACING, ORIGIN, modality="SEG"),
    "source mask": Image(noise(9, 8, 7), SPACING, ORIGIN, source_mask=noise(9, 8, 7) > 0),
    "source mask of another shape": Image(noise(9, 8, 7), SPACING, ORIGIN, source_mask=np.ones(3, bool)),
    "very long": Image(np.zeros((2, 2, 5000)), SPACING, ORIGIN),
    "more than is looked at": Image(np.broadcast_to(np.float32(4), (1500, 1500, 1500)), SPACING, ORIGIN),
    "color": Image(np.zeros((9, 8, 7, 3), np.uint8), SPACING, ORIGIN),
}

NOT_DRAWN = {
    "empty": Image(np.zeros((0, 1, 2)), SPACING, ORIGIN),
    "row": Image(np.zeros(5), SPACING, ORIGIN),
    "objects": Image(np.zeros((2, 2, 2), object), SPACING, ORIGIN),
    "complex": Image(np.zeros((2, 2, 2), complex), SPACING, ORIGIN),
    "text": Image(np.array([[["a"]]]), SPACING, ORIGIN),
    "nothing": Image(None, None, None),
    "nowhere": Image(np.zeros((4, 4, 4)), (np.nan, 1.0, 1.0), ORIGIN),
}


@pytest.mark.parametrize("image", DRAWN.values(), ids=DRAWN)
def test_every_array_is_drawn_small(image):
    picture = picture_of(image)
    assert picture is not None
    assert picture.size == (3 * CARD_SIDE + 8, CARD_SIDE)


@pytest.mark.parametrize("image", NOT_DRAWN.values(), ids=NOT_DRAWN)
def test_what_cannot_be_drawn_is_told_alone(image):
    assert picture_of(image) is None


def test_planes_are_the_right_way_round():
    array = np.zeros((60, 60, 60))
    array[:30] = 100  # the patient's right, on the left of an axial and a coronal picture
    pixels = np.asarray(picture_of(Image(array, (1.0, 1.0, 1.0), ORIGIN)).convert("L"), int)
    assert pixels[100, 40] > 200
    assert pixels[100, 110] < 50


def test_labels_have_their_colors_and_names():
    array = np.zeros((60, 60, 60), np.uint8)
    array[20:50, 20:50, 10:20] = 1
    mask = Image(
        array, SPACING, ORIGIN, modality="SEG", labels={1: "<liver>", **{k: f"part {k}" for k in range(2, 20)}}
    )
    colors = {color for _, color in picture_of(mask).getcolors(CARD_SIDE * CARD_SIDE * 4)}
    assert (0x1F, 0x77, 0xB4) in colors
    card = mask._repr_html_()
    assert "1 &lt;liver&gt;" in card
    assert "and 11 more" in card


def test_colors_stay_colors():
    array = np.zeros((40, 40, 40, 3), np.uint8)
    array[..., 0] = 250
    red, green, blue = picture_of(Image(array, (1.0, 1.0, 1.0), ORIGIN)).getpixel(
        (CARD_SIDE // 2 + 20, CARD_SIDE // 2 + 20)
    )
    assert red > 200 > 50 > max(green, blue)


def test_the_card_says_where_and_in_which_units():
    image = Image(noise(10, 20, 5), (0.5, 0.5, 3.0), (1.0, 2.0, -30.0), metadata={"units": "HU"})
    card = image._repr_html_()
    for part in ("(10, 20, 5)", "(5, 10, 15) mm", "(1, 2, -30) mm LPS", "LPS", "HU"):
        assert part in card


def test_of_a_huge_image_a_part_is_looked_at():
    assert "float32 about 4 to 4" in repr(DRAWN["more than is looked at"])
