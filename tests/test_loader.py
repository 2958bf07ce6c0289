"""The front door: what is recognized, what options mean, what it says of a source."""

from __future__ import annotations

import gzip
import json
import warnings

import numpy as np
import pytest

from pictologics import (
    ContentWarning,
    GeometryError,
    GeometryWarning,
    Image,
    MissingPathError,
    OptionError,
    UnsupportedFormatError,
    explain,
    load_and_merge_images,
    load_image,
    save_image,
)
from tests.factories.dicom_series import write_series
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM


def loads_phantom(path, **options):
    image = load_image(path, **options)
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    return image


@pytest.mark.parametrize("name", ["scan.dat", "scan", "scan.dcm", "scan.nii.gz", "scan.img.txt"])
def test_a_nifti_file_is_one_whatever_its_name(tmp_path, name):
    written = write_nifti(tmp_path / "written.nii")
    loads_phantom(written.rename(tmp_path / name))


@pytest.mark.parametrize("name", ["scan.dat", "scan.nii", "scan.gz"])
def test_a_gzip_nifti_file_is_one_whatever_its_name(tmp_path, name):
    written = write_nifti(tmp_path / "written.nii.gz")
    loads_phantom(written.rename(tmp_path / name))


@pytest.mark.parametrize("name", ["slice", "slice.nii", "slice.nii.gz", "slice.img", "1.2.3"])
def test_a_dicom_file_is_one_whatever_its_name(tmp_path, name):
    first = write_series(tmp_path / "series")[0].rename(tmp_path / name)
    image = load_image(first)
    assert image.array.shape[2] == 1
    np.testing.assert_array_equal(image.array[:, :, 0], PHANTOM.array[:, :, 0])


def test_a_gzip_of_something_else_is_said_to_be_one(tmp_path):
    (tmp_path / "notes.nii.gz").write_bytes(gzip.compress(b"Dear all, the scans are on the other disk." * 50))
    with pytest.raises(UnsupportedFormatError, match=r"gzip file of something else.*Dear all.*NIfTI.*DICOM"):
        load_image(tmp_path / "notes.nii.gz")


def test_paths_of_every_kind(tmp_path):
    path = write_nifti(tmp_path / "scan.nii")
    loads_phantom(str(path))
    loads_phantom(path)
    loads_phantom([path])
    files = write_series(tmp_path / "series")
    loads_phantom([str(file) for file in files])
    loads_phantom(tuple(files[::-1]))


@pytest.mark.parametrize("path", [None, 5, [], [5], {"a": 1}])
def test_what_is_no_path(path):
    with pytest.raises(OptionError):
        load_image(path)


@pytest.mark.parametrize("path", ["", "not/there.nii", "a\0b", "x" * 5000])
def test_what_is_not_there(path):
    with pytest.raises(ValueError, match="there is no such file or folder") as caught:
        load_image(path)
    assert isinstance(caught.value, MissingPathError)
    assert isinstance(caught.value, FileNotFoundError)


def test_a_list_names_files_of_one_format(tmp_path):
    files = write_series(tmp_path / "series")
    with pytest.raises(UnsupportedFormatError, match=r"other\.nii.*not DICOM"):
        load_image([*files, write_nifti(tmp_path / "other.nii")])
    with pytest.raises(OptionError, match="folder"):
        load_image([*files, tmp_path / "series"])


def test_a_mask_in_another_order_of_axes_lands_on_its_scan(tmp_path):
    write_series(tmp_path / "series")
    scan = load_image(tmp_path / "series")
    mask = Image.from_grid((scan.array % 2).astype(np.uint8), scan.grid)
    array = np.flip(mask.array, 0).transpose(2, 0, 1)[1:]
    grid = mask.grid.flip(0).permute((2, 0, 1)).crop((1, 0, 0), array.shape)
    moved = Image.from_grid(array, grid)
    save_image(moved, tmp_path / "mask.nii.gz")
    placed = load_image(tmp_path / "mask.nii.gz", reference_image=scan, fill_value=9)
    np.testing.assert_array_equal(placed.array[:, :, 1:], mask.array[:, :, 1:])
    assert (placed.array[:, :, 0] == 9).all()
    assert placed.grid == scan.grid
    assert json.loads(placed.provenance.to_json())["decisions"][-1]["kind"] == "placed"


def test_a_mask_far_away_is_all_fill_value_with_a_warning_that_says_where(tmp_path):
    write_nifti(tmp_path / "scan.nii")
    scan = load_image(tmp_path / "scan.nii")
    far = Image.from_grid(scan.array, scan.grid.crop((100, 0, 0), scan.array.shape))
    save_image(far, tmp_path / "far.nii")
    with pytest.warns(ContentWarning, match="wholly outside the reference: its corners are at") as caught:
        placed = load_image(tmp_path / "far.nii", reference_image=scan, fill_value=-3)
    assert caught[0].filename == __file__
    assert (placed.array == -3).all()


