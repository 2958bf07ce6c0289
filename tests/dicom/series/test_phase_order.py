"""The order of the volumes of a series, and what their labels say."""

from __future__ import annotations

import pydicom
import pytest

from pictologics import ContentWarning, explain, load_image
from pictologics.utilities import get_dicom_phases
from tests.factories.enhanced import item, planes_of, real_world_mapping, write_enhanced
from tests.factories.phantom import PHANTOM
from tests.factories.phases import PATTERNS, phase_phantom, put, standard_diffusion, write_phases
from tests.factories.truth import assert_shows

pytestmark = pytest.mark.usefixtures("no_handle_left")

SLICES = PHANTOM.shape[2]

SCAN = [
    standard_diffusion(0.0),
    standard_diffusion(1000.0, (1.0, 0.0, 0.0)),
    standard_diffusion(500.0, (0.0, 1.0, 0.0)),
    standard_diffusion(1000.0, (0.0, 0.6, 0.8)),
    standard_diffusion(0.0, None),
]


def write_scan(folder, **options):
    touches = [lambda ds, k, t=t: (SCAN[t](ds, k), put(AcquisitionNumber=1 + t // 4)(ds, k)) for t in range(5)]
    return write_phases(folder, touches, modality="MR", **options)


@pytest.mark.parametrize("by_slice", [False, True], ids=["by volume", "by slice"])
def test_diffusion_comes_as_it_was_acquired(tmp_path, by_slice):
    write_scan(tmp_path, by_slice=by_slice)
    assert [phase.b_value for phase in get_dicom_phases(tmp_path)] == [0, 1000, 500, 1000, 0]
    for t in range(5):
        assert_shows(load_image(tmp_path, dataset_index=t), phase_phantom(t))


@pytest.mark.parametrize("by_slice", [False, True], ids=["by volume", "by slice"])
@pytest.mark.parametrize("missing", [0, SLICES - 1])
def test_diffusion_of_which_a_slice_is_missing_keeps_its_place(tmp_path, by_slice, missing):
    write_scan(tmp_path, by_slice=by_slice, absent={(1, missing), (2, missing)})
    assert [phase.b_value for phase in get_dicom_phases(tmp_path)] == [0, 1000, 500, 1000, 0]


def test_diffusion_by_its_times_where_numbers_say_nothing(tmp_path):
    files = write_scan(tmp_path)
    for (t, k), path in files.items():
        ds = pydicom.dcmread(path)
        ds.InstanceNumber = 1
        ds.AcquisitionTime = f"1200{t * SLICES + k:02d}"
        ds.save_as(path)
    for t in range(5):
        assert_shows(load_image(tmp_path, dataset_index=t), phase_phantom(t))


def test_magnitude_and_phase_of_a_diffusion_scan(tmp_path):
    """Two scans in one: each as it was acquired, the magnitude first."""
    kinds = [("P", 0.0), ("M", 0.0), ("P", 800.0), ("M", 800.0)]
    touches = [
        lambda ds, k, kind=kind, b=b: (
            standard_diffusion(b)(ds, k),
            put(ImageType=["ORIGINAL", "PRIMARY", kind])(ds, k),
        )
        for kind, b in kinds
    ]
    write_phases(tmp_path, touches, modality="MR")
    assert [phase.label for phase in get_dicom_phases(tmp_path)] == ["b=0, M", "b=800, M", "b=0, P", "b=800, P"]
    for index, t in enumerate((1, 3, 0, 2)):
        assert_shows(load_image(tmp_path, dataset_index=index), phase_phantom(t))


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        (["DERIVED", "PRIMARY", "DIFFUSION", "ADC"], "DERIVED DIFFUSION ADC"),
        (["ORIGINAL", "PRIMARY", "B0 MAP", "B0", "UNSPECIFIED"], "B0 map"),
        (["DERIVED", "SECONDARY", "T2 MAP"], "DERIVED SECONDARY T2 MAP"),
    ],
)
def test_acquired_images_come_before_maps(tmp_path, kind, label):
    """The map was numbered first and its echo time is 0."""
    acquired = [put(ImageType=["ORIGINAL", "PRIMARY", "M", "ND"], EchoTime=e) for e in (3.0, 5.0)]
    write_phases(tmp_path, [*acquired, put(ImageType=kind, EchoTime=0.0)], numbered=[2, 1, 0], modality="MR")
    labels = [phase.label for phase in get_dicom_phases(tmp_path)]
    assert labels[2] == label
    assert ["3 ms" in labels[0], "5 ms" in labels[1]] == [True, True]
    for t in range(3):
        assert_shows(load_image(tmp_path, dataset_index=t), phase_phantom(t))


def test_a_field_map_is_called_so_with_its_unit(tmp_path):
    field = {
        "MREchoSequence": item(EffectiveEchoTime=0.0),
        "RealWorldValueMappingSequence": real_world_mapping(1.0, 0.0, "Hz"),
    }
    magnitude = {"MREchoSequence": item(EffectiveEchoTime=1.52)}
    maps = planes_of(phase_phantom(1), groups=field, frame_type=("ORIGINAL", "PRIMARY", "T1", "FIELD_MAP"))
    images = planes_of(phase_phantom(0), groups=magnitude, frame_type=("ORIGINAL", "PRIMARY", "T1", "M"))
    path = write_enhanced(tmp_path / "scan.dcm", maps + images)
    assert [volume.phase for volume in explain(path).volumes] == ["M", "B0 map (Hz)"]
    assert_shows(load_image(path), phase_phantom(0))


def test_names_come_as_they_were_acquired(tmp_path):
    touches = [put(ContrastBolusAgentPhase=name) for name in ("PRE_CONTRAST", "POST_CONTRAST", "DELAYED")]
    write_phases(tmp_path, touches, modality="CT")
    labels = [phase.label for phase in get_dicom_phases(tmp_path)]
    assert labels == ["Contrast PRE_CONTRAST", "Contrast POST_CONTRAST", "Contrast DELAYED"]


def test_what_only_the_order_tells_apart_always_warns(tmp_path):
    write_phases(tmp_path, PATTERNS["order"].touches)
    for t in range(3):
        with pytest.warns(ContentWarning, match="only the order of the images"):
            assert_shows(load_image(tmp_path, dataset_index=t), phase_phantom(t))
    assert all("only the order" in " ".join(volume.notes) for volume in explain(tmp_path).volumes)


def test_frames_that_only_the_order_tells_apart_warn(tmp_path):
    path = write_enhanced(tmp_path / "scan.dcm", planes_of(phase_phantom(0)) + planes_of(phase_phantom(1)))
    for t in range(2):
        with pytest.warns(ContentWarning, match="only the order of the images"):
            assert_shows(load_image(path, dataset_index=t), phase_phantom(t))
