"""Grids of United Imaging: tiles cut, and put where their own positions say."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import nibabel
import numpy as np
import pytest

from pictologics import (
    CorruptFileError,
    GeometryError,
    PictologicsError,
    explain,
    load_image,
)
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import SYNTAXES
from tests.factories.mosaics import CUTS
from tests.factories.phantom import counting
from tests.factories.truth import assert_shows, values_at
from tests.factories.uih_grids import write_uih_grid

pytestmark = pytest.mark.usefixtures("no_handle_left")

AXIAL = CUTS["axial"]


@pytest.mark.parametrize("name", CUTS)
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "rle", "deflated"])
def test_tiles_lie_where_their_positions_say(tmp_path, name, syntax):
    phantom = CUTS[name]
    path = write_uih_grid(tmp_path / "grid.dcm", phantom, syntax=SYNTAXES[syntax])
    if phantom.shape[2] == 1:
        # Nothing but the spacing is known of a single slice.
        phantom = replace(phantom, direction=load_image(path).direction)
    assert_shows(load_image(path), phantom)


@pytest.mark.parametrize("count", [2, 3, 5, 7, 12, 30, 42])
def test_rows_of_tiles_are_as_many_as_needed(tmp_path, count):
    """Thirty slices are 6 x 5 tiles and not 6 x 6."""
    phantom = AXIAL.with_array(counting((4, 6, count)))
    assert_shows(load_image(write_uih_grid(tmp_path / "grid.dcm", phantom)), phantom)


@pytest.mark.parametrize("name", ["axial", "axial, against", "sagittal", "coronal", "oblique"])
def test_equals_dcm2niix(tmp_path, name):
    dcm2niix = pytest.importorskip("dcm2niix", reason="dcm2niix (from PyPI) is not installed")
    path = write_uih_grid(tmp_path / "dicom" / "grid.dcm", CUTS[name].with_array(counting((16, 12, 7))))
    (tmp_path / "nifti").mkdir()
    command = [dcm2niix.bin, "-f", "scan", "-b", "n", "-z", "n", "-o", str(tmp_path / "nifti"), str(path.parent)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    (made,) = (tmp_path / "nifti").glob("*.nii")
    other = nibabel.load(made)
    array = np.asarray(other.dataobj)
    assert array.shape == (16, 12, 7)
    index = np.stack(np.meshgrid(*map(np.arange, array.shape), indexing="ij"), -1).reshape(-1, 3)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ other.affine
    positions = index @ affine[:3, :3].T + affine[:3, 3]
    np.testing.assert_array_equal(values_at(load_image(path), positions), array[tuple(index.T)])


def test_grids_of_one_series_are_phases(tmp_path):
    volumes = [AXIAL.with_array(AXIAL.array + 1000 * t) for t in range(3)]
    for t, volume in enumerate(volumes):
        put_time = lambda ds, t=t: setattr(ds, "TemporalPositionIdentifier", t + 1)  # noqa: E731
        write_uih_grid(tmp_path / f"{2 - t}.dcm", volume, put_time, volume=t)
    assert [phase.label for phase in get_dicom_phases(tmp_path)] == ["Time 1", "Time 2", "Time 3"]
    for t, volume in enumerate(volumes):
        assert_shows(load_image(tmp_path, dataset_index=t), volume)


def forget(element: int):
    def change(ds):
        del ds[0x0065, element]

    return change


def say(text: str):
    return lambda ds: setattr(ds[0x0065, 0x1050], "value", text)


def without_one_position(ds):
    del ds[0x0065, 0x1051].value[2].ImagePositionPatient


WRONG = {
    "no number": (forget(0x1050), CorruptFileError, "how many"),
    "a fraction": (say("4.5"), CorruptFileError, "how many"),
    "none": (say("0"), CorruptFileError, "how many"),
    "a billion": (say("1000000000"), CorruptFileError, "how many"),
    "more than fit": (say("50"), CorruptFileError, "cut into"),
    "another number": (say("6"), GeometryError, "given for 5 of them"),
    "no positions": (forget(0x1051), GeometryError, "given for 0 of them"),
    "one position less": (without_one_position, GeometryError, "given for 4 of them"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_grid_that_cannot_be_cut_is_never_one_plane(tmp_path, name):
    change, kind, match = WRONG[name]
    path = write_uih_grid(tmp_path / "grid.dcm", AXIAL, change)
    with pytest.raises(kind, match=match) as caught:
        load_image(path)
    assert path.name in str(caught.value)
    try:
        assert not any(volume.loads for volume in explain(path).volumes)
    except PictologicsError as error:
        assert match in str(error)
