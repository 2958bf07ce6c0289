"""Series in 4D files: as nibabel, SimpleITK, pynrrd and FSL's conventions have them, and back."""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from pictologics import (
    ContentWarning,
    Image,
    ImageSeries,
    OptionError,
    SeriesAxis,
    explain,
    load_image,
    load_series,
    save_series,
)
from pictologics.formats.nifti.gradients import make_gradient_tables
from pictologics.geometry import Grid
from tests.factories.phantom import OBLIQUE
from tests.factories.phases import PATTERNS, write_phases
from tests.series.test_image_series import ECHO, TIME, make_series

GRADIENTS = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.6, 0.8, 0.0), (0.0, 0.6, 0.8), (0.48, -0.6, 0.64)]
SUFFIXES = [".nii", ".nii.gz", ".nrrd", ".nhdr"]
MIRRORED = OBLIQUE @ np.diag([1.0, 1.0, -1.0])


def on_grid(series: ImageSeries, direction=OBLIQUE) -> ImageSeries:
    """The same voxels somewhere else."""
    grid = Grid(series.shape[:3], (0.9, 1.1, 2.5), (-31.5, 14.25, 120.0), direction)
    images = [Image.from_grid(image.array, grid, modality="MR") for image in series]
    return ImageSeries.from_images(images, *series.axes)


def make_diffusion(direction=OBLIQUE) -> ImageSeries:
    labels = (None, *GRADIENTS)
    axis = SeriesAxis("direction", labels, coordinates={"b_value": (0.0, *([1000.0] * 5), 250.0)})
    return on_grid(make_series(axis)[0], direction)


@pytest.mark.usefixtures("no_handle_left")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_everything_comes_back(tmp_path, suffix, dtype):
    axis = SeriesAxis("component", ("magnitude", "phase"), coordinates={"offset": (1.5, None)})
    series = on_grid(make_series(TIME, axis, dtype=dtype)[0])
    save_series(series, tmp_path / f"four{suffix}")
    again = load_series(tmp_path / f"four{suffix}")
    assert again.axes == series.axes
    assert again.grid == series.grid
    assert again.modality == "MR"
    for one, other in zip(again, series, strict=True):
        assert one.array.dtype == dtype
        assert one.equals(other)
    assert load_image(tmp_path / f"four{suffix}", 4).equals(series[4])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_each_volume_keeps_its_own_name(tmp_path, suffix):
    touches = PATTERNS["cardiac phase"].touches
    write_phases(tmp_path / "series", touches, modality="CT")
    series = load_series(tmp_path / "series")
    save_series(series, tmp_path / f"heart{suffix}")
    again = load_series(tmp_path / f"heart{suffix}")
    assert again.labels == series.labels == ("Phase 5%", "Phase 40%", "Phase 75%")
    for one, other in zip(again, series, strict=True):
        assert one.equals(other)
    assert again["Phase 40%"].equals(series[1])
    assert explain(tmp_path / f"heart{suffix}").volumes[2].phase == "Phase 75%"
    strip = nibabel.load(tmp_path / f"heart{suffix}").slicer[..., 1:] if ".nii" in suffix else None
    if strip is not None:
        # Cut by other software, which keeps the comment.
        nibabel.save(strip, tmp_path / "cut.nii")
        assert load_series(tmp_path / "cut.nii").labels == ("", "")
        assert "phase" not in load_image(tmp_path / "cut.nii").metadata


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("direction", [OBLIQUE, MIRRORED])
def test_nibabel_and_simpleitk_find_voxels_times_and_place(tmp_path, suffix, direction):
    times = SeriesAxis("time", (0.5, 3.0, 5.5, 8.0), "s")
    series = on_grid(make_series(times)[0], direction)
    path = tmp_path / f"bold{suffix}"
    save_series(series, path)
    found = nibabel.load(path)
    np.testing.assert_array_equal(found.get_fdata(), series.to_array())
    np.testing.assert_allclose(found.affine, np.diag([-1, -1, 1, 1]) @ series.grid.affine, atol=1e-4)
    np.testing.assert_allclose(found.get_qform(), found.get_sform(), atol=1e-4)
    assert found.header.get_xyzt_units() == ("mm", "sec")
    assert found.header["pixdim"][4] == pytest.approx(2.5)
    assert found.header["toffset"] == pytest.approx(0.5)
    if np.linalg.det(direction) > 0:
        image = sitk.ReadImage(path)
        assert image.GetSize() == (3, 4, 5, 4)
        assert image.GetSpacing()[3] == pytest.approx(2.5)
        np.testing.assert_allclose(image.GetOrigin()[:3], series.grid.origin, atol=1e-4)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(image).T, series.to_array())


