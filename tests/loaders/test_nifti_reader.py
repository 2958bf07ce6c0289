"""NIfTI: voxels and LPS geometry equal SimpleITK's and nibabel's; where these stray from the standard, it is shown."""

from __future__ import annotations

import gzip
import warnings
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import (
    CorruptFileError,
    GeometryError,
    GeometryWarning,
    Image,
    MissingPathError,
    OptionError,
    PictologicsError,
    UnsupportedFormatError,
    load_image,
)
from pictologics.geometry import CORNER_ERROR_NOTED, CORNER_ERROR_REFUSED, Grid
from tests.factories.grids import grids
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM, Phantom, counting

NIBABEL_DATA = Path(nibabel.__file__).parent / "tests" / "data"
SHIPPED = sorted(path for path in NIBABEL_DATA.glob("*.nii*") if "dconn" not in path.name)

INTEGERS = ["uint8", "int8", "uint16", "int16", "int32", "uint32", "int64", "uint64"]
TYPES = [*INTEGERS, "float32", "float64"]
LEFT_HANDED = Phantom(PHANTOM.array, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction * (-1, 1, 1))


def assert_same_place(image: Image, spacing, origin, direction, error=1e-4) -> None:
    """Within float32's rounding of a header, in voxels at the worst corner."""
    theirs = Grid(image.array.shape, spacing, origin, np.asarray(direction).reshape(3, 3))
    assert image.grid.corner_error(theirs) < error


def assert_equals_simpleitk(path: Path, image: Image, index: int = 0) -> None:
    other = sitk.ReadImage(str(path))
    array = sitk.GetArrayFromImage(other).T
    if array.ndim > 3:
        array = array.reshape((*array.shape[:3], -1), order="F")[..., index]
    array = array.reshape(image.array.shape)
    if other.GetPixelID() == sitk.sitkFloat32 and image.array.dtype == np.float64:
        array = array.astype(np.float64)
        np.testing.assert_allclose(image.array, array, rtol=2e-7, atol=1e-30)
    else:
        # ITK's NIfTI library turns what is not finite into 0; the standard knows no such step.
        np.testing.assert_array_equal(np.where(np.isfinite(image.array), image.array, 0), array)
    size = other.GetDimension()
    direction = np.array(other.GetDirection()).reshape(size, size)[:3, :3]
    if size >= 3:
        assert_same_place(image, other.GetSpacing()[:3], other.GetOrigin()[:3], direction)


def assert_equals_nibabel(path: Path, image: Image, index: int = 0) -> None:
    other = nibabel.load(path)
    array = np.asanyarray(other.dataobj)
    array = np.atleast_3d(array)
    array = array.reshape((*array.shape[:3], -1), order="F")[..., index]
    np.testing.assert_allclose(image.array, array, rtol=2e-7, atol=1e-30)
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ other.affine
    assert image.grid.corner_error(lps) < CORNER_ERROR_NOTED


# --- a matrix of generated files ---


@pytest.mark.parametrize("scaled", [False, True], ids=["plain", "scaled"])
@pytest.mark.parametrize("big_endian", [False, True], ids=["little", "big"])
@pytest.mark.parametrize("dtype", TYPES)
def test_types_and_byte_orders(tmp_path, dtype, big_endian, scaled):
    scaling = {"slope": 0.1, "inter": -3.0} if scaled else {}
    array = PHANTOM.array % 120
    path = write_nifti(tmp_path / "scan.nii", array=array, dtype=dtype, big_endian=big_endian, **scaling)
    image = load_image(path)
    assert_equals_simpleitk(path, image)
    assert_equals_nibabel(path, image)
    assert image.array.dtype == (np.float32 if np.dtype(dtype).itemsize <= 2 or dtype == "float32" else np.float64)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_extreme_values_stay_exact(tmp_path, dtype):
    limits = np.iinfo(dtype)
    bits = min(limits.bits, 53)
    low, high = max(limits.min, -(2**bits)), min(limits.max, 2**bits)
    array = np.array([low, low + 1, -1 if low else 0, 0, 1, high - 1, high]).astype(dtype).reshape(7, 1, 1)
    image = load_image(write_nifti(tmp_path / "scan.nii", array=array, dtype=dtype))
    assert [int(v) for v in image.array.ravel()] == [int(v) for v in array.ravel()]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_and_infinity_stay(tmp_path, dtype):
    array = np.array([np.nan, np.inf, -np.inf, 0.0, 1e-30, 1e30]).reshape(6, 1, 1)
    image = load_image(write_nifti(tmp_path / "scan.nii", array=array, dtype=dtype))
    np.testing.assert_array_equal(image.array, array.astype(dtype))


