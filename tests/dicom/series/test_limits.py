"""What is one orientation, one position and a unit vector: each limit from both sides, so that a changed one fails."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from pictologics import ContentWarning, CorruptFileError, load_image
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import slice_file, uid, write_series
from tests.factories.phantom import PHANTOM, counting

LEVEL = replace(PHANTOM, direction=np.eye(3))


@pytest.mark.parametrize("component", [1, 2, 3, 5])
def test_cosines_that_differ_by_less_than_a_ten_thousandth_are_one_orientation(tmp_path, component):
    def turned_by(cosine):
        def change(ds, k):
            if k == 4:
                cosines = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
                cosines[component] = cosine
                ds.ImageOrientationPatient = cosines

        return change

    write_series(tmp_path / "one", LEVEL, turned_by(0.97e-4))
    assert load_image(tmp_path / "one").array.shape == (7, 6, 5)
    write_series(tmp_path / "two", LEVEL, turned_by(1.03e-4))
    with pytest.warns(
        ContentWarning,
        match="left out 1 of 5 images, which form no common volume.*4 axial images of 7x6 with ImageOrient",
    ):
        assert load_image(tmp_path / "two").array.shape == (7, 6, 4)


@pytest.mark.parametrize(("micrometers", "sizes"), [(1.9, [5, 5]), (2.1, [10])])
def test_planes_two_micrometers_apart_are_at_one_position(tmp_path, micrometers, sizes):
    for copy in range(2):

        def change(ds, k, copy=copy):
            ds.SOPInstanceUID = uid("copy", copy, k)
            x, y, z = (float(value) for value in ds.ImagePositionPatient)
            ds.ImagePositionPatient = [x, y, round(z + copy * micrometers / 1000, 6)]

        write_series(tmp_path / "mr", LEVEL, change, modality="MR", name=f"{copy}-{{}}.dcm".format)
    assert [phase.num_slices for phase in get_dicom_phases(tmp_path / "mr")] == sizes


@pytest.mark.parametrize(("share", "sizes"), [(0.009, [5, 5]), (0.011, [10])])
def test_of_small_pixels_planes_a_hundredth_of_one_apart_are_at_one_position(tmp_path, share, sizes):
    small = replace(LEVEL, array=counting((7, 6, 5)), spacing=(0.05, 0.05, 0.05), origin=(0.0, 0.0, 0.0))
    for copy in range(2):

        def change(ds, k, copy=copy):
            ds.SOPInstanceUID = uid("copy", copy, k)
            ds.ImagePositionPatient = [0.0, 0.0, round(0.05 * k + copy * share * 0.05, 7)]

        write_series(tmp_path / "mr", small, change, modality="MR", name=f"{copy}-{{}}.dcm".format)
    assert [phase.num_slices for phase in get_dicom_phases(tmp_path / "mr")] == sizes


@pytest.mark.parametrize("axis", ["row", "column", "angle"])
@pytest.mark.parametrize(("off", "is_accepted"), [(0.0097, True), (0.0103, False)])
def test_direction_cosines_are_unit_vectors_at_right_angles_within_a_hundredth(tmp_path, axis, off, is_accepted):
    """The square of a length, and the product of the two vectors: decimal strings of 16 characters are exact enough."""
    length = math.sqrt(1 + off)
    cosines = {
        "row": [length, 0.0, 0.0, 0.0, 1.0, 0.0],
        "column": [1.0, 0.0, 0.0, 0.0, length, 0.0],
        "angle": [1.0, 0.0, 0.0, off, math.sqrt(1 - off * off), 0.0],
    }[axis]

    def change(ds, k):
        ds.SpacingBetweenSlices = 2.5
        ds.ImageOrientationPatient = [round(cosine, 12) for cosine in cosines]

    path = slice_file(tmp_path / "slice.dcm", 0, LEVEL, change)
    if is_accepted:
        np.testing.assert_allclose(load_image(path).direction, np.eye(3), atol=0.006)
    else:
        with pytest.raises(CorruptFileError, match="ImageOrientationPatient"):
            load_image(path)
