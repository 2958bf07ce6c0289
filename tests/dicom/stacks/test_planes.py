"""Sorted planes on a grid, or why they form none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pictologics import (
    ContentWarning,
    CorruptFileError,
    GeometryError,
    GeometryWarning,
    load_image,
)
from pictologics.dicom.stacks.planes import make_orthonormal_axes
from pictologics.geometry import CORNER_ERROR_NOTED, CORNER_ERROR_REFUSED
from tests.factories.dicom_series import uid, write_series
from tests.factories.grids import grids
from tests.factories.phantom import PHANTOM, Phantom, counting


def moved(shift):
    """Move slice k by ``shift(k)`` mm along (row, column, normal)."""

    def change(ds, k):
        offset = PHANTOM.direction @ np.asarray(shift(k), dtype=float)
        ds.ImagePositionPatient = [round(float(v), 6) for v in PHANTOM.position((0, 0, k)) + offset]

    return change


# --- the grid ---


@given(grids(shapes=st.tuples(st.integers(2, 6), st.integers(2, 6), st.integers(2, 6))))
@settings(max_examples=25)
def test_any_orientation_gives_the_volume_in_the_world(tmp_path_factory, grid):
    """The third axis is r x c whatever the file's order: a left-handed stack is stored the other way round."""
    phantom = Phantom(counting(grid.shape), grid.spacing, grid.origin, grid.direction)
    folder = tmp_path_factory.mktemp("any")
    files = write_series(folder, phantom)
    image = load_image(folder)
    assert image.grid.is_right_handed
    array, expected = image.array, phantom
    if not grid.is_right_handed:
        turned = grid.flip(2)
        expected = Phantom(phantom.array[:, :, ::-1], turned.spacing, turned.origin, turned.direction)
    np.testing.assert_array_equal(array, expected.array)
    # ImagePositionPatient holds nine decimals here, the spacing may be 0.05 mm.
    assert image.grid.corner_error(expected.lps_affine) < 1e-5
    names = files if grid.is_right_handed else files[::-1]
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(name) for name in names])
    other = reader.Execute()
    np.testing.assert_array_equal(array, sitk.GetArrayFromImage(other).T)
    np.testing.assert_allclose(image.origin, other.GetOrigin(), rtol=0, atol=1e-6)
    np.testing.assert_allclose(image.spacing, other.GetSpacing(), rtol=1e-5)
    np.testing.assert_allclose(image.direction, np.reshape(other.GetDirection(), (3, 3)), rtol=0, atol=1e-6)


def test_step_is_that_of_the_positions_never_of_a_tag(tmp_path):
    def change(ds, k):
        ds.SliceThickness = 5.0
        ds.SpacingBetweenSlices = 2.52
        ds.SliceLocation = 1000 - 7 * k

    write_series(tmp_path / "ct", PHANTOM, change)
    assert load_image(tmp_path / "ct").grid.corner_error(PHANTOM.lps_affine) < 1e-6


def test_positions_rounded_by_the_scanner_are_silent(tmp_path):
    def change(ds, k):
        ds.ImagePositionPatient = [round(float(v), 3) for v in ds.ImagePositionPatient]
        ds.ImageOrientationPatient = [round(float(v), 6) for v in ds.ImageOrientationPatient]

    write_series(tmp_path / "ct", PHANTOM, change)
    image = load_image(tmp_path / "ct")
    assert image.grid.corner_error(PHANTOM.lps_affine) < CORNER_ERROR_NOTED
    assert not [d for d in image.provenance.decisions if d.kind == "rounded"]


def test_a_small_deviation_is_recorded_with_its_number(tmp_path):
    write_series(tmp_path / "ct", PHANTOM, moved(lambda k: (0, 0, 0.05 * 2.5 * (k == 2))))
    image = load_image(tmp_path / "ct")
    rounded = [d for d in image.provenance.decisions if d.kind == "rounded"]
    assert len(rounded) == 1
    assert rounded[0].value == pytest.approx(0.05, rel=0.05)


