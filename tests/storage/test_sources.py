"""What may be passed instead of a path: bytes, open files, and the index of a medium."""

from __future__ import annotations

import gc
import io
import shutil
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.fileset import FileSet

from pictologics import (
    AmbiguousSeriesError,
    CorruptFileError,
    MissingPathError,
    OptionError,
    PictologicsError,
    UnsupportedFormatError,
    explain,
    load_image,
)
from pictologics.dicom.headers.dicomdir import list_dicomdir_files
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import SYNTAXES, slice_file, uid, write_series
from tests.factories.enhanced import planes_of, write_enhanced
from tests.factories.hostile import cut, ends_at_last, refused_at_last
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM
from tests.factories.phases import PATTERNS, phase_phantom, write_phases
from tests.factories.truth import assert_shows

pytestmark = pytest.mark.usefixtures("no_handle_left")

# --- bytes and open files ---

#: Ways to hand over the content of one file.
WAYS = {
    "bytes": lambda path: path.read_bytes(),
    "bytearray": lambda path: bytearray(path.read_bytes()),
    "memoryview": lambda path: memoryview(path.read_bytes()),
    "BytesIO": lambda path: io.BytesIO(path.read_bytes()),
}
every_way = pytest.mark.parametrize("way", WAYS)


@every_way
@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_a_dicom_file_in_memory(tmp_path, way, syntax):
    path = write_enhanced(tmp_path / "scan.dcm", planes_of()[::-1], syntax=syntax)
    assert_shows(load_image(WAYS[way](path)), PHANTOM)


@every_way
@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_a_nifti_file_in_memory(tmp_path, way, name):
    path = write_nifti(tmp_path / name)
    assert_shows(load_image(WAYS[way](path)), PHANTOM)
    assert explain(WAYS[way](path)).volumes[0].shape == PHANTOM.shape


@pytest.mark.parametrize("buffering", [-1, 0])
@pytest.mark.parametrize("name", ["scan.dcm", "scan.nii", "scan.nii.gz"])
def test_an_open_file(tmp_path, name, buffering):
    path = tmp_path / name
    write_enhanced(path) if name.endswith("dcm") else write_nifti(path)
    with path.open("rb", buffering=buffering) as file:
        assert_shows(load_image(file), PHANTOM)
        assert not file.closed, "it belongs to the caller"


def test_an_open_file_is_read_from_where_it_stands(tmp_path):
    content = write_enhanced(tmp_path / "scan.dcm").read_bytes()
    file = io.BytesIO(b"something before" + content)
    file.seek(16)
    assert_shows(load_image(file), PHANTOM)


def test_an_open_file_names_itself_in_errors(tmp_path):
    path = slice_file(tmp_path / "scan.dcm")
    cut(path, -20)
    with path.open("rb") as file, pytest.raises(CorruptFileError, match=r"scan\.dcm"):
        load_image(file)
    with pytest.raises(CorruptFileError):
        load_image(path.read_bytes())


def test_an_open_text_file_is_refused(tmp_path):
    path = write_nifti(tmp_path / "scan.nii")
    with path.open("r", encoding="latin-1") as file, pytest.raises(OptionError, match='"rb"'):
        load_image(file)


@pytest.mark.parametrize("content", [b"", b"\0", b"not an image", bytes(5000)])
def test_bytes_of_something_else(content):
    for given in (content, io.BytesIO(content)):
        with refused_at_last(UnsupportedFormatError if content else CorruptFileError):
            load_image(given)


def test_phases_of_bytes(tmp_path):
    planes = [plane for t in range(3) for plane in planes_of(phase_phantom(t), temporal=t + 1)]
    content = write_enhanced(tmp_path / "scan.dcm", planes).read_bytes()
    phases = get_dicom_phases(content)
    assert [phase.num_slices for phase in phases] == [PHANTOM.shape[2]] * 3
    for t, phase in enumerate(phases):
        assert_shows(load_image(content, dataset_index=t), phase_phantom(t))
        assert_shows(load_image(phase), phase_phantom(t))


