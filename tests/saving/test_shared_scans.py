"""Real scans on their way back: contours, segmentations and derived series of them."""

from __future__ import annotations

import warnings

import numpy as np
import pydicom
import pytest

from pictologics import load_image, load_rtstruct, load_seg, resample_image, save_dicom, save_rtstruct, save_seg
from tests.factories.validators import find_errors

pytestmark = pytest.mark.slow


def test_the_contours_of_the_ibsi_come_back_bit_for_bit(shared_data, tmp_path):
    folder = shared_data / "ibsi_ct" / "dicom"
    scan = load_image(folder / "image")
    mask = load_rtstruct(next((folder / "mask").iterdir()), scan)
    assert mask.array.sum() == 125256
    save_rtstruct(mask, folder / "image", tmp_path / "made.dcm")
    again = load_rtstruct(tmp_path / "made.dcm", scan)
    np.testing.assert_array_equal(again.array, mask.array)
    assert again.labels == mask.labels
    assert find_errors(tmp_path / "made.dcm") == []
    save_seg(mask, folder / "image", tmp_path / "seg.dcm")
    np.testing.assert_array_equal(load_seg(tmp_path / "seg.dcm", reference_image=scan).array, mask.array)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ibsi_ct/dicom/image", {}),
        ("ge_tilted_ct/dicom", {"irregular": "resample"}),
        ("ge_epi/dicom", {"dataset_index": 2}),
        ("siemens_mosaic/dicom", {"dataset_index": 0}),
        ("philips_enhanced_mr/IM_0027_fMAP.dcm", {"dataset_index": 1}),
    ],
)
def test_derived_series_of_real_scanners(shared_data, tmp_path, name, options):
    with warnings.catch_warnings():
        # What these scans lack is told, and tested elsewhere.
        warnings.simplefilter("ignore")
        scan = load_image(shared_data / name, **options)
        fine = resample_image(scan, tuple(0.8 * step for step in scan.spacing))
        index = options.get("dataset_index")
        saved = save_dicom(fine, tmp_path / "made", like=shared_data / name, dataset_index=index)
        again = load_image(tmp_path / "made", source_mask_from="padding")
    assert again.grid.corner_error(fine.grid) < 1e-4
    valid = np.ones(fine.shape, bool) if fine.source_mask is None else fine.source_mask
    assert np.abs(again.array - fine.array)[valid].max() <= saved.largest_error
    if fine.source_mask is not None:
        np.testing.assert_array_equal(again.source_mask, valid)
    first = pydicom.dcmread(saved.files[0])
    axes = np.array(first.ImageOrientationPatient).reshape(2, 3).T
    np.testing.assert_allclose(axes, fine.grid.direction[:, :2], atol=1e-9)
    # What the source has otherwise than the standard wants it stays so.
    assert not [line for line in find_errors(saved.files[0]) if "Missing attribute" in line]