def test_mean_step_not_the_median(tmp_path):
    """Gaps of 3.15 and 2.85 in turn have a median of 3.15; only the mean keeps the last slice in place."""
    shape = (40, 40, 12)
    gaps = [3.03 + (0.03 if k % 2 == 0 else -0.03) for k in range(shape[2] - 1)]
    heights = np.concatenate([[0], np.cumsum(gaps)])
    phantom = Phantom(counting(shape, "int32") % 1000, (1.0, 1.0, 3.03), (0.0, 0.0, 0.0), np.eye(3))

    def change(ds, k):
        ds.ImagePositionPatient = [0.0, 0.0, round(float(heights[k]), 6)]

    write_series(tmp_path / "ct", phantom, change)
    image = load_image(tmp_path / "ct")
    assert image.spacing[2] == pytest.approx(heights[-1] / 11, rel=1e-9)


def test_sorted_is_recorded_with_the_number_of_slices(tmp_path):
    write_series(tmp_path / "ct", name="{:d}".format, slices=[0, 1, 2, 3, 4])
    assert not [d for d in load_image(tmp_path / "ct").provenance.decisions if d.kind == "sorted"]
    write_series(tmp_path / "shuffled", name=lambda k: f"{[2, 0, 1, 4, 3][k]}")
    found = [d for d in load_image(tmp_path / "shuffled").provenance.decisions if d.kind == "sorted"]
    assert [d.value for d in found] == [5]


# --- no regular grid ---


def refused(path, kind: str, match: str):
    """The error that loading gives; ``ignore`` gives a warning with the same words."""
    with pytest.raises(GeometryError, match=match) as caught:
        load_image(path)
    error = caught.value
    assert kind in error.values["findings"], error.values
    assert error.values["findings"][kind] >= CORNER_ERROR_REFUSED
    assert str(path) in str(error)
    assert 'irregular="ignore"' in str(error)
    with pytest.warns(GeometryWarning, match=match) as warned:
        image = load_image(path, irregular="ignore")
    assert warned[0].filename == __file__
    assert image.array.shape[:2] == PHANTOM.shape[:2]
    return error


def test_the_way_out_is_resampling_where_only_the_places_differ(tmp_path):
    write_series(tmp_path / "hole", slices=[0, 1, 3, 4])
    error = refused(tmp_path / "hole", "slices missing", "missing")
    assert 'irregular="resample"' in str(error)
    assert error.values["way_out"] == (("irregular", "resample"),)
    write_series(
        tmp_path / "zoomed", PHANTOM, lambda ds, k: setattr(ds, "PixelSpacing", [1.125 + 0.2 * (k == 2), 0.75])
    )
    error = refused(tmp_path / "zoomed", "pixel spacing varies", "PixelSpacing")
    assert "resample" not in str(error)
    assert error.values["way_out"] == (("irregular", "ignore"),)


def test_exact_cosines_stay_exact():
    cosines = np.array([0.6, 0.8, 0.0, -0.8, 0.6, 0.0])
    np.testing.assert_array_equal(make_orthonormal_axes(cosines)[:, :2], cosines.reshape(2, 3).T)


