"""Enhanced multi-frame objects: several volumes in one file, and one volume in several files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import RLELossless

from pictologics import (
    OptionError,
    PictologicsError,
    explain,
    load_image,
)
from tests.factories.dicom_series import UNCOMPRESSED
from tests.factories.enhanced import (
    PlaneSpec,
    item,
    large_enhanced_file,
    planes_of,
    write_enhanced,
)
from tests.factories.phantom import PHANTOM, Phantom
from tests.factories.truth import assert_shows
from tests.factories.work import count_calls

CALLS_PER_FRAME = 400
"""A frame of an enhanced object takes 260 calls to understand and read; this leaves room for another version."""

pytestmark = pytest.mark.usefixtures("no_handle_left")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("enhanced")


def other(factor: int) -> Phantom:
    """The phantom with other values."""
    return PHANTOM.with_array(PHANTOM.array + 1000 * factor)


def labels(path) -> list[str]:
    return [volume.phase for volume in explain(path).volumes]


# --- several volumes in one file ---


def interleaved(count: int, **changes) -> list[PlaneSpec]:
    """Several volumes, slice by slice, the last volume first."""
    volumes = [planes_of(other(t), temporal=t + 1) for t in range(count)]
    return [volumes[t][k] for k in range(PHANTOM.shape[2]) for t in reversed(range(count))]


@pytest.mark.slow
@given(seed=st.randoms(use_true_random=False), count=st.integers(2, 5), undefined_lengths=st.booleans())
def test_temporal_positions_are_phases(folder, seed, count, undefined_lengths):
    planes = interleaved(count)
    seed.shuffle(planes)
    path = write_enhanced(folder / "times.dcm", planes, undefined_lengths=undefined_lengths)
    for t in range(count):
        image = load_image(path, dataset_index=t)
        assert_shows(image, other(t))
    with pytest.raises(OptionError, match=str(count)):
        load_image(path, dataset_index=count)
    assert labels(path) == [f"Time {t + 1}" for t in range(count)]


def mr_echo(time: float) -> dict[str, Dataset]:
    return {"MREchoSequence": item(EffectiveEchoTime=time)}


def mr_diffusion(b_value: float, direction=None) -> dict[str, Dataset]:
    ds = item(DiffusionBValue=b_value, DiffusionDirectionality="DIRECTIONAL" if direction else "NONE")
    if direction:
        gradient = item(DiffusionGradientOrientation=list(direction))
        ds.DiffusionGradientDirectionSequence = DicomSequence([gradient])
    return {"MRDiffusionSequence": ds}


GROUPED = {
    "echo time": ("MR", [mr_echo(2.3), mr_echo(4.92), mr_echo(104.0)], ["2.3", "4.92", "104"]),
    "b-value": ("MR", [mr_diffusion(0.0), mr_diffusion(400.0), mr_diffusion(1000.0)], ["b=0", "b=400", "b=1000"]),
    "gradient": (
        "MR",
        [mr_diffusion(0.0), mr_diffusion(800.0, (0.0, 0.6, 0.8)), mr_diffusion(800.0, (1.0, 0.0, 0.0))],
        ["b=0", "0.6", "(1, 0, 0)"],
    ),
    "inversion time": (
        "MR",
        [{"MRModifierSequence": item(InversionTimes=[t])} for t in (50.0, 400.0, 1100.0)],
        ["50", "400", "1100"],
    ),
    "flip angle": (
        "MR",
        [{"MRTimingAndRelatedParametersSequence": item(FlipAngle=a)} for a in (4.0, 15.0, 30.0)],
        ["4", "15", "30"],
    ),
    "cardiac phase": (
        "CT",
        [{"CardiacSynchronizationSequence": item(NominalPercentageOfCardiacPhase=p)} for p in (5.0, 40.0, 75.0)],
        ["Phase 5%", "Phase 40%", "Phase 75%"],
    ),
    "trigger delay": (
        "MR",
        [{"CardiacSynchronizationSequence": item(NominalCardiacTriggerDelayTime=t)} for t in (0.0, 93.5, 110.25)],
        ["0 ms", "93.5 ms", "110.25 ms"],
    ),
    "time offset": (
        "PET",
        [{"TemporalPositionSequence": item(TemporalPositionTimeOffset=t)} for t in (0.0, 60.0, 180.0)],
        ["0", "60", "180"],
    ),
}


@pytest.mark.parametrize("name", GROUPED)
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big_endian"])
def test_phases_by_what_the_groups_say(tmp_path, name, syntax):
    kind, groups, words = GROUPED[name]
    volumes = [planes_of(other(t), groups=one) for t, one in enumerate(groups)]
    # Diffusion comes as it was acquired, here in the order of the frames; anything else by its value.
    order = (0, 1, 2) if name in ("b-value", "gradient") else (2, 0, 1)
    planes = [plane for t in order for plane in volumes[t]]
    path = write_enhanced(tmp_path / "scan.dcm", planes, kind=kind, syntax=UNCOMPRESSED[syntax])
    for t, (word, label) in enumerate(zip(words, labels(path), strict=True)):
        assert_shows(load_image(path, dataset_index=t), other(t))
        assert word in label


def test_magnitude_and_phase_by_frame_type(tmp_path):
    volumes = [planes_of(other(t), frame_type=("ORIGINAL", "PRIMARY", kind, "NONE")) for t, kind in enumerate("MP")]
    path = write_enhanced(tmp_path / "scan.dcm", volumes[1] + volumes[0], with_stack=False)
    assert labels(path) == ["M", "P"]
    for t in range(2):
        assert_shows(load_image(path, dataset_index=t), other(t))


def test_two_tags_together(tmp_path):
    planes = [
        plane
        for t, (time_index, echo) in enumerate([(1, 3.0), (1, 7.0), (2, 3.0), (2, 7.0)])
        for plane in planes_of(other(t), temporal=time_index, groups=mr_echo(echo))
    ]
    path = write_enhanced(tmp_path / "scan.dcm", planes[::-1])
    assert len(labels(path)) == 4
    for t in range(4):
        assert_shows(load_image(path, dataset_index=t), other(t))


def test_a_time_that_runs_through_one_volume_does_not_split_it(tmp_path):
    planes = [replace(plane, temporal=k + 1) for k, plane in enumerate(planes_of())]
    path = write_enhanced(tmp_path / "scan.dcm", planes)
    assert labels(path) == [""]
    assert_shows(load_image(path), PHANTOM)


def turned() -> Phantom:
    """Another place and orientation, the same matrix."""
    direction = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    return replace(PHANTOM, array=PHANTOM.array + 5000, direction=direction, origin=(10.0, 20.0, 30.0))


def test_stacks_of_two_orientations_are_two_volumes(tmp_path):
    planes = [*planes_of(), *planes_of(turned(), stack="2")]
    path = write_enhanced(tmp_path / "scan.dcm", planes[::-1], orientation="frame")
    volumes = explain(path).volumes
    assert len(volumes) == 2
    assert all(volume.loads for volume in volumes)
    shown = [load_image(path, dataset_index=k) for k in range(2)]
    shown.sort(key=lambda image: image.array.max())
    assert_shows(shown[0], PHANTOM)
    assert_shows(shown[1], turned())


def test_stacks_are_listed_in_the_order_in_which_they_begin(tmp_path):
    """The frames of one stack may stand among those of another."""
    one, other = planes_of(), planes_of(turned(), stack="2")
    path = write_enhanced(tmp_path / "scan.dcm", [one[0], *other, *one[1:]], orientation="frame")
    assert_shows(load_image(path, dataset_index=0), PHANTOM)
    assert_shows(load_image(path, dataset_index=1), turned())


def shifted() -> Phantom:
    """Another slab, parallel, with a gap between the two."""
    return replace(PHANTOM, array=PHANTOM.array + 3000, origin=tuple(PHANTOM.position((0, 0, 11.5))))


@pytest.mark.parametrize("undefined_lengths", [False, True])
def test_parallel_stacks_are_two_volumes(tmp_path, undefined_lengths):
    planes = [*planes_of(), *planes_of(shifted(), stack="2")]
    path = write_enhanced(tmp_path / "scan.dcm", planes, undefined_lengths=undefined_lengths)
    assert len(labels(path)) == 2
    assert_shows(load_image(path, dataset_index=0), PHANTOM)
    assert_shows(load_image(path, dataset_index=1), shifted())


def test_stacks_with_phases_each(tmp_path):
    planes = [
        plane
        for t in range(2)
        for phantom, stack in ((PHANTOM, "1"), (turned(), "2"))
        for plane in planes_of(phantom.with_array(phantom.array + 100 * t), stack=stack, temporal=t + 1)
    ]
    path = write_enhanced(tmp_path / "scan.dcm", planes, orientation="frame")
    assert len(labels(path)) == 4
    assert len(set(labels(path))) == 4
    for k, (phantom, t) in enumerate([(PHANTOM, 0), (PHANTOM, 1), (turned(), 0), (turned(), 1)]):
        assert_shows(load_image(path, dataset_index=k), phantom.with_array(phantom.array + 100 * t))


# --- several files of one series ---


def test_files_of_one_series_are_joined(tmp_path):
    planes = planes_of()
    for number, part in enumerate([planes[3:], planes[:1], planes[1:3]], 1):
        write_enhanced(tmp_path / f"{number}.dcm", part, instance=number)
    image = load_image(tmp_path)
    assert_shows(image, PHANTOM)
    assert len({source.file for source in image.provenance.slices}) == 3


def test_one_file_for_each_time_point(tmp_path):
    for t in range(3):
        write_enhanced(tmp_path / f"{t}.dcm", planes_of(other(t), temporal=t + 1), instance=9 - t)
    for t in range(3):
        assert_shows(load_image(tmp_path, dataset_index=t), other(t))


def test_files_of_several_stacks_are_joined(tmp_path):
    """Each file holds a time point of both stacks."""
    for t in range(2):
        planes = [
            plane
            for phantom, stack in ((PHANTOM, "1"), (turned(), "2"))
            for plane in planes_of(phantom.with_array(phantom.array + 100 * t), stack=stack, temporal=t + 1)
        ]
        write_enhanced(tmp_path / f"{t}.dcm", planes, orientation="frame", instance=t + 1)
    assert len(labels(tmp_path)) == 4
    for k, (phantom, t) in enumerate([(PHANTOM, 0), (PHANTOM, 1), (turned(), 0), (turned(), 1)]):
        assert_shows(load_image(tmp_path, dataset_index=k), phantom.with_array(phantom.array + 100 * t))


# --- only what is needed is read, and soon ---


def test_only_the_asked_for_volume_is_decoded(tmp_path):
    """The other volume's compressed frames are garbage."""
    path = tmp_path / "scan.dcm"
    planes = planes_of(temporal=1) + planes_of(other(1), temporal=2)
    write_enhanced(path, planes, syntax=RLELossless)
    ds = pydicom.dcmread(path)
    fragments = list(pydicom.encaps.generate_frames(ds.PixelData, number_of_frames=10))
    ds.PixelData = pydicom.encaps.encapsulate([*fragments[:5], *[b"\xff" * 64] * 5])
    ds["PixelData"].is_undefined_length = True
    ds.save_as(path)
    assert_shows(load_image(path, dataset_index=0), PHANTOM)
    with pytest.raises(PictologicsError, match=r"scan\.dcm"):
        load_image(path, dataset_index=1)


def test_the_work_grows_as_the_number_of_frames(tmp_path):
    """Thousands of frames take a second. Counted in calls: twice as many frames never take much more than twice."""
    few = large_enhanced_file(tmp_path / "few.dcm", slices=25, times=50)
    many = large_enhanced_file(tmp_path / "many.dcm", slices=50, times=50)
    load_image(few)
    calls_of_few = count_calls(lambda: load_image(few, dataset_index=7))
    calls_of_many = count_calls(lambda: load_image(many, dataset_index=7))
    assert calls_of_many < 2.1 * calls_of_few
    assert calls_of_many < CALLS_PER_FRAME * 50 * 50
    image = load_image(many, dataset_index=7)
    np.testing.assert_array_equal(image.array[0, 0], np.arange(50) * 50 + 7)
    assert image.spacing == (1.25, 1.5, 2.5)