@pytest.mark.parametrize("suffix", [".nrrd", ".nhdr"])
def test_simpleitk_and_pynrrd_find_voxels_and_place(tmp_path, suffix):
    series = on_grid(make_series(TIME)[0])
    path = tmp_path / f"bold{suffix}"
    save_series(series, path)
    image = sitk.ReadImage(path)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image).transpose(2, 1, 0, 3), series.to_array())
    np.testing.assert_allclose(image.GetOrigin(), series.grid.origin)
    np.testing.assert_allclose(np.reshape(image.GetDirection(), (3, 3)), series.grid.direction)
    array, header = nrrd.read(str(path))
    np.testing.assert_array_equal(array, series.to_array())
    assert header["spacings"][3] == 2.5


def strip_comment(path: Path) -> None:
    """Write the file again without what only we understand."""
    if path.suffix == ".nrrd":
        array, header = nrrd.read(str(path))
        del header["pictologics"]
        nrrd.write(str(path), array, header)
    else:
        image = nibabel.load(path)
        plain = nibabel.Nifti1Image(np.asarray(image.dataobj).copy(), image.affine, image.header)
        plain.header.extensions.clear()
        nibabel.save(plain, path)


@pytest.mark.parametrize("name", ["bold.nii", "bold.nrrd"])
def test_times_are_in_the_header_itself(tmp_path, name):
    series = on_grid(make_series(TIME)[0])
    save_series(series, tmp_path / name)
    strip_comment(tmp_path / name)
    again = load_series(tmp_path / name)
    assert again.axes[0].units == "s"
    np.testing.assert_allclose(again.values("time"), TIME.labels)
    np.testing.assert_array_equal(again.to_array(), series.to_array())


@pytest.mark.parametrize("direction", [OBLIQUE, MIRRORED, np.eye(3)], ids=["right", "left", "plain"])
@pytest.mark.parametrize("name", ["dwi.nii", "dwi.nii.gz", "dwi.nrrd"])
def test_gradients_are_in_fields_of_their_own(tmp_path, name, direction):
    series = make_diffusion(direction)
    path = tmp_path / name
    save_series(series, path)
    if not name.endswith(".gz"):
        strip_comment(path)
    again = load_series(path)
    np.testing.assert_allclose(again.values("b_value"), series.values("b_value"))
    np.testing.assert_allclose(again.values("direction"), series.values("direction"), atol=1e-6)
    if ".nii" in name:
        assert sorted(file.name for file in tmp_path.iterdir()) == ["dwi.bval", "dwi.bvec", name]


@pytest.mark.parametrize("direction", [OBLIQUE, MIRRORED], ids=["right", "left"])
def test_bvec_is_along_the_voxels_and_its_sign_that_of_fsl(tmp_path, direction):
    series = make_diffusion(direction)
    save_series(series, tmp_path / "dwi.nii.gz")
    affine = nibabel.load(tmp_path / "dwi.nii.gz").affine[:3, :3]
    axes = affine / np.linalg.norm(affine, axis=0)
    vectors = np.loadtxt(tmp_path / "dwi.bvec").T
    # "The x component is negated where the determinant is positive."
    vectors[:, 0] *= -1 if np.linalg.det(affine) > 0 else 1
    lps = (vectors @ axes.T) * (-1, -1, 1)
    np.testing.assert_allclose(lps[1:], GRADIENTS, atol=1e-5)
    assert not lps[0].any()
    assert np.loadtxt(tmp_path / "dwi.bval").tolist() == [0, 1000, 1000, 1000, 1000, 1000, 250]


