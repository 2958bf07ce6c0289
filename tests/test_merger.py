"""Merging: whatever the files, each voxel gets the value that the rule says, and the geometry is that of all."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pictologics import (
    ContentWarning,
    GeometryError,
    GeometryWarning,
    Grid,
    Image,
    MissingPathError,
    OptionError,
    load_and_merge_images,
    load_image,
    save_image,
)
from pictologics.merger import Merger
from tests.factories.phantom import OBLIQUE
from tests.factories.variants import VARIANTS

GRID = Grid((6, 5, 4), (0.5, 1.25, 3.0), (-20.0, 35.5, 100.0), OBLIQUE)
RULES = ["max", "min", "first", "last"]

values = hnp.arrays(np.int16, GRID.shape, elements=st.integers(-3, 5))


def mask_of(box: tuple[slice, ...], value: int = 1, dtype: str = "uint8") -> np.ndarray:
    array = np.zeros(GRID.shape, dtype)
    array[box] = value
    return array


def saved(folder: Path, *arrays: np.ndarray, grid: Grid = GRID) -> list[Path]:
    """Each array as a NIfTI file; arrays of the grid's shape lie on it."""
    paths = []
    for number, array in enumerate(arrays):
        path = folder / f"part_{number}.nii.gz"
        save_image(Image.from_grid(array, grid.crop((0, 0, 0), array.shape)), path)
        paths.append(path)
    return paths


def kept(rule: str, column: list[int]) -> int:
    """The rule in one line of Python for one voxel: the oracle."""
    there = [value for value in column if value]
    choose = {"max": max, "min": min, "first": lambda v: v[0], "last": lambda v: v[-1]}[rule]
    return choose(there) if there else 0


@given(st.lists(values, min_size=1, max_size=5), st.sampled_from(RULES))
def test_each_voxel_gets_what_the_rule_says(arrays, rule):
    merger = Merger(GRID, rule)
    for array in arrays:
        merger.add(Image.from_grid(np.asfortranarray(array), GRID))
    columns = np.stack(arrays, axis=-1).reshape(-1, len(arrays)).tolist()
    expected = np.array([kept(rule, column) for column in columns]).reshape(GRID.shape)
    np.testing.assert_array_equal(merger.finish(), expected)
    assert merger.finish().flags.f_contiguous


@given(st.lists(values, min_size=1, max_size=4), st.sampled_from(["first", "last"]))
def test_relabeled_masks_are_numbered_in_their_order(arrays, rule):
    merger = Merger(GRID, rule)
    for number, array in enumerate(arrays, 1):
        merger.add(Image.from_grid(array, GRID), number, np.dtype(np.uint8))
    columns = [(array != 0) * number for number, array in enumerate(arrays, 1)]
    expected = [kept(rule, list(column)) for column in zip(*map(np.ravel, columns), strict=True)]
    np.testing.assert_array_equal(merger.finish().ravel(), expected)
    assert merger.finish().dtype == np.uint8


def test_files_of_different_formats_meet(tmp_path):
    """One and the same phantom from DICOM and NIfTI files is itself again."""
    names = ["nifti", "dicom-slope-per-slice", "dicom-list", "nifti-pair-gz"]
    paths = []
    for name in names:
        folder = tmp_path / name
        folder.mkdir()
        paths.append(VARIANTS[name](folder))
    alone = load_image(paths[0])
    merged = load_and_merge_images(paths, reference_image=alone)
    np.testing.assert_array_equal(merged.array, alone.array)
    assert merged.grid == alone.grid


@pytest.mark.parametrize("rule", RULES)
def test_two_files_by_hand(tmp_path, rule):
    paths = saved(tmp_path, mask_of(np.s_[:4], 2), mask_of(np.s_[2:], 7))
    merged = load_and_merge_images(paths, conflict_resolution=rule)
    both = {"max": 7, "min": 2, "first": 2, "last": 7}[rule]
    assert merged.array[:, 0, 0].tolist() == [2, 2, both, both, 7, 7]
    conflicts = merged.provenance.decisions[-1]
    assert (conflicts.kind, conflicts.value) == ("merged", 2 * 5 * 4)


