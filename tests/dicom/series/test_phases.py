"""Series of several volumes: told apart by what each vendor writes, and never split by what merely changes."""

from __future__ import annotations

import subprocess
import warnings
from dataclasses import replace

import nibabel
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import (
    ContentWarning,
    GeometryError,
    load_image,
)
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import write_series
from tests.factories.phantom import PHANTOM, counting
from tests.factories.phases import PATTERNS, TRAPS, phase_phantom, put, write_phases
from tests.factories.truth import assert_shows, values_at

pytestmark = [
    pytest.mark.usefixtures("no_handle_left"),
    # What tests/dicom/series/test_phase_order.py is about.
    pytest.mark.filterwarnings("ignore:.*only the order of the images:pictologics.ContentWarning"),
]

every_pattern = pytest.mark.parametrize("name", PATTERNS)
SLICES = PHANTOM.shape[2]


def reversed_unless_order(name: str) -> list[int] | None:
    """InstanceNumber counts the volumes backwards, except where nothing else tells them apart."""
    pattern = PATTERNS[name]
    # Diffusion comes as it was acquired, whatever the b-values are.
    return None if pattern.tag in (None, "DiffusionBValue") else list(reversed(range(pattern.count)))


# --- every vendor's way ---


@every_pattern
@pytest.mark.parametrize("by_slice", [False, True], ids=["by volume", "by slice"])
def test_volumes_are_told_apart(tmp_path, name, by_slice):
    pattern = PATTERNS[name]
    files = write_phases(
        tmp_path,
        pattern.touches,
        by_slice=by_slice,
        numbered=reversed_unless_order(name),
        modality=pattern.modality,
    )
    phases = get_dicom_phases(tmp_path)
    assert [phase.index for phase in phases] == list(range(pattern.count))
    assert [phase.num_slices for phase in phases] == [SLICES] * pattern.count
    for t, phase in enumerate(phases):
        assert sorted(phase.file_paths) == sorted(str(files[t, k]) for k in range(SLICES))
        assert_shows(load_image(tmp_path, dataset_index=t), phase_phantom(t))


@every_pattern
def test_labels_read_naturally(tmp_path, name):
    pattern = PATTERNS[name]
    write_phases(tmp_path, pattern.touches, numbered=reversed_unless_order(name), modality=pattern.modality)
    phases = get_dicom_phases(tmp_path)
    for phase, words in zip(phases, pattern.words, strict=True):
        assert words in phase.label
        if pattern.tag is None:
            assert (phase.split_tag, phase.split_value) == (None, None)
        else:
            assert phase.split_tag is not None
            assert pattern.tag in phase.split_tag
    assert len({phase.label for phase in phases}) == pattern.count
    values = [phase.split_value for phase in phases if phase.split_value is not None]
    # Of the kinds of image the magnitude comes first, and diffusion as it was acquired.
    if pattern.tag not in ("ImageType", "DiffusionBValue"):
        assert values == sorted(values)


@every_pattern
def test_a_phase_loads_from_its_entry(tmp_path, name):
    """The entry, its files and its number are the same volume."""
    pattern = PATTERNS[name]
    write_phases(tmp_path, pattern.touches, modality=pattern.modality)
    for t, phase in enumerate(get_dicom_phases(tmp_path)):
        assert_shows(load_image(phase), phase_phantom(t))
        assert_shows(load_image(phase.file_paths), phase_phantom(t))


def test_labels_in_the_words_of_the_field(tmp_path):
    for name, expected in {
        "cardiac phase": ["Phase 5%", "Phase 40%", "Phase 75%"],
        "echo": ["Echo 1 (2.46 ms)", "Echo 2 (4.92 ms)", "Echo 3 (10 ms)"],
        "b-value": ["b=0", "b=400", "b=800"],
        "order": ["Volume 1", "Volume 2", "Volume 3"],
    }.items():
        write_phases(tmp_path / name, PATTERNS[name].touches)
        assert [phase.label for phase in get_dicom_phases(tmp_path / name)] == expected


