"""What a reference cuts off, and that nothing is left of a mask, is told; padding is no loss."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from pictologics import ContentWarning, Grid, Image, load_and_merge_images, load_image, save_image
from pictologics.placement import place
from pictologics.preprocessing import resample_image, resample_to


def told(image: Image) -> list[str]:
    return [one.text for one in image.provenance.decisions if one.warning == "content"]


def lesion(fill=0.0) -> Image:
    array = np.full((8, 8, 8), fill, np.float32)
    array[4:6, 4:6, 2:6] = 3
    return Image(array, (1, 1, 1), (0, 0, 0))


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("background", [0.0, np.nan, -1024.0])
def test_what_is_cut_off_is_counted_with_its_share(background, flipped):
    target = Grid((8, 8, 4)).flip(2) if flipped else Grid((8, 8, 4))
    (text,) = told(place(lesion(background), target))
    assert "cuts off 8 of 16 voxels that are not background (50.0 %)" in text


@pytest.mark.parametrize("background", [0.0, np.nan, -1024.0])
def test_padding_that_is_cut_off_is_no_loss(background):
    assert told(place(lesion(background), Grid((8, 8, 6)))) == []


def test_invalid_voxels_are_no_loss():
    image = lesion()
    masked = image.with_source_mask(np.arange(8)[None, None, :] + np.zeros((8, 8, 1)) < 4)
    assert told(place(masked, Grid((8, 8, 4)))) == []


def test_where_axes_are_turned_voxels_are_counted_one_by_one():
    angle = np.radians(30)
    turned = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    target = Grid((8, 8, 4), (1, 1, 1), (0, 0, 0), turned)
    image = lesion()
    at = target.world_to_index(image.grid.index_to_world(np.argwhere(image.array)))
    inside = ((at > -0.5) & (at < np.array(target.shape) - 0.5)).all(axis=1).sum()
    (text,) = told(place(image, target, interpolation="nearest"))
    assert f"cuts off {16 - inside} of 16 voxels" in text


def test_nothing_left_says_where_both_lie():
    (text,) = told(place(lesion(), Grid((3, 3, 3))))
    assert "nothing is left of 16 voxels" in text
    assert "[4.0, 4.0, 2.0] and [5.0, 5.0, 5.0] mm" in text
    assert "[0.0, 0.0, 0.0] and [2.0, 2.0, 2.0] mm" in text


def test_an_empty_mask_loses_nothing():
    assert told(place(Image(np.zeros((8, 8, 8)), (1, 1, 1), (0, 0, 0)), Grid((3, 3, 3)))) == []


def test_structures_that_fall_between_the_new_centers_are_missed():
    array = np.zeros((9, 9, 9), np.uint8)
    array[4, 5, 4] = 1
    mask = Image(array, (1, 1, 1), (0, 0, 0), modality="SEG")
    with pytest.warns(ContentWarning, match="nothing is left of 1 voxels"):
        assert not resample_image(mask, (3, 3, 3), "nearest").array.any()
    with pytest.warns(ContentWarning, match="nothing is left of 1 voxels"):
        assert not resample_image(mask, (3, 3, 3), mask_threshold=0.5).array.any()


def test_a_label_of_which_nothing_is_left_is_named():
    array = np.zeros((12, 12, 12), np.uint8)
    array[2:10, 2:10, 2:10] = 1
    array[5, 6, 5] = 7
    organs = Image(array, (1, 1, 1), (0, 0, 0), modality="SEG", labels={1: "liver", 7: "lesion"})
    with pytest.warns(ContentWarning, match=r"nothing is left of label 7 \(lesion\)"):
        assert set(np.unique(resample_image(organs, (2, 2, 2), mask_threshold=0.5).array)) == {0, 1}


def test_of_a_scan_a_part_may_be_sampled_and_of_a_mask_not_in_silence():
    scan = Image(np.random.default_rng(0).normal(100, 9, (8, 8, 8)), (1, 1, 1), (0, 0, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        resample_to(scan, Grid((4, 4, 4)))
    with pytest.warns(ContentWarning, match="cuts off 8 of 16"):
        resample_to(lesion(), Grid((8, 8, 4)), "nearest")


def test_every_door_tells(tmp_path):
    save_image(lesion(), tmp_path / "lesion.nii")
    reference = Image(np.zeros((3, 3, 3)), (1, 1, 1), (0, 0, 0))
    with pytest.warns(ContentWarning, match="nothing is left of 16 voxels"):
        load_image(tmp_path / "lesion.nii", reference_image=reference)
    with pytest.warns(ContentWarning, match="nothing is left of 16 voxels"):
        load_and_merge_images([tmp_path / "lesion.nii"], reference, reposition_to_reference=True)
    part = Image(np.zeros((8, 8, 4)), (1, 1, 1), (0, 0, 0))
    with pytest.warns(ContentWarning, match="cuts off 8 of 16"):
        load_and_merge_images([tmp_path / "lesion.nii"], part, reposition_to_reference=True)
