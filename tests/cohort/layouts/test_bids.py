from __future__ import annotations

import csv
import json
import zipfile

import numpy as np
import pydicom
import pytest

from pictologics import load_image
from pictologics.cohort.cases.case import Case, SeriesChoice
from pictologics.cohort.layouts.bids import BidsLayout
from pictologics.cohort.layouts.bids_names import make_bids_label
from pictologics.cohort.layouts.planning import plan_outputs
from pictologics.cohort.layouts.protocol import OutputFile
from pictologics.cohort.running.run_folder import RunFolder
from pictologics.errors import OptionError
from tests.factories.dicom_series import write_series

from .cases import Row, make_case, make_image, make_mask, make_rows

SERIES, STUDY, PATIENT = (f"{kind}-{letter * 16}" for kind, letter in ("SA", "TD", "PG"))
"""Pseudonyms as a cohort has them."""


def write_mr(folder, **values):
    """A series whose files say how it was made."""
    write_series(folder)
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.Modality = "MR"
        for keyword, value in values.items():
            setattr(dataset, keyword, value)
        dataset.save_as(path)
    return folder


MR_FACTS = {
    "Manufacturer": "SIEMENS",
    "ManufacturerModelName": "Prisma",
    "PatientName": "Doe^Jane",
    "SeriesDescription": "t1 of Jane",
    "DeviceSerialNumber": "4711",
    "ScanningSequence": ["GR", "IR"],
    "RepetitionTime": "2300",
    "EchoTime": "2.98",
    "InversionTime": "900",
    "FlipAngle": "9",
    "MagneticFieldStrength": "3",
    "PixelBandwidth": "240",
}


def write_one(root, case, images, masks=None):
    layout, folder = BidsLayout(), RunFolder(str(root))
    planned = plan_outputs(layout, [case])
    rows = make_rows(layout, folder, [(case, images, masks or {})])
    assert {file.path for file in rows[0].outputs} == {file.path for file in planned[0].files}
    layout.finish(folder, rows)
    return layout, folder, rows


def test_an_image_of_mr_has_the_names_and_units_of_bids(tmp_path):
    source = write_mr(tmp_path / "dicom", **MR_FACTS)
    image = load_image(source)
    choice = SeriesChoice("T1w", SERIES, (str(source),), study_key=STUDY, patient_key=PATIENT, modality="MR")
    write_one(tmp_path / "out", Case("a", {"T1w": choice}), {"T1w": image})
    stem = (
        tmp_path / f"out/sub-{PATIENT[2:]}/ses-{STUDY[2:]}/anat/sub-{PATIENT[2:]}_ses-{STUDY[2:]}_acq-{SERIES[2:]}_T1w"
    )
    assert load_image(f"{stem}.nii.gz").equals(image)
    facts = json.loads(stem.with_suffix(".json").read_text())
    assert facts.pop("ConversionSoftwareVersion")
    thickness = facts.pop("SliceThickness", None)
    assert thickness is None or thickness > 0
    assert {name: value for name, value in facts.items() if name in MR_FACTS or not name.startswith("X")} == {
        "Modality": "MR",
        "Manufacturer": "SIEMENS",
        "ManufacturersModelName": "Prisma",
        "ScanningSequence": ["GR", "IR"],
        "RepetitionTime": 2.3,
        "EchoTime": 0.00298,
        "InversionTime": 0.9,
        "FlipAngle": 9.0,
        "MagneticFieldStrength": 3.0,
        "PixelBandwidth": 240.0,
        "ConversionSoftware": "pictologics",
    }


def test_nothing_that_was_typed_about_a_patient_is_written(tmp_path):
    source = write_mr(tmp_path / "dicom", **MR_FACTS)
    choice = SeriesChoice("T1w", SERIES, (str(source),), patient_key=PATIENT, modality="MR")
    image = load_image(source)
    write_one(tmp_path / "out", Case("a", {"T1w": choice}), {"T1w": image})
    texts = [
        path.read_text()
        for path in (tmp_path / "out").rglob("*")
        if path.suffix in {".json", ".tsv", ""} and path.is_file()
    ]
    assert not any(word in text for text in texts for word in ("Jane", "4711"))


