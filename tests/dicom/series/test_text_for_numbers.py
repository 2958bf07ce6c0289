"""Text where a number must stand, as programs that hide patients write it: it matters only where the number does."""

from __future__ import annotations

import pytest
from pydicom.dataelem import DataElement
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from pictologics import load_image
from pictologics.dicom.headers import tags
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import write_series
from tests.factories.enhanced import planes_of, write_enhanced
from tests.factories.phantom import PHANTOM
from tests.factories.phases import put, write_phases
from tests.factories.truth import assert_shows

NUMBERS = (
    tags.INSTANCE_NUMBER,
    tags.ACQUISITION_NUMBER,
    tags.TEMPORAL_POSITION_IDENTIFIER,
    tags.ECHO_NUMBERS,
    tags.ECHO_TIME,
    tags.FLIP_ANGLE,
    tags.TRIGGER_TIME,
    tags.INVERSION_TIME,
    tags.SLICE_THICKNESS,
    tags.SPACING_BETWEEN_SLICES,
    tags.DIFFUSION_B_VALUE,
    tags.DIFFUSION_GRADIENT_ORIENTATION,
    tags.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME,
    tags.NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE,
)


def write_text(tag):
    """A change that puts text into an attribute; of another VR, as pydicom writes no text as a number."""

    def change(ds, *_):
        ds[tag] = DataElement(tag, "LO", "ANON!")

    return change


@pytest.mark.parametrize("tag", NUMBERS, ids=tags.KEYWORDS.get)
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_positions_that_never_repeat_need_no_number(tmp_path, tag, syntax):
    write_series(tmp_path, PHANTOM, write_text(tag), syntax=syntax)
    assert_shows(load_image(tmp_path), PHANTOM)


@pytest.mark.parametrize(
    ("group", "tag"),
    [
        ("MREchoSequence", tags.EFFECTIVE_ECHO_TIME),
        ("MRTimingAndRelatedParametersSequence", tags.FLIP_ANGLE),
        ("TemporalPositionSequence", tags.TEMPORAL_POSITION_TIME_OFFSET),
    ],
)
def test_frames_that_never_repeat_need_no_number(tmp_path, group, tag):
    def change(ds):
        for frame in ds.PerFrameFunctionalGroupsSequence:
            item = type(ds)()
            write_text(tag)(item)
            setattr(frame, group, [item])

    assert_shows(load_image(write_enhanced(tmp_path / "a.dcm", planes_of(), change)), PHANTOM)


@pytest.mark.parametrize("tag", [tags.ECHO_NUMBERS, tags.TEMPORAL_POSITION_IDENTIFIER, tags.INSTANCE_NUMBER])
def test_volumes_are_told_apart_by_what_is_a_number(tmp_path, tag):
    """A text in one attribute leaves the others, and their labels, as they are."""
    echoes = [put(EchoTime=2.5), put(EchoTime=5.0)]
    write_phases(tmp_path, [lambda ds, k, echo=echo: (echo(ds, k), write_text(tag)(ds)) for echo in echoes])
    assert [(phase.split_tag, phase.split_value, phase.num_slices) for phase in get_dicom_phases(tmp_path)] == [
        ("EchoTime", 2.5, PHANTOM.shape[2]),
        ("EchoTime", 5.0, PHANTOM.shape[2]),
    ]