# --- DICOMDIR ---


def medium(folder: Path, *files: Path) -> Path:
    """A medium with an index, written by pydicom; returns the index."""
    made = FileSet()
    for file in files:
        ds = pydicom.dcmread(file)
        for keyword, value in {"StudyID": "1", "SeriesNumber": 1, "PatientName": "A", "PatientID": "A"}.items():
            if keyword not in ds:
                setattr(ds, keyword, value)
        made.add(ds)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # pydicom leaves its temporary folder to the collector
        made.write(folder)
        del made
        gc.collect()
    return folder / "DICOMDIR"


def test_a_folder_with_an_index_says_how_to_load_what_it_lists(tmp_path):
    """A CD: the index, and the files in folders below."""
    write_series(tmp_path / "series")
    index = medium(tmp_path / "cd", *sorted((tmp_path / "series").iterdir()))
    with pytest.raises(UnsupportedFormatError, match=r"DICOMDIR.*pass the path of the index, or recursive=True"):
        load_image(index.parent)
    assert load_image(index.parent, recursive=True).grid == load_image(index).grid


@pytest.fixture(scope="module")
def first_medium(tmp_path_factory) -> Path:
    """The index of a medium, which pydicom takes half a second to write; tests use copies."""
    folder = tmp_path_factory.mktemp("medium")
    return medium(folder / "disc", *write_series(folder / "series"))


@pytest.fixture
def index(tmp_path, first_medium) -> Path:
    shutil.copytree(first_medium.parent, tmp_path / "disc")
    shutil.copytree(first_medium.parents[1] / "series", tmp_path / "series")
    return tmp_path / "disc" / first_medium.name


def test_an_index_stands_for_its_files(index):
    image = load_image(index)
    assert_shows(image, PHANTOM)
    assert explain(index).volumes[0].shape == PHANTOM.shape
    assert len(get_dicom_phases(index)[0].file_paths) == PHANTOM.shape[2]


def test_an_index_of_another_name(index):
    other = index.rename(index.with_name("index.dcm"))
    assert_shows(load_image(other), PHANTOM)


def test_only_what_the_index_lists_is_loaded(index, tmp_path):
    slice_file(index.parent / "stray.dcm", 0, PHANTOM.with_array(PHANTOM.array + 7), series="stray")
    assert_shows(load_image(index), PHANTOM)


def test_an_index_of_several_series(tmp_path):
    files = write_series(tmp_path / "a", series="a")
    files += write_series(tmp_path / "b", PHANTOM.with_array(PHANTOM.array + 500), series="b")
    index = medium(tmp_path / "disc", *files)
    with pytest.raises(AmbiguousSeriesError, match="series_uid"):
        load_image(index)
    assert_shows(load_image(index, series_uid=uid("b")), PHANTOM.with_array(PHANTOM.array + 500))
    assert {volume.series_uid for volume in explain(index).volumes} == {uid("a"), uid("b")}


def test_an_index_of_phases(tmp_path):
    files = write_phases(tmp_path / "series", PATTERNS["echo"].touches)
    index = medium(tmp_path / "disc", *files.values())
    assert [phase.label for phase in get_dicom_phases(index)] == PATTERNS["echo"].words
    for t in range(3):
        assert_shows(load_image(index, dataset_index=t), phase_phantom(t))


def test_a_medium_copied_in_lower_case(index):
    """As some systems mount it."""
    for path in sorted(index.parent.rglob("*"), key=lambda path: -len(path.parts)):
        if path != index:
            path.rename(path.with_name(path.name.lower()))
    assert_shows(load_image(index), PHANTOM)


def test_the_folder_of_a_medium(index):
    assert_shows(load_image(index.parent, recursive=True), PHANTOM)


