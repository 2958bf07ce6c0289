"""Errors about folders, archives and lists say what they hold."""

import re

import numpy as np
import pytest

from pictologics import Image, load_image, save_image
from pictologics.errors import AmbiguousSeriesError, GeometryError, UnsupportedFormatError
from pictologics.loaders import get_segment_info, load_rtstruct, load_seg
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import write_series

SCAN = Image(np.zeros((4, 5, 6), np.float32), (1, 1, 1), (0, 0, 0))


def test_a_folder_of_images_has_no_segments(tmp_path):
    files = write_series(tmp_path)
    (tmp_path / "below").mkdir()
    count = len(files)
    with pytest.raises(
        UnsupportedFormatError, match=f"holds {count} CT images, 1 folder that was not searched and no RTSTRUCT"
    ):
        load_rtstruct(tmp_path, SCAN)
    for call in (load_seg, get_segment_info):
        with pytest.raises(UnsupportedFormatError, match=f"holds {count} CT images, .* and no file of segments"):
            call(tmp_path)


def test_a_single_file_is_called_what_it_is(tmp_path):
    (file, *_) = write_series(tmp_path)
    save_image(SCAN, tmp_path / "x.nii.gz")
    with pytest.raises(UnsupportedFormatError, match=r"this is a DICOM file \(CT Image Storage\)"):
        load_seg(file)
    with pytest.raises(UnsupportedFormatError, match="this is a NIfTI file, and a segmentation is required"):
        load_seg(tmp_path / "x.nii.gz")
    with pytest.raises(UnsupportedFormatError, match=r"this is a NIfTI file, not DICOM; explain\(\) lists its volumes"):
        get_dicom_phases(tmp_path / "x.nii.gz")


def test_files_of_volumes_are_loaded_one_by_one(tmp_path):
    for name in ("a.nii", "b.nii.gz", "c.nrrd"):
        save_image(SCAN, tmp_path / name)
    (tmp_path / "readme.txt").write_text("-", encoding="utf-8")
    with pytest.raises(
        UnsupportedFormatError,
        match=r"holds 2 NIfTI files, 1 NRRD file and 1 other file, and none is DICOM.*; load each by its own path$",
    ):
        load_image(tmp_path)
    for name in ("a.nii", "b.nii.gz"):
        (tmp_path / name).unlink()
    with pytest.raises(UnsupportedFormatError) as caught:
        load_image(tmp_path)
    assert caught.value.advice == f"load it by its own path, '{tmp_path / 'c.nrrd'}'"
    assert f"('{tmp_path / 'c.nrrd'}', '{tmp_path / 'readme.txt'}')" in caught.value.found
    (tmp_path / "below").mkdir()
    with pytest.raises(UnsupportedFormatError, match=r"1 folder that was not searched, .*or pass recursive=True"):
        load_image(tmp_path)
    with pytest.raises(UnsupportedFormatError) as caught:
        load_image(tmp_path, recursive=True)
    assert "recursive" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", bytes(1000)])
def test_a_damaged_slice_is_named_where_slices_are_missing(tmp_path, content):
    files = write_series(tmp_path)
    files[2].write_bytes(content)
    with pytest.raises(GeometryError, match="1 slice is missing, after slice") as caught:
        load_image(tmp_path)
    assert f"1 file with a DICOM suffix that is not DICOM: '{files[2]}'" in str(caught.value)


def test_a_list_of_two_series_is_called_a_list(tmp_path):
    files = [*write_series(tmp_path / "a", series="a"), *write_series(tmp_path / "b", series="b")]
    with pytest.raises(AmbiguousSeriesError, match=f"the list of {len(files)} files holds 2 image series") as caught:
        load_image(files)
    assert re.search(rf"\n  [\d.]+  (series \d+, )?CT, {len(files) // 2} files[^\n]*\n", str(caught.value))


def test_a_list_of_volumes_is_to_be_merged(tmp_path):
    files = [tmp_path / "a.nii", tmp_path / "b.nii"]
    for file in files:
        save_image(SCAN, file)
    with pytest.raises(UnsupportedFormatError, match="load it by its own path, or merge several"):
        load_image(files)