@given(
    grid=grids(shapes=st.tuples(*[st.integers(1, 5)] * 3)),
    form=st.sampled_from([(1, 0), (0, 1), (2, 2), (4, 1)]),
    big_endian=st.booleans(),
)
@settings(max_examples=30)
def test_any_orientation_equals_simpleitk_and_nibabel(tmp_path, grid, form, big_endian):
    """Also left-handed ones, which stay so."""
    spacing = tuple(np.clip(grid.spacing, 0.5, 5))
    phantom = Phantom(counting(grid.shape), spacing, grid.origin, grid.direction)
    path = write_nifti(tmp_path / "scan.nii", phantom, sform=form[0], qform=form[1], big_endian=big_endian)
    image = load_image(path)
    assert image.grid.is_right_handed == grid.is_right_handed
    # float32 at 2000 mm, against half a millimeter.
    assert image.grid.corner_error(phantom.lps_affine) < 1e-3
    assert_equals_nibabel(path, image)
    other = sitk.ReadImage(str(path))
    assert_same_place(image, other.GetSpacing(), other.GetOrigin(), other.GetDirection(), error=1e-3)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "scan.hdr", "scan.img"])
@pytest.mark.parametrize("form", [{"sform": 1}, {"sform": 0, "qform": 1}, {"sform": 3, "qform": 1}], ids=str)
@pytest.mark.parametrize("phantom", [PHANTOM, LEFT_HANDED], ids=["right-handed", "left-handed"])
def test_containers_and_forms(tmp_path, name, version, form, phantom):
    path = write_nifti(tmp_path / name, phantom, version=version, **form)
    image = load_image(path)
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    assert image.grid.corner_error(phantom.lps_affine) < 1e-4
    if version == 1:  # ITK does not read NIfTI-2
        assert_equals_simpleitk(path, image)
    if not name.endswith(".img"):
        assert_equals_nibabel(path, image)


# --- dimensions ---


@pytest.mark.parametrize(
    ("stored", "expected", "volumes"),
    [
        ((7, 6), (7, 6, 1), 1),
        ((7, 6, 1), (7, 6, 1), 1),
        ((7, 6, 5), (7, 6, 5), 1),
        ((7, 6, 5, 1), (7, 6, 5), 1),
        ((7, 6, 5, 3), (7, 6, 5), 3),
        ((7, 6, 1, 3), (7, 6, 1), 3),
        ((7, 6, 5, 1, 3), (7, 6, 5), 3),
        ((7, 6, 5, 3, 1), (7, 6, 5), 3),
    ],
)
@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_dataset_index_picks_the_volume(tmp_path, name, stored, expected, volumes):
    array = np.arange(np.prod(stored)).reshape(stored, order="F")
    path = write_nifti(tmp_path / name, array=array)
    flat = array.reshape((*expected, volumes), order="F")
    for index in range(volumes):
        image = load_image(path, dataset_index=index)
        assert image.array.shape == expected
        np.testing.assert_array_equal(image.array, flat[..., index])
        assert_equals_simpleitk(path, image, index)
    with pytest.raises(OptionError, match=rf"holds {volumes} volume") as caught:
        load_image(path, dataset_index=volumes)
    assert caught.value.values["volumes"] == volumes


@pytest.mark.parametrize("index", [-1, 1.0, "0", None, True])
def test_dataset_index_must_be_a_whole_number(tmp_path, index):
    with pytest.raises(OptionError, match="dataset_index"):
        load_image(write_nifti(tmp_path / "scan.nii"), dataset_index=index)


def test_one_dimension_is_a_row(tmp_path):
    image = load_image(write_nifti(tmp_path / "scan.nii", array=np.arange(9)))
    np.testing.assert_array_equal(image.array, np.arange(9).reshape(9, 1, 1))


def test_only_the_asked_for_volume_is_read(tmp_path):
    """What is wrong with the other volumes of a plain file does not matter, and no memory is taken for them."""
    array = np.arange(7 * 6 * 5 * 400).reshape((7, 6, 5, 400), order="F") % 30_000
    path = write_nifti(tmp_path / "scan.nii", array=array)
    import tracemalloc

    load_image(path)
    tracemalloc.start()
    load_image(path, dataset_index=399)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # One volume as float32, one chunk to read it into, and small change.
    assert peak < 7 * 6 * 5 * 4 + 2 * (1 << 19) + 200_000


# --- space ---