def test_labels_name_the_files_and_hold_more_than_a_byte(tmp_path):
    """300 masks of one voxel each: the type of the result holds label 300."""
    shape = (300, 2, 2)
    paths = []
    for k in range(300):
        array = np.zeros(shape, np.uint8)
        array[k] = 1
        path = tmp_path / f"mask_{k:03}.nii"
        nibabel.save(nibabel.Nifti1Image(array, np.diag([-1.0, -1.0, 1.0, 1.0])), path)
        paths.append(path)
    merged = load_and_merge_images(paths, relabel_masks=True)
    assert merged.array.dtype == np.uint16
    assert merged.array[:, 0, 0].tolist() == list(range(1, 301))
    assert merged.labels[300] == "mask_299.nii"
    assert merged.modality == "SEG"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (None, [0, 1, 2, 3, 4, 5]),
        (False, [0, 1, 2, 3, 4, 5]),
        (True, [0, 1, 1, 1, 1, 1]),
        (1, [0, 1, 0, 0, 0, 0]),
        (np.int64(4), [0, 0, 0, 0, 1, 0]),
        ([2, 5], [0, 0, 1, 0, 0, 1]),
        ((2, 4), [0, 0, 1, 1, 1, 0]),
        ([], None),
        ((4, 2), None),
        ((1, 2, 3), None),
        ([True], None),
        (1.5, None),
        ("1", None),
    ],
)
def test_binarize(tmp_path, rule, expected):
    array = np.broadcast_to(np.arange(6, dtype=np.uint8)[:, None, None], GRID.shape)
    paths = saved(tmp_path, np.asfortranarray(array))
    if expected is None:
        with pytest.raises(OptionError, match="binarize"):
            load_and_merge_images(paths, binarize=rule)
        return
    merged = load_and_merge_images(paths, binarize=rule)
    assert merged.array[:, 2, 3].tolist() == expected
    if rule:
        assert merged.array.dtype == np.uint8


@pytest.mark.parametrize("fill_value", [0.0, -1.0, 0.5])
def test_crops_go_to_their_place_and_the_rest_is_filled(tmp_path, fill_value):
    """Two crops of one image that share a plane, one of them with its axes flipped and reordered."""
    whole = np.arange(1, 121, dtype=np.float32).reshape(GRID.shape, order="F")
    first, second = tmp_path / "first.nii", tmp_path / "second.nii"
    save_image(Image.from_grid(whole[:3, 1:], GRID.crop((0, 1, 0), (3, 4, 4))), first)
    crop, grid = whole[2:5, 1:], GRID.crop((2, 1, 0), (3, 4, 4))
    save_image(Image.from_grid(crop.transpose(2, 0, 1)[::-1], grid.permute((2, 0, 1)).flip(0)), second)
    reference = Image.from_grid(np.zeros(GRID.shape, np.float32), GRID)
    merged = load_and_merge_images([first, second], reference, reposition_to_reference=True, fill_value=fill_value)
    expected = np.full(GRID.shape, fill_value)
    expected[:5, 1:] = whole[:5, 1:]
    np.testing.assert_array_equal(merged.array, expected)
    assert merged.grid == GRID


def test_resampled_where_the_lattices_do_not_meet_only_if_asked(tmp_path):
    fine = Grid((12, 10, 8), tuple(s / 2 for s in GRID.spacing), GRID.origin, GRID.direction)
    path = tmp_path / "fine.nii"
    save_image(Image.from_grid(np.ones(fine.shape, np.uint8), fine), path)
    reference = Image.from_grid(np.zeros(GRID.shape, np.float32), GRID)
    with pytest.raises(GeometryError, match=r'fine\.nii.*spacing.*pass interpolation="nearest"'):
        load_and_merge_images([path], reference, reposition_to_reference=True)
    merged = load_and_merge_images([path], reference, reposition_to_reference=True, interpolation="nearest")
    np.testing.assert_array_equal(merged.array, 1)


@pytest.mark.parametrize("fill_value", [0.0, 1.0, -7.0])
def test_a_resampled_crop_is_filled_where_it_has_no_voxel(tmp_path, fill_value):
    fine = Grid((6, 10, 8), tuple(s / 2 for s in GRID.spacing), GRID.origin, GRID.direction)
    values = np.ones(fine.shape, np.int16)
    values[:2] = 0
    save_image(Image.from_grid(values, fine), tmp_path / "fine.nii")
    reference = Image.from_grid(np.zeros(GRID.shape, np.float32), GRID)
    merged = load_and_merge_images(
        [tmp_path / "fine.nii"],
        reference,
        reposition_to_reference=True,
        interpolation="nearest",
        fill_value=fill_value,
    )
    # Its own background stays background.
    expected = np.broadcast_to(np.array([0, 1, 1, *[fill_value] * 3])[:, None, None], GRID.shape)
    np.testing.assert_array_equal(merged.array, expected)


