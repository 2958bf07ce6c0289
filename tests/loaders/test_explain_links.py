"""explain over folders: what belongs together, of which study it is, and what lies below; as text and as tables."""

from __future__ import annotations

import csv
import io
import json
import shutil

import numpy as np
import pydicom
import pytest
from rich.console import Console

from pictologics import ContentWarning, explain, load_image, load_mask
from pictologics.cli.commands.explain import print_explanation
from tests.cli.program import succeed
from tests.factories.dicom_series import uid, write_series
from tests.factories.file_servers import serve_folder
from tests.factories.multiframe import write_dose
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM
from tests.factories.segmentations import frames_of, highdicom_seg, write_seg
from tests.factories.structure_sets import SQUARE, RoiTruth, on_plane, write_structures

MASK = np.zeros(PHANTOM.shape, np.uint8)
MASK[2:5, 2:5, 1:4] = 1


@pytest.fixture
def study(tmp_path):
    """A CT with a SEG that names it, contours and a dose of its frame of reference, and an MR of another frame."""
    folder = tmp_path / "study"
    highdicom_seg(folder, {1: MASK})
    (folder / "masks").mkdir()
    (folder / "seg.dcm").rename(folder / "masks" / "seg.dcm")

    def change(dataset, k=0):
        dataset.FrameOfReferenceUID, dataset.SeriesDescription = uid("other frame"), "T2 [axial]"

    write_series(folder / "mr", PHANTOM, change, series="mr", modality="MR")
    grid = load_image(folder / "ct").grid
    rois = [RoiTruth("GTV", [on_plane(grid, SQUARE / 4, 2)], 5)]

    def join(dataset):
        dataset.PatientID, dataset.FrameOfReferenceUID = "secret-id", uid("frame of reference")

    write_structures(folder / "masks" / "rs.dcm", rois, frame_uid=uid("frame of reference"), change=join)
    return folder


@pytest.mark.parametrize("uids", ["1.2.3.{}", ""])
def test_masks_of_series_that_were_united_or_have_no_name(tmp_path, uids):
    """The files of one stack, each in a series of its own, or in none that is named."""

    def rename(dataset, k):
        dataset.SeriesInstanceUID = uids.format(k)

    for folder, found in ((tmp_path / "all", None), (tmp_path / "other", "ct")):
        write_series(folder / (found or "."), PHANTOM, rename)
        write_seg(folder / "seg.dcm", frames_of({1: MASK}))
        told = explain(folder, recursive=found is not None, studies=True)
        (volume,) = told.volumes
        assert volume.series_uid == ("1.2.3.0+4" if uids else "")
        (link,) = told.links_of(volume)
        assert (link.kind, link.choices) == ("SEG", 1)
        assert not told.links_without_image
        assert [row["of"] for row in told.to_records()] == [None, 1]
        assert volume.folder == (str(folder / "ct") if found else "")
        assert volume.study is not None
        assert volume.study.study
        if uids and found:
            with pytest.warns(ContentWarning, match="5 values of SeriesInstanceUID and were taken as one series"):
                assert load_image(folder / found, series_uid=volume.series_uid).shape == PHANTOM.shape


def test_masks_are_told_with_their_series(study):
    found = explain(study)
    assert [volume.modality for volume in found.volumes] == ["CT", "MR"]
    ct = found.volumes[0]
    seg, contours = sorted(found.links_of(ct), key=lambda link: link.kind, reverse=True)
    assert (seg.kind, seg.how, seg.path) == ("SEG", "referenced series", str(study / "masks" / "seg.dcm"))
    assert (contours.kind, contours.how, contours.labels) == ("RTSTRUCT", "frame of reference", ((5, "GTV"),))
    assert not found.links_of(found.volumes[1])
    assert not found.links_without_image
    image = load_image(study / "ct")
    for link in found.links:
        mask = eval(link.call, {"load_mask": load_mask, "image": image})
        assert mask.grid == image.grid
        assert mask.array.any()


def test_a_dose_is_a_volume_and_is_told_with_its_series(tmp_path):
    write_series(tmp_path / "ct")

    def change(dataset):
        dataset.FrameOfReferenceUID, dataset.StudyInstanceUID = uid("frame of reference"), uid("study")

    write_dose(tmp_path / "dose.dcm", PHANTOM, change)
    found = explain(tmp_path, recursive=True)
    assert sorted(volume.modality for volume in found.volumes) == ["CT", "RTDOSE"]
    (link,) = found.links
    assert (link.kind, link.how) == ("dose", "frame of reference")
    assert [volume.modality for volume in found.volumes if found.links_of(volume)] == ["CT"]


def test_a_mask_without_its_series_is_told_at_the_end(study):
    for name in ("ct", "mr"):
        shutil.rmtree(study / name)
    found = explain(study)
    assert {link.kind for link in found.links_without_image} == {"SEG", "RTSTRUCT"}
    assert "of no series that is here" in str(found)


def test_a_damaged_mask_is_told_with_the_reason(study):
    path = study / "masks" / "seg.dcm"
    dataset = pydicom.dcmread(path)
    del dataset.SegmentSequence
    dataset.save_as(path)
    link = next(link for link in explain(study).links if link.kind == "SEG")
    assert link.notes
    assert link.call == "does not load"