@pytest.mark.parametrize(("units", "scale"), [("mm", 1), ("meter", 1000), ("micron", 0.001), ("unknown", 1)])
@pytest.mark.parametrize("form", [{"sform": 1}, {"sform": 0, "qform": 1}], ids=["sform", "qform"])
def test_units_scale_spacing_and_origin(tmp_path, units, scale, form):
    path = write_nifti(tmp_path / "scan.nii", units=units, **form)
    image = load_image(path)
    np.testing.assert_allclose(image.spacing, np.array(PHANTOM.spacing) * scale, rtol=1e-6)
    np.testing.assert_allclose(image.origin, np.array(PHANTOM.origin) * scale, rtol=1e-6)
    assert_equals_simpleitk(path, image)


def test_spacing_is_that_of_the_sform_never_pixdim_beside_it(tmp_path):
    def lie(header):
        header["pixdim"][1:4] = 9, 8, 7

    path = write_nifti(tmp_path / "scan.nii", PHANTOM, lie)
    assert load_image(path).grid.corner_error(PHANTOM.lps_affine) < 1e-4
    # ITK takes pixdim for the spacing and only warns; nifti1.h, method 3, maps indices by srow alone.
    np.testing.assert_allclose(sitk.ReadImage(str(path)).GetSpacing(), (9, 8, 7))


def move_qform(header):
    header["qoffset_x"] += 5


@pytest.mark.parametrize("sform", [1, 2, 3, 4])
def test_sform_counts_when_the_forms_disagree(tmp_path, sform):
    path = write_nifti(tmp_path / "scan.nii", PHANTOM, move_qform, sform=sform, qform=1)
    with pytest.warns(GeometryWarning, match=r"disagree by 5\.5 voxels") as caught:
        image = load_image(path)
    assert caught[0].filename == __file__
    assert image.grid.corner_error(PHANTOM.lps_affine) < 1e-4
    assert any("disagree" in decision.text for decision in image.provenance.decisions)
    # ITK takes the sform only when its code is "scanner" (1) and the qform otherwise; nifti1.h leaves the choice
    # open, and nibabel, FSL and SPM take the sform.
    moved = 0.0 if sform == 1 else 5.0
    distance = np.linalg.norm(np.subtract(sitk.ReadImage(str(path)).GetOrigin(), PHANTOM.origin))
    assert distance == pytest.approx(moved, abs=1e-4)
    assert_equals_nibabel(path, image)


def test_forms_that_agree_within_the_tolerance_are_silent(tmp_path):
    def nudge(header):
        header["qoffset_x"] += 0.05 * 0.75

    load_image(write_nifti(tmp_path / "scan.nii", PHANTOM, nudge, qform=1))


def test_neither_form_warns_and_keeps_the_spacing(tmp_path):
    path = write_nifti(tmp_path / "scan.nii", sform=0, qform=0)
    with pytest.warns(GeometryWarning, match="neither sform nor qform") as caught:
        image = load_image(path)
    assert caught[0].filename == __file__
    np.testing.assert_allclose(image.spacing, PHANTOM.spacing, rtol=1e-6)
    np.testing.assert_allclose(image.origin, (0, 0, 0))
    np.testing.assert_allclose(np.abs(image.direction), np.eye(3))
    np.testing.assert_array_equal(image.array, PHANTOM.array)


@pytest.mark.parametrize("qfac", [1.0, 0.0, -1.0, 7.0, -4.0])
def test_qfac_turns_the_third_axis_by_its_sign(tmp_path, qfac):
    def edit(header):
        header["pixdim"][0] = qfac

    path = write_nifti(tmp_path / "scan.nii", PHANTOM, edit, sform=0, qform=1)
    image = load_image(path)
    assert image.grid.is_right_handed is (qfac >= 0)
    assert_equals_simpleitk(path, image)


def test_a_half_turn_rounded_to_float32_stays_one(tmp_path):
    """The standard's own library takes a quaternion whose rest is below 1e-7 for a half turn (nifti1_io.c).

    The root of that rest, taken for a real part, would turn the volume by 0.02 degrees: a fifth of a voxel at the
    far corner of 512x512x512.
    """
    half_turn = np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    phantom = Phantom(np.zeros((512, 512, 2)), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0), half_turn)
    path = write_nifti(tmp_path / "scan.nii", phantom, sform=0, qform=1, dtype="uint8")
    image = load_image(path)
    assert image.grid.corner_error(phantom.lps_affine) < 1e-3
    assert_equals_simpleitk(path, image)


def sheared(amount):
    def edit(header):
        affine = PHANTOM.ras_affine
        affine[:3, 2] += amount * affine[:3, 0]
        header.set_sform(affine, 1)

    return edit