def test_a_reference_must_be_an_image_with_a_place(tmp_path):
    path = write_nifti(tmp_path / "scan.nii")
    with pytest.raises(OptionError, match=r"reference_image is of type .* and must be an Image"):
        load_image(path, reference_image=np.zeros((3, 3, 3)))
    with pytest.raises(GeometryError):
        load_image(path, reference_image=Image(np.zeros((3, 3)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)))
    scan = load_image(path)
    with pytest.raises(OptionError, match="fill_value"):
        load_image(path, reference_image=scan, fill_value="none")


def test_options_that_mean_nothing_here_are_named_once(tmp_path):
    path = write_nifti(tmp_path / "scan.nii")
    with pytest.warns(ContentWarning, match=r"apply_rescale, series_uid have no effect on NIfTI") as caught:
        load_image(path, apply_rescale=False, series_uid="1.2.3")
    assert len(caught) == 1
    with pytest.warns(ContentWarning, match="transpose_axes"):
        load_image(path, transpose_axes=(0, 2, 1))
    for option in ({"fill_value": 5.0}, {"fill_value": np.nan}, {"interpolation": "nearest"}):
        name = next(iter(option))
        with pytest.warns(ContentWarning, match=f"{name} is used together with reference_image .*only"):
            load_image(path, **option)
        with pytest.warns(ContentWarning, match=f"{name} is used together with reposition_to_reference only"):
            load_and_merge_images([path], **option)
    with pytest.warns(ContentWarning, match=r'irregular="resample" has no effect on NIfTI'):
        load_image(path, irregular="resample")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_image(path, recursive=True)


@pytest.mark.parametrize("option", [{"dataset_index": -1}, {"dataset_index": 1.5}, {"dataset_index": True}])
@pytest.mark.parametrize("other", [{"irregular": "resample it"}, {"dtype": "complex64"}, {"dtype": "no type"}])
def test_options_out_of_their_range(tmp_path, option, other):
    path = write_nifti(tmp_path / "scan.nii")
    for wrong in (option, other):
        with pytest.raises(OptionError, match=next(iter(wrong))):
            load_image(path, **wrong)


def test_dtype_is_honored_and_integers_only_where_they_are_exact(tmp_path):
    files = write_series(tmp_path / "whole", slope=2.0, intercept=-1000.0)
    image = load_image(files, dtype=np.int16)
    assert image.array.dtype == np.int16
    np.testing.assert_array_equal(image.array, load_image(files).array)
    assert load_image(files, dtype=np.float64).array.dtype == np.float64
    with pytest.raises(OptionError, match="uint8 cannot hold"):
        load_image(files, dtype=np.uint8)
    halves = write_series(tmp_path / "halves", slope=0.5, intercept=0.0, series="b")
    with pytest.raises(OptionError, match="int16 cannot hold"):
        load_image(halves, dtype=np.int16)


def test_explain_lists_every_series_and_the_call_that_loads_it(tmp_path):
    write_series(tmp_path / "a", series="a")
    write_series(tmp_path / "b", series="b", modality="MR")
    write_series(tmp_path / "b" / "odd", PHANTOM.with_array(PHANTOM.array[:, :, :2]), series="c", positions=False)
    explanation = explain(tmp_path, recursive=True)
    assert [volume.modality for volume in explanation.volumes] == ["CT", "MR", "CT"]
    for volume in explanation.volumes[:2]:
        image = loads_phantom(tmp_path, **dict(volume.options))
        assert image.array.shape == volume.shape
        assert image.grid.orientation == volume.orientation
    assert "have no position in the patient" in " ".join(explanation.volumes[2].notes)
    assert json.loads(explanation.to_json())["volumes"][1]["files"] == PHANTOM.shape[2]


def test_the_calls_that_explain_a_list_name_the_list(tmp_path):
    files = write_series(tmp_path)
    explanation = explain(files)
    assert explanation.path == f"<list of {len(files)} files>"
    assert explanation.volumes[0].call(explanation.path) == "load_image(files)"
    assert explain(files[:1]).path == str(files[0])


def test_a_reference_of_another_frame_of_reference_is_told(tmp_path):
    write_series(tmp_path / "ct")
    scan = load_image(tmp_path / "ct")
    elsewhere = Image.from_grid(scan.array, scan.grid, metadata={"frame_of_reference_uid": "1.2.3"})
    load_image(tmp_path / "ct", reference_image=scan)
    with pytest.warns(GeometryWarning, match=r"is not the reference's \(1\.2\.3\)") as told:
        placed = load_image(tmp_path / "ct", reference_image=elsewhere)
    assert len(told) == 1
    np.testing.assert_array_equal(placed.array, scan.array)
    # A format without a frame is taken at its word.
    load_image(write_nifti(tmp_path / "scan.nii"), reference_image=elsewhere)
    with pytest.warns(GeometryWarning, match=r"is not the reference's \(1\.2\.3\)") as told:
        load_and_merge_images([tmp_path / "ct"], elsewhere)
    assert len(told) == 1


def test_a_stray_file_beside_folders_does_not_hide_the_way_below(tmp_path):
    write_series(tmp_path / "p" / "q")
    (tmp_path / "readme.txt").write_text("nothing", encoding="utf-8")
    with pytest.raises(UnsupportedFormatError, match="recursive=True"):
        load_image(tmp_path)
    with pytest.raises(UnsupportedFormatError, match="no files and 1 folder that was not searched,"):
        load_image(tmp_path / "p")
