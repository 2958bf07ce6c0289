"""What PET headers keep for uptake values is what pydicom reads from the same files."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from pictologics import CorruptFileError, load_image
from pictologics.dicom.headers import tags
from pictologics.dicom.headers.header_reading import read_header
from pictologics.dicom.headers.sequence_parser import read_items
from pictologics.dicom.suv.pet_facts import PetFacts, read_header_facts
from tests.factories.dicom_series import UNCOMPRESSED, add_undefined_length_sequences
from tests.factories.enhanced import item, planes_of, write_enhanced
from tests.factories.pet import DOSE, HALF_LIFE, SCAN, moment_of, pet, without, write_pet
from tests.factories.phantom import PHANTOM

pytestmark = pytest.mark.usefixtures("no_handle_left")


def add_vendors(ds, k):
    """What GE and Philips write, each behind a block of somebody else."""
    for group, creator, values in (
        (0x0009, "GEMS_PETD_01", {0x0D: ("DT", moment_of(SCAN))}),
        (0x7053, "Philips PET Private Group", {0x00: ("DS", "0.000551"), 0x09: ("DS", "1.75")}),
    ):
        for block, name in ((0x10, "SOMEBODY ELSE"), (0x2F, creator)):
            ds.add_new(group << 16 | block, "LO", name)
            for element, (vr, value) in values.items():
                ds.add_new(group << 16 | block << 8 | element, vr, value if name == creator else "19990101")
    ds.TimezoneOffsetFromUTC, ds.ActualFrameDuration, ds.FrameReferenceTime = "+0130", "180000", "90000"


def leave_lengths_open(ds, k):
    """The radiopharmaceutical as a sequence of undefined length, with another inside it."""
    add_undefined_length_sequences(ds, k)
    element = ds["RadiopharmaceuticalInformationSequence"]
    element.is_undefined_length = True
    element.value[0].is_undefined_length_sequence_item = True
    element.value[0].RadionuclideCodeSequence = [item(CodeValue="C-111A1", CodingSchemeDesignator="SRT")]
    element.value[0]["RadionuclideCodeSequence"].is_undefined_length = True


def add_long_value(ds, k):
    """Somebody else's value, longer than any that is kept, where that of GE may be."""
    ds.add_new(0x00090030, "LO", "SOMEBODY ELSE")
    ds.add_new(0x0009300D, "OB", bytes(70_000))


def add_open_sequence(ds, k):
    """Somebody else's sequence of undefined length, where that of Philips may be."""
    ds.add_new(0x70530030, "LO", "SOMEBODY ELSE")
    ds.add_new(0x70533000, "SQ", [item(PatientWeight="1")])
    ds[0x70533000].is_undefined_length = True


def read_both(path: Path) -> tuple[PetFacts, PetFacts, bool]:
    """The facts from the header and those through pydicom, and whether the header has them."""
    header = read_header(path)
    keeps, found = header.keeps_pet, read_header_facts(header)
    header.keeps_pet = False
    return found, read_header_facts(header), keeps


FILES = {
    "plain": (),
    "vendors": (add_vendors,),
    "open lengths": (add_vendors, leave_lengths_open),
    "no tracer": (without("RadiopharmaceuticalInformationSequence"),),
    "no tracer in the sequence": (lambda ds, k: setattr(ds, "RadiopharmaceuticalInformationSequence", []),),
}


@pytest.mark.parametrize("syntax", UNCOMPRESSED.values(), ids=UNCOMPRESSED)
@pytest.mark.parametrize("case", FILES)
def test_headers_say_what_pydicom_says(tmp_path, case, syntax):
    for path in write_pet(tmp_path / "pet", pet(), *FILES[case], syntax=syntax):
        ours, truth, keeps = read_both(path)
        assert keeps
        assert ours == truth
        assert ours.weight
        assert (ours.private_scan is not None) == (add_vendors in FILES[case])
        assert (ours.suv_factor, ours.activity_factor) == ((0.000551, 1.75) if ours.private_scan else (None, None))


@pytest.mark.parametrize("syntax", ["explicit", "implicit"])
@pytest.mark.parametrize("change", [add_long_value, add_open_sequence])
def test_what_is_not_kept_is_left_to_pydicom(tmp_path, change, syntax):
    files = write_pet(tmp_path / "pet", pet(), add_vendors, change, syntax=UNCOMPRESSED[syntax])
    ours, truth, keeps = read_both(files[0])
    assert not keeps
    assert ours == truth
    assert ours.suv_factor == 0.000551
    assert load_image(tmp_path / "pet", suv="bw").shape == PHANTOM.shape


@pytest.mark.parametrize("change", [lambda ds: delattr(ds.file_meta, "MediaStorageSOPClassUID"), None])
def test_files_that_are_not_called_pet_are_left_to_pydicom(tmp_path, change):
    """Some programs give PET the class of secondary captures, or no meta information worth the name."""
    write_pet(tmp_path / "pet", pet())
    write_pet(tmp_path / "other", pet())
    for path in (tmp_path / "other").iterdir():
        ds = pydicom.dcmread(path)
        if change is None:
            ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = pydicom.uid.SecondaryCaptureImageStorage
        else:
            change(ds)
        ds.save_as(path, enforce_file_format=False)
        assert not read_header(path).keeps_pet
    ours, theirs = (load_image(tmp_path / name, suv="lbm") for name in ("pet", "other"))
    assert (ours.array == theirs.array).all()


def test_enhanced_headers_say_what_pydicom_says(tmp_path):
    def change(ds):
        ds.PatientWeight, ds.PatientSex = "70", "M"
        ds.DecayCorrected = ds.AttenuationCorrected = "YES"
        ds.DecayCorrectionDateTime = moment_of(SCAN) + "+0100"
        tracer = item(RadionuclideTotalDose=370.0, RadionuclideHalfLife=HALF_LIFE)
        ds.RadiopharmaceuticalInformationSequence = [tracer]

    ours, truth, keeps = read_both(write_enhanced(tmp_path / "pet.dcm", planes_of(PHANTOM), change, kind="PET"))
    assert keeps
    assert ours == truth
    assert (ours.dose, ours.corrected) == (370e6, {"ATTN", "DECY"})
    assert ours.corrected_to is not None


def test_a_sequence_that_only_pydicom_follows_is_left_to_it(tmp_path):
    files = write_pet(tmp_path / "pet", pet())
    content = files[0].read_bytes()
    start = content.index(b"\x54\x00\x16\x00SQ") + 12
    files[0].write_bytes(content[:start] + b"\x12\x34" + content[start + 2 :])
    with pytest.raises(CorruptFileError, match="cannot be parsed"):
        read_items(read_header(files[0]), tags.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE)
    ours, truth, _ = read_both(files[0])
    assert ours == truth
    assert ours.dose == DOSE