def test_a_file_that_is_listed_and_not_there(index):
    gone = next(path for path in index.parent.rglob("*") if path.is_file() and path != index)
    gone.unlink()
    with pytest.raises(MissingPathError, match=gone.name):
        load_image(index)


def records(ds) -> list:
    return [record for record in ds.DirectoryRecordSequence if "ReferencedFileID" in record]


@pytest.mark.parametrize(
    "place",
    [["..", "series", "000.dcm"], ["/etc", "passwd"], ["/etc/passwd"], ["A", "..", "..", "x"], ["../series/000.dcm"]],
)
def test_an_index_that_points_outside(index, place):
    with pydicom.config.disable_value_validation():
        ds = pydicom.dcmread(index)
        records(ds)[0].ReferencedFileID = place
        ds.save_as(index)
    with pytest.raises(CorruptFileError, match="outside"):
        load_image(index)


def test_an_index_that_lists_nothing(index):
    ds = pydicom.dcmread(index)
    ds.DirectoryRecordSequence = []
    ds.save_as(index)
    with pytest.raises(PictologicsError, match="DICOMDIR"):
        load_image(index)


@pytest.mark.parametrize("tenths", range(1, 10, 2))
def test_a_cut_index(index, tenths):
    """What is left of it may list some of the files, and is refused or gives no volume with a hole in silence."""
    cut(index, index.stat().st_size * tenths // 10)
    with refused_at_last(PictologicsError):
        load_image(index)


def test_an_index_that_lists_a_file_very_often_reads_it_once(index):
    ds = pydicom.dcmread(index)
    for record in records(ds):
        record.ReferencedFileID = records(ds)[0].ReferencedFileID
    ds.DirectoryRecordSequence.extend(records(ds)[:1] * 3000)
    ds.save_as(index)
    listed = list_dicomdir_files(index)
    assert len(listed) == 1
    assert load_image(index).array.shape[2] == 1


def test_an_index_that_lists_itself(index):
    ds = pydicom.dcmread(index)
    records(ds)[0].ReferencedFileID = ["DICOMDIR"]
    ds.save_as(index)
    with ends_at_last(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            image = load_image(index)
        except PictologicsError:
            return
    assert image.array.shape[2] == PHANTOM.shape[2] - 1, "the index is no slice"


def test_a_real_medium(tmp_path):
    """Of pydicom's wheel: several patients, each series of it can be loaded by its UID or says why not."""
    index = Path(get_testdata_file("DICOMDIR"))
    expected = {
        record.SeriesInstanceUID
        for record in pydicom.dcmread(index).DirectoryRecordSequence
        if record.DirectoryRecordType == "SERIES"
    }
    volumes = explain(index).volumes
    assert {volume.series_uid for volume in volumes} == expected
    with pytest.raises(AmbiguousSeriesError):
        load_image(index)
    loaded = [volume for volume in volumes if volume.loads]
    assert loaded
    for volume in loaded:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # localizers and single slices
            image = load_image(index, **{"series_uid": volume.series_uid, **dict(volume.options)})
        assert image.metadata["series_instance_uid"] == volume.series_uid
        assert volume.shape in (None, image.array.shape)


def test_an_index_in_bytes_says_that_its_folder_is_needed(index):
    """Bytes stand nowhere, so the files of an index cannot be found from them."""
    with pytest.raises(PictologicsError):
        load_image(index.read_bytes())


def test_a_zipped_medium(index, tmp_path):
    """An index in an archive adds nothing: the files are there."""
    path = Path(shutil.make_archive(str(tmp_path / "disc"), "zip", index.parent))
    image = load_image(path)
    assert_shows(image, PHANTOM)
    np.testing.assert_array_equal(load_image(path.read_bytes()).array, image.array)


def test_the_call_for_bytes_names_no_path(tmp_path):
    content = write_nifti(tmp_path / "scan.nii").read_bytes()
    explanation = explain(content)
    assert explanation.volumes[0].call(explanation.path) == "load_image(content)"