def test_an_earlier_candidate_wins(tmp_path):
    """Cardiac phase, temporal position, trigger time, ...: each tells the same volumes apart, in another order."""
    later_first = [
        put(
            NominalPercentageOfCardiacPhase=float(10 + t),
            TemporalPositionIdentifier=9 - t,
            TriggerTime=900.0 - t,
            DiffusionBValue=800.0 - t,
            EchoTime=80.0 - t,
            InversionTime=50.0 - t,
            FlipAngle=30.0 - t,
            AcquisitionNumber=9 - t,
        )
        for t in range(3)
    ]
    write_phases(tmp_path, later_first)
    removable = ["NominalPercentageOfCardiacPhase", "TemporalPositionIdentifier", "TriggerTime", "DiffusionBValue"]
    removable += ["EchoTime", "InversionTime", "FlipAngle", "AcquisitionNumber"]
    seen = []
    for keyword in removable:
        phases = get_dicom_phases(tmp_path)
        assert len(phases) == 3
        seen.append(phases[0].split_tag)
        for path in tmp_path.iterdir():
            ds = pydicom.dcmread(path)
            delattr(ds, keyword)
            ds.save_as(path)
    assert seen == removable


# --- what never splits ---


@pytest.mark.parametrize("name", TRAPS)
@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_what_changes_inside_one_volume_does_not_split_it(tmp_path, name, modality):
    write_series(tmp_path, PHANTOM, TRAPS[name], modality=modality)
    phases = get_dicom_phases(tmp_path)
    assert [(phase.num_slices, phase.split_tag, phase.label) for phase in phases] == [(SLICES, None, "Volume 1")]
    assert_shows(load_image(tmp_path), PHANTOM)


@given(
    columns=st.lists(
        st.tuples(
            st.sampled_from(
                ["AcquisitionNumber", "TriggerTime", "EchoTime", "FlipAngle", "InversionTime", "InstanceNumber"]
            ),
            st.lists(st.integers(0, 3), min_size=SLICES, max_size=SLICES),
        ),
        max_size=4,
    )
)
@settings(max_examples=25)
def test_no_attribute_splits_where_no_position_repeats(tmp_path_factory, columns):
    folder = tmp_path_factory.mktemp("one")
    write_series(folder, PHANTOM, put(**{keyword: values.__getitem__ for keyword, values in columns}), modality="MR")
    assert len(get_dicom_phases(folder)) == 1
    assert_shows(load_image(folder), PHANTOM)


def test_rounded_positions_repeat_all_the_same(tmp_path):
    """A scanner writes the same position with another last digit in each volume."""

    def round_position(t: int):
        def touch(ds, k):
            ds.EchoTime = 5.0 + t
            ds.ImagePositionPatient = [round(float(v) + 0.0004 * t, 3) for v in ds.ImagePositionPatient]

        return touch

    write_phases(tmp_path, [round_position(t) for t in range(3)])
    assert [phase.num_slices for phase in get_dicom_phases(tmp_path)] == [SLICES] * 3
    for t in range(3):
        assert_shows(load_image(tmp_path, dataset_index=t), phase_phantom(t))


def test_thin_slices_are_not_taken_for_repeats(tmp_path):
    thin = replace(PHANTOM, spacing=(0.75, 1.125, 0.05))
    write_series(tmp_path, thin, put(EchoTime=lambda k: float(1 + k % 2)), modality="MR")
    assert len(get_dicom_phases(tmp_path)) == 1
    assert_shows(load_image(tmp_path), thin)


# --- any part of any series, in any order ---


@pytest.mark.slow
@given(
    name=st.sampled_from(sorted(name for name in PATTERNS if PATTERNS[name].tag not in (None, "DiffusionBValue"))),
    seed=st.integers(0, 2**16),
    randomness=st.randoms(use_true_random=False),
    by_slice=st.booleans(),
)
@settings(max_examples=40)
def test_file_names_and_instance_numbers_mean_nothing(tmp_path_factory, name, seed, randomness, by_slice):
    pattern = PATTERNS[name]
    folder = tmp_path_factory.mktemp("shuffled")
    numbered = list(range(pattern.count))
    randomness.shuffle(numbered)
    files = write_phases(folder, pattern.touches, seed=seed, numbered=numbered, by_slice=by_slice)
    given_files = list(files.values())
    randomness.shuffle(given_files)
    chosen = randomness.randrange(pattern.count)
    assert_shows(load_image(folder, dataset_index=chosen), phase_phantom(chosen))
    assert_shows(load_image(given_files, dataset_index=chosen), phase_phantom(chosen))