def test_small_rounding_is_made_orthogonal_and_recorded(tmp_path):
    """ITK refuses such files altogether."""
    path = write_nifti(tmp_path / "scan.nii", PHANTOM, sheared(0.02))
    image = load_image(path)
    np.testing.assert_allclose(image.direction.T @ image.direction, np.eye(3), rtol=0, atol=1e-12)
    noted = next(decision for decision in image.provenance.decisions if decision.kind == "rounded")
    assert CORNER_ERROR_NOTED < noted.value < CORNER_ERROR_REFUSED
    with pytest.raises(RuntimeError, match="orthonormal"):
        sitk.ReadImage(str(path))


def test_real_shear_is_refused_by_its_number(tmp_path):
    path = write_nifti(tmp_path / "scan.nii", PHANTOM, sheared(0.3))
    with pytest.raises(GeometryError, match="sheared") as caught:
        load_image(path)
    assert caught.value.path == str(path)
    assert caught.value.values["corner_error"] > CORNER_ERROR_REFUSED
    with pytest.warns(GeometryWarning):
        image = load_image(path, irregular="ignore")
    np.testing.assert_array_equal(image.array, PHANTOM.array)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_an_sform_that_is_none_is_refused(tmp_path, value):
    def edit(header):
        header["srow_x"] = value

    with pytest.raises(GeometryError, match=r"scan\.nii"):
        load_image(write_nifti(tmp_path / "scan.nii", PHANTOM, edit))


# --- scaling ---


@pytest.mark.parametrize(
    ("slope", "inter"), [(2.5, -3.0), (1.0, 0.0), (-1.0, 0.0), (1.0, 7.0), (0.0, 0.0), (np.inf, 0.0)]
)
def test_scaling_equals_simpleitk(tmp_path, slope, inter):
    path = write_nifti(tmp_path / "scan.nii", slope=slope, inter=inter)
    assert_equals_simpleitk(path, load_image(path))


@pytest.mark.parametrize("slope", [0.0, np.nan])
def test_a_slope_of_zero_means_no_scaling_and_no_intercept_either(tmp_path, slope):
    path = write_nifti(tmp_path / "scan.nii", slope=slope, inter=5.0)
    np.testing.assert_array_equal(load_image(path).array, PHANTOM.array)
    assert_equals_nibabel(path, load_image(path))
    # ITK adds the intercept; nifti1.h: "if scl_slope is nonzero, then each voxel value is to be scaled".
    theirs = sitk.GetArrayFromImage(sitk.ReadImage(str(path))).T
    np.testing.assert_array_equal(theirs, PHANTOM.array + 5)


def test_a_tiny_slope_is_a_slope(tmp_path):
    path = write_nifti(tmp_path / "scan.nii", slope=1e-30, inter=0.0)
    np.testing.assert_allclose(load_image(path).array, PHANTOM.array * 1e-30, rtol=1e-6)
    assert_equals_nibabel(path, load_image(path))
    # ITK calls anything below its epsilon no slope.
    assert sitk.GetArrayFromImage(sitk.ReadImage(str(path))).max() == 210


def test_a_slope_without_an_intercept_is_corrupt(tmp_path):
    with pytest.raises(CorruptFileError, match="nan"):
        load_image(write_nifti(tmp_path / "scan.nii", slope=2.0, inter=np.nan))


@given(
    values=st.lists(st.integers(-32768, 32767), min_size=1, max_size=20),
    slope=st.floats(-1e4, 1e4, width=32).filter(lambda v: abs(v) > 1e-4),
    inter=st.floats(-1e4, 1e4, width=32),
)
@settings(max_examples=30)
def test_scaled_values_are_rounded_once(tmp_path, values, slope, inter):
    array = np.array(values, np.int16).reshape(-1, 1, 1)
    image = load_image(write_nifti(tmp_path / "scan.nii", array=array, slope=slope, inter=inter))
    np.testing.assert_array_equal(image.array, (array * np.float64(slope) + inter).astype(np.float32))


def test_apply_rescale_false_is_told_to_mean_nothing(tmp_path):
    from pictologics import ContentWarning

    path = write_nifti(tmp_path / "scan.nii", slope=2.0, inter=0.0)
    with pytest.warns(ContentWarning, match="apply_rescale"):
        image = load_image(path, apply_rescale=False)
    np.testing.assert_array_equal(image.array, PHANTOM.array * 2)


