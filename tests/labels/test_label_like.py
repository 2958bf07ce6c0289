"""What looks like labels, and what does not: scans are never taken for masks."""

from __future__ import annotations

import warnings
from pathlib import Path

import nibabel
import numpy as np
import pytest

from pictologics import ContentWarning, Grid, Image, OptionError, load_image
from pictologics.labels import looks_like_labels
from pictologics.placement import place
from pictologics.preprocessing import resample_image

RNG = np.random.default_rng(3)


def organs(dtype="float32", shape=(40, 40, 30)):
    array = np.zeros(shape, dtype)
    array[5:20, 5:30, 3:20] = 1
    array[20:25, 5:30, 3:20] = 3
    return array


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "float32", "float64"])
def test_organs_look_like_labels_whatever_their_type(dtype):
    assert looks_like_labels(organs(dtype))


def test_a_lesion_of_a_few_voxels_in_a_large_volume_does():
    array = np.zeros((300, 300, 200), np.uint8)
    array[151:154, 150:153, 77:79] = 1
    assert looks_like_labels(array)


def test_nan_around_labels_does():
    assert looks_like_labels(np.where(organs() > 0, organs(), np.nan)) is looks_like_labels(organs()[5:25, 5:30, 3:20])


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((9, 9, 9)),
        np.ones((9, 9, 9), np.uint8),
        RNG.normal(40, 9, (40, 40, 30)),
        RNG.normal(40, 9, (40, 40, 30)).round(),
        RNG.poisson(0.1, (40, 40, 30)),
        np.where(organs() > 0, RNG.integers(20, 250, (40, 40, 30)), 0).astype(np.uint8),
        np.where(organs() > 0, RNG.integers(0, 2000, (40, 40, 30)), -1024),
        organs() * 0.4,
    ],
    ids=["zeros", "ones", "noise", "whole noise", "few counts", "8-bit brain", "padded CT", "fractions"],
)
def test_scans_do_not(array):
    assert not looks_like_labels(array)


def test_a_real_pet_does_not():
    path = Path(nibabel.__file__).parent / "tests" / "data" / "tinypet.v"
    with path.open("rb") as file:
        holders = {name: nibabel.FileHolder(fileobj=file) for name in ("header", "image")}
        values = nibabel.ecat.EcatImage.from_file_map(holders).get_fdata()[..., 0]
    assert not looks_like_labels(np.asfortranarray(values, np.float32))


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("path", "is_mask"),
    [
        ("ibsi_ct/dicom/image", False),
        ("ibsi_ct/nifti/image/phantom.nii.gz", False),
        ("ibsi_ct/nifti/mask/mask.nii.gz", True),
        ("ge_epi/reference.nii", False),
        ("siemens_mosaic/reference.nii", False),
        ("philips_enhanced_mr/Philips_WIP_B0_NS_801_e1.nii", False),
        ("philips_enhanced_mr/Philips_WIP_B0_NS_801_e2_fieldmaphz.nii", False),
    ],
)
def test_real_scans_do_not_and_their_masks_do(shared_data, path, is_mask):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = load_image(shared_data / path)
    assert looks_like_labels(image.array) == is_mask


@pytest.mark.parametrize("marks", [{"modality": "SEG"}, {"labels": {1: "liver", 3: "tumor"}}])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("method", ["linear", "cubic"])
def test_what_is_marked_as_labels_is_not_averaged_whatever_its_type(marks, dtype, method):
    image = Image(organs(dtype), (1, 1, 1), (0, 0, 0), **marks)
    with pytest.raises(OptionError, match="would invent labels"):
        resample_image(image, (2, 2, 2), method)
    with pytest.raises(OptionError, match="would invent labels"):
        place(image, Grid((10, 10, 10), (2, 2, 2)), interpolation=method)
    assert set(np.unique(resample_image(image, (2, 2, 2), mask_threshold=0.5).array)) == {0, 1, 3}


def test_what_only_looks_like_labels_gives_a_warning_with_the_way_out():
    with pytest.warns(ContentWarning, match=r"look like labels.*mask_threshold=0.5"):
        resample_image(Image(organs(), (1, 1, 1), (0, 0, 0)), (2, 2, 2))


def test_fractions_of_a_segment_may_be_averaged():
    fractions = Image(organs() * np.float32(0.25), (1, 1, 1), (0, 0, 0), modality="SEG", labels={1: "liver"})
    assert resample_image(fractions, (2, 2, 2)).array.max() == 0.75
