"""Positions and distances that no scanner writes: refused or unknown, and never a warning of NumPy's."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import CorruptFileError, PictologicsError, load_image
from pictologics.dicom.frames.plane_attributes import LEAST_DISTANCE, MOST_DISTANCE, read_distance, read_position
from pictologics.dicom.headers import tags
from pictologics.dicom.headers.attributes import Attributes
from pictologics.dicom.stacks.lattices import find_lattice, list_spacing_runs
from tests.factories.dicom_series import write_series
from tests.factories.phantom import PHANTOM

NUMBERS = st.sampled_from(
    ["0", "-0", "1e-300", "1e-12", "0.002", "1", "2.5", "-733e75", "1e308", "-1e308", "1e9", "-1e9", "5e8", "1e4"]
)


def read_one(text: str) -> float:
    return read_distance(Attributes("a.dcm", {tags.SLICE_THICKNESS: text.encode()}), tags.SLICE_THICKNESS)


@pytest.mark.parametrize("text", ["1e10", "-1e10", "1e-10", "0", "1e300", "nan", "wide", ""])
def test_a_distance_out_of_bounds_is_unknown(text):
    assert read_one(text) == 0.0


def test_a_distance_at_the_bounds_is_kept():
    assert read_one(f"{MOST_DISTANCE}") == MOST_DISTANCE
    assert read_one(f"-{LEAST_DISTANCE}") == -LEAST_DISTANCE


def test_a_position_out_of_bounds_is_refused_by_its_name():
    place = Attributes("a.dcm", {tags.IMAGE_POSITION_PATIENT: b"1\\2\\-1.1e9"})
    with pytest.raises(CorruptFileError, match="ImagePositionPatient"):
        read_position(place)
    assert read_position(Attributes("a.dcm", {tags.IMAGE_POSITION_PATIENT: b"1\\2\\-1e9"})) == (1.0, 2.0, -1e9)


@pytest.mark.parametrize("heights", [[0, 5, 5, 5, 5], [0, 0, 1, 2, 3], [0, 1e-300, 5, 10, 16]])
def test_planes_at_one_height_share_no_lattice(heights):
    with np.errstate(all="raise"):
        assert find_lattice(np.array(heights, float)) is None


def test_runs_of_gaps_of_zero_end():
    with np.errstate(all="raise"):
        assert list_spacing_runs(np.array([0.0, 0.0, 2.0, 2.1])) == [(0, 1, 0.0), (1, 2, 0.0), (2, 4, 2.05)]


@given(
    places=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), NUMBERS), max_size=3),
    spacing=st.none() | st.tuples(st.integers(0, 4), NUMBERS, NUMBERS),
    thickness=st.none() | NUMBERS,
    irregular=st.sampled_from(["error", "ignore", "resample"]),
)
@settings(max_examples=60, deadline=None)
def test_absurd_places_never_warn(tmp_path_factory, places, spacing, thickness, irregular):
    def bend(dataset, k):
        position = [str(value) for value in dataset.ImagePositionPatient]
        for slice_number, axis, number in places:
            if slice_number == k:
                position[axis] = number
        dataset.ImagePositionPatient = position
        if spacing is not None and spacing[0] == k:
            dataset.PixelSpacing = list(spacing[1:])
        if thickness is not None:
            dataset.SliceThickness = dataset.SpacingBetweenSlices = thickness

    folder = tmp_path_factory.mktemp("bent")
    write_series(folder, PHANTOM, bend)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)
        with contextlib.suppress(PictologicsError):
            load_image(folder, irregular=irregular)
