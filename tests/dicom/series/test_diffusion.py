"""b-values and gradient directions of every vendor, as dcm2niix has them."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from pictologics import load_image
from pictologics.utilities import get_dicom_phases
from tests.factories.enhanced import item, planes_of, write_enhanced
from tests.factories.mosaics import CUTS, write_mosaic
from tests.factories.phantom import PHANTOM, Phantom, counting
from tests.factories.phases import (
    csa_diffusion,
    ge_diffusion,
    phase_phantom,
    philips_diffusion,
    siemens_diffusion,
    standard_diffusion,
    uih_diffusion,
    write_phases,
)
from tests.factories.truth import assert_shows

pytestmark = pytest.mark.usefixtures("no_handle_left")

GRADIENTS = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.6, 0.8, 0.0), (0.0, 0.6, 0.8), (0.48, -0.6, 0.64)]


def canon_diffusion(b_value: int, gradient=None):
    """The comments of Canon, which writes nothing for b = 0."""

    def touch(ds: Dataset, k: int) -> None:
        if b_value:
            ds.DiffusionBValue = float(b_value)
            ds.ImageComments = f"b={b_value}({','.join(f'{v:.3f}' for v in gradient)})"

    return touch


def toshiba_diffusion(b_value: int, gradient=None):
    """The standard attributes, but nothing for b = 0."""
    return standard_diffusion(float(b_value), gradient) if b_value else lambda ds, k: None


MAKERS = {
    "Siemens": (siemens_diffusion, "SIEMENS"),
    "Siemens CSA": (csa_diffusion, "SIEMENS"),
    "GE": (ge_diffusion, "GE MEDICAL SYSTEMS"),
    "Philips": (philips_diffusion, "Philips Medical Systems"),
    "UIH": (uih_diffusion, "UIH"),
    "Canon": (canon_diffusion, "CANON_MEC"),
    "Toshiba": (toshiba_diffusion, "TOSHIBA_MEC"),
}

PLANES = {
    "axial": ((1, 0, 0), (0, 1, 0)),
    "coronal": ((1, 0, 0), (0, 0, -1)),
    "sagittal": ((0, 1, 0), (0, 0, -1)),
    "oblique": (tuple(PHANTOM.direction[:, 0]), tuple(PHANTOM.direction[:, 1])),
}


def cut(plane: str) -> Phantom:
    row, column = (np.array(vector, dtype=float) for vector in PLANES[plane])
    direction = np.column_stack([row, column, np.cross(row, column)])
    return Phantom(counting((16, 12, 6)), (2.0, 2.5, 3.0), (-30.0, 20.0, -12.0), direction)


def write_scan(folder: Path, maker: str, plane: str, encoding: str | None = "COL", gradients=GRADIENTS) -> None:
    """b = 0, then one volume along each gradient, then b = 0 again with another acquisition number."""
    diffusion, name = MAKERS[maker]

    def complete(touch, number):
        def complete_touch(ds, k):
            touch(ds, k)
            ds.Manufacturer, ds.PatientPosition, ds.ScanningSequence = name, "HFS", "EP"
            ds.ImageType = ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"]
            ds.EchoTime, ds.RepetitionTime, ds.ProtocolName, ds.AcquisitionNumber = 80.0, 5000.0, "dti", number
            if encoding:
                ds.InPlanePhaseEncodingDirection = encoding

        return complete_touch

    touches = [diffusion(0), *(diffusion(1000, gradient) for gradient in gradients), diffusion(0)]
    scan = [complete(touch, 1 + (t > 6)) for t, touch in enumerate(touches)]
    write_phases(folder, scan, phantom=cut(plane), modality="MR")


def read_tables(folder: Path, out: Path) -> tuple[np.ndarray, np.ndarray]:
    """The b-values of dcm2niix, and its directions in patient coordinates (LPS)."""
    dcm2niix = pytest.importorskip("dcm2niix", reason="dcm2niix (from PyPI) is not installed")
    out.mkdir()
    command = [dcm2niix.bin, "-f", "scan", "-b", "n", "-z", "n", "-o", str(out), str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    affine = nibabel.load(out / "scan.nii").affine[:3, :3]
    axes = np.diag([-1.0, -1.0, 1.0]) @ affine / np.linalg.norm(affine, axis=0)
    vectors = np.loadtxt(out / "scan.bvec").T
    if np.linalg.det(affine) > 0:
        # FSL counts the first axis from the other end in images of this handedness.
        vectors = vectors * (-1.0, 1.0, 1.0)
    return np.loadtxt(out / "scan.bval"), vectors @ axes.T


def assert_equals_tables(folder: Path, out: Path, count: int) -> None:
    b_values, directions = read_tables(folder, out)
    phases = get_dicom_phases(folder)
    assert len(phases) == len(b_values) == count
    for phase, b_value, direction in zip(phases, b_values, directions, strict=True):
        assert phase.b_value == pytest.approx(b_value)
        assert (phase.b_direction is None) == (not b_value)
        # Of b = 0 dcm2niix writes now and then what stood in memory.
        if phase.b_direction:
            np.testing.assert_allclose(phase.b_direction, direction, atol=2e-3)
            axes = load_image(phase).grid.direction
            np.testing.assert_allclose(phase.b_direction_in_image, np.array(phase.b_direction) @ axes, atol=1e-6)
            assert np.linalg.norm(phase.b_direction) == pytest.approx(1.0)


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("maker", MAKERS)
def test_tables_equal_those_of_dcm2niix(tmp_path, maker, plane):
    write_scan(tmp_path / "dicom", maker, plane)
    assert_equals_tables(tmp_path / "dicom", tmp_path / "nifti", len(GRADIENTS) + 2)


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("maker", ["GE", "Canon"])
def test_phase_along_rows_turns_directions_relative_to_it(tmp_path, maker, plane):
    write_scan(tmp_path / "dicom", maker, plane, "ROW")
    assert_equals_tables(tmp_path / "dicom", tmp_path / "nifti", len(GRADIENTS) + 2)


def test_several_b_values_of_ge_are_scaled_by_the_square_of_the_gradient(tmp_path):
    shorter = [tuple(component * scale for component in GRADIENTS[5]) for scale in (1.0, 0.8, 0.5)]
    write_scan(tmp_path / "dicom", "GE", "axial", gradients=shorter)
    assert_equals_tables(tmp_path / "dicom", tmp_path / "nifti", 5)
    assert [phase.b_value for phase in get_dicom_phases(tmp_path / "dicom")] == [0, 1000, 640, 250, 0]


@pytest.mark.parametrize("maker", ["GE", "Canon"])
def test_without_the_phase_encoding_their_directions_are_not_made_up(tmp_path, maker):
    write_scan(tmp_path, maker, "axial", None)
    phases = get_dicom_phases(tmp_path)
    assert [phase.b_value for phase in phases] == [0, *[1000] * 6, 0]
    assert {phase.b_direction for phase in phases} == {None}
    for t, phase in enumerate(phases):
        assert_shows(load_image(phase), phase_phantom(t, cut("axial")))


@pytest.mark.parametrize("name", ["axial", "sagittal, against", "oblique, against"])
def test_mosaics_have_theirs_in_the_csa_header(tmp_path, name):
    for t, gradient in enumerate([None, *GRADIENTS]):
        csa = {"B_value": [1000 if gradient else 0], "DiffusionGradientDirection": gradient or ()}
        volume = CUTS[name].with_array(CUTS[name].array + 1000 * t)
        write_mosaic(tmp_path / f"{9 - t}.dcm", volume, volume=t, csa=csa)
    phases = get_dicom_phases(tmp_path)
    assert [phase.b_value for phase in phases] == [0, *[1000] * 6]
    assert [phase.b_direction for phase in phases] == [None, *map(pytest.approx, GRADIENTS)]
    for phase in phases[1:]:
        axes = load_image(phase).grid.direction
        np.testing.assert_allclose(phase.b_direction_in_image, np.array(phase.b_direction) @ axes, atol=1e-6)


def test_enhanced_diffusion_as_acquired_whatever_the_order_of_frames(tmp_path):
    """b = 0, 800, 0, 400 at times that grow; frames in any order."""
    frames = []
    scan = [(0.0, None), (800.0, (0.0, 0.6, 0.8)), (0.0, None), (400.0, (1.0, 0.0, 0.0))]
    for t, (b_value, gradient) in enumerate(scan):
        weighting = item(DiffusionBValue=b_value, DiffusionDirectionality="DIRECTIONAL" if gradient else "NONE")
        if gradient:
            direction = item(DiffusionGradientOrientation=list(gradient))
            weighting.DiffusionGradientDirectionSequence = DicomSequence([direction])
        frames += [(t, plane) for plane in planes_of(phase_phantom(t), groups={"MRDiffusionSequence": weighting})]
    random.Random(3).shuffle(frames)
    path = write_enhanced(tmp_path / "scan.dcm", [plane for _, plane in frames])
    ds = pydicom.dcmread(path)
    for (t, _), groups in zip(frames, ds.PerFrameFunctionalGroupsSequence, strict=True):
        groups.FrameContentSequence[0].FrameAcquisitionDateTime = f"2020010112{t:02d}00"
    ds.save_as(path)
    phases = get_dicom_phases(path)
    assert [phase.b_value for phase in phases] == [0, 800, 0, 400]
    assert [phase.b_direction for phase in phases] == [None, (0.0, 0.6, 0.8), None, (1.0, 0.0, 0.0)]
    for t in range(4):
        assert_shows(load_image(path, dataset_index=t), phase_phantom(t))


def test_a_mean_over_directions_has_none(tmp_path):
    write_phases(tmp_path, [philips_diffusion(0.0), philips_diffusion(1000.0, (0.0, 0.0, 0.0))])
    assert [(phase.b_value, phase.b_direction) for phase in get_dicom_phases(tmp_path)] == [(0, None), (1000, None)]


def test_what_is_no_diffusion_has_no_b_value(tmp_path):
    write_phases(tmp_path, [lambda ds, k: setattr(ds, "EchoTime", 3.0), lambda ds, k: setattr(ds, "EchoTime", 5.0)])
    assert {phase.b_value for phase in get_dicom_phases(tmp_path)} == {None}


@pytest.mark.parametrize(
    "comment", ["b=", "b=x(1,2,3)", "b=1000(1,2)", "b=1000(a,b,c)", "best scan (so far)", "b=1e999(1,0,0)"]
)
def test_other_comments_mean_nothing(tmp_path, comment):
    write_phases(tmp_path, [lambda ds, k: setattr(ds, "ImageComments", comment)])
    (phase,) = get_dicom_phases(tmp_path)
    assert (phase.b_value, phase.b_direction) == (None, None)
