"""Sentinels: found where the evidence is clear, and nowhere else."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictologics import (
    ContentWarning,
    Image,
    OptionError,
    load_image,
    save_image,
)
from pictologics.preprocessing import (
    create_source_mask_from_sentinel,
    detect_sentinel_value,
    find_sentinel,
    mark_sentinel,
)
from tests.factories.dicom_series import write_series
from tests.factories.phantom import Phantom
from tests.preprocessing.scenes import SHAPE, box_filled_with, ct_of_a_body, mr_of_a_head, on_grid, round_body

FILLS = [-2048.0, -1024.0, -3024.0, -32768.0, 32767.0, 0.0, math.nan, -3.4028234663852886e38, -1000.0]


def same(found: float | None, value: float) -> bool:
    return found is not None and (found == value or (math.isnan(found) and math.isnan(value)))


@pytest.mark.parametrize("value", FILLS)
def test_the_filling_around_an_exported_lesion_is_found(value):
    image = on_grid(box_filled_with(value, ct_of_a_body()), modality="CT")
    assert same(detect_sentinel_value(image), value), find_sentinel(image)


@pytest.mark.parametrize("value", [-2048.0, -3024.0, -2000.0])
def test_the_filling_outside_a_round_field_of_view_is_found(value):
    x, y, _ = np.indices(SHAPE)
    values = ct_of_a_body()
    values[((x - 19.5) / 20) ** 2 + ((y - 17.5) / 18) ** 2 > 1] = value
    assert detect_sentinel_value(on_grid(values)) == value


def test_zero_around_a_lesion_that_is_not_known_to_be_ct():
    lesion = ct_of_a_body() - 40
    assert detect_sentinel_value(on_grid(box_filled_with(0.0, lesion))) == 0
    # All above 0 and down to it: this could be an MR, whose background is 0.
    assert detect_sentinel_value(on_grid(box_filled_with(0.0, lesion + 40))) is None


def test_a_filling_that_was_interpolated_into_the_data_is_found_if_it_is_a_known_one():
    values = box_filled_with(-2048.0, ct_of_a_body())
    rim = np.abs(round_body(0.6)) < 0.3
    values[rim] = np.linspace(-1700, -900, np.count_nonzero(rim))
    assert detect_sentinel_value(on_grid(values)) == -2048


@pytest.mark.parametrize(
    "values",
    [
        ct_of_a_body(),
        ct_of_a_body(clip=-1000.0),
        ct_of_a_body(noise=0.0),
        ct_of_a_body(noise=60.0),
        mr_of_a_head(),
        np.where(mr_of_a_head() < 15, 0, mr_of_a_head()),
        np.clip(mr_of_a_head() - 20, 0, None),
        (round_body(0.6) > 0).astype(np.uint8),
        np.digitize(round_body(1.0), [-5, 0, 5]).astype(np.uint16),
        np.zeros(SHAPE, np.float32),
        np.random.default_rng(3).normal(0, 1, SHAPE),
    ],
    ids=[
        "CT clipped at -1024",
        "CT clipped at -1000",
        "CT without noise",
        "noisy CT",
        "MR",
        "MR with its noise set to 0",
        "MR with its noise subtracted",
        "mask",
        "label map",
        "constant",
        "noise",
    ],
)
def test_air_background_and_labels_are_no_sentinel(values):
    evidence = find_sentinel(on_grid(values))
    assert not evidence.is_sentinel, evidence
    assert evidence.reason


def test_real_scans(shared_data):
    phantom = load_image(shared_data / "ibsi_ct" / "nifti" / "image" / "phantom.nii.gz")
    assert detect_sentinel_value(phantom) is None
    mask = load_image(shared_data / "ibsi_ct" / "nifti" / "mask" / "mask.nii.gz")
    assert detect_sentinel_value(mask) is None
    lesion = Image(np.where(mask.array > 0, phantom.array, np.float32(-1024)), phantom.spacing, phantom.origin)
    assert detect_sentinel_value(lesion) is None, "this lesion holds air of -1000 HU"
    lesion.array[mask.array == 0] = -2048
    assert detect_sentinel_value(lesion) == -2048
    # The scanner's own padding, -2000 before the intercept of -1024.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tilted = load_image(shared_data / "ge_tilted_ct" / "dicom" / "11.dcm")
    assert detect_sentinel_value(tilted) == tilted.array.min()
    with pytest.warns(ContentWarning, match="only the order of the images"):
        epi = load_image(shared_data / "ge_epi" / "dicom")
    assert detect_sentinel_value(epi) is None


@given(st.integers(0, 2**31), st.sampled_from([np.nan, -1e6, 7.0]))
def test_voxels_that_are_invalid_already_are_no_evidence(seed, junk):
    values = box_filled_with(-2048.0, ct_of_a_body())
    valid = np.random.default_rng(seed).random(SHAPE) < 0.8
    image = on_grid(values, source_mask=valid)
    changed = on_grid(np.where(valid, values, junk), source_mask=valid)
    assert find_sentinel(image) == find_sentinel(changed)
    assert detect_sentinel_value(image) == -2048


def test_a_source_mask_from_a_sentinel():
    values = box_filled_with(-2048.0, ct_of_a_body())
    image = on_grid(values)
    mask = create_source_mask_from_sentinel(image, -2048)
    np.testing.assert_array_equal(mask, values != -2048)
    assert mask.dtype == bool
    values[20, 18, 6] += 0.5
    near = create_source_mask_from_sentinel(on_grid(values), values[20, 18, 6] - 0.5, tolerance=0.5)
    assert not near[20, 18, 6]
    some = np.arange(values.size).reshape(SHAPE) % 3 > 0
    both = create_source_mask_from_sentinel(image.with_source_mask(some), -2048)
    np.testing.assert_array_equal(both, mask & some)


def test_a_sentinel_is_compared_as_the_file_holds_it():
    image = Image(np.array([[[0.1, 0.2]]], np.float32), (1, 1, 1), (0, 0, 0))
    assert create_source_mask_from_sentinel(image, 0.1).tolist() == [[[False, True]]]
    assert create_source_mask_from_sentinel(Image(np.array([[[3, 4]]]), (1, 1, 1), (0, 0, 0)), math.nan).all()


def test_what_is_no_sentinel_is_refused():
    image = on_grid(np.full(SHAPE, 5.0))
    with pytest.raises(OptionError, match="every voxel is 5"):
        create_source_mask_from_sentinel(image, 5.0)
    with pytest.raises(OptionError, match="sentinel is 'air' and must be a number"):
        create_source_mask_from_sentinel(image, "air")
    with pytest.raises(OptionError, match="tolerance is -1"):
        create_source_mask_from_sentinel(image, 3.0, tolerance=-1)
    with pytest.raises(OptionError, match="no valid voxel"):
        find_sentinel(image.with_source_mask(np.zeros(SHAPE, bool)))
    with pytest.warns(ContentWarning, match="no sentinel was found"):
        assert mark_sentinel(image).source_mask is None


# --- at the front door ---


@pytest.fixture(scope="module")
def lesion(tmp_path_factory):
    """A lesion in a box of -2048 as a NIfTI file, and its array."""
    path = tmp_path_factory.mktemp("lesion") / "lesion.nii.gz"
    image = on_grid(box_filled_with(-2048.0, ct_of_a_body()), modality="CT")
    save_image(image, path)
    return path, image


@pytest.mark.parametrize("source", ["sentinel", -2048, np.float32(-2048)])
def test_load_image_marks_a_sentinel(lesion, source):
    path, image = lesion
    loaded = load_image(path, source_mask_from=source)
    np.testing.assert_array_equal(loaded.source_mask, image.array != -2048)
    np.testing.assert_array_equal(loaded.array, image.array)
    (decision,) = [one for one in loaded.provenance.decisions if "-2048" in one.text]
    assert decision.value == np.count_nonzero(image.array == -2048)
    assert ("detected" in decision.text) == (source == "sentinel")


def test_a_marked_image_is_placed_with_its_mask(lesion):
    path, image = lesion
    wider = image.grid.crop((-3, 2, -1), (50, 30, 16))
    reference = Image.from_grid(np.zeros(wider.shape), wider)
    placed = load_image(path, reference_image=reference, source_mask_from="sentinel", fill_value=-7)
    assert placed.source_mask.shape == wider.shape
    assert not placed.source_mask[:3].any(), "what lies outside the file is no data"
    np.testing.assert_array_equal(placed.source_mask[3:43, :, 1:13], image.array[:, 2:32] != -2048)


def test_a_dicom_sentinel_is_compared_after_the_rescale(tmp_path):
    values = box_filled_with(-2048.0, ct_of_a_body()).astype(np.int16)
    phantom = Phantom(values, (0.8, 0.9, 2.5), (0.0, 0.0, 0.0), np.eye(3))
    write_series(tmp_path / "s", phantom)
    for source in ("sentinel", -2048.0):
        loaded = load_image(tmp_path / "s", source_mask_from=source)
        np.testing.assert_array_equal(loaded.source_mask, values != -2048)


def test_the_rules_of_ct_apply_to_a_ct_series(tmp_path):
    # All values above 0 and down to it: of an MR this would be the background.
    values = box_filled_with(0.0, ct_of_a_body()).astype(np.int16)
    values = np.where(values < 0, 40, values).astype(np.int16)
    phantom = Phantom(values, (0.8, 0.9, 2.5), (0.0, 0.0, 0.0), np.eye(3))
    write_series(tmp_path / "ct", phantom)
    write_series(tmp_path / "mr", phantom, modality="MR")
    loaded = load_image(tmp_path / "ct", source_mask_from="sentinel")
    np.testing.assert_array_equal(loaded.source_mask, values != 0)
    assert detect_sentinel_value(load_image(tmp_path / "ct")) == 0
    with pytest.warns(ContentWarning, match="no sentinel was found"):
        assert load_image(tmp_path / "mr", source_mask_from="sentinel").source_mask is None


def test_an_irregular_stack_is_marked_before_it_is_resampled(tmp_path):
    values = box_filled_with(-2048.0, ct_of_a_body()).astype(np.int16)
    values[:, :, 5:7] = -2048
    phantom = Phantom(values, (0.8, 0.9, 2.5), (0.0, 0.0, 0.0), np.eye(3))
    files = write_series(tmp_path / "s", phantom)
    files[3].unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = load_image(tmp_path / "s", source_mask_from="sentinel", irregular="resample", fill_value=-7)
    assert not loaded.source_mask[:, :, 3].any()
    assert loaded.array[loaded.source_mask].min() > -1100, "no value is a blend with the sentinel"


def test_no_sentinel_is_told(tmp_path):
    save_image(on_grid(ct_of_a_body()), tmp_path / "ct.nii")
    with pytest.warns(ContentWarning, match=r"ct\.nii.*no sentinel was found"):
        assert load_image(tmp_path / "ct.nii", source_mask_from="sentinel").source_mask is None
    with pytest.warns(ContentWarning, match="no voxel has the value -3024"):
        assert load_image(tmp_path / "ct.nii", source_mask_from=-3024).source_mask is None
    with pytest.raises(OptionError, match=r"const\.nii.*every voxel is 4"):
        save_image(on_grid(np.full(SHAPE, 4.0)), tmp_path / "const.nii")
        load_image(tmp_path / "const.nii", source_mask_from=4)


# --- each number of the rule, on both of its sides ---


def surrounded(candidate: float, others: np.ndarray) -> Image:
    """A volume whose outermost voxels have a value, and whose inner ones have the others in order."""
    array = np.full((22, 22, 22), float(candidate))
    array[1:-1, 1:-1, 1:-1] = others.reshape(20, 20, 20)
    return Image(array, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))


def others_with(share: float, value: float, median: float) -> np.ndarray:
    """8000 values around a median, of which a share is one value."""
    values = median + np.linspace(-20, 20, 8000).round()
    values[: round(share * 8000)] = value
    return values


@pytest.mark.parametrize(
    ("candidate", "median", "way", "share", "is_sentinel"),
    [
        # Half of the way may hold a thousandth: -500 is a value that could be measured.
        (-500, 500, 0.45, 0.002, False),
        (-500, 500, 0.45, 0.0009, True),
        (-500, 500, 0.55, 0.002, True),
        (500, -500, 0.45, 0.002, False),
        (500, -500, 0.55, 0.002, True),
        # A tenth of the way may hold a twentieth: nothing measures -2048.
        (-2048, 0, 0.09, 0.06, False),
        (-2048, 0, 0.09, 0.04, True),
        (-2048, 0, 0.11, 0.06, True),
        (-2048, 0, 0.45, 0.06, True),
    ],
)
def test_the_way_to_the_other_values_is_nearly_empty(candidate, median, way, share, is_sentinel):
    value = candidate + way * (median - candidate)
    evidence = find_sentinel(surrounded(candidate, others_with(share, value, median)))
    assert evidence.is_sentinel == is_sentinel, evidence
    assert evidence.candidate == candidate


@pytest.mark.parametrize(("kept", "is_sentinel"), [(0.96, True), (0.94, False)])
def test_a_value_within_the_data_has_nearly_all_edges(kept, is_sentinel):
    image = surrounded(0.0, np.linspace(-500, 500, 8000).round() + 0.5)
    edge = np.zeros((22, 22, 22), bool)
    for axis in range(3):
        ends = [slice(None) if k == axis else slice(None, None, 21) for k in range(3)]
        edge[tuple(ends)] = True
    where = np.flatnonzero(edge)
    image.array.flat[where[: round((1 - kept) * where.size)]] = 77.0
    assert find_sentinel(image).is_sentinel == is_sentinel, find_sentinel(image)