def test_sidecars_come_from_archives_too(tmp_path):
    source = write_mr(tmp_path / "dicom", **MR_FACTS)
    archive = tmp_path / "scan.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in source.iterdir():
            packed.write(path, path.name)
    choice = SeriesChoice("T1w", SERIES, (str(archive),), patient_key=PATIENT, modality="MR")
    write_one(tmp_path / "out", Case("a", {"T1w": choice}), {"T1w": load_image(archive)})
    (sidecar,) = (tmp_path / "out").glob("sub-*/anat/*.json")
    assert json.loads(sidecar.read_text())["RepetitionTime"] == 2.3


def test_values_that_make_no_sense_are_left_out(tmp_path):
    source = write_mr(tmp_path / "dicom", **{**MR_FACTS, "RepetitionTime": None, "EchoTime": "1e999"})
    choice = SeriesChoice("T1w", SERIES, (str(source),), patient_key=PATIENT, modality="MR")
    write_one(tmp_path / "out", Case("a", {"T1w": choice}), {"T1w": load_image(source)})
    (sidecar,) = (tmp_path / "out").glob("sub-*/anat/*.json")
    assert not {"RepetitionTime", "EchoTime"} & set(json.loads(sidecar.read_text()))


def test_an_original_that_is_gone_costs_the_sidecar_and_not_the_image(tmp_path):
    source = write_mr(tmp_path / "dicom", **MR_FACTS)
    image = load_image(source)
    for path in source.iterdir():
        path.unlink()
    choice = SeriesChoice("T1w", SERIES, (str(source),), patient_key=PATIENT, modality="MR")
    write_one(tmp_path / "out", Case("a", {"T1w": choice}), {"T1w": image})
    (sidecar,) = (tmp_path / "out").glob("sub-*/anat/*.json")
    assert set(json.loads(sidecar.read_text())) == {"Modality", "ConversionSoftware", "ConversionSoftwareVersion"}


def test_the_tracer_of_pet_is_told(tmp_path):
    source = write_mr(tmp_path / "dicom", Units="BQML", ActualFrameDuration="180000", DecayCorrection="START")
    code = pydicom.Dataset()
    code.CodeMeaning = "^18^Fluorine"
    tracer = pydicom.Dataset()
    tracer.Radiopharmaceutical = "FDG"
    tracer.RadionuclideTotalDose = "250000000"
    tracer.RadionuclideCodeSequence = [code]
    for path in source.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.Modality = "PT"
        dataset.RadiopharmaceuticalInformationSequence = [tracer]
        dataset.save_as(path)
    image = load_image(source)
    image.modality, image.metadata = "PT", {"units": "BQML"}
    choice = SeriesChoice("pet", SERIES, (str(source),), patient_key=PATIENT, modality="PT")
    write_one(tmp_path / "out", Case("a", {"pet": choice}), {"pet": image})
    sidecar = f"out/sub-{PATIENT[2:]}/pet/sub-{PATIENT[2:]}_rec-{SERIES[2:]}_pet.json"
    facts = json.loads((tmp_path / sidecar).read_text())
    expected = {
        "Units": "Bq/mL",
        "TracerName": "FDG",
        "TracerRadionuclide": "F18",
        "InjectedRadioactivity": 250.0,
        "InjectedRadioactivityUnits": "MBq",
        "FrameDuration": [180.0],
        "ImageDecayCorrected": True,
    }
    assert {name: facts.get(name) for name in expected} == expected


