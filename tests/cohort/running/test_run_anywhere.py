"""Whole runs where the folder is not an ordinary one: behind a URL, or on a disk that is full."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet
import pytest

from pictologics import FileAccessError, load_image
from pictologics.cohort import Selection, gather_manifest, read_manifest, run
from pictologics.cohort.cases.choosing import choose_cases
from pictologics.cohort.running.run_folder import open_run_folder
from tests.factories.file_servers import make_bucket
from tests.factories.run_cases import add_one, fail_at_case_1, make_cases

pytestmark = pytest.mark.slow


def test_a_whole_run_into_an_object_store(tmp_path, s3_server, client):
    make_bucket("whole-runs")
    out, cases = "s3://whole-runs/out", make_cases(tmp_path / "in", 4)
    first = run(None, cases, out, process=fail_at_case_1, client=client)
    assert first.counts == {"done": 3, "failed": 1}
    assert [(row.case_id, row.status) for row in read_manifest(out)] == [
        ("case0", "done"),
        ("case1", "failed"),
        ("case2", "done"),
        ("case3", "done"),
    ]
    folder = open_run_folder(out)
    assert folder.list_names("case1") == []
    assert folder.list_names("locks") == []
    for row in first.rows:
        for file in row.outputs:
            assert (folder.measure(file.path), folder.hash(file.path)) == (file.bytes, file.sha256)
    assert np.unique(load_image(f"{out}/case3/ct.nii.gz").array).tolist() == [3]
    assert load_image(f"{out}/case3/mask.nii.gz").labels == {1: "liver"}
    again = run(None, cases, out, process=fail_at_case_1, client=client)
    assert {case.action for case in again.planned} == {"keep"}
    other = run(None, cases, out, process=add_one, client=client)
    assert other.counts == {"done": 4}
    assert np.unique(load_image(f"{out}/case3/ct.nii.gz").array).tolist() == [4]


@pytest.mark.parametrize("layout", ["nnunet", "monai", "bids"])
def test_data_sets_in_an_object_store(tmp_path, s3_server, client, layout):
    make_bucket(f"sets-{layout}")
    out = f"s3://sets-{layout}/out"
    result = run(None, make_cases(tmp_path / "in", 2), out, layout=layout, client=client)
    assert result.counts == {"done": 2}
    folder = open_run_folder(out)
    assert all(folder.measure(path) for path in result.files)


def test_a_full_disk_at_the_end_keeps_every_row_and_is_told(tmp_path, client, monkeypatch):
    """Rows that a worker could not write are written by the client; what gathers them may be written later."""
    cases, out = make_cases(tmp_path / "in", 3), tmp_path / "out"
    (out / "manifest.parquet").mkdir(parents=True)
    with pytest.raises((FileAccessError, ValueError), match=r"manifest\.parquet"):
        run(None, cases, out, client=client)
    assert [row.status for row in read_manifest(out)] == ["done"] * 3
    (out / "manifest.parquet").rmdir()
    table = pyarrow.parquet.read_table(gather_manifest(out)).to_pylist()
    assert [row["case_id"] for row in table] == ["case0", "case1", "case2"]
    assert {case.action for case in run(None, cases, out, client=client).planned} == {"keep"}


def test_rows_that_nobody_can_write_end_the_run_with_an_error_that_names_one(tmp_path, client):
    cases, out = make_cases(tmp_path / "in", 2), tmp_path / "out"
    for case in cases:
        # A folder in the place of the row, as no disk of a test can be filled.
        (out / "manifest" / f"{case.case_id}.json" / "mine").mkdir(parents=True)
    with pytest.raises(FileAccessError, match=r"case[01]"):
        run(None, cases, out, client=client)


def test_contours_on_the_second_image_of_a_case(demo_index, tmp_path, client):
    """Contours are drawn on their own image, and then placed on the first."""
    images = {"pet": "modality = 'PT'", "ct": "modality = 'CT' AND verdict = 'regular'"}
    cases = [
        case
        for case in choose_cases(demo_index, Selection(images=images))
        if any(mask.kind == "RTSTRUCT" for mask in case.masks)
    ]
    assert cases
    assert {mask.drawn_on for case in cases for mask in case.masks if mask.kind == "RTSTRUCT"} == {"ct"}
    result = run(None, cases, tmp_path / "out", suv="bw", client=client)
    assert result.counts == {"done": len(cases)}, [row.error_text for row in result.rows]
    for row, case in zip(result.rows, sorted(cases, key=lambda case: case.case_id), strict=True):
        placed = load_image(tmp_path / "out" / case.case_id / "mask.nii.gz")
        pet = load_image(tmp_path / "out" / case.case_id / "pet.nii.gz")
        assert placed.grid.corner_error(pet.grid) < 1e-3
        (structures,) = (mask for mask in case.masks if mask.kind == "RTSTRUCT")
        ct = load_image(list(case.images["ct"].files), **case.images["ct"].options)
        own = load_image(structures.files[0], reference_image=ct)
        size = np.prod(own.grid.spacing) * np.count_nonzero(own.array)
        assert np.prod(placed.grid.spacing) * np.count_nonzero(placed.array) == pytest.approx(size, rel=0.1)
        assert row.labels
