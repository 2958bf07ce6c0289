"""One series is of one patient, whatever its UID says."""

from __future__ import annotations

import pytest

from pictologics import AmbiguousSeriesError, ContentWarning, explain, load_image
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import write_series
from tests.factories.phantom import PHANTOM
from tests.test_central_phantom import assert_is_the_phantom


def name_patients(*names: str, issuers=()):
    """Slices that name one of these patients in turn."""

    def change(dataset, k):
        dataset.PatientID = names[k % len(names)]
        if issuers:
            dataset.IssuerOfPatientID = issuers[k % len(issuers)]

    return change


@pytest.mark.parametrize(("names", "issuers"), [(("A-1", "B-2"), ()), (("A-1",), ("here", "there"))])
def test_slices_of_two_patients_make_no_volume(tmp_path, names, issuers):
    files = write_series(tmp_path, PHANTOM, name_patients(*names, issuers=issuers))
    for load in (load_image, get_dicom_phases):
        with pytest.raises(AmbiguousSeriesError, match="2 different PatientIDs") as caught:
            load(tmp_path)
        assert not any(name in str(caught.value) for name in names)
    with pytest.warns(ContentWarning, match="2 different PatientIDs"):
        assert_is_the_phantom(load_image(files))
    (volume,) = explain(tmp_path).volumes
    assert not volume.loads
    assert "2 different PatientIDs" in volume.notes[0]


@pytest.mark.parametrize("names", [("A-1", ""), ("A-1", "A-1 "), ("", "")])
def test_a_slice_that_names_no_patient_is_nobody_elses(tmp_path, names):
    write_series(tmp_path, PHANTOM, name_patients(*names))
    assert_is_the_phantom(load_image(tmp_path))
