"""The rows of NIfTI, NRRD and MetaImage files, against what load_image gives."""

from __future__ import annotations

import json
import warnings

import nibabel
import numpy as np
import pytest

from pictologics import Grid, Image, load_image, save_image
from pictologics.cohort.indexing.volume_file_rows import describe_volume_file_rows, is_mask_name
from pictologics.dicom.studies.pseudonyms import Pseudonyms
from pictologics.errors import CorruptFileError
from pictologics.storage.files import DiskFile
from tests.cohort.indexing.test_series_rows import assert_grid

NAMES = Pseudonyms(b"a key of sixteen bytes or more")
OBLIQUE = Grid((5, 6, 7), (0.7, 0.8, 2.5), (10.0, -20.0, 30.0), np.linalg.qr(np.arange(9).reshape(3, 3) + np.eye(3))[0])


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nii", "scan.nrrd", "scan.mha"])
def test_a_file_as_it_loads(tmp_path, name):
    scan = Image.from_grid(np.zeros(OBLIQUE.shape, np.int16, order="F"), OBLIQUE, modality="MR")
    save_image(scan, tmp_path / name)
    rows = describe_volume_file_rows(DiskFile(tmp_path / name), f"ward/{name}", NAMES)
    image = load_image(tmp_path / name)
    assert_grid(rows.series, image)
    assert_grid(rows.phases[0], image)
    row = rows.series
    assert row["voxel_bytes"] == image.array.nbytes and row["bytes"] == (tmp_path / name).stat().st_size
    assert (row["kind"], row["modality"], row["verdict"], row["loads"]) == ("image", "MR", "regular", True)
    assert row["series_key"] == NAMES.volume_file(f"ward/{name}") and "scan" not in row["series_key"]


def test_volumes_of_a_series_are_phases(tmp_path):
    nibabel.Nifti1Image(np.zeros((4, 5, 6, 3), np.float32), np.diag([2, 2, 3, 1])).to_filename(tmp_path / "t.nii")
    rows = describe_volume_file_rows(DiskFile(tmp_path / "t.nii"), "t.nii", NAMES)
    assert rows.series["phases"] == len(rows.phases) == 3
    for phase in rows.phases:
        assert_grid(phase, load_image(tmp_path / "t.nii", **json.loads(phase["load_options"])))


def test_a_sheared_file_loads_when_told_how(tmp_path):
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    affine[0, 2] = 0.5
    nibabel.Nifti1Image(np.zeros((8, 8, 8), np.int16), affine).to_filename(tmp_path / "sheared.nii")
    row = describe_volume_file_rows(DiskFile(tmp_path / "sheared.nii"), "sheared.nii", NAMES).series
    assert (row["verdict"], row["finding"], row["loads"]) == ("irregular", "sheared", True)
    assert row["worst_error_voxels"] > 0.1
    with pytest.raises(ValueError, match="sheared"):
        load_image(tmp_path / "sheared.nii")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_grid(row, load_image(tmp_path / "sheared.nii", **json.loads(row["load_options"])))


def test_labels_make_a_mask_whatever_it_is_called(tmp_path):
    labels = Image.from_grid(
        np.ones(OBLIQUE.shape, np.uint8), OBLIQUE, modality="SEG", labels={1: "liver", 2: "spleen"}
    )
    save_image(labels, tmp_path / "x.nii.gz")
    row = describe_volume_file_rows(DiskFile(tmp_path / "x.nii.gz"), "x.nii.gz", NAMES).series
    assert (row["kind"], row["segments"]) == ("SEG", 2)


@pytest.mark.parametrize(
    ("place", "is_mask"),
    [
        ("a/case_01_seg.nii.gz", True),
        ("a/liverMask.nrrd", True),
        ("nnunet/labelsTr/case_01.nii.gz", True),
        ("a/Segmentation.seg.nrrd", True),
        ("a/GT.mha", True),
        ("a/t1_masked.nii.gz", False),
        ("a/segment.nii.gz", False),
        ("masks/p1/scan.nii.gz", False),
        ("a/weight.nii", False),
    ],
)
def test_names_of_masks(place, is_mask):
    assert is_mask_name(place) is is_mask


def test_what_is_no_image_has_no_row(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing to see")
    (tmp_path / "empty").write_bytes(b"")
    for name in ("notes.txt", "empty"):
        assert describe_volume_file_rows(DiskFile(tmp_path / name), name, NAMES) is None


def test_a_pair_has_one_row(tmp_path):
    nibabel.Nifti1Pair(np.zeros((4, 5, 6), np.int16), np.eye(4)).to_filename(tmp_path / "pair.hdr")
    rows = [
        describe_volume_file_rows(DiskFile(tmp_path / f"pair.{end}"), f"pair.{end}", NAMES) for end in ("hdr", "img")
    ]
    assert rows[0] is not None and rows[1] is None


def test_a_file_that_was_cut_off_is_an_error(tmp_path):
    nibabel.Nifti1Image(np.zeros((9, 9, 9), np.int16), np.eye(4)).to_filename(tmp_path / "cut.nii")
    content = (tmp_path / "cut.nii").read_bytes()
    (tmp_path / "cut.nii").write_bytes(content[:500])
    with pytest.raises(CorruptFileError, match="500"):
        describe_volume_file_rows(DiskFile(tmp_path / "cut.nii"), "cut.nii", NAMES)