def test_transposed_files(tmp_path):
    """Files whose axes y and z are exchanged against their header."""
    whole = mask_of(np.s_[1:3, 2:, :2], 3)
    other = Grid((6, 4, 5), (0.5, 3.0, 1.25), GRID.origin, GRID.direction)
    path = tmp_path / "exchanged.nii"
    save_image(Image.from_grid(whole.transpose(0, 2, 1), other), path)
    reference = Image.from_grid(np.zeros(GRID.shape, np.float32), GRID)
    with pytest.warns(ContentWarning, match=r"label 1 \(exchanged.nii\) is wholly covered by the others"):
        merged = load_and_merge_images(
            [path, path], reference, reposition_to_reference=True, transpose_axes=(0, 2, 1), relabel_masks=True
        )
    np.testing.assert_array_equal(merged.array, (whole > 0) * 2)
    with pytest.warns(ContentWarning, match="transpose_axes"):
        load_and_merge_images([path], transpose_axes=(0, 2, 1))


def test_what_came_before_the_first_mask_stays_valid():
    crop = GRID.crop((0, 0, 0), (4, 4, 2))
    invalid = np.zeros(GRID.shape, bool)
    invalid[0, 0, 0] = True
    merger = Merger(GRID, "max")
    merger.add(Image.from_grid(np.full(crop.shape, 3.0), crop))
    merger.add(Image.from_grid(np.full(GRID.shape, 2.0), GRID, source_mask=~invalid))
    # The first image has data where the second has none.
    assert merger.valid.all()
    assert merger.array[0, 0, 0] == 3
    alone = Merger(GRID, "max")
    alone.add(Image.from_grid(np.full(GRID.shape, 2.0), GRID, source_mask=~invalid))
    assert np.array_equal(alone.valid, ~invalid)


def test_voxels_that_a_mask_calls_invalid_are_background():
    merger = Merger(GRID, "max")
    valid = np.ones(GRID.shape, np.bool_)
    valid[0] = False
    merger.add(Image.from_grid(np.full(GRID.shape, 9.0), GRID, source_mask=valid))
    merger.add(Image.from_grid(np.full(GRID.shape, 2.0), GRID.crop((0, 0, 0), GRID.shape), source_mask=valid))
    assert merger.finish()[:, 0, 0].tolist() == [0, 9, 9, 9, 9, 9]
    np.testing.assert_array_equal(merger.valid, valid)
    merger.add(Image.from_grid(np.full(GRID.shape, 4.0), GRID))
    assert merger.finish()[:, 0, 0].tolist() == [4, 9, 9, 9, 9, 9]
    assert merger.valid.all()


# --- what cannot be merged ---


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (Grid((6, 5, 3), GRID.spacing, GRID.origin, OBLIQUE), r"shape is \(6, 5, 3\).*\(6, 5, 4\)"),
        (Grid(GRID.shape, (0.5, 1.25, 3.5), GRID.origin, OBLIQUE), r"spacing is .*3\.5\).*3\.0\)"),
        (Grid(GRID.shape, GRID.spacing, (-20.0, 35.5, 101.0), OBLIQUE), r"origin is .*101\.0\).*100\.0\)"),
        (GRID.flip(0), "direction is"),
    ],
)
def test_other_voxels_are_named_with_both_values(tmp_path, other, what):
    paths = saved(tmp_path, mask_of(np.s_[:1]))
    strange = tmp_path / "strange.nii"
    save_image(Image.from_grid(np.ones(other.shape, np.uint8), other), strange)
    with pytest.raises(GeometryError, match=f"strange.*{what}.*reposition_to_reference"):
        load_and_merge_images([*paths, strange])
    reference = Image.from_grid(np.zeros(GRID.shape), GRID)
    with pytest.raises(GeometryError, match="reference image"):
        load_and_merge_images([strange], reference)


def test_a_mask_far_away_says_where_both_lie(tmp_path):
    far = Grid(GRID.shape, GRID.spacing, tuple(GRID.index_to_world((1000, 0, 0))), OBLIQUE)
    path = tmp_path / "far.nii"
    save_image(Image.from_grid(np.ones(GRID.shape, np.uint8), far), path)
    reference = Image.from_grid(np.zeros(GRID.shape), GRID)
    with pytest.warns(ContentWarning, match=r"far\.nii.*wholly outside.*corners"):
        merged = load_and_merge_images([path], reference, reposition_to_reference=True)
    assert not merged.array.any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_paths": []}, "empty"),
        ({"image_paths": "one.nii"}, "list of paths"),
        ({"conflict_resolution": "median"}, "conflict_resolution"),
        ({"reposition_to_reference": True}, "reference_image"),
        ({"reference_image": np.zeros((2, 2, 2))}, "reference_image"),
        ({"dataset_index": -1}, "dataset_index"),
        ({"interpolation": "best"}, "interpolation"),
        ({"fill_value": "0"}, "fill_value"),
    ],
)
def test_wrong_keywords_are_refused_before_anything_is_read(arguments, message):
    with pytest.raises(OptionError, match=message):
        load_and_merge_images(**{"image_paths": ["is not there.nii"], **arguments})


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MissingPathError, match="nowhere"):
        load_and_merge_images([*saved(tmp_path, mask_of(np.s_[:1])), tmp_path / "nowhere.nii"])


