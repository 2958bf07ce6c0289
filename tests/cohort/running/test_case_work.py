"""The work on one case, in this process: what it writes, what its row says, and what is left when it fails."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace

import numpy as np
import pytest

from pictologics import Image, OptionError, Pipeline, load_image, save_image
from pictologics.cohort import Case
from pictologics.cohort.running.attempts import Attempts, begin_attempt, read_attempts
from pictologics.cohort.running.case_loading import load_case, name_written_masks
from pictologics.cohort.running.case_work import work_on_case
from pictologics.cohort.running.manifest import ManifestRow, read_row, write_row
from pictologics.cohort.running.run_folder import open_run_folder
from tests.factories.pet import pet, write_pet
from tests.factories.run_cases import (
    add_one,
    exit_politely,
    fail_at_case_1,
    make_cases,
    make_run_rules,
    warn_of_something,
)


def list_files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def work(case, out, **options) -> ManifestRow:
    rules = make_run_rules(out, **options)
    end = work_on_case(case, "hash", rules)
    assert end.is_written
    assert read_row(rules.folder, case.case_id) == end.row
    return end.row


def test_a_case_becomes_files_and_a_row_that_tells_of_them(tmp_path):
    case = make_cases(tmp_path / "in", 4)[3]
    row = work(case, tmp_path / "out")
    assert (row.status, row.error_class, row.attempts, row.parameters_hash) == ("done", "", 1, "hash")
    assert list_files(tmp_path / "out") == ["case3/ct.nii.gz", "case3/mask.nii.gz", "manifest/case3.json"]
    for file in row.outputs:
        content = (tmp_path / "out" / file.path).read_bytes()
        assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert [(file.role, file.name, dict(file.labels)) for file in row.outputs] == [
        ("image", "ct", {}),
        ("mask", "mask", {1: "liver"}),
    ]
    image = load_image(tmp_path / "out" / "case3" / "ct.nii.gz")
    assert image.equals(load_image(case.images["ct"].files[0]))
    assert (row.geometry.shape, row.geometry.spacing, row.geometry.origin) == ((8, 7, 6), (1.0, 2.0, 3.0), (3.0, 0, 0))
    assert (row.geometry.orientation, row.geometry.direction) == ("LPS", (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
    assert row.labels == {1: "liver"}
    assert set(row.versions) == {"pictologics", "numpy", "python"}
    assert row.started <= row.ended
    assert row.peak_bytes > image.array.nbytes
    assert [(part.name, part.role, part.bytes > 0) for part in row.inputs] == [
        ("ct", "image", True),
        ("liver", "mask", True),
    ]


def test_a_second_run_writes_the_same_bytes(tmp_path):
    case = make_cases(tmp_path / "in", 1)[0]
    rows = [work(case, tmp_path / name) for name in ("a", "b")]
    assert [file.sha256 for file in rows[0].outputs] == [file.sha256 for file in rows[1].outputs]
    assert rows[0].inputs == rows[1].inputs


def test_a_function_and_a_pipeline_work_on_images_and_masks(tmp_path):
    case = make_cases(tmp_path / "in", 3)[2]
    work(case, tmp_path / "function", process=add_one)
    assert np.unique(load_image(tmp_path / "function/case2/ct.nii.gz").array).tolist() == [3]
    pipeline = Pipeline([{"resample_image": {"new_spacing": [2.0, 2.0, 2.0]}}])
    row = work(case, tmp_path / "pipeline", process=pipeline)
    assert row.geometry.spacing == (2.0, 2.0, 2.0)
    mask = load_image(tmp_path / "pipeline/case2/mask.nii.gz")
    assert (mask.array.shape, dict(mask.labels)) == (row.geometry.shape, {1: "liver"})
    assert any("resample" in text for text in row.decisions)


class TextlessError(Exception):
    def __str__(self):
        raise RuntimeError("not even this works")


def fail_without_a_text(images, masks):
    raise TextlessError


def cancel(images, masks):
    """Fail as libraries do that use asyncio or trio: by what is no ``Exception``."""
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("process", "kind", "text"),
    [
        (fail_at_case_1, "ZeroDivisionError", "nothing can be shared among none"),
        (exit_politely, "SystemExit", "enough"),
        (cancel, "CancelledError", "no text came with it"),
        (fail_without_a_text, "TextlessError", "its text cannot be had"),
        (lambda images, masks: images, "OptionError", "process gave back something else"),
        (lambda images, masks: ({}, {}), "OptionError", "process gave back something else"),
        (lambda images, masks: ({"other": images["ct"]}, masks), "OptionError", "no image of the name"),
        (lambda images, masks: (images, {"other": masks["mask"]}), "OptionError", "no mask of the name"),
    ],
)
def test_what_goes_wrong_in_a_function_stands_in_the_row_and_leaves_no_file(tmp_path, process, kind, text):
    case = make_cases(tmp_path / "in", 2)[1]
    row = work(case, tmp_path / "out", process=process)
    assert (row.status, row.error_class, row.outputs, row.geometry) == ("failed", kind, (), None)
    assert text in row.error_text
    assert list_files(tmp_path / "out") == ["manifest/case1.json"]


def test_what_does_not_load_is_an_error_of_ours_in_the_row(tmp_path):
    (tmp_path / "bad.nii").write_bytes(b"no image")
    row = work(Case.from_files("a", {"ct": tmp_path / "bad.nii"}), tmp_path / "out")
    assert (row.status, row.error_class) == ("failed", "UnsupportedFormatError")
    row = work(Case.from_files("b", {"ct": tmp_path / "gone.nii"}), tmp_path / "out")
    assert (row.status, row.error_class) == ("failed", "MissingPathError")
    image = make_cases(tmp_path / "in", 1)[0].images["ct"].files[0]
    row = work(Case.from_files("c", {"ct": image}, {"tumor": tmp_path / "gone.nii"}), tmp_path / "out")
    assert (row.status, row.error_class) == ("failed", "MissingPathError")


def test_warnings_are_noted_and_shown_to_nobody(tmp_path):
    # Warnings are errors here, so that one that got through would end the case.
    case = make_cases(tmp_path / "in", 1)[0]
    shifted = Image(np.ones((8, 7, 6), np.uint8), (1.0, 2.0, 3.0), (0.3, 0.0, 0.0))
    save_image(shifted, tmp_path / "shifted.nii")
    case = Case.from_files("a", {"ct": case.images["ct"].files}, {"liver": tmp_path / "shifted.nii"})
    row = work(case, tmp_path / "out", process=warn_of_something)
    assert row.status == "done"
    assert ("UserWarning", "the image is rather small") in [(warning.kind, warning.text) for warning in row.warnings]
    assert any(w.kind == "GeometryWarning" and "shifted.nii" in w.text and "voxel" in w.text for w in row.warnings)
    assert any(text.startswith("mask: ") for text in row.decisions)


def test_masks_of_several_files_become_one_label_map_or_stay_apart(tmp_path):
    case = make_cases(tmp_path / "in", 1)[0]
    grid = load_image(case.images["ct"].files[0]).grid
    whole = np.zeros(grid.shape, np.uint8)
    whole[4:], whole[6:] = 1, 7
    save_image(Image.from_grid(whole, grid, labels={1: "spleen", 7: "tumor"}), tmp_path / "second.nii.gz")
    files = {"liver": case.masks[0].files, "organs": tmp_path / "second.nii.gz"}
    case = Case.from_files("case0", {"ct": case.images["ct"].files}, files)
    row = work(case, tmp_path / "merged")
    assert row.labels == {1: "liver", 2: "spleen", 3: "tumor"}
    merged = load_image(tmp_path / "merged/case0/mask.nii.gz")
    assert merged.array[:, 0, 0].tolist() == [1, 1, 1, 1, 2, 2, 3, 3]
    assert dict(merged.labels) == row.labels
    assert not row.warnings
    row = work(case, tmp_path / "separate", masks="separate")
    assert list_files(tmp_path / "separate")[:3] == ["case0/ct.nii.gz", "case0/liver.nii.gz", "case0/organs.nii.gz"]
    assert load_image(tmp_path / "separate/case0/organs.nii.gz").array[:, 0, 0].tolist() == [0, 0, 0, 0, 1, 1, 7, 7]
    assert [dict(file.labels) for file in row.outputs] == [{}, {1: "liver"}, {1: "spleen", 7: "tumor"}]


def test_where_masks_overlap_the_higher_number_is_kept_and_a_warning_counts(tmp_path):
    case = make_cases(tmp_path / "in", 1)[0]
    grid = load_image(case.images["ct"].files[0]).grid
    other = np.zeros(grid.shape, np.uint8)
    other[3:] = 2
    save_image(Image.from_grid(other, grid, labels={2: "spleen"}), tmp_path / "other.nii.gz")
    case = Case.from_files(
        "a", {"ct": case.images["ct"].files}, {"spleen": tmp_path / "other.nii.gz", "liver": case.masks[0].files}
    )
    row = work(case, tmp_path / "out")
    # No two numbers are alike, so that they stay.
    assert row.labels == {1: "liver", 2: "spleen"}
    assert load_image(tmp_path / "out/a/mask.nii.gz").array[:, 0, 0].tolist() == [1, 1, 1, 2, 2, 2, 2, 2]
    assert [warning.kind for warning in row.warnings] == ["ContentWarning"]
    assert "1 (liver) and 2 (spleen) in 42 voxels" in row.warnings[0].text


def test_a_mask_that_is_none_is_refused(tmp_path):
    case = make_cases(tmp_path / "in", 1)[0]
    grid = load_image(case.images["ct"].files[0]).grid
    save_image(Image.from_grid(np.full(grid.shape, 0.5, np.float32), grid), tmp_path / "half.nii")
    save_image(Image.from_grid(np.full(grid.shape, -1, np.int16), grid), tmp_path / "below.nii")
    for name, text in (("half", "not whole numbers"), ("below", "the value -1")):
        row = work(
            Case.from_files(name, {"ct": case.images["ct"].files}, {"m": tmp_path / f"{name}.nii"}), tmp_path / "o"
        )
        assert (row.status, row.error_class) == ("failed", "UnsupportedFormatError")
        assert text in row.error_text


def test_a_pet_is_placed_on_its_ct_as_uptake(tmp_path):
    write_pet(tmp_path / "pet", pet())
    own = load_image(tmp_path / "pet", suv="bw")
    finer = own.grid
    ct = Image(
        np.zeros((2 * finer.shape[0], finer.shape[1], finer.shape[2]), np.int16),
        (finer.spacing[0] / 2, *finer.spacing[1:]),
        finer.origin,
        np.array(finer.direction),
        modality="CT",
    )
    save_image(ct, tmp_path / "ct.nii")
    case = Case.from_files("a", {"ct": tmp_path / "ct.nii", "pet": tmp_path / "pet"})
    images = {**case.images, "pet": replace(case.images["pet"], modality="PT")}
    row = work(replace(case, images=images), tmp_path / "out", suv="bw")
    placed = load_image(tmp_path / "out/a/pet.nii.gz")
    assert row.status == "done", row
    assert placed.array.shape == ct.array.shape == row.geometry.shape
    assert placed.metadata["units"] == own.metadata["units"]
    # Every second voxel lies on one of the PET's.
    np.testing.assert_allclose(placed.array[::2], own.array, rtol=1e-5)
    np.testing.assert_allclose(placed.array[1:-1:2], (own.array[:-1] + own.array[1:]) / 2, rtol=1e-5)


def test_a_case_that_ended_its_worker_three_times_is_not_begun_again(tmp_path):
    case = make_cases(tmp_path / "in", 1)[0]
    rules = make_run_rules(tmp_path / "out")
    for _ in range(3):
        begin_attempt(rules.folder, case.case_id, rules.run)
    end = work_on_case(case, "hash", rules)
    assert (end.row.status, end.row.attempts) == ("killed", 3)
    assert "ended its worker 3 times" in end.row.error_text
    assert list_files(tmp_path / "out") == ["manifest/case0.json"]
    (tmp_path / "out/manifest/case0.json").unlink()
    # Attempts of another run do not count.
    for _ in range(5):
        begin_attempt(rules.folder, case.case_id, "another")
    assert read_attempts(rules.folder, case.case_id, rules.run) == Attempts(rules.run)
    assert work_on_case(case, "hash", rules).row.status == "done"


def test_a_case_that_breaks_between_two_channels_leaves_no_image(tmp_path):
    case = make_cases(tmp_path / "in", 1)[0]
    images = {"ct": case.images["ct"], "pet": replace(case.images["ct"], name="pet")}
    case = replace(case, images=images)
    folder = tmp_path / "out" / "Dataset100_Cohort"
    # The place of the second channel is taken by a folder that is not the run's.
    (folder / "imagesTr" / "case0_0001.nii.gz" / "mine").mkdir(parents=True)
    row = work(case, tmp_path / "out", layout="nnunet")
    assert (row.status, row.error_class) == ("failed", "OptionError")
    assert list_files(folder) == []
    assert (folder / "imagesTr" / "case0_0001.nii.gz" / "mine").is_dir()


@pytest.mark.parametrize("layout", ["flat", "nnunet", "monai", "bids"])
def test_files_of_attempts_that_ended_their_workers_do_not_stay(tmp_path, layout):
    case = make_cases(tmp_path / "in", 1)[0]
    rules = make_run_rules(tmp_path / "out", layout=layout)
    done = work_on_case(case, "hash", rules).row
    assert done.status == "done"
    (tmp_path / "out/manifest/case0.json").unlink()
    for _ in range(3):
        begin_attempt(rules.folder, case.case_id, rules.run)
    assert work_on_case(case, "hash", rules).row.status == "killed"
    assert list_files(tmp_path / "out") == ["manifest/case0.json"]


def test_what_another_worker_did_meanwhile_counts(tmp_path):
    case = make_cases(tmp_path / "in", 2)[1]
    rules = make_run_rules(tmp_path / "out")

    def fail_after_another_did_it(images, masks):
        rows.append(attempt_elsewhere())
        raise ZeroDivisionError

    def attempt_elsewhere():
        folder = rules.folder
        loaded = load_case(case, rules)
        for file in rules.layout.write_case(folder, name_written_masks(case, rules), loaded.images, loaded.masks):
            assert folder.measure(file.path)
        row = ManifestRow(case.case_id, "done", parameters_hash="other")
        write_row(folder, row)
        return row

    rows = []
    end = work_on_case(case, "hash", replace(rules, process=fail_after_another_did_it))
    assert [end.row] == rows
    assert read_row(rules.folder, "case1") == end.row
    assert list_files(tmp_path / "out") == ["case1/ct.nii.gz", "case1/mask.nii.gz", "manifest/case1.json"]


def test_an_output_that_is_a_folder_counts_as_a_file(tmp_path):
    case = make_cases(tmp_path / "in", 4)[3]
    rows = [work(case, tmp_path / name, suffix=".ome.zarr") for name in ("a", "b")]
    ct, mask = rows[0].outputs
    path = tmp_path / "a" / ct.path
    assert path.name == "ct.ome.zarr"
    files = sorted(file for file in path.rglob("*") if file.is_file())
    assert len(files) > 2
    assert ct.bytes == sum(file.stat().st_size for file in files)
    assert ct.sha256 != mask.sha256
    assert [file.sha256 for file in rows[1].outputs] == [file.sha256 for file in rows[0].outputs]
    assert load_image(path).equals(load_image(case.images["ct"].files[0]))
    assert load_image(tmp_path / "a" / mask.path).labels == {1: "liver"}
    folder = open_run_folder(tmp_path / "a")
    chunk = next(file for file in files if file.name != "zarr.json")
    chunk.write_bytes(chunk.read_bytes()[:-1])
    assert folder.measure(ct.path) == ct.bytes - 1
    assert folder.hash(ct.path) != ct.sha256
    folder.remove(ct.path)
    assert not path.exists()
    assert folder.measure(ct.path) is None
    (path / "mine").mkdir(parents=True)
    with pytest.raises(OptionError, match=r"ct\.ome\.zarr': a folder is here that no run has written"):
        folder.remove(ct.path)


def test_a_row_that_cannot_be_written_comes_back(tmp_path):
    case = make_cases(tmp_path / "in", 1)[0]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest").write_text("in the way")
    end = work_on_case(case, "hash", make_run_rules(tmp_path / "out"))
    assert not end.is_written
    assert (end.row.status, end.row.error_class) == ("failed", "FileAccessError")