def test_tables_that_were_changed_count_and_times_stay(tmp_path):
    axis = make_diffusion().axes[0]
    timed = SeriesAxis(
        "direction", axis.labels, "", {**axis.coordinates, "time": (0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0)}
    )
    save_series(on_grid(make_series(timed)[0]), tmp_path / "dwi.nii.gz")
    assert load_series(tmp_path / "dwi.nii.gz").axes == (timed,)
    assert nibabel.load(tmp_path / "dwi.nii.gz").header["pixdim"][4] == 2
    np.savetxt(tmp_path / "dwi.bvec", -np.loadtxt(tmp_path / "dwi.bvec"))
    again = load_series(tmp_path / "dwi.nii.gz")
    np.testing.assert_allclose(again.values("direction")[1:], -np.array(GRADIENTS), atol=1e-6)
    assert again.values("time").tolist() == [0, 2, 4, 6, 8, 10, 12]


units = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda vector: np.linalg.norm(vector) > 0.1)


@given(vector=units)
def test_a_gradient_goes_there_and_back(tmp_path, vector):
    grid = Grid((4, 5, 6), (1, 2, 3), (0, 0, 0), MIRRORED)
    direction = tuple((np.array(vector) / np.linalg.norm(vector)).tolist())
    images = [Image.from_grid(np.zeros(grid.shape, np.uint8), grid)] * 2
    b_values, vectors = make_gradient_tables((1000.0, 0.0), (direction, None), grid)
    import nibabel as nib

    nib.save(nib.Nifti1Image(np.zeros((4, 5, 6, 2), np.uint8), grid.affine_in("RAS")), tmp_path / "one.nii")
    (tmp_path / "one.bval").write_text(b_values)
    (tmp_path / "one.bvec").write_text(vectors)
    assert len(images) == 2
    np.testing.assert_allclose(load_series(tmp_path / "one.nii").axes[0].labels[0], direction, atol=1e-5)


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal", "oblique"])
@pytest.mark.parametrize("maker", ["Siemens", "GE", "Philips"])
def test_files_equal_those_of_dcm2niix(tmp_path, maker, plane):
    """Its planes run the other way, so that voxels, tables and affines differ, and what they say of the patient not."""
    dcm2niix = pytest.importorskip("dcm2niix", reason="dcm2niix (from PyPI) is not installed")
    from tests.dicom.series.test_diffusion import write_scan

    write_scan(tmp_path / "dicom", maker, plane)
    out = tmp_path / "theirs"
    out.mkdir()
    command = [dcm2niix.bin, "-f", "scan", "-b", "n", "-z", "n", "-o", str(out), str(tmp_path / "dicom")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    series = load_series(tmp_path / "dicom")
    save_series(series, tmp_path / "ours.nii", dtype="smallest")
    theirs = load_series(out / "scan.nii")
    ours = load_series(tmp_path / "ours.nii")
    assert len(ours) == len(theirs) == 8
    np.testing.assert_allclose(ours.values("b_value"), theirs.values("b_value"))
    weighted = ours.values("b_value") > 0
    np.testing.assert_allclose(ours.values("direction")[weighted], theirs.values("direction")[weighted], atol=2e-3)
    for own, other in zip(ours, theirs, strict=True):
        where = own.grid.index_map(other.grid)
        index = np.indices(other.shape).reshape(3, -1).T
        places = np.rint(index @ where[:3, :3].T + where[:3, 3]).astype(int)
        np.testing.assert_array_equal(own.array[tuple(places.T)], other.array[tuple(index.T)])
    # Read by FSL's rule alone, both tables say the same of the patient.
    own, other = (read_world(path)[weighted] for path in (tmp_path / "ours.nii", out / "scan.nii"))
    np.testing.assert_allclose(own, other, atol=2e-3)


def read_world(path: Path) -> np.ndarray:
    """The directions of a table in RAS, by the documented rule of FSL."""
    affine = nibabel.load(path).affine[:3, :3]
    vectors = np.loadtxt(path.with_suffix(".bvec")).T
    vectors[:, 0] *= -1 if np.linalg.det(affine) > 0 else 1
    return vectors @ (affine / np.linalg.norm(affine, axis=0)).T


def test_uneven_times_are_kept_and_said(tmp_path):
    series = on_grid(make_series(SeriesAxis("time", (0.0, 10.0, 40.0), "s"))[0])
    with pytest.warns(ContentWarning, match="its times are uneven; .* their mean step, 20 s"):
        save_series(series, tmp_path / "pet.nii.gz")
    assert load_series(tmp_path / "pet.nii.gz").values("time").tolist() == [0, 10, 40]
    assert nibabel.load(tmp_path / "pet.nii.gz").header["pixdim"][4] == 20


def test_without_times_the_header_says_none(tmp_path):
    save_series(make_series(ECHO)[0], tmp_path / "echoes.nii")
    header = nibabel.load(tmp_path / "echoes.nii").header
    assert header.get_xyzt_units() == ("mm", "unknown")
    assert load_series(tmp_path / "echoes.nii").axes == (ECHO,)
    strip_comment(tmp_path / "echoes.nii")
    assert load_series(tmp_path / "echoes.nii").axes[0].units == ""


def test_tables_of_another_scan_beside_it_are_refused(tmp_path):
    save_series(make_diffusion(), tmp_path / "scan.nii.gz")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(OptionError, match=r"scan\.bval' beside it would be taken for its own; remove that file"):
        save_series(make_series(TIME)[0], tmp_path / "scan.nii.gz")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_gradients_of_each_echo_stand_in_the_tables(tmp_path):
    own = make_diffusion().axes[0]
    images = [image for image in make_diffusion() for _ in range(len(ECHO))]
    save_series(ImageSeries.from_images(images, own, ECHO), tmp_path / "dwi.nii.gz")
    b_values = np.loadtxt(tmp_path / "dwi.bval").tolist()
    assert b_values == [b_value for b_value in own.column("b_value") for _ in range(len(ECHO))]
    assert np.loadtxt(tmp_path / "dwi.bvec").shape == (3, len(b_values))
    loaded = load_series(tmp_path / "dwi.nii.gz")
    assert [axis.name for axis in loaded.axes] == ["direction", ECHO.name]


def test_unknown_b_values_are_not_made_up(tmp_path):
    axis = SeriesAxis("direction", (None, GRADIENTS[0]), coordinates={"b_value": (None, 800.0)})
    with pytest.warns(ContentWarning, match="not all of its volumes have a b-value"):
        save_series(make_series(axis)[0], tmp_path / "dwi.nii")
    assert [file.name for file in tmp_path.iterdir()] == ["dwi.nii"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_whole_numbers_in_the_smallest_type(tmp_path, suffix):
    values = [np.full((3, 4, 5), value, np.float32) for value in (3, 200, -1000)]
    series = ImageSeries.from_images([Image(array, (1, 1, 1), (0, 0, 0)) for array in values])
    save_series(series, tmp_path / f"small{suffix}", dtype="smallest")
    again = load_series(tmp_path / f"small{suffix}")
    assert again.to_array().dtype == np.float32
    np.testing.assert_array_equal(again.to_array(), series.to_array())
    if suffix == ".nii":
        assert nibabel.load(tmp_path / "small.nii").get_data_dtype() == np.int16


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_numbers_that_no_common_type_holds_stay_in_their_own(tmp_path, suffix):
    large = np.full((3, 4, 5), 2**60 + 1, np.uint64)
    series = ImageSeries.from_images([Image(array, (1, 1, 1), (0, 0, 0)) for array in (large, large * 0 + 300)])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        save_series(series, tmp_path / f"large{suffix}", dtype="smallest")
    # As of one image: hardly any software opens such NIfTI files.
    texts = [str(one.message) for one in caught if one.category is ContentWarning]
    assert len(texts) == (".nii" in suffix)
    assert all("voxels of type uint64 were saved, which FSL, SPM and AFNI do not open" in text for text in texts)
    np.testing.assert_array_equal(load_series(tmp_path / f"large{suffix}").to_array(), series.to_array())


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", [np.bool_, np.float16])
def test_the_smallest_type_of_what_no_file_has(tmp_path, suffix, dtype):
    values = (np.arange(60).reshape(3, 4, 5) % 2 * (1 if dtype == np.bool_ else 0.1)).astype(dtype)
    series = ImageSeries.from_images([Image(values, (1, 1, 1), (0, 0, 0)), Image(values[::-1], (1, 1, 1), (0, 0, 0))])
    save_series(series, tmp_path / f"small{suffix}", dtype="smallest")
    again = load_series(tmp_path / f"small{suffix}").to_array()
    assert again.dtype == dtype
    np.testing.assert_array_equal(again, series.to_array())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_known_of_a_thousand_volumes_comes_back(tmp_path, suffix):
    count = 1200
    vectors = np.random.default_rng(3).normal(size=(count, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    axis = SeriesAxis("direction", vectors, coordinates={"velocity": np.arange(count) / 7})
    images = [Image(np.full((2, 2, 2), k, np.int16), (1, 1, 1), (0, 0, 0), modality="MR") for k in range(count)]
    save_series(ImageSeries.from_images(images, axis), tmp_path / f"long{suffix}")
    again = load_series(tmp_path / f"long{suffix}")
    assert again.axes == (axis,)
    assert again.modality == "MR"
    assert again[count - 1].equals(images[-1])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_times_may_be_numbers_of_numpy(tmp_path, suffix):
    series = ImageSeries.from_images(list(make_series(TIME)[0]), SeriesAxis("time", np.arange(3) * 2.5, "s"))
    save_series(series, tmp_path / f"times{suffix}")
    assert load_series(tmp_path / f"times{suffix}").axes == series.axes
    if suffix == ".nrrd":
        assert nrrd.read_header(str(tmp_path / "times.nrrd"))["spacings"][3] == 2.5


def test_a_source_mask_has_no_place_in_it_and_is_said(tmp_path):
    image = make_series(TIME)[0][0]
    mask = np.ones(image.shape, bool)
    whole = image.with_source_mask(mask)
    save_series(ImageSeries.from_images([whole, whole]), tmp_path / "whole.nii")
    mask[0, 0, 0] = False
    with pytest.warns(ContentWarning, match="the source masks of its volumes were not saved"):
        save_series(ImageSeries.from_images([image, image.with_source_mask(mask)]), tmp_path / "scan.nii")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_failure_leaves_nothing_behind(tmp_path, suffix):
    (tmp_path / "out").mkdir()
    good, other = make_series(TIME)[0][0], make_series(TIME, dtype=np.float64)[0][0]
    with pytest.raises(OptionError, match="volume 1 is of type float64 and the first of float32"):
        save_series(ImageSeries.from_images([good, other]), tmp_path / "out" / f"scan{suffix}")
    assert not list((tmp_path / "out").iterdir())


WRONG = {
    "image": (lambda folder: save_series(make_series(TIME)[0][0], folder / "a.nii"), "must be an ImageSeries"),
    "suffix": (lambda folder: save_series(make_series(TIME)[0], folder / "a.mha"), "no file of this suffix holds"),
    "segments": (lambda folder: save_series(make_series(TIME)[0], folder / "a.seg.nrrd"), "no file of this suffix"),
    "number": (lambda folder: save_series(make_series(TIME)[0], 3), "path is of type int"),
    "folder": (lambda folder: save_series(make_series(TIME)[0], folder / "no" / "a.nii"), "does not exist"),
    "dtype": (lambda folder: save_series(make_series(TIME)[0], folder / "a.nii", dtype="int8"), "dtype is 'int8'"),
}


@pytest.mark.parametrize(("ask", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_saved_is_refused(tmp_path, ask, message):
    with pytest.raises(OptionError, match=message):
        ask(tmp_path)


def test_a_series_goes_to_a_url(tmp_path):
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    save_series(make_diffusion(), "memory://series/dwi.nii.gz")
    again = load_series("memory://series/dwi.nii.gz")
    assert again.axes == make_diffusion().axes
