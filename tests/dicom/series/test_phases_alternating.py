"""Volumes that lie between the slices of one another, and single volumes in which something merely alternates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import ContentWarning, explain, load_image
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import write_series
from tests.factories.phantom import PHANTOM, Phantom, counting
from tests.factories.phases import ge_kind, put, siemens_diffusion
from tests.factories.truth import assert_shows

pytestmark = pytest.mark.usefixtures("no_handle_left")

LONG = PHANTOM.with_array(counting((4, 3, 12)))


def part_of(phantom: Phantom, first: int, every: int) -> Phantom:
    """Every so many slices of a phantom."""
    spacing = (*phantom.spacing[:2], phantom.spacing[2] * every)
    origin = tuple(phantom.position((0, 0, first)))
    return replace(phantom, array=phantom.array[:, :, first::every], spacing=spacing, origin=origin)


def in_turn(*touches):
    """One after the other, slice by slice."""
    return lambda ds, k: touches[k % len(touches)](ds, k)


CONTRASTS = {
    "echoes": ([put(EchoTime=2.5, EchoNumbers=1), put(EchoTime=5.0, EchoNumbers=2)], "EchoTime"),
    "three echoes": ([put(EchoTime=t) for t in (2.5, 5.0, 7.5)], "EchoTime"),
    "b-values": ([siemens_diffusion(0), siemens_diffusion(800)], "DiffusionBValue"),
    "heart phases": ([put(NominalPercentageOfCardiacPhase=p) for p in (40.0, 75.0)], "NominalPercentageOfCardiacPhase"),
    "temporal positions": ([put(TemporalPositionIdentifier=t) for t in (1, 2)], "TemporalPositionIdentifier"),
    "inversion times": ([put(InversionTime=t) for t in (50.0, 1100.0)], "InversionTime"),
    "magnitude and phase": ([put(ImageType=["ORIGINAL", "PRIMARY", one]) for one in "MP"], "ImageType"),
    "magnitude and phase of GE": ([ge_kind(0), ge_kind(1)], "ImageType"),
}


@pytest.mark.parametrize("name", CONTRASTS)
@pytest.mark.parametrize("slices", [12, 11])
def test_contrasts_that_take_strict_turns_are_volumes(tmp_path, name, slices):
    touches, tag = CONTRASTS[name]
    phantom = LONG.with_array(LONG.array[:, :, :slices])
    write_series(tmp_path, phantom, in_turn(*touches), modality="MR")
    phases = get_dicom_phases(tmp_path)
    parts = [part_of(phantom, t, len(touches)) for t in range(len(touches))]
    assert [phase.split_tag for phase in phases] == [tag] * len(touches)
    assert [phase.num_slices for phase in phases] == [part.shape[2] for part in parts]
    assert [volume.phase for volume in explain(tmp_path).volumes] == [phase.label for phase in phases]
    assert all("alternate" in " ".join(volume.notes) for volume in explain(tmp_path).volumes)
    for phase, part in zip(phases, parts, strict=True):
        assert_shows(load_image(phase), part)


MERELY = {
    "acquisition number": in_turn(put(AcquisitionNumber=1), put(AcquisitionNumber=2)),
    "trigger time": in_turn(put(TriggerTime=10.0), put(TriggerTime=400.0)),
    "acquisition time": in_turn(put(AcquisitionTime="120000"), put(AcquisitionTime="120130")),
    "two echoes in blocks": put(EchoTime=lambda k: 2.5 + (k > 5)),
    "two echoes in pairs": put(EchoTime=lambda k: 2.5 + k // 2 % 2),
    "one slice with another echo": put(EchoTime=lambda k: 2.5 + (k == 4)),
    "an echo time that drifts": put(EchoTime=lambda k: 2.5 + 0.01 * k),
    "an echo time that only some slices have": lambda ds, k: k % 2 and put(EchoTime=2.5)(ds, k),
}


@pytest.mark.parametrize("name", MERELY)
def test_what_merely_changes_is_one_volume(tmp_path, name):
    write_series(tmp_path, LONG, MERELY[name], modality="MR")
    assert [phase.num_slices for phase in get_dicom_phases(tmp_path)] == [12]
    assert_shows(load_image(tmp_path), LONG)


@settings(max_examples=30)
@given(echoes=st.lists(st.integers(1, 3), min_size=12, max_size=12))
def test_only_strict_turns_split(tmp_path_factory, echoes):
    """Whatever the echoes of the slices are: one volume, or as many as echoes that come back in the same order."""
    folder = tmp_path_factory.mktemp("turns")
    write_series(folder, LONG, put(EchoTime=lambda k: float(echoes[k])), modality="MR")
    count = len(set(echoes))
    is_strict = count > 1 and echoes == echoes[:count] * (12 // count)
    assert len(get_dicom_phases(folder)) == (count if is_strict else 1)


def test_contrasts_that_alternate_unevenly_are_two_volumes(tmp_path):
    """The second echo lies 1 mm above the first, of which each slice is 5 mm from the next."""

    def touch(ds, k):
        ds.EchoTime = 2.5 + k % 2
        if k % 2:
            position = np.array(ds.ImagePositionPatient, dtype=float) - 1.5 * PHANTOM.direction[:, 2]
            ds.ImagePositionPatient = [round(float(v), 6) for v in position]

    write_series(tmp_path, LONG, touch, modality="MR")
    for echo in range(2):
        with pytest.warns(ContentWarning, match="covers 6 of 12 positions"):
            image = load_image(tmp_path, dataset_index=echo)
        np.testing.assert_array_equal(image.array, LONG.array[:, :, echo::2])
        assert image.spacing[2] == pytest.approx(5.0)
