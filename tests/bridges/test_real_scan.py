"""A real chest CT: what other libraries make of its files crosses to what we make of them, voxel for voxel."""

from __future__ import annotations

import warnings
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from pictologics import Image, load_image


@pytest.fixture(scope="module")
def folder(shared_data) -> Path:
    return shared_data / "ibsi_ct" / "dicom" / "image"


@pytest.fixture(scope="module")
def scan(folder) -> Image:
    return load_image(folder)


def assert_is_the_scan(image: Image, scan: Image, modality: str) -> None:
    assert image.grid.corner_error(scan.grid) < 1e-9
    np.testing.assert_array_equal(image.array, scan.array)
    assert image.modality == modality


def test_a_series_of_simpleitk(folder, scan):
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    assert_is_the_scan(Image.from_sitk(reader.Execute()), scan, "Unknown")
    # Of a single file it has the attributes, with the modality among them.
    first_slice = sitk.ReadImage(reader.GetFileNames()[0])
    assert Image.from_sitk(first_slice).modality == "CT"


def test_a_file_of_nibabel(shared_data):
    path = shared_data / "ibsi_ct" / "nifti" / "image" / "phantom.nii.gz"
    assert_is_the_scan(Image.from_nibabel(nibabel.load(path)), load_image(path), "Unknown")


def test_the_reader_of_monai_agrees_with_that_of_itk(folder, scan):
    with warnings.catch_warnings():
        # What the libraries say of others while they are imported.
        warnings.simplefilter("ignore")
        transforms = pytest.importorskip("monai.transforms", reason="MONAI is not installed")
        pytest.importorskip("itk", reason="ITK is not installed")
        from pictologics.bridges.monai import PictologicsReader

        theirs = transforms.LoadImage(reader="ITKReader")(folder)
        ours = transforms.LoadImage(reader=PictologicsReader)(folder)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    np.testing.assert_allclose(ours.affine.numpy(), theirs.affine.numpy(), rtol=0, atol=1e-9)
    assert_is_the_scan(Image.from_monai(ours), scan, "CT")