def test_a_folder_of_folders_is_answered_with_what_lies_below(study):
    found = explain(study)
    assert {volume.folder for volume in found.volumes} == {str(study / "ct"), str(study / "mr")}
    assert found.default is None
    for volume in found.volumes:
        with pytest.warns(ContentWarning, match="load_seg loads them"):
            assert load_image(study, **dict(volume.options)).shape == PHANTOM.shape


def test_folders_behind_a_url_load_by_what_is_told_of_them(study):
    with serve_folder(study) as server:
        found = explain(f"{server.url}/", recursive=True)
        assert {volume.folder for volume in found.volumes} == {f"{server.url}/{name}/" for name in ("ct", "mr")}
        for volume in found.volumes:
            assert load_image(volume.folder).modality == volume.modality
        assert "in '" not in str(explain(f"{server.url}/ct/"))


def test_files_of_one_volume_each_are_described_one_by_one(tmp_path):
    (tmp_path / "set").mkdir()
    write_nifti(tmp_path / "set" / "a.nii.gz")
    write_nifti(tmp_path / "set" / "b.nii", array=np.stack([PHANTOM.array] * 2, axis=3))
    (tmp_path / "set" / "cut.nii").write_bytes((tmp_path / "set" / "b.nii").read_bytes()[:400])
    (tmp_path / "set" / "notes.txt").write_text("of no interest")
    for path in (tmp_path / "set", tmp_path):
        found = explain(path)
        assert [volume.loads for volume in found.volumes] == [True, True, True, False]
        for volume in found.volumes[:3]:
            assert eval(volume.call(found.path), {"load_image": load_image}).shape == PHANTOM.shape
        assert found.left_out == ("1 file of other formats",)
        assert found.default is None


def test_folders_beside_images_are_told_and_not_searched(study):
    (study / "mr" / ".hidden").mkdir()
    for below in ("one", "two"):
        shutil.copytree(study / "ct", study / "mr" / below)
    found = explain(study / "mr")
    assert [volume.modality for volume in found.volumes] == ["MR"]
    (told,) = found.left_out
    assert told == "2 folders that were not searched; pass recursive=True to look into the folders below"
    assert "2 folders that were not searched; pass --recursive to" in succeed(study, "info", "mr")
    assert not explain(study / "mr", recursive=True).left_out
    (study / "files" / "deeper").mkdir(parents=True)
    write_nifti(study / "files" / "a.nii.gz")
    assert explain(study / "files").left_out == (told.replace("2 folders that were", "1 folder that was"),)


def test_a_narrow_terminal_leaves_heads_whole(study):
    console = Console(width=80, record=True, file=io.StringIO())
    print_explanation(console, explain(study / "ct"))
    assert "description" in console.export_text()


def test_nothing_of_patients_is_told_unless_it_is_asked_for(study):
    for told in (str(explain(study)), explain(study).to_json()):
        assert "Doe" not in told
        assert "2024" not in told
    found = explain(study, studies=True)
    (date,) = {volume.study.date for volume in found.volumes}
    patients = {item.study.patient for item in (*found.volumes, *found.links) if item.study.patient}
    assert date in str(found)
    assert all(patient.startswith("P-") and patient in str(found) for patient in patients)
    assert "Doe" not in found.to_json()
    row = found.to_records()[0]
    assert (row["study"], row["study_date"]) == (found.volumes[0].study.study, date)
    assert row["study"].startswith("T-")


def test_tables(study, tmp_path):
    pytest.importorskip("pandas")
    found = explain(study)
    rows = found.to_records()
    assert [row["number"] for row in rows] == [1, 2, None, None]
    assert [row["of"] for row in rows] == [None, None, 1, 1]
    assert "patient" not in rows[0]
    table = found.to_pandas()
    assert list(table["format"])[:2] == ["DICOM", "DICOM"]
    assert len(table) == 4
    found.to_csv(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        assert [row["call"] for row in csv.DictReader(file)] == [row["call"] for row in rows]
    assert len(json.loads(found.to_json())["links"]) == 2


def test_a_table_of_rich_shows_what_is_there_and_obeys_nothing(study):
    target = io.StringIO()
    Console(file=target, width=200).print(explain(study))
    shown = target.getvalue()
    assert "T2 [axial]" in shown
    assert "RTSTRUCT" in shown
    assert "phase" not in shown


def test_a_notebook_shows_a_table(study):
    shown = explain(study)._repr_html_()
    assert shown.startswith("<table>")
    assert "T2 [axial]" in shown
    assert "load_mask(" in shown
    assert "<th>phase</th>" not in shown
    (study / "mr" / "<b>").mkdir()
    shutil.move(study / "mr" / "000.dcm", study / "mr" / "<b>" / "000.dcm")
    assert "<b>" not in explain(study / "mr" / "<b>")._repr_html_()


@pytest.mark.slow
def test_the_command(study):
    shown = succeed(study.parent, "explain", "study")
    assert "+ SEG 'study/masks/seg.dcm'" in shown
    assert "load_mask('study/masks/rs.dcm', image)" in shown
    assert json.loads(succeed(study.parent, "explain", "study", "--json"))["links"][0]["kind"] in ("SEG", "RTSTRUCT")
    assert succeed(study.parent, "explain", "study", "--csv", "table.csv").strip() == "table.csv"
    assert "patient" not in (study.parent / "table.csv").read_text()
