"""save_anonymized: nothing of the patient stays anywhere in the files, and what belongs together still does."""

from __future__ import annotations

import shutil
import sys
import warnings
from datetime import datetime

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from pictologics import (
    ContentWarning,
    CorruptFileError,
    Image,
    MissingPathError,
    OptionError,
    UnsupportedFormatError,
    load_image,
    load_rtstruct,
    load_seg,
    save_anonymized,
    save_rtstruct,
    save_seg,
)
from tests.factories.dicom_series import slice_file, uid, write_series
from tests.factories.file_servers import serve_folder
from tests.factories.pet import pet, write_pet
from tests.factories.phantom import OBLIQUE, Phantom
from tests.factories.validators import find_errors

dicomanonymizer = pytest.importorskip("dicomanonymizer.dicomfields_selector", reason="needs dicom-anonymizer")
pytest.importorskip("dicognito", reason="needs dicognito")

KEY = "correct horse battery staple"
VALUES = np.random.default_rng(11).integers(-1000, 2000, (7, 6, 5)).astype("int16")
PLACE = Phantom(VALUES, (0.75, 1.125, 2.5), (-61.25, 104.5, -733.75), OBLIQUE)
SECRET = "Geheimnis"


def fill_with_secrets(ds, k) -> None:
    """Texts in every corner: nested, private, of unknown meaning, in odd types, in dates that are none."""
    ds.PatientName, ds.PatientID = f"{SECRET}^Jane", f"{SECRET}-1"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge, ds.PatientWeight = "19491107", "F", "070Y", 71.5
    ds.StudyDescription = ds.SeriesDescription = ds.ImageComments = f"{SECRET} comes back"
    ds.InstitutionName, ds.InstitutionAddress, ds.StationName = SECRET, SECRET, SECRET
    ds.OperatorsName = ds.ReferringPhysicianName = ds.PhysiciansOfRecord = SECRET
    ds.AccessionNumber, ds.StudyID, ds.DeviceSerialNumber, ds.ProtocolName = SECRET, SECRET, SECRET, SECRET
    ds.OtherPatientIDs = [SECRET, f"{SECRET}2"]
    ds.AcquisitionDate, ds.AcquisitionTime, ds.InstanceCreationDate = "20200101", "121314.5", "00000000"
    request = Dataset()
    request.RequestedProcedureDescription, request.RequestedProcedureID = SECRET, SECRET
    request.add_new(0x00290010, "LO", SECRET)
    step = Dataset()
    step.ReferencedSOPClassUID, step.ReferencedSOPInstanceUID = "1.2.840.10008.3.1.2.3.3", uid("secret step")
    request.ReferencedStudySequence = [step]
    ds.RequestAttributesSequence = [request]
    ds.add_new(0x00290010, "LO", SECRET)
    ds.add_new(0x00291010, "LT", SECRET)
    ds.add_new(0x00080009, "LO", SECRET)  # of no meaning in the standard
    ds.add_new(0x60000022, "LO", SECRET)  # the description of an overlay
    ds.add_new(0xFFFCFFFC, "OB", SECRET.encode() + b"\0")


@pytest.fixture
def export(tmp_path):
    """A CT with contours and a segmentation, as a hospital exports them; the folder of it all."""
    with warnings.catch_warnings():
        # What pydicom finds odd is meant to be odd.
        warnings.simplefilter("ignore")
        write_series(tmp_path / "all" / "ct", PLACE, fill_with_secrets)
    for file in (tmp_path / "all" / "ct").iterdir():
        content = file.read_bytes()
        file.write_bytes(SECRET.encode().ljust(128, b"\0") + content[128:])
    scan = load_image(tmp_path / "all" / "ct")
    mask = Image.from_grid((scan.array > 0).astype("u1"), scan.grid, labels={1: "bone"})
    save_rtstruct(mask, tmp_path / "all" / "ct", tmp_path / "all" / "contours.dcm")
    save_seg(mask, tmp_path / "all" / "ct", tmp_path / "all" / "seg.dcm")
    return tmp_path / "all"


def is_moment(element) -> bool:
    """Whether an attribute is a date or time, which are moved."""
    return element.VR in ("DA", "DT", "TM")


def kinds(files) -> dict[str, list]:
    found: dict[str, list] = {}
    for file in files:
        found.setdefault(pydicom.dcmread(file).Modality, []).append(file)
    return found


