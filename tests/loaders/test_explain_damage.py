"""explain of folders in which a file is damaged: all that can be read is told, and so is what load_image does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pictologics import CorruptFileError, explain, load_image
from tests.factories.dicom_series import write_series
from tests.factories.hostile import unreadable
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM


def cut_head(file, target):
    """Write the first bytes of a DICOM file: nobody can say of which series it was."""
    target.write_bytes(file.read_bytes()[:200])


@pytest.fixture
def series(tmp_path):
    folder = tmp_path / "ct"
    write_series(folder, PHANTOM)
    cut_head(next(folder.iterdir()), folder / "zz.dcm")
    return folder


def test_a_damaged_file_hides_nothing_else(series):
    found = explain(series)
    (volume,) = found.volumes
    assert volume.shape == PHANTOM.shape
    assert not volume.loads
    assert found.default is None
    assert "zz.dcm': the file ends with its meta information" in found.left_out[-1]
    text = str(found)
    assert "does not load" in text
    assert "a list of the others loads" in text
    # What it says is so.
    with pytest.raises(CorruptFileError, match=r"zz\.dcm"):
        load_image(series)
    whole = sorted(set(series.iterdir()) - {series / "zz.dcm"})
    assert load_image(whole).shape == PHANTOM.shape


def test_in_an_archive_too(series, tmp_path):
    found = explain(Path(shutil.make_archive(str(tmp_path / "packed"), "zip", series)))
    assert found.volumes[0].shape == PHANTOM.shape
    assert not found.volumes[0].loads
    # A list names no entries of an archive.
    assert found.volumes[0].notes[-1].endswith("may be a slice of it")
    assert "zz.dcm" in found.left_out[-1]


def test_beside_files_that_hold_an_image_each(series, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    write_nifti(folder / "scan.nii", PHANTOM)
    (series / "zz.dcm").rename(folder / "zz.dcm")
    found = explain(folder)
    assert [volume.call(found.path) for volume in found.volumes] == [f"load_image('{folder / 'scan.nii'}')"]
    assert "zz.dcm" in found.left_out[-1]


def test_what_the_system_refuses_is_not_called_damaged(series):
    unreadable(series / "zz.dcm")
    found = explain(series)
    assert found.volumes[0].shape == PHANTOM.shape
    assert not found.volumes[0].loads
    assert "zz.dcm" in found.left_out[-1]
    assert "damaged" not in str(found)


def test_where_nothing_else_is_there_it_raises(series, tmp_path):
    folder = tmp_path / "alone"
    folder.mkdir()
    (series / "zz.dcm").rename(folder / "zz.dcm")
    with pytest.raises(CorruptFileError, match=r"zz\.dcm.*meta information"):
        explain(folder)
