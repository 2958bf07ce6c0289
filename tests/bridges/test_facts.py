"""The texts that cross: what they say when somebody else has written into them."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from isal import isal_zlib

from pictologics import ContentWarning, Grid, Image
from pictologics.bridges.facts import FACTS_KEY, find_facts, make_fact_texts, make_image_of
from pictologics.formats.json_comment import ImageFacts
from pictologics.formats.packed_masks import PACKED_MASK_KEY
from pictologics.provenance import Provenance


@pytest.fixture
def image() -> Image:
    array = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    valid = array > 7
    return Image(array, (1, 2, 3), (4, 5, 6), modality="CT", source_mask=valid, metadata={"units": "HU"})


def back(image: Image, texts: dict[str, object], array=None) -> Image:
    array = image.array if array is None else array
    facts = find_facts(texts, image.grid) or ImageFacts(image.grid)
    return make_image_of(array, facts, texts, Provenance(reader="a library"))


def test_all_of_it_comes_back(image):
    assert back(image, make_fact_texts(image, image.dtype)).equals(image)


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"pictologics": 2}', "[" * 100_000, None, 7, b"{}"])
def test_a_text_that_says_nothing_is_passed_over(image, text):
    made = back(image, {FACTS_KEY: text})
    assert (made.modality, made.metadata, made.source_mask) == ("Unknown", {}, None)


def test_a_change_of_a_voxel_is_enough_to_lose_the_source_mask(image):
    texts = make_fact_texts(image, image.dtype)
    changed = image.array.copy()
    changed[0, 0, 1] += 1
    with pytest.warns(ContentWarning, match=r"image of a library.*give it back with with_source_mask"):
        assert back(image, texts, changed).source_mask is None
    # Not so another order of memory, or type.
    assert back(image, texts, np.asfortranarray(image.array)).source_mask is not None
    assert back(image, texts, image.array.astype(np.int16)).source_mask is not None


def damage(**changes):
    def change(content):
        return {**content, **changes}

    return change


@pytest.mark.parametrize(
    "change",
    [
        damage(bits="?" * 5),
        damage(bits=base64.b64encode(b"no stream").decode()),
        damage(bits=base64.b64encode(isal_zlib.compress(bytes(10_000_000))).decode()),
        damage(bits=base64.b64encode(isal_zlib.compress(b"\0")).decode()),
        damage(shape=[3, 4]),
        damage(shape=[3, 5, 4]),
        damage(spacing=[1, 2, -3]),
        damage(origin=[4, 5, 7]),
        damage(checksum=0),
        lambda content: [],
        lambda content: {key: value for key, value in content.items() if key != "direction"},
    ],
)
def test_a_damaged_source_mask_is_left_out(image, change):
    texts = make_fact_texts(image, image.dtype)
    texts[PACKED_MASK_KEY] = json.dumps(change(json.loads(texts[PACKED_MASK_KEY])))
    with pytest.warns(ContentWarning, match="source mask"):
        made = back(image, texts)
    assert made.source_mask is None
    assert made.modality == "CT"


def test_voxels_that_no_longer_fit_their_type_keep_the_new_one():
    mask = Image(np.ones((2, 2, 2), np.bool_), (1, 1, 1), (0, 0, 0))
    texts = make_fact_texts(mask, np.dtype(np.uint8))
    assert back(mask, texts, np.ones((2, 2, 2), np.uint8)).dtype == np.bool_
    assert back(mask, texts, np.full((2, 2, 2), 3, np.uint8)).dtype == np.uint8
    half = Image(np.ones((2, 2, 2), np.float16), (1, 1, 1), (0, 0, 0))
    texts = make_fact_texts(half, np.dtype(np.float32))
    assert back(half, texts, np.full((2, 2, 2), 0.5, np.float32)).dtype == np.float16
    assert back(half, texts, np.full((2, 2, 2), 1e6, np.float32)).dtype == np.float32


def test_a_moved_image_keeps_what_is_true_wherever_it_lies(image):
    texts = make_fact_texts(image, image.dtype)
    elsewhere = Grid(image.shape, (1, 2, 3), (40, 5, 6))
    facts = find_facts(texts, elsewhere)
    assert (facts.grid, facts.modality, facts.metadata) == (elsewhere, "CT", {"units": "HU"})
    # Rounding of an affine is no move: the numbers are those that were.
    rounded = Grid(image.shape, (1, 2, 3), (4 + 1e-13, 5, 6))
    assert find_facts(texts, rounded).grid == image.grid