def test_nothing_of_the_patient_stays(export, tmp_path):
    saved = save_anonymized(export, tmp_path / "out", key=KEY)
    assert len(saved.files) == PLACE.shape[2] + 2
    assert sorted(saved.files) == sorted(path for path in (tmp_path / "out").rglob("*") if path.is_file())
    uids = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID")
    originals = {str(pydicom.dcmread(path)[keyword].value) for path in export.rglob("*.dcm") for keyword in uids}
    removed = set(dicomanonymizer.dicom_anonymization_database_selector("dicomfields_2024b")["X_TAGS"])
    for file in saved.files:
        content = file.read_bytes() + str(file.relative_to(tmp_path / "out")).encode()
        for secret in (SECRET, SECRET.upper(), "secret step", "19491107", "20200101", "071.5", "070Y", *originals):
            assert secret.encode() not in content, (file.name, secret)
        written = pydicom.dcmread(file)
        assert not removed & {(tag.group, tag.element) for tag in written.keys() if not is_moment(written[tag])}  # noqa: SIM118
        assert written.PatientIdentityRemoved == "YES"
        assert [code.CodeValue for code in written.DeidentificationMethodCodeSequence] == ["113100", "113107"]


def test_what_belongs_together_still_does(export, tmp_path):
    scan = load_image(export / "ct")
    mask = (scan.array > 0).astype("u1")
    found = kinds(save_anonymized(export, tmp_path / "out", key=KEY).files)
    again = load_image(found["CT"][0].parent)
    np.testing.assert_array_equal(again.array, scan.array)
    assert again.grid == scan.grid
    # The frame of reference is the same in all of them, or there would be a warning.
    np.testing.assert_array_equal(load_rtstruct(found["RTSTRUCT"][0], again).array, mask)
    np.testing.assert_array_equal(load_seg(found["SEG"][0], reference_image=again).array, mask)
    contours = pydicom.dcmread(found["RTSTRUCT"][0])
    named = {contour.ContourImageSequence[0].ReferencedSOPInstanceUID
             for contour in contours.ROIContourSequence[0].ContourSequence}  # fmt: skip
    assert named <= {pydicom.dcmread(file).SOPInstanceUID for file in found["CT"]}
    assert len({pydicom.dcmread(files[0]).StudyInstanceUID for files in found.values()}) == 1
    assert len({file.parts[-4:-2] for files in found.values() for file in files}) == 1


def test_a_key_gives_the_same_again_and_another_does_not(export, tmp_path):
    first = save_anonymized(export, tmp_path / "a", key=KEY).files
    single = save_anonymized(sorted((export / "ct").iterdir())[:1], tmp_path / "b", key=KEY).files
    assert single[0].relative_to(tmp_path / "b") in {file.relative_to(tmp_path / "a") for file in first}
    assert single[0].read_bytes() in {file.read_bytes() for file in first}
    others = [save_anonymized(export, tmp_path / name).files for name in ("c", "d")]
    names = [{file.name for file in files} for files in (first, *others)]
    assert not names[0] & names[1]
    assert not names[1] & names[2]


def test_dates_and_times_keep_what_lies_between_them(tmp_path):
    write_pet(tmp_path / "pet", pet(minutes=75.0, dated=False))
    before = pydicom.dcmread(tmp_path / "pet" / "000.dcm")
    saved = save_anonymized(tmp_path / "pet", tmp_path / "out", key=KEY)
    after = next(ds for ds in map(pydicom.dcmread, saved.files) if ds.InstanceNumber == before.InstanceNumber)

    def moment(ds, name):
        return datetime.strptime(ds[f"{name}Date"].value + ds[f"{name}Time"].value.split(".")[0], "%Y%m%d%H%M%S")

    spans = {moment(before, name) - moment(after, name) for name in ("Series", "Acquisition")}
    assert len(spans) == 1
    assert spans.pop().days >= 0

    def since_injection(ds):
        injected = ds.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime
        start, end = (datetime.strptime(time.split(".")[0], "%H%M%S") for time in (injected, ds.SeriesTime))
        return (end - start).seconds

    assert since_injection(before) == since_injection(after) == 75 * 60
    with pytest.raises(OptionError, match="PatientWeight"):
        # The profile takes the weight, too.
        load_image(saved.files[0].parent, suv="bw")


def test_it_passes_a_validator(export, tmp_path):
    found = kinds(save_anonymized(export, tmp_path / "out", key=KEY).files)
    for modality in ("RTSTRUCT", "SEG"):
        assert find_errors(found[modality][0]) == []


