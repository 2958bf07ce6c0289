"""A head CT with a tilted gantry and two spacings, made regular: against dcm2niix, and against its own slices."""

from __future__ import annotations

import importlib.util
import subprocess
import warnings

import nibabel as nib
import numpy as np
import pydicom
import pytest

from pictologics import GeometryWarning, load_image
from pictologics.dicom.stacks.rectifying import rectify
from pictologics.dicom.stacks.regularity import StackGeometry


@pytest.fixture(scope="module")
def tilted_head(shared_data):
    """The slices as they are, what their files say, and which pixels are padding."""
    files = [pydicom.dcmread(path) for path in (shared_data / "ge_tilted_ct" / "dicom").iterdir()]
    files.sort(key=lambda ds: float(ds.ImagePositionPatient[2]))
    cosines = np.array([ds.ImageOrientationPatient for ds in files], float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GeometryWarning)
        image = load_image([ds.filename for ds in files], irregular="ignore")
    stack = StackGeometry(
        np.array([ds.ImagePositionPatient for ds in files], float),
        cosines[:, :3],
        cosines[:, 3:],
        np.array([ds.PixelSpacing for ds in files], float),
        image.grid,
    )
    padding = np.stack([ds.PixelPaddingValue == ds.pixel_array.T for ds in files], axis=2)
    return image.array, stack, padding


@pytest.fixture(scope="module")
def dcm2niix_head(shared_data, tmp_path_factory):
    """What dcm2niix makes of it: tilt undone, evenly spaced; its affine in LPS."""
    if importlib.util.find_spec("dcm2niix") is None:
        pytest.skip("dcm2niix (on PyPI) is not installed")
    from dcm2niix import bin as program

    folder = tmp_path_factory.mktemp("dcm2niix")
    command = [program, "-z", "n", "-b", "n", "-f", "head", "-o", folder, shared_data / "ge_tilted_ct" / "dicom"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    image = nib.load(folder / "head_Tilt_Eq_1.nii")
    return np.asarray(image.dataobj, float), np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine


def linear(array: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Trilinear values at fractional indices (n, 3) inside the array."""
    low = np.minimum(np.floor(index).astype(int), np.array(array.shape) - 2)
    part = index - low
    total = np.zeros(len(index))
    for corner in np.ndindex(2, 2, 2):
        weight = np.where(corner, part, 1 - part).prod(axis=1)
        total += weight * array[tuple((low + corner).T)]
    return total


def test_a_real_tilted_head_agrees_with_dcm2niix_in_the_world(tilted_head, dcm2niix_head):
    array, stack, _ = tilted_head
    theirs, affine = dcm2niix_head
    done = rectify(array, stack, -1500.0)
    assert done.grid.shape == (512, 611, 37)
    assert done.grid.spacing[2] == pytest.approx(4.0019, rel=1e-3)
    rng = np.random.default_rng(0)
    index = rng.uniform(0, 1, (40_000, 3)) * (np.array(done.grid.shape) - 1)
    inside = linear(done.source_mask, index) > 1 - 1e-9
    position = done.grid.index_to_world(index)
    other = (position - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    inside &= ((other >= 0) & (other <= np.array(theirs.shape) - 1)).all(axis=1)
    # Air is the same everywhere and would hide a shift.
    ours = linear(done.array, index)
    inside &= ours > -900
    chosen = np.flatnonzero(inside)[:2000]
    assert chosen.size == 2000
    off = np.abs(ours[chosen] - linear(theirs, other[chosen]))
    assert np.median(off) < 0.001 * np.ptp(array)
    # Half a voxel beside it, along any axis, it fits less.
    for axis in range(3):
        beside = other[chosen] + np.linalg.inv(affine[:3, :3]) @ done.grid.direction[:, axis] * 0.5
        beside = np.clip(beside, 0, np.array(theirs.shape) - 1)
        assert np.median(np.abs(ours[chosen] - linear(theirs, beside))) > 3 * np.median(off)


def test_slices_of_a_real_tilted_head_that_need_no_interpolation_are_its_own(tilted_head):
    array, stack, padding = tilted_head
    done = rectify(array, stack, -1500.0)
    assert done.source_mask[:, -512:, 0].all()
    np.testing.assert_array_equal(done.array[:, -512:, 0], array[:, :, 0])
    masked = rectify(array, stack, -1500.0, source_mask=~padding)
    assert (masked.source_mask <= done.source_mask).all()
    assert masked.array[masked.source_mask].min() >= array[~padding].min()
    np.testing.assert_array_equal(masked.array[masked.source_mask], done.array[masked.source_mask])
