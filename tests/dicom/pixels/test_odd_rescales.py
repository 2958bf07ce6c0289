"""Slopes of zero, and slices that lack the slope or intercept of the others."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from pictologics import ContentWarning, load_image
from tests.factories.dicom_series import write_series
from tests.factories.enhanced import planes_of, real_world_mapping, write_enhanced
from tests.factories.multiframe import AXIAL, write_dose
from tests.factories.phantom import PHANTOM


def put(**attributes):
    def change(ds, *_):
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)

    return change


@pytest.mark.parametrize("intercept", [0, -1024])
def test_a_slope_of_zero_gives_the_stored_values(tmp_path, intercept):
    """As dcm2niix does; SimpleITK keeps the intercept."""
    files = write_series(tmp_path, PHANTOM, put(RescaleSlope=0, RescaleIntercept=intercept))
    with pytest.warns(ContentWarning, match=rf"RescaleSlope of 5 of 5 slices is 0, .*{files[0].name}'; the stored"):
        image = load_image(tmp_path)
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    assert "units" not in image.metadata
    assert {(entry.slope, entry.intercept) for entry in image.provenance.slices} == {(1.0, 0.0)}


def test_one_slope_of_zero_among_others_is_named(tmp_path):
    files = write_series(tmp_path, PHANTOM, lambda ds, k: setattr(ds, "RescaleSlope", 0 if k == 3 else 2))
    with pytest.warns(ContentWarning, match=rf"RescaleSlope of 1 of 5 slices is 0, the first is '.*{files[3].name}'"):
        image = load_image(tmp_path)
    np.testing.assert_array_equal(image.array[:, :, 3], PHANTOM.array[:, :, 3])


def test_stored_values_that_were_asked_for_need_no_warning(tmp_path):
    write_series(tmp_path, PHANTOM, put(RescaleSlope=0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(load_image(tmp_path, apply_rescale=False).array, PHANTOM.array)


def test_a_mapping_of_slope_zero_is_left_out(tmp_path):
    groups = {"RealWorldValueMappingSequence": real_world_mapping(0.0, 5.0)}
    path = write_enhanced(tmp_path / "a.dcm", planes_of(groups=groups, slope=2.0, intercept=1.0))
    with pytest.warns(ContentWarning, match="RealWorldValueSlope of 5 of 5 slices is 0"):
        image = load_image(path)
    np.testing.assert_array_equal(image.array, PHANTOM.array * 2.0 + 1)
    assert image.metadata.get("units", "") != "mm2/s"


def test_a_dose_may_be_zero(tmp_path):
    with pytest.warns(ContentWarning, match="DoseGridScaling of 5 of 5 slices is 0, .*so is every dose"):
        image = load_image(write_dose(tmp_path / "a.dcm", AXIAL, scaling=0.0))
    assert not image.array.any()


@pytest.mark.parametrize(
    ("keyword", "others", "taken"), [("RescaleIntercept", -1024, 0), ("RescaleSlope", 2, 1)], ids=["intercept", "slope"]
)
@pytest.mark.parametrize("lacking", [{2}, {0, 4}])
@pytest.mark.parametrize("empty", [False, True])
def test_slices_that_lack_what_the_others_have_are_named(tmp_path, keyword, others, taken, lacking, empty):
    def change(ds, k):
        setattr(ds, keyword, others)
        if k in lacking:
            if empty:
                setattr(ds, keyword, None)
            else:
                delattr(ds, keyword)

    files = write_series(tmp_path, PHANTOM, change)
    found = rf"{len(lacking)} of 5 slices lacks? the {keyword} .*{files[min(lacking)].name}'; {taken} was taken"
    with pytest.warns(ContentWarning, match=found):
        load_image(tmp_path)


@pytest.mark.parametrize(("keyword", "others"), [("RescaleIntercept", 0), ("RescaleSlope", 1)])
def test_what_changes_nothing_is_not_missed(tmp_path, keyword, others):
    def change(ds, k):
        setattr(ds, keyword, others)
        if k == 2:
            delattr(ds, keyword)

    write_series(tmp_path, PHANTOM, change)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_image(tmp_path)
