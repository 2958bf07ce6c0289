"""Which of a NIfTI header's three descriptions of space counts when some of them say nothing, or nonsense."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import GeometryError, GeometryWarning, PictologicsError, load_image
from pictologics.geometry import Grid
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM, Phantom

PLANE = Phantom(PHANTOM.array[:, :, :1], PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
DENORMAL = 1e-42
"""A float32 that is smaller than the smallest normal one."""


def fill_sform(value):
    def edit(header):
        for row in ("srow_x", "srow_y", "srow_z"):
            header[row] = value

    return edit


def empty_sform_column(column, value=0.0):
    def edit(header):
        for row in ("srow_x", "srow_y", "srow_z"):
            header[row][column] = value

    return edit


def repeat_sform_column(header):
    for row in ("srow_x", "srow_y", "srow_z"):
        header[row][1] = header[row][0]


VOID = {
    "zero": fill_sform(0.0),
    "NaN": fill_sform(np.nan),
    "infinite": fill_sform(np.inf),
    "denormal": fill_sform(DENORMAL),
    "a column of zeros": empty_sform_column(0),
    "a denormal column": empty_sform_column(2, DENORMAL),
    "a column of NaN": empty_sform_column(2, np.nan),
    "an origin of NaN": empty_sform_column(3, np.nan),
    "parallel columns": repeat_sform_column,
}


@pytest.mark.parametrize("edit", VOID.values(), ids=VOID)
def test_a_void_sform_gives_way_to_a_good_qform(tmp_path, edit):
    path = write_nifti(tmp_path / "scan.nii", PHANTOM, edit, qform=1)
    with pytest.warns(GeometryWarning, match="its sform is marked as valid and .*; the qform was used"):
        image = load_image(path)
    assert image.grid.corner_error(PHANTOM.lps_affine) < 1e-4
    np.testing.assert_array_equal(image.array, PHANTOM.array)


def test_itk_takes_the_qform_of_such_files_too(tmp_path):
    path = write_nifti(tmp_path / "scan.nii", PHANTOM, fill_sform(0.0), qform=1)
    with pytest.warns(GeometryWarning, match="the qform was used"):
        image = load_image(path)
    other = sitk.ReadImage(str(path))
    theirs = Grid(other.GetSize(), other.GetSpacing(), other.GetOrigin(), np.reshape(other.GetDirection(), (3, 3)))
    assert image.grid.corner_error(theirs) < 1e-4


@pytest.mark.parametrize("value", [0.0, DENORMAL])
def test_forms_that_are_zero_are_as_good_as_unset(tmp_path, value):
    path = write_nifti(tmp_path / "scan.nii", PHANTOM, fill_sform(value))
    with pytest.warns(GeometryWarning) as caught:
        image = load_image(path)
    assert [str(one.message).split(": ", 1)[1] for one in caught] == [
        "its sform is marked as valid and is zero; the spacing was used",
        "neither sform nor qform says how the axes run; they were assumed to run to the left, posterior and superior, "
        "from an origin of zero",
    ]
    np.testing.assert_allclose(image.spacing, PHANTOM.spacing, rtol=1e-6)
    assert image.origin == (0, 0, 0)


@pytest.mark.parametrize("name", [name for name in VOID if name not in ("zero", "denormal")])
@pytest.mark.parametrize("irregular", ["error", "ignore"])
def test_what_says_something_impossible_is_refused_without_advice_that_fails(tmp_path, name, irregular):
    path = write_nifti(tmp_path / "scan.nii", PHANTOM, VOID[name])
    with pytest.raises(GeometryError, match=r"scan\.nii.*correct its sform and qform") as caught:
        load_image(path, irregular=irregular)
    assert "irregular" not in str(caught.value)


@pytest.mark.parametrize("quatern", [(np.nan, 0, 0), (np.inf, 0, 0), (1e30, 1e30, 1e30)])
def test_a_void_qform_beside_a_good_sform_is_passed_over(tmp_path, quatern):
    def edit(header):
        header["quatern_b"], header["quatern_c"], header["quatern_d"] = quatern

    image = load_image(write_nifti(tmp_path / "scan.nii", PHANTOM, edit, qform=0))
    path = write_nifti(tmp_path / "both.nii", PHANTOM, edit, qform=1)
    with warnings.catch_warnings():
        # A quaternion that is too long is made a half turn of, as nifti1_io.c does, and that disagrees.
        warnings.simplefilter("ignore" if np.isfinite(quatern[0]) else "error")
        assert load_image(path).grid == image.grid


@pytest.mark.parametrize("thickness", [3.5, 0.0, np.nan, -3.5, DENORMAL])
def test_a_plane_whose_sform_has_no_third_step(tmp_path, thickness):
    def edit(header):
        empty_sform_column(2)(header)
        header["pixdim"][3] = thickness

    for array in (PLANE.array, PLANE.array[:, :, 0]):
        path = write_nifti(tmp_path / "plane.nii", PLANE, edit, array=array)
        if np.isfinite(thickness) and abs(thickness) > 1:
            image = load_image(path)
            expected = 3.5
        else:
            with pytest.warns(GeometryWarning, match="pixdim gives no spacing along z; 1 mm was assumed"):
                image = load_image(path)
            expected = 1.0
        np.testing.assert_allclose(image.spacing, (*PHANTOM.spacing[:2], expected), rtol=1e-6)
        np.testing.assert_allclose(np.abs(image.direction.T @ PHANTOM.direction), np.eye(3), atol=1e-6)
        assert image.grid.is_right_handed is False or image.grid.is_right_handed is True
        np.testing.assert_allclose(image.origin, PHANTOM.origin, rtol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_plane_along_any_axis(tmp_path, axis):
    array = np.take(PHANTOM.array, [0], axis=axis)
    path = write_nifti(tmp_path / "plane.nii", PHANTOM, empty_sform_column(axis), array=array)
    image = load_image(path)
    np.testing.assert_allclose(image.spacing, PHANTOM.spacing, rtol=1e-6)
    np.testing.assert_allclose(np.abs(image.direction.T @ PHANTOM.direction), np.eye(3), atol=1e-6)


def test_a_volume_whose_third_step_is_missing_is_no_plane(tmp_path):
    with pytest.raises(GeometryError, match="singular"):
        load_image(write_nifti(tmp_path / "scan.nii", PHANTOM, empty_sform_column(2)))


@pytest.mark.parametrize("pixdim", [0.0, np.nan, np.inf, DENORMAL])
def test_a_qform_without_spacing_says_what_was_assumed(tmp_path, pixdim):
    """nibabel sets them to 1 as well when it repairs a header."""

    def edit(header):
        header["pixdim"][2] = pixdim

    with pytest.warns(GeometryWarning, match="pixdim gives no spacing along y; 1 mm was assumed"):
        image = load_image(write_nifti(tmp_path / "scan.nii", PHANTOM, edit, sform=0, qform=1))
    np.testing.assert_allclose(image.spacing, (PHANTOM.spacing[0], 1.0, PHANTOM.spacing[2]), rtol=1e-6)


def test_a_negative_pixdim_is_a_length(tmp_path):
    """nifti1.h has them positive, and qfac for the hand; nibabel takes the length as well."""

    def edit(header):
        header["pixdim"][1] *= -1

    image = load_image(write_nifti(tmp_path / "scan.nii", PHANTOM, edit, sform=0, qform=1))
    assert image.grid.corner_error(PHANTOM.lps_affine) < 1e-4


NUMBERS = st.one_of(
    st.floats(width=32), st.sampled_from([0.0, -0.0, 1.0, -1.0, DENORMAL, float("nan"), float("inf"), 3e38])
)


@settings(max_examples=60)
@given(
    rows=st.lists(NUMBERS, min_size=12, max_size=12),
    quatern=st.tuples(NUMBERS, NUMBERS, NUMBERS),
    pixdim=st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    codes=st.tuples(st.integers(-1, 2), st.integers(-1, 2)),
)
def test_any_header_loads_or_is_refused_in_our_words(tmp_path_factory, rows, quatern, pixdim, codes):
    def edit(header):
        header["srow_x"], header["srow_y"], header["srow_z"] = rows[:4], rows[4:8], rows[8:]
        header["quatern_b"], header["quatern_c"], header["quatern_d"] = quatern
        header["pixdim"][:4] = pixdim
        header["sform_code"], header["qform_code"] = codes

    path = write_nifti(tmp_path_factory.mktemp("any") / "scan.nii", PHANTOM, edit)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", GeometryWarning)
        try:
            image = load_image(path)
        except PictologicsError:
            return
    np.testing.assert_array_equal(image.array, PHANTOM.array)