def test_what_is_left_out_is_told(export, tmp_path):
    (export / "notes.txt").write_text(SECRET)
    shutil.copy(sorted((export / "ct").iterdir())[0], export / "again.dcm")

    def write_report(ds, k):
        line = Dataset()
        line.TextValue = SECRET
        ds.ContentSequence = [line]

    slice_file(export / "report.dcm", 0, PLACE, write_report)
    slice_file(export / "burned.dcm", 0, PLACE, lambda ds, k: setattr(ds, "BurnedInAnnotation", "YES"), series="burned")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        saved = save_anonymized(export, tmp_path / "out", key=KEY)
    assert sorted(saved.left_out.values()) == [1, 1, 1]
    told = " ".join(str(warning.message) for warning in caught)
    for text in (
        "1 files that are no DICOM",
        "1 copies of files",
        "1 reports, documents",
        "1 files say that annotations",
    ):
        assert text in told
    assert {warning.category for warning in caught} == {ContentWarning}
    assert not any(SECRET.encode() in file.read_bytes() for file in saved.files)


def test_what_cannot_be_written(export, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(OptionError, match="key has fewer than 16 characters"):
        save_anonymized(export, out, key="short")
    with pytest.raises(MissingPathError):
        save_anonymized(tmp_path / "nowhere", out, key=KEY)
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "notes.txt").write_text("mine")
    with pytest.raises(UnsupportedFormatError, match="found 1 files that are no DICOM"):
        save_anonymized(tmp_path / "text", out, key=KEY)
    with pytest.raises(OptionError, match="something else is there"):
        save_anonymized(export, tmp_path / "text", key=KEY)
    for holds_originals in (export, export / "ct"):
        with pytest.raises(OptionError, match="to be copied lie in this folder; choose another folder"):
            save_anonymized(export, holds_originals, key=KEY)
    for no_path in (None, Image(np.ones((2, 2, 2)), (1, 1, 1), (0, 0, 0))):
        with pytest.raises(OptionError, match=f"source holds {type(no_path).__name__} and must be paths"):
            save_anonymized(no_path, out, key=KEY)
    cut = sorted((export / "ct").iterdir())[2]
    cut.write_bytes(cut.read_bytes()[:-100])
    with pytest.raises(CorruptFileError, match=cut.name):
        save_anonymized(export, out, key=KEY)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all", "text"]


def test_files_behind_a_url_are_copied_too(export, tmp_path):
    with serve_folder(export) as server:
        saved = save_anonymized(f"{server.url}/", tmp_path / "out", key=KEY)
    same = save_anonymized(export, tmp_path / "same", key=KEY)
    assert {file.relative_to(tmp_path / "out") for file in saved.files} == {
        file.relative_to(tmp_path / "same") for file in same.files
    }


def test_without_the_libraries_the_error_says_how_to_install_them(export, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "dicognito.anonymizer", None)
    with pytest.raises(OptionError, match="pip install dicognito dicom-anonymizer"):
        save_anonymized(export, tmp_path / "out")


def test_uids_that_only_begin_like_those_of_the_standard_are_replaced(export, tmp_path):
    paths = sorted((export / "ct").iterdir())[:2]
    for file, given in zip(paths, ("1.2.840.10008./../../../escaped", "1.2.840.10008.19491107"), strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(file)
            dataset.StudyInstanceUID = given
            dataset.save_as(file)
    saved = save_anonymized(paths, tmp_path / "out", key=KEY)
    for file in saved.files:
        assert file.resolve().is_relative_to((tmp_path / "out").resolve())
        assert len(file.relative_to(tmp_path / "out").parts) == 4
        assert b"1.2.840.10008.19491107" not in file.read_bytes()
        assert pydicom.dcmread(file).SOPClassUID == "1.2.840.10008.5.1.4.1.1.2"
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.parametrize("is_implicit", [True, False])
def test_files_without_meta_information_are_written_with_it(export, tmp_path, is_implicit):
    file = min((export / "ct").iterdir())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(file)
        del dataset.file_meta
        del dataset.preamble
        dataset.save_as(file, implicit_vr=is_implicit, little_endian=True)
    (saved,) = save_anonymized([file], tmp_path / "out", key=KEY).files
    np.testing.assert_array_equal(load_image(saved).array, load_image(file).array)
    assert saved.read_bytes()[128:132] == b"DICM"


def test_what_is_no_path_is_refused(tmp_path):
    for given in (5, [5]):
        with pytest.raises(OptionError, match="must be paths"):
            save_anonymized(given, tmp_path / "out")
    assert not (tmp_path / "out").exists()
