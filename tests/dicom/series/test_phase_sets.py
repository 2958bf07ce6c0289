"""Series whose volumes several attributes tell apart together, in any order of images and frames."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from pictologics import ContentWarning, explain, load_image
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import uid
from tests.factories.enhanced import item, planes_of, write_enhanced
from tests.factories.phantom import PHANTOM, counting
from tests.factories.phases import phase_phantom, put, standard_diffusion, write_phases
from tests.factories.truth import assert_shows

pytestmark = pytest.mark.usefixtures("no_handle_left")

SLICES = PHANTOM.shape[2]

#: Attributes that may differ in any number: keyword to two values in their order.
FACTORS = {
    "TemporalPositionIdentifier": (1, 2),
    "TriggerTime": (10.0, 250.0),
    "EchoTime": (3.0, 7.0),
    "InversionTime": (150.0, 900.0),
    "FlipAngle": (4.0, 15.0),
    "RepetitionTime": (20.0, 100.0),
    "ImageType": (["ORIGINAL", "PRIMARY", "M"], ["ORIGINAL", "PRIMARY", "P"]),
    "KVP": (80.0, 140.0),
    "NominalPercentageOfRespiratoryPhase": (0.0, 50.0),
    "AcquisitionNumber": (1, 2),
}


@settings(max_examples=25)
@given(
    keywords=st.lists(st.sampled_from(sorted(FACTORS)), min_size=1, max_size=4, unique=True),
    randomness=st.randoms(use_true_random=False),
)
def test_any_number_of_attributes_together(tmp_path_factory, keywords, randomness):
    """Every combination of values is a volume, and no volume mixes two, whatever the instance numbers are."""
    folder = tmp_path_factory.mktemp("sets")
    combinations = list(product(range(2), repeat=len(keywords)))
    touches = [
        put(**{keyword: FACTORS[keyword][k] for keyword, k in zip(keywords, values, strict=True)})
        for values in combinations
    ]
    files = write_phases(folder, touches)
    numbers = list(range(1, len(files) + 1))
    randomness.shuffle(numbers)
    for path, number in zip(files.values(), numbers, strict=True):
        ds = pydicom.dcmread(path)
        ds.InstanceNumber = number
        ds.save_as(path)
    phases = get_dicom_phases(folder)
    assert len(phases) == len(combinations)
    assert set(phases[0].split_tag.split(" + ")) == set(keywords)
    found = {frozenset(phase.file_paths): phase for phase in phases}
    for t in range(len(combinations)):
        phase = found[frozenset(str(files[t, k]) for k in range(SLICES))]
        assert_shows(load_image(folder, dataset_index=phase.index), phase_phantom(t))


def test_echo_time_component_and_time_of_frames_in_any_order(tmp_path):
    frames = []
    for t, (echo, kind, time) in enumerate(product((3.0, 7.0), ("MAGNITUDE", "PHASE"), (1, 2))):
        groups = {"MREchoSequence": item(EffectiveEchoTime=echo)}
        frame_type = ("ORIGINAL", "PRIMARY", "OTHER", "NONE")
        frames += planes_of(phase_phantom(t), temporal=time, groups=groups, frame_type=(*frame_type, kind[0]))
    random.Random(4).shuffle(frames)
    path = write_enhanced(tmp_path / "scan.dcm", frames)
    (found,) = {phase.split_tag for phase in get_dicom_phases(path)}
    assert found == "TemporalPositionIdentifier + EchoTime + ImageType"
    shown = {int(load_image(path, dataset_index=k).array.min()) // 1000 for k in range(8)}
    assert shown == set(range(8))
    for k in range(8):
        image = load_image(path, dataset_index=k)
        assert_shows(image, phase_phantom(int(image.array.min()) // 1000))


# --- dimension indices and frame labels ---


def dimension(pointer: int, label: str | None = None) -> Dataset:
    return item(DimensionIndexPointer=pointer, DimensionDescriptionLabel=label)


def write_indexed(path, rows, pointers, *, labels=None, seed=5):
    """Three maps of one object; ``rows`` gives the dimension indices of a map and slice."""
    order = [(t, k) for t in range(3) for k in range(SLICES)]
    random.Random(seed).shuffle(order)
    planes = [planes_of(phase_phantom(t)) for t in range(3)]
    write_enhanced(path, [planes[t][k] for t, k in order], with_stack=False)
    ds = pydicom.dcmread(path)
    if pointers is not None:
        ds.DimensionIndexSequence = DicomSequence(pointers)
    for (t, k), groups in zip(order, ds.PerFrameFunctionalGroupsSequence, strict=True):
        content = groups.FrameContentSequence[0]
        content.DimensionIndexValues = rows(t, k)
        if labels:
            content.FrameLabel = labels[t]
    ds.save_as(path)
    return path


IN_STACK, LABEL, PRIVATE = 0x00209057, 0x00209453, 0x20051011


@pytest.mark.parametrize(
    ("pointers", "rows", "tag"),
    [
        ([dimension(LABEL), dimension(IN_STACK)], lambda t, k: [t + 1, k + 1], "DimensionIndexValues of FrameLabel"),
        ([dimension(IN_STACK), dimension(LABEL)], lambda t, k: [k + 1, t + 1], "DimensionIndexValues of FrameLabel"),
        (
            [dimension(IN_STACK), dimension(PRIVATE, "Private ImageTypeMR")],
            lambda t, k: [k + 1, (2, 5, 18)[t]],
            "DimensionIndexValues of Private ImageTypeMR (2005,1011)",
        ),
        (None, lambda t, k: [k + 1, t + 1], "DimensionIndexValues[1]"),
    ],
    ids=["label first", "label last", "private", "no sequence"],
)
def test_dimension_indices_by_their_pointers(tmp_path, pointers, rows, tag):
    path = write_indexed(tmp_path / "maps.dcm", rows, pointers)
    phases = get_dicom_phases(path)
    assert {phase.split_tag for phase in phases} == {tag}
    for t in range(3):
        assert_shows(load_image(path, dataset_index=t), phase_phantom(t))


def test_dimensions_of_two_files_in_another_order(tmp_path):
    """One dimension stands first in one file and last in the other; its pointer says which it is."""
    for number, first in enumerate((True, False)):
        pointers = [dimension(PRIVATE), dimension(IN_STACK)][:: 1 if first else -1]
        path = write_indexed(
            tmp_path / f"{number}.dcm", lambda t, k, f=first: [t + 1, k + 1][:: 1 if f else -1], pointers
        )
        ds = pydicom.dcmread(path)
        keep = [k for k, g in enumerate(ds.PerFrameFunctionalGroupsSequence) if half_of(g) == number]
        ds.PixelData = np.stack([ds.pixel_array[k] for k in keep]).tobytes()
        ds.PerFrameFunctionalGroupsSequence = DicomSequence([ds.PerFrameFunctionalGroupsSequence[k] for k in keep])
        ds.NumberOfFrames = len(keep)
        ds.SOPInstanceUID = uid("half", number)
        ds.save_as(path)
    for t in range(3):
        assert_shows(load_image(tmp_path, dataset_index=t), phase_phantom(t))


def half_of(groups: Dataset) -> int:
    """Which of the two files holds a frame: every other slice."""
    position = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, dtype=float) - PHANTOM.origin
    return round(float(position @ PHANTOM.direction[:, 2]) / PHANTOM.spacing[2]) % 2


def test_frame_labels_are_the_names_of_the_volumes(tmp_path):
    labels = ("relaxation", "amplitude", "deviation")
    pointers = [dimension(LABEL), dimension(IN_STACK)]
    path = write_indexed(tmp_path / "maps.dcm", lambda t, k: [t + 1, k + 1], pointers, labels=labels)
    assert [volume.phase for volume in explain(path).volumes] == list(labels)
    for t in range(3):
        assert_shows(load_image(path, dataset_index=t), phase_phantom(t))


# --- attributes that explain a part ---


def test_b_0_once_and_b_800_twice(tmp_path):
    """No volume mixes b-values, and those that only the order tells apart say so."""
    touches = [standard_diffusion(0.0), standard_diffusion(800.0), standard_diffusion(800.0)]
    files = write_phases(tmp_path, touches)
    for (t, k), path in files.items():
        ds = pydicom.dcmread(path)
        ds.InstanceNumber = 3 * k + ((1, 0, 2) if k % 2 else (0, 1, 2))[t]
        ds.save_as(path)
    phases = get_dicom_phases(tmp_path)
    assert [phase.label for phase in phases] == ["b=0", "b=800, Volume 1", "b=800, Volume 2"]
    assert_shows(load_image(tmp_path), phase_phantom(0))
    for t in (1, 2):
        with pytest.warns(ContentWarning, match="only the order of the images"):
            assert_shows(load_image(tmp_path, dataset_index=t), phase_phantom(t))


def test_the_next_attribute_splits_what_the_first_leaves(tmp_path):
    """b=0 twice at two times, b=800 along two directions: neither is asked about the others."""
    touches = [
        lambda ds, k: (standard_diffusion(0.0)(ds, k), put(AcquisitionNumber=1)(ds, k)),
        lambda ds, k: (standard_diffusion(800.0, (1.0, 0.0, 0.0))(ds, k), put(AcquisitionNumber=1)(ds, k)),
        lambda ds, k: (standard_diffusion(800.0, (0.0, 1.0, 0.0))(ds, k), put(AcquisitionNumber=1)(ds, k)),
        lambda ds, k: (standard_diffusion(0.0)(ds, k), put(AcquisitionNumber=2)(ds, k)),
    ]
    write_phases(tmp_path, touches)
    labels = [phase.label for phase in get_dicom_phases(tmp_path)]
    assert labels == [
        "b=0, Acquisition 1",
        "b=800 (1, 0, 0), Acquisition 1",
        "b=800 (0, 1, 0), Acquisition 1",
        "b=0, Acquisition 2",
    ]
    for t in range(4):
        assert_shows(load_image(tmp_path, dataset_index=t), phase_phantom(t))


def test_planes_without_the_attribute_are_a_volume_of_their_own(tmp_path):
    """Canon writes a b-value only where there is a gradient."""
    write_phases(tmp_path, [put(), standard_diffusion(500.0), standard_diffusion(1000.0)])
    assert [phase.label for phase in get_dicom_phases(tmp_path)] == ["no DiffusionBValue", "b=500", "b=1000"]
    for t in range(3):
        assert_shows(load_image(tmp_path, dataset_index=t), phase_phantom(t))


def test_what_drifts_is_ignored(tmp_path):
    """Beside the echo that explains all of it, a flip angle that changes from slice to slice means nothing."""
    touches = [put(EchoTime=e, FlipAngle=lambda k: 5.0 + k, TriggerTime=lambda k, e=e: 10 * k + e) for e in (3.0, 5.0)]
    write_phases(tmp_path, touches)
    assert {phase.split_tag for phase in get_dicom_phases(tmp_path)} == {"EchoTime"}


def test_stacks_that_overlap_in_part_are_not_mixed(tmp_path):
    """Three echoes over slices 0 to 4, 3 to 8 and 7 to 11: never more than two at a position."""
    tall = PHANTOM.with_array(counting((4, 3, 12)))
    spans = [range(5), range(3, 9), range(7, 12)]
    absent = {(t, k) for t in range(3) for k in range(12) if k not in spans[t]}
    files = write_phases(tmp_path, [put(EchoTime=3.0 + t) for t in range(3)], phantom=tall, absent=absent)
    phases = get_dicom_phases(tmp_path)
    assert [sorted(phase.file_paths) for phase in phases] == [
        sorted(str(files[t, k]) for k in span) for t, span in enumerate(spans)
    ]


OTHERS = {
    "ASLContext": ("LABEL", "CONTROL"),
    "VelocityEncodingDirection": ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]),
    "MonoenergeticEnergyEquivalent": (40.0, 70.0),
    "ConvolutionKernel": ("SOFT", "BONE"),
    "ContrastBolusAgentPhase": ("PRE_CONTRAST", "POST_CONTRAST"),
    "FrameReferenceTime": (0.0, 30000.0),
    "ReceiveCoilName": ("H1", "H2"),
    "MagnetizationTransfer": ("NONE", "ON_RESONANCE"),
    "ImageComments": ("first", "again"),
}


@pytest.mark.parametrize("keyword", OTHERS)
def test_what_else_may_differ(tmp_path, keyword):
    write_phases(tmp_path, [put(**{keyword: value}) for value in OTHERS[keyword]])
    phases = get_dicom_phases(tmp_path)
    assert [phase.split_tag for phase in phases] == [keyword] * 2
    for t in range(2):
        assert_shows(load_image(tmp_path, dataset_index=t), phase_phantom(t))


def test_the_time_frames_of_a_pet_series_by_its_image_index(tmp_path):
    """ImageIndex counts the slices of a time frame before the next frame."""
    touches = [put(ImageIndex=lambda k, t=t: t * SLICES + k + 1, NumberOfSlices=SLICES) for t in range(3)]
    write_phases(tmp_path, touches, modality="PT", numbered=[2, 0, 1])
    assert [phase.label for phase in get_dicom_phases(tmp_path)] == ["Frame 1", "Frame 2", "Frame 3"]
    for t in range(3):
        assert_shows(load_image(tmp_path, dataset_index=t), phase_phantom(t))