# --- what won, and what was lost ---


def save_mask(path, labels, *places):
    """A label map of some boxes, each with its value."""
    array = np.zeros(GRID.shape, np.uint8)
    for value, place in places:
        array[place] = value
    save_image(Image.from_grid(array, GRID, modality="SEG", labels=labels), path)
    return path


def test_labels_name_what_won_each_voxel(tmp_path):
    first = save_mask(tmp_path / "a.nii", {1: "liver", 2: "spleen"}, (1, np.s_[:2]), (2, np.s_[2]))
    second = save_mask(tmp_path / "b.nii", {1: "kidney", 2: "bowel"}, (1, np.s_[:2]), (2, np.s_[2]))
    assert load_and_merge_images([first, second], conflict_resolution="first").labels == {1: "liver", 2: "spleen"}
    assert load_and_merge_images([first, second], conflict_resolution="last").labels == {1: "kidney", 2: "bowel"}


def test_a_file_without_names_gives_its_own_and_what_has_two_names_is_told(tmp_path):
    named = save_mask(tmp_path / "organs.nii", {1: "liver"}, (1, np.s_[:2]))
    bare = save_mask(tmp_path / "crop.nii", {}, (1, np.s_[3]), (5, np.s_[2]))
    with pytest.warns(ContentWarning, match=r"value 1 stands for 'liver' of '.*organs.nii' and 'crop.nii'"):
        merged = load_and_merge_images([named, bare])
    assert merged.labels == {1: "liver + crop.nii", 5: "crop.nii"}
    assert load_and_merge_images([bare, bare]).labels == {}


@pytest.mark.parametrize("relabel", [False, True])
def test_nan_is_background(tmp_path, relabel):
    paths = []
    for k, name in enumerate(("a.nii", "b.nii")):
        array = np.full(GRID.shape, np.nan, np.float32)
        array[k : k + 2] = 3 + k
        save_image(Image.from_grid(array, GRID), tmp_path / name)
        paths.append(tmp_path / name)
    with pytest.warns(ContentWarning, match="voxels are NaN and count as background"):
        merged = load_and_merge_images(paths, relabel_masks=relabel)
    low, high = (1, 2) if relabel else (3, 4)
    assert merged.array[:, 0, 0].tolist() == [low, high, high, 0][: GRID.shape[0]] + [0] * (GRID.shape[0] - 4)


def test_a_mask_that_comes_out_empty_says_which_values_there_are(tmp_path):
    path = save_mask(tmp_path / "a.nii", {}, (2, np.s_[:2]), (7, np.s_[2]))
    with pytest.warns(ContentWarning, match=r"binarize=\[1, 3\] matches no value.*the values are 2, 7"):
        assert not load_and_merge_images([path], binarize=[1, 3]).array.any()


@pytest.mark.parametrize(("rule", "count"), [(1, 1), ([1, 2], 2), ((2, 3), 2)])
def test_labels_stored_with_a_slope_are_rounded_before_they_are_compared(tmp_path, rule, count):
    stored = np.round(np.array([0, 1, 2, 3]) * 255 / 12) * (12 / 255)
    save_image(Image(stored.reshape(4, 1, 1).astype(np.float32), (1, 1, 1), (0, 0, 0)), tmp_path / "a.nii")
    with pytest.warns(ContentWarning, match="labels are stored as values that are not whole, such as 0.988"):
        assert load_and_merge_images([tmp_path / "a.nii"], binarize=rule).array.sum() == count


def test_a_fraction_of_a_voxel_moves_the_voxels_to_the_nearest(tmp_path):
    aside = Grid(GRID.shape, GRID.spacing, tuple(GRID.index_to_world((0.3, 0, 0))), GRID.direction)
    mask = np.zeros(GRID.shape, np.uint8)
    mask[1, 1, 1] = 1
    save_image(Image.from_grid(mask, aside), tmp_path / "a.nii")
    reference = Image.from_grid(np.zeros(GRID.shape), GRID)
    with pytest.warns(GeometryWarning, match=r"by -0.3, 0, 0 voxels"):
        merged = load_and_merge_images([tmp_path / "a.nii"], reference, reposition_to_reference=True)
    np.testing.assert_array_equal(merged.array, mask)