def test_masks_are_derivatives_with_the_names_of_their_labels(tmp_path):
    mask = make_mask({1: "liver", 3: "left\tkidney"})
    case = make_case("a", ("ct",), ("seg", "rtstruct"), patient=PATIENT, study=STUDY)
    write_one(tmp_path, case, {"ct": make_image()}, {"seg": mask, "rtstruct": mask})
    subject, session, series = PATIENT[2:], STUDY[2:], make_bids_label(case.images["ct"].series_key)
    folder = tmp_path / f"derivatives/masks/sub-{subject}/ses-{session}/ct"
    stem = f"sub-{subject}_ses-{session}_acq-{series}_seg-seg_dseg"
    assert load_image(folder / f"{stem}.nii.gz").equals(mask)
    with (folder / f"{stem}.tsv").open(newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    assert rows == [
        {"index": "0", "name": "background"},
        {"index": "1", "name": "liver"},
        {"index": "3", "name": "left kidney"},
    ]
    reference = json.loads((folder / f"{stem}.json").read_text())["SpatialReference"]
    assert (tmp_path / reference.removeprefix("bids::")).is_file()
    described = json.loads((tmp_path / "derivatives/masks/dataset_description.json").read_text())
    assert described["DatasetType"] == "derivative"
    assert described["GeneratedBy"][0]["Name"] == "pictologics"


def test_the_data_set_lists_its_subjects_and_what_validators_pass_over(tmp_path):
    layout, folder = BidsLayout(dataset_name="Trial"), RunFolder(str(tmp_path))
    cases = [
        make_case("a", ("ct",), (), patient="B"),
        make_case("b", ("T1w",), (), patient="A", modality="MR"),
        make_case("c", ("late",), (), patient="A", study="T-2", modality="MR"),
    ]
    rows = make_rows(layout, folder, [(case, {next(iter(case.images)): make_image()}, {}) for case in cases])
    outputs = layout.finish(folder, rows)
    assert (tmp_path / "participants.tsv").read_text() == "participant_id\nsub-A\nsub-B\n"
    ignored = (tmp_path / ".bidsignore").read_text().splitlines()
    assert {"run.json", "manifest/", "ct", "mr"} <= set(ignored)
    assert not {"anat", "pet"} & set(ignored)
    assert json.loads((tmp_path / "dataset_description.json").read_text())["Name"] == "Trial"
    assert all((tmp_path / file.path).is_file() for file in outputs.files)
    before = {file.path: (tmp_path / file.path).read_bytes() for file in outputs.files}
    layout.finish(folder, rows)
    assert before == {file.path: (tmp_path / file.path).read_bytes() for file in outputs.files}


def test_what_another_layout_wrote_into_the_folder_is_no_subject(tmp_path):
    layout, folder = BidsLayout(), RunFolder(str(tmp_path))
    rows = [Row("flat", (OutputFile("case/ct.nii.gz", "image", "ct"),))]
    rows += make_rows(layout, folder, [(make_case("a", ("ct",), (), patient="A"), {"ct": make_image()}, {})])
    layout.finish(folder, rows)
    assert (tmp_path / "participants.tsv").read_text() == "participant_id\nsub-A\n"
    assert "case" not in (tmp_path / ".bidsignore").read_text().splitlines()


def test_a_case_made_by_hand_has_no_series_to_be_named_after():
    case = Case.from_files("case1", {"T1w": "brain.nii"}, {"lesion": "lesion.nii"})
    assert [file.path for file in BidsLayout().plan(case).files] == [
        "sub-case1/anat/sub-case1_T1w.nii.gz",
        "sub-case1/anat/sub-case1_T1w.json",
        *(f"derivatives/masks/sub-case1/anat/sub-case1_seg-lesion_dseg{end}" for end in (".nii.gz", ".json", ".tsv")),
    ]


def test_two_series_of_a_session_have_two_names():
    cases = [make_case("a", ("ct",), ()), make_case("b", ("ct",), ())]
    first, second = plan_outputs(BidsLayout(), cases)
    assert not {file.path for file in first.files} & {file.path for file in second.files}


@pytest.mark.parametrize(
    ("one", "other"), [("1.2.34", "1.23.4"), ("A-1 2", "A-12"), ("A-12", "B-12"), ("Müller", "Mller")]
)
def test_two_keys_have_two_labels(one, other):
    labels = {make_bids_label(one), make_bids_label(other)}
    assert len(labels) == 2
    assert all(label.isascii() and label.isalnum() for label in labels)


def test_other_files_than_nifti_are_refused():
    with pytest.raises(OptionError, match=r"BIDS has no files \.mha"):
        plan_outputs(BidsLayout(".mha"), [make_case()])


def test_every_name_that_is_not_ignored_is_one_of_bids(tmp_path):
    validator = pytest.importorskip("bids_validator", reason="the package bids-validator is not installed")
    layout, folder = BidsLayout(), RunFolder(str(tmp_path))
    cases = [
        make_case("a", ("T1w", "FLAIR"), ("seg",), patient="P-A", modality="MR"),
        make_case("b", ("pet",), ("seg",), patient="P-B", modality="PT"),
    ]
    content = [
        (case, {name: make_image(3, np.float32) for name in case.images}, {"seg": make_mask({1: "liver"})})
        for case in cases
    ]
    layout.finish(folder, make_rows(layout, folder, content))
    names = [f"/{path.relative_to(tmp_path).as_posix()}" for path in tmp_path.rglob("*") if path.is_file()]
    raw = [name for name in names if not name.startswith(("/derivatives", "/.bidsignore"))]
    assert len(raw) == 9
    assert [name for name in raw if not validator.BIDSValidator().is_bids(name)] == []
