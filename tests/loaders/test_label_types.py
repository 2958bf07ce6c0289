"""The type that is asked for of a label map: it holds every label, or the call says that it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pictologics import OptionError, load_image, save_image
from tests.factories.phantom import PHANTOM
from tests.factories.segmentations import frames_of, write_seg
from tests.factories.structure_sets import SCAN, SQUARE, RoiTruth, stack_of
from tests.factories.structure_sets import write as write_structure_set


def labels() -> np.ndarray:
    array = np.zeros(PHANTOM.shape, np.uint16)
    array[1:3, 2:4, 1:4] = 7
    array[4:6, 1:3, 2:3] = 300
    return array


def dicom_seg(folder: Path) -> Path:
    masks = {number: labels() == number for number in (7, 300)}
    return write_seg(folder / "seg.dcm", frames_of(masks, PHANTOM))


def slicer_segmentation(folder: Path) -> Path:
    image = load_image(dicom_seg(folder))
    save_image(image, folder / "segmentation.seg.nrrd")
    return folder / "segmentation.seg.nrrd"


def structure_set(folder: Path) -> Path:
    return write_structure_set(
        folder,
        RoiTruth("low", stack_of([(3, SQUARE)]), number=7),
        RoiTruth("high", stack_of([(4, SQUARE)]), number=300),
    )


@pytest.mark.parametrize("make", [dicom_seg, slicer_segmentation, structure_set])
def test_a_type_that_cannot_hold_the_labels_is_refused(tmp_path, make):
    path = make(tmp_path)
    reference = SCAN if make is structure_set else None
    with pytest.raises(OptionError, match=r"dtype uint8 cannot hold its values exactly.*0 to 300"):
        load_image(path, dtype="uint8", reference_image=reference)
    own = load_image(path, reference_image=reference)
    assert sorted(own.labels) == [7, 300]
    for dtype in ("uint16", "int32", "float32"):
        image = load_image(path, dtype=dtype, reference_image=reference)
        assert image.array.dtype == dtype
        assert image.array.flags.f_contiguous
        np.testing.assert_array_equal(image.array, own.array)
        assert dict(image.labels) == dict(own.labels)