@pytest.mark.parametrize("gone", [[2], [1, 3], [1, 2, 3]])
def test_missing_slices_are_named(tmp_path, gone):
    phantom = Phantom(counting((7, 6, 9)), PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    write_series(tmp_path / "ct", phantom, slices=[k for k in range(9) if k not in gone])
    error = refused(tmp_path / "ct", "slices missing", rf"{len(gone)} slices? (is|are) missing")
    assert f"{len(gone)} slice" in str(error)


def test_ignore_keeps_the_slices_as_they_are(tmp_path):
    write_series(tmp_path / "ct", slices=[0, 1, 2, 4])
    with pytest.warns(GeometryWarning, match="mean distance of 3.33333 mm"):
        image = load_image(tmp_path / "ct", irregular="ignore")
    np.testing.assert_array_equal(image.array, PHANTOM.array[:, :, [0, 1, 2, 4]])
    assert image.spacing[2] == pytest.approx(10 / 3)
    assert any("mean distance" in d.text for d in image.provenance.decisions)


def test_uneven_slices_are_refused_by_their_gaps(tmp_path):
    steps = [0, 2.5, 5.0, 8.2, 11.9]
    write_series(tmp_path / "ct", PHANTOM, moved(lambda k: (0, 0, steps[k] - 2.5 * k)))
    error = refused(tmp_path / "ct", "spacing varies", "distance between slices varies")
    assert "2.5" in str(error)
    assert "3.7" in str(error)


@pytest.mark.parametrize("degrees", [1.0, -12.0, 18.5, 30.0])
def test_tilt_is_refused_by_its_angle(tmp_path, degrees):
    rate = np.tan(np.radians(degrees)) * 2.5
    write_series(tmp_path / "ct", PHANTOM, moved(lambda k: (0, rate * k, 0)))
    error = refused(tmp_path / "ct", "tilted", rf"tilted by {abs(degrees):g} degrees")
    assert "slices missing" not in error.values["findings"]


def test_tilt_is_measured_along_the_normal(tmp_path):
    """The step is the projection, 2.5 mm, not the distance of the first voxels."""
    rate = np.tan(np.radians(20)) * 2.5
    write_series(tmp_path / "ct", PHANTOM, moved(lambda k: (0, rate * k, 0)))
    with pytest.warns(GeometryWarning):
        assert load_image(tmp_path / "ct", irregular="ignore").spacing[2] == pytest.approx(2.5)


def test_a_couch_that_moved_sideways_is_refused(tmp_path):
    """Every slice is at the right height, so that a test of heights alone passes."""
    write_series(tmp_path / "ct", PHANTOM, moved(lambda k: (4.0 * (k >= 3), 0, 0)))
    error = refused(tmp_path / "ct", "shifted sideways", "between slices 3 and 4, by 4 mm")
    assert error.values["corner_error"] == pytest.approx(4.0 / 0.75, rel=1e-3)


def test_pixel_spacing_that_differs_is_an_error(tmp_path):
    write_series(tmp_path / "ct", PHANTOM, lambda ds, k: setattr(ds, "PixelSpacing", [1.125, 0.75 + 0.1 * (k == 2)]))
    refused(tmp_path / "ct", "pixel spacing varies", "PixelSpacing runs from")


@given(st.lists(st.floats(-0.02, 0.02), min_size=15, max_size=15))
@settings(max_examples=20)
def test_noise_below_the_tolerance_never_refuses(tmp_path_factory, noise):
    folder = tmp_path_factory.mktemp("noise")
    noise = np.array(noise).reshape(5, 3) * min(PHANTOM.spacing)
    write_series(folder, PHANTOM, moved(lambda k: noise[k]))
    image = load_image(folder)
    assert image.grid.corner_error(PHANTOM.lps_affine) < CORNER_ERROR_REFUSED


@given(st.integers(0, 4), st.tuples(st.floats(-1, 1), st.floats(-1, 1)))
@settings(max_examples=20)
def test_a_slice_far_from_its_place_never_passes(tmp_path_factory, which, shift):
    assume(np.hypot(shift[0] / 0.75, shift[1] / 1.125) > 0.25)
    folder = tmp_path_factory.mktemp("far")
    write_series(folder, PHANTOM, moved(lambda k: np.array([*shift, 0.0]) * (k == which)))
    with pytest.raises(GeometryError):
        load_image(folder)


# --- no or broken positions ---


def test_no_positions_at_all_is_a_warning_and_the_order_of_the_numbers(tmp_path):
    numbers = [4, 2, 5, 1, 3]
    write_series(tmp_path / "ct", positions=False, instance_numbers=numbers)
    with pytest.warns(GeometryWarning) as caught:
        image = load_image(tmp_path / "ct")
    assert any("order of their InstanceNumber" in str(w.message) for w in caught)
    assert {w.filename for w in caught} == {__file__}
    np.testing.assert_array_equal(image.array, PHANTOM.array[:, :, np.argsort(numbers)])
    assert image.origin == (0.0, 0.0, 0.0)
    assert image.spacing[:2] == (0.75, 1.125)
    np.testing.assert_array_equal(image.direction, np.eye(3))
    assert any(d.kind == "assumed" and "axial, with the origin at zero" in d.text for d in image.provenance.decisions)


def test_no_positions_and_an_orientation_is_not_taken_for_axial(tmp_path):
    def change(ds, k):
        del ds.ImagePositionPatient

    write_series(tmp_path / "ct", PHANTOM, change)
    with pytest.warns(GeometryWarning) as caught:
        image = load_image(tmp_path / "ct")
    said = [str(w.message) for w in caught]
    assert any("mm apart, with the origin at zero" in text for text in said)
    assert not any("axial" in text for text in said)
    np.testing.assert_allclose(image.direction, PHANTOM.direction, rtol=0, atol=1e-9)


def test_no_positions_take_the_spacing_between_slices(tmp_path):
    write_series(tmp_path / "ct", PHANTOM, lambda ds, k: setattr(ds, "SpacingBetweenSlices", 2.5), positions=False)
    with pytest.warns(GeometryWarning, match="2.5 mm"):
        assert load_image(tmp_path / "ct").spacing == PHANTOM.spacing


def test_no_positions_and_no_numbers_is_the_order_of_the_names(tmp_path):
    def change(ds, k):
        del ds.InstanceNumber

    write_series(tmp_path / "ct", PHANTOM, change, positions=False, name=lambda k: "dbaec"[k])
    with pytest.warns(GeometryWarning) as caught:
        image = load_image(tmp_path / "ct")
    assert any("order of their file name" in str(w.message) for w in caught)
    np.testing.assert_array_equal(image.array, PHANTOM.array[:, :, [2, 1, 4, 0, 3]])


def test_a_position_that_only_some_have_is_an_error(tmp_path):
    def change(ds, k):
        if k == 3:
            del ds.ImagePositionPatient

    write_series(tmp_path / "ct", PHANTOM, change)
    with pytest.raises(GeometryError, match="1 of 5 images have no position"):
        load_image(tmp_path / "ct")


def test_no_pixel_spacing_is_a_warning(tmp_path):
    def change(ds, k):
        del ds.PixelSpacing

    write_series(tmp_path / "ct", PHANTOM, change)
    with pytest.warns(GeometryWarning, match="1 mm was assumed"):
        assert load_image(tmp_path / "ct").spacing == (1.0, 1.0, 2.5)


def test_spacing_at_the_detector_is_a_warning(tmp_path):
    def change(ds, k):
        del ds.PixelSpacing
        ds.ImagerPixelSpacing = [1.125, 0.75]

    write_series(tmp_path / "xr", PHANTOM, change)
    with pytest.warns(GeometryWarning, match="detector"):
        assert load_image(tmp_path / "xr").spacing == PHANTOM.spacing


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("ImageOrientationPatient", [1, 0, 0, 1, 0, 0]),
        ("ImageOrientationPatient", [1, 0, 0]),
        ("ImagePositionPatient", [1, 2]),
    ],
)
def test_an_attribute_that_cannot_be_is_named(tmp_path, attribute, value):
    write_series(tmp_path / "ct", PHANTOM, lambda ds, k: setattr(ds, attribute, value) if k == 2 else None)
    with pytest.raises(CorruptFileError, match=attribute) as caught:
        load_image(tmp_path / "ct")
    assert caught.value.path.endswith("002.dcm")


@pytest.mark.parametrize("text", [b"nan", b"inf", b"1e400"])
@pytest.mark.parametrize("written", [b"-733.75", b"0.72096"])
def test_numbers_that_are_not_finite_are_refused(tmp_path, text, written):
    files = write_series(tmp_path / "ct")
    content = files[0].read_bytes()
    assert written in content
    files[0].write_bytes(content.replace(written, text.ljust(len(written))))
    with pytest.raises((GeometryError, CorruptFileError)):
        load_image(tmp_path / "ct")


def test_opposite_orientation_of_one_slice_is_no_slice_of_the_volume(tmp_path):
    turned = replace(PHANTOM, direction=PHANTOM.direction * (-1, 1, -1))
    write_series(tmp_path / "ct")
    write_series(
        tmp_path / "ct", turned, lambda ds, k: setattr(ds, "SOPInstanceUID", uid("t", k)), slices=[2], name="t{}".format
    )
    with pytest.warns(ContentWarning, match="left out 1 of 6"):
        assert load_image(tmp_path / "ct").grid.corner_error(PHANTOM.lps_affine) < 1e-6
