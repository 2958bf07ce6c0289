"""Cases out of the tables of a cohort whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pydicom
import pytest

from pictologics import Image, OptionError, load_image, save_image
from pictologics.cli.demo_anatomy import ORGAN_NAMES
from pictologics.cohort import Case, Selection, check, index
from pictologics.cohort.cases.case_names import name_cases, number_alike
from pictologics.cohort.cases.choosing import choose_cases
from pictologics.cohort.cases.input_files import look_at_files
from pictologics.cohort.cases.memory import estimate_memory
from pictologics.cohort.running.case_work import describe_inputs, work_on_case
from tests.factories.dicom_series import uid, write_series
from tests.factories.file_servers import serve_folder
from tests.factories.multiframe import AXIAL, write_dose
from tests.factories.phantom import PHANTOM
from tests.factories.run_cases import make_cases, make_run_rules
from tests.factories.segmentations import frames_of, write_seg


def choose(cohort, **options):
    return {next(iter(case.images.values())).series_key: case for case in choose_cases(cohort, Selection(**options))}


def test_every_ct_is_a_case_with_the_masks_that_belong_to_it(demo_cohort, demo_index):
    found = choose(demo_index, images={"ct": "modality = 'CT' AND format = 'DICOM'"})
    assert set(found) == {*(patient.ct.uid for patient in demo_cohort.patients), demo_cohort.broken.uid}
    for patient in demo_cohort.patients:
        case = found[patient.ct.uid]
        assert {mask.series_key for mask in case.masks} == {
            part.uid for part in (patient.seg, patient.structures) if part
        }
        image = case.images["ct"]
        assert (image.shape, image.modality, image.patient_key) == (patient.grid.shape, "CT", patient.patient_id)
        if patient.ct.files[0].suffix != ".zip" and patient.ct.files[0].exists():
            # A file that is there twice is loaded once.
            assert len(image.files) == len(patient.ct.files)
    assert len({case.case_id for case in found.values()}) == len(found)


def test_conditions_narrow_images_and_masks(demo_cohort, demo_index):
    first = demo_cohort.patients[0]
    found = choose(
        demo_index, images={"ct": "modality = 'CT'"}, where=f"patient_key = '{first.patient_id}'", masks="kind = 'SEG'"
    )
    assert [mask.series_key for mask in found[first.ct.uid].masks] == [first.seg.uid]
    assert all(not case.masks for case in choose(demo_index, images={"ct": "modality = 'CT'"}, masks=None).values())
    assert choose(demo_index, images={"ct": "modality = 'XX'"}) == {}
    for wrong in ("modality == ", "nonsense = 3", "modality = 'SEG') OR (true"):
        with pytest.raises(OptionError):
            choose_cases(demo_index, wrong)
    with pytest.raises(OptionError, match="no image"):
        Selection(images={})
    with pytest.raises(OptionError, match="the name of an image"):
        Selection(images={"a b": "true"})


def test_a_dose_is_no_mask_whatever_the_condition(tmp_path):
    export = tmp_path / "export"
    first = pydicom.dcmread(write_series(export / "ct")[0])

    def put_into_study(dose):
        dose.StudyInstanceUID, dose.PatientID = first.StudyInstanceUID, first.get("PatientID", "")
        dose.FrameOfReferenceUID = first.FrameOfReferenceUID

    write_dose(export / "dose.dcm", AXIAL, put_into_study)
    cohort = index(export, tmp_path / "cohort", identifiers=True, workers=1)
    assert cohort.sql("SELECT kind, image_key IS NOT NULL FROM links JOIN series USING (series_key)").fetchall() == [
        ("dose", True)
    ]
    for condition in ("true", "kind = 'dose'", "kind <> 'image'"):
        (case,) = choose_cases(cohort, Selection({"ct": "modality = 'CT'"}, masks=condition))
        assert case.masks == ()


def test_a_pet_joins_its_ct_and_a_ct_without_one_makes_no_case(demo_cohort, demo_index):
    images = {"ct": "modality = 'CT' AND verdict = 'regular'", "pet": "modality = 'PT'"}
    found = choose(demo_index, images=images)
    with_pet = [patient for patient in demo_cohort.patients if patient.pet is not None]
    assert {key: case.images["pet"].series_key for key, case in found.items() if not case.problem} == {
        patient.ct.uid: patient.pet.uid for patient in with_pet
    }
    # Two series that could be meant are no choice of ours.
    images = {"pet": "modality = 'PT'", "other": "kind = 'image' AND format = 'DICOM'"}
    other = choose(demo_index, images=images, where=f"patient_key = '{demo_cohort.patients[1].patient_id}'")
    assert all("series could be its image 'other'" in case.problem for case in other.values())


def test_a_chosen_case_loads_to_the_truth(demo_cohort, demo_index, tmp_path):
    patient = next(p for p in demo_cohort.patients if p.pet is not None and p.seg is not None)
    images = {"ct": "modality = 'CT' AND verdict = 'regular'", "pet": "modality = 'PT'"}
    case = choose(demo_index, images=images, masks="kind = 'SEG'")[patient.ct.uid]
    row = work_on_case(case, "", make_run_rules(tmp_path, suv="bw")).row
    assert (row.status, row.error_text) == ("done", "")
    assert (row.geometry.shape, row.labels) == (patient.grid.shape, dict(ORGAN_NAMES))
    mask = load_image(tmp_path / case.case_id / "mask.nii.gz")
    np.testing.assert_array_equal(mask.array, patient.organs)
    pet = load_image(tmp_path / case.case_id / "pet.nii.gz")
    assert pet.grid.corner_error(patient.grid) < 1e-3
    assert pet.metadata["units"] == "g/ml{SUVbw}"
    assert row.inputs[0].facts["modality"] == "CT"
    # What is estimated from the index is what it takes at most.
    assert row.peak_bytes < estimate_memory(case) + (1 << 30)


def test_an_archive_and_a_nifti_file_make_cases_too(demo_cohort, demo_index, tmp_path):
    packed = demo_cohort.patients[3]
    case = choose(demo_index, images={"ct": "modality = 'CT'"})[packed.ct.uid]
    assert case.images["ct"].files == (str(demo_cohort.archive),)
    assert work_on_case(case, "", make_run_rules(tmp_path / "a")).row.geometry.shape == packed.grid.shape
    (case,) = choose(demo_index, images={"scan": "format = 'NIfTI'"}).values()
    assert (case.images["scan"].files, len(case.masks)) == ((str(demo_cohort.nifti),), 1)
    assert len(work_on_case(case, "", make_run_rules(tmp_path / "n")).row.labels) == len(ORGAN_NAMES)


def test_pseudonyms_choose_the_same_cases(demo_cohort, tmp_path):
    cohort = index(demo_cohort.root, tmp_path / "cohort", workers=1)
    cases = choose_cases(cohort, "modality = 'CT' AND format = 'DICOM'")
    assert len(cases) == len(demo_cohort.patients) + 1
    assert all(case.case_id.startswith("P-") and len(case.case_id) < 45 for case in cases)
    texts = repr([case.case_id for case in cases])
    assert not any(patient.patient_id in texts or patient.ct.uid in texts for patient in demo_cohort.patients)


def test_names_are_unique_short_and_safe():
    rows = [
        {"patient_key": "P-ABCDEFGH", "study_key": "T-ABCDEFGHI", "series_key": f"S-ABCDEFG{letter}"} for letter in "AB"
    ]
    rows.append({"patient_key": None, "study_key": None, "series_key": "folder/a b:c.nii"})
    rows.append({"patient_key": "../evil name", "study_key": "1.2.840.1", "series_key": "1.2.840.2"})
    names = name_cases(rows)
    assert len({name.casefold() for name in names}) == 4
    assert all(name == name.strip(".") and "/" not in name and " " not in name for name in names)
    assert number_alike(["seg", "rtstruct", "seg"]) == ["seg1", "rtstruct", "seg2"]
    for wrong in ("", ".hidden", "a.", "a/b", "a b", "x" * 200, "CON", "com1.ct"):
        with pytest.raises(OptionError, match="case_id"):
            Case.from_files(wrong, {"ct": "x.nii"})
    with pytest.raises(OptionError, match="no image"):
        Case.from_files("a", {})


def test_memory_grows_with_images_masks_and_steps(tmp_path):
    case = make_cases(tmp_path, 1, shape=(64, 64, 64))[0]
    ct = replace(case.images["ct"], voxel_bytes=64**3 * 4, shape=(64, 64, 64))
    bare = Case("a", {"ct": ct})
    sizes = [
        estimate_memory(bare),
        estimate_memory(replace(bare, masks=case.masks)),
        estimate_memory(replace(bare, images={"ct": ct, "pet": replace(ct, name="pet")})),
        estimate_memory(bare, True),
    ]
    assert sizes[0] > 2 * 64**3 * 4
    assert all(size > sizes[0] for size in sizes[1:])
    # Without an index the files tell.
    assert estimate_memory(case) > 64**3 * 2


def test_a_change_of_any_file_shows(tmp_path):
    folder = tmp_path / "in"
    make_cases(folder, 2)
    before = look_at_files([str(folder)])
    assert before.bytes == sum(file.stat().st_size for file in folder.iterdir())
    assert look_at_files([str(folder)]) == before
    (folder / "image0.nii").write_bytes(b"other")
    after = look_at_files([str(folder)])
    assert after.fingerprint != before.fingerprint
    (folder / "below").mkdir()
    (folder / "below" / "more").write_bytes(b"x")
    assert look_at_files([str(folder)]) == after
    assert look_at_files([str(folder)], recursive=True).fingerprint != after.fingerprint
    assert look_at_files(["gone"]).bytes == 0


def test_every_chunk_of_an_image_counts(tmp_path):
    save_image(Image(np.zeros((300, 200, 80), np.float32), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), tmp_path / "a.ome.zarr")
    case = Case.from_files("case", {"ct": tmp_path / "a.ome.zarr"})
    before = look_at_files(case.images["ct"].files)
    chunk = max(
        (file for file in (tmp_path / "a.ome.zarr").rglob("*") if file.is_file()), key=lambda f: f.stat().st_size
    )
    chunk.write_bytes(chunk.read_bytes() + b"!")
    after = look_at_files(case.images["ct"].files)
    assert after.bytes == before.bytes + 1
    assert after.fingerprint != before.fingerprint


def test_a_url_is_asked_within_limits_and_its_signature_is_not_kept(tmp_path):
    (tmp_path / "a.nii").write_bytes(b"content")
    with serve_folder(tmp_path) as web:
        first, second = (look_at_files([f"{web.url}/a.nii?signature={name}"]) for name in ("one", "two"))
        assert first == second
        assert first.bytes == 7
        case = Case.from_files("case", {"ct": f"{web.url}/a.nii?signature=secret"})
        (described,) = describe_inputs(case)
        assert described.files == (f"{web.url}/a.nii",)
    assert look_at_files(["ftp://127.0.0.1:1/a.nii"]).bytes == 0


@pytest.mark.slow
def test_images_of_two_patients_are_never_joined_and_their_masks_are_noted(tmp_path):
    def of(patient, modality):
        def change(ds, k=0):
            ds.PatientID, ds.StudyInstanceUID, ds.FrameOfReferenceUID = patient, uid(patient), uid("one for all")
            ds.Modality = modality

        return change

    write_series(tmp_path / "in" / "ct", PHANTOM, of("A", "CT"), series="ct")
    write_series(tmp_path / "in" / "mr", PHANTOM, of("B", "MR"), series="mr")

    def name_ct(ds):
        of("B", "SEG")(ds)
        ds.SeriesInstanceUID, named = uid("seg"), pydicom.Dataset()
        named.SeriesInstanceUID, named.ReferencedInstanceSequence = uid("ct"), []
        ds.ReferencedSeriesSequence = [named]

    write_seg(tmp_path / "in" / "seg.dcm", frames_of({1: np.ones(PHANTOM.shape, np.uint8)}), name_ct)
    cohort = index(tmp_path / "in", tmp_path / "cohort", workers=1)
    assert choose(cohort, images={"ct": "modality = 'CT'", "mr": "modality = 'MR'"}) == {}
    (case,) = choose(cohort, images={"ct": "modality = 'CT'"}).values()
    assert case.notes == ("mask seg is of another patient than its image, which it names by its UID",)
    assert "its image is of another patient" in next(s for s in check(cohort).series if s.kind == "SEG").faults


def test_a_condition_may_end_with_a_comment(demo_cohort, demo_index):
    pets = choose(
        demo_index, images={"pet": "modality = 'PT' -- all of them"}, where="loads -- if told how", masks=None
    )
    assert set(pets) == {patient.pet.uid for patient in demo_cohort.patients if patient.pet}