@given(
    name=st.sampled_from(
        ["cardiac phase", "temporal position", "trigger time", "b-value", "echo", "acquisition number"]
    ),
    cuts=st.lists(st.integers(0, 2), min_size=3, max_size=3).filter(lambda cuts: 0 in cuts),
    from_top=st.booleans(),
)
@settings(max_examples=30)
def test_incomplete_phases(tmp_path_factory, name, cuts, from_top):
    """Phases whose last slices are absent are listed, and loading one says so."""
    folder = tmp_path_factory.mktemp("incomplete")
    absent = {(t, SLICES - 1 - k if from_top else k) for t, count in enumerate(cuts) for k in range(count)}
    write_phases(folder, PATTERNS[name].touches, absent=absent)
    phases = get_dicom_phases(folder)
    assert [phase.num_slices for phase in phases] == [SLICES - count for count in cuts]
    for t, count in enumerate(cuts):
        whole = phase_phantom(t)
        shown = whole.array[:, :, : SLICES - count] if from_top else whole.array[:, :, count:]
        origin = whole.position((0, 0, 0 if from_top else count))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            image = load_image(folder, dataset_index=t)
        assert_shows(image, replace(whole, array=shown, origin=tuple(origin)))
        told = [one for one in caught if issubclass(one.category, ContentWarning) and "fewer" in str(one.message)]
        assert bool(told) == bool(count)
        if count:
            assert str(count) in str(told[0].message)


@every_pattern
def test_a_phase_with_a_hole_is_refused_and_the_others_load(tmp_path, name):
    pattern = PATTERNS[name]
    # By order alone a hole in the first volume cannot be told from one in the last, which it becomes.
    gappy = pattern.count - 1
    write_phases(tmp_path, pattern.touches, absent={(gappy, 2)}, modality=pattern.modality)
    phases = get_dicom_phases(tmp_path)
    assert sorted(phase.num_slices for phase in phases) == sorted([SLICES - 1] + [SLICES] * (pattern.count - 1))
    with warnings.catch_warnings():
        # Where only order tells volumes apart, loading any of them says that others differ.
        warnings.simplefilter("ignore" if phases[0].split_tag is None else "error", ContentWarning)
        assert_shows(load_image(tmp_path), phase_phantom(0))
    with pytest.raises(GeometryError, match="missing"):
        load_image(tmp_path, dataset_index=gappy)


# --- independent readers ---


@every_pattern
def test_each_phase_equals_simpleitk(tmp_path, name):
    """The listing's files, read by another library, are the same volume at the same place."""
    pattern = PATTERNS[name]
    write_phases(tmp_path, pattern.touches, modality=pattern.modality)
    for phase in get_dicom_phases(tmp_path):
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(sorted(phase.file_paths, key=height))
        other = reader.Execute()
        index = np.stack(np.meshgrid(*map(np.arange, other.GetSize()), indexing="ij"), -1).reshape(-1, 3)
        matrix = np.array(other.GetDirection()).reshape(3, 3) * other.GetSpacing()
        positions = index @ matrix.T + other.GetOrigin()
        expected = sitk.GetArrayFromImage(other).T[tuple(index.T)]
        np.testing.assert_array_equal(values_at(load_image(phase), positions), expected)


def height(path: str) -> float:
    """Along the normal of the phantom."""
    position = pydicom.dcmread(path, stop_before_pixels=True).ImagePositionPatient
    return float(np.array(position, dtype=float) @ PHANTOM.direction[:, 2])


def test_volumes_equal_those_of_dcm2niix(tmp_path):
    dcm2niix = pytest.importorskip("dcm2niix", reason="dcm2niix (from PyPI) is not installed")
    big = PHANTOM.with_array(counting((16, 12, 6)))
    write_phases(tmp_path / "dicom", PATTERNS["temporal position"].touches, phantom=big, modality="MR")
    (tmp_path / "nifti").mkdir()
    command = [dcm2niix.bin, "-f", "scan", "-b", "n", "-z", "n", "-o", str(tmp_path / "nifti"), str(tmp_path / "dicom")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    (made,) = (tmp_path / "nifti").glob("*.nii")
    other = nibabel.load(made)
    array = np.asarray(other.dataobj)
    assert array.shape == (16, 12, 6, 3)
    index = np.stack(np.meshgrid(*map(np.arange, array.shape[:3]), indexing="ij"), -1).reshape(-1, 3)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ other.affine
    positions = index @ affine[:3, :3].T + affine[:3, 3]
    for t in range(3):
        image = load_image(tmp_path / "dicom", dataset_index=t)
        np.testing.assert_array_equal(values_at(image, positions), array[..., t][tuple(index.T)])