def load_or_refuse(path: Path, **options) -> Image | None:
    """No third way, and no warning of numpy's."""
    try:
        return load_image(path, **options)
    except PictologicsError as error:
        assert str(path) in str(error)
        return None


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_dtype_too_small_for_the_values(tmp_path, dtype):
    path = write_nifti(tmp_path / "scan.nii", array=PHANTOM.array * 1e300, dtype="float64")
    image = load_or_refuse(path, dtype=dtype)
    assert image is None or np.isinf(image.array).all()


def test_a_slope_that_leaves_the_range_of_float32(tmp_path):
    path = write_nifti(tmp_path / "scan.nii", array=PHANTOM.array * 1e36, dtype="float32", slope=1e4, inter=0.0)
    image = load_or_refuse(path)
    if image is not None:
        # Exact is better than infinite, but infinite is no lie either.
        expected = PHANTOM.array * np.float32(1e36).astype(float) * 1e4
        close = np.isclose(image.array, expected, rtol=1e-6)
        assert (close | np.isinf(image.array)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.5, 40_000.0])
def test_an_integer_dtype_for_values_it_cannot_hold(tmp_path, bad):
    path = write_nifti(tmp_path / "scan.nii", array=np.where(PHANTOM.array == 99, bad, 1.0), dtype="float64")
    with pytest.raises(OptionError, match="int16"):
        load_image(path, dtype="int16")


# --- gzip ---


@pytest.mark.parametrize("split", [1, 100, 348, 352, 400, 700])
def test_a_gzip_of_several_members_is_one_file(tmp_path, split):
    """As bgzip and pigz -i write it, and as the shell's ``cat`` makes it (RFC 1952 2.2)."""
    content = write_nifti(tmp_path / "scan.nii").read_bytes()
    path = tmp_path / "scan.nii.gz"
    path.write_bytes(gzip.compress(content[:split]) + gzip.compress(content[split:]))
    np.testing.assert_array_equal(load_image(path).array, PHANTOM.array)
    assert_equals_nibabel(path, load_image(path))


def test_zeros_behind_a_gzip_are_the_rest_of_a_block(tmp_path):
    path = write_nifti(tmp_path / "scan.nii.gz")
    path.write_bytes(path.read_bytes() + bytes(512))
    np.testing.assert_array_equal(load_image(path).array, PHANTOM.array)


def test_a_file_may_be_longer_than_its_voxels(tmp_path):
    path = write_nifti(tmp_path / "scan.nii")
    path.write_bytes(path.read_bytes() + b"more")
    np.testing.assert_array_equal(load_image(path).array, PHANTOM.array)


# --- what is refused ---


@pytest.mark.parametrize("code", [1, 2048])
def test_bits_and_long_complex_numbers_are_refused_in_words(tmp_path, code):
    def edit(header):
        header["datatype"] = code

    with pytest.raises(UnsupportedFormatError, match=r"color|complex|bits") as caught:
        load_image(write_nifti(tmp_path / "scan.nii", PHANTOM, edit))
    assert caught.value.values["datatype"] == code


def test_an_unknown_type_is_corrupt(tmp_path):
    def edit(header):
        header["datatype"] = 77

    with pytest.raises(CorruptFileError, match="77"):
        load_image(write_nifti(tmp_path / "scan.nii", PHANTOM, edit))


@pytest.mark.parametrize("dim", [(0, 7, 6, 5), (8, 7, 6, 5), (3, 0, 6, 5), (3, -7, 6, 5), (-1, 7, 6, 5)])
def test_impossible_dimensions_are_corrupt(tmp_path, dim):
    def edit(header):
        header["dim"][:4] = dim

    with pytest.raises(CorruptFileError, match="dimensions"):
        load_image(write_nifti(tmp_path / "scan.nii", PHANTOM, edit))


@pytest.mark.parametrize("name", ["scan.hdr", "scan.img"])
def test_half_a_pair_is_refused(tmp_path, name):
    path = write_nifti(tmp_path / name)
    other = path.with_suffix(".img" if name.endswith("hdr") else ".hdr")
    other.unlink()
    with pytest.raises((MissingPathError, UnsupportedFormatError), match=r"scan\."):
        load_image(path)


# --- what nibabel ships ---


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_equals_the_others_on_what_nibabel_ships(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GeometryWarning)
        image = load_image(path)
    if "nifti2" not in path.name:
        assert_equals_simpleitk(path, image)
    assert_equals_nibabel(path, image)


def test_nibabel_ships_something():
    assert len(SHIPPED) >= 6


@pytest.mark.parametrize("name", ["nifti1.hdr", "nifti2.hdr", "analyze.hdr"])
def test_headers_alone_are_refused(name):
    with pytest.raises((MissingPathError, UnsupportedFormatError), match=name):
        load_image(NIBABEL_DATA / name)
