"""Runs over several cases on a Dask cluster: what is done, what is done again, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import replace

import numpy as np
import pyarrow.parquet
import pytest

from pictologics import FileAccessError, Image, OptionError, Pipeline, UnsupportedFormatError, load_image, save_image
from pictologics.cohort import Case, read_manifest, report, run
from tests.factories.run_cases import add_one, empty_disk, fail_at_case_1, fill_disk_at_case_1, make_cases


def plan_of(result):
    return {case.case.case_id: (case.action, case.why) for case in result.planned}


def files_of(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_run_does_all_cases_and_one_that_fails_stops_no_other(tmp_path, client):
    cases = [*make_cases(tmp_path / "in", 5), Case.from_files("gone", {"ct": tmp_path / "gone.nii"})]
    out = tmp_path / "new" / "out"
    result = run(None, cases, out, process=fail_at_case_1, client=client)
    assert result.counts == {"done": 4, "failed": 2}
    assert repr(result) == f"RunResult(out={str(out)!r}, counts={{'done': 4, 'failed': 2}})"
    rows = {row.case_id: row for row in result.rows}
    assert sorted(rows) == ["case0", "case1", "case2", "case3", "case4", "gone"]
    assert (rows["case1"].error_class, rows["gone"].error_class) == ("ZeroDivisionError", "MissingPathError")
    for number in (0, 2, 3, 4):
        assert load_image(out / f"case{number}" / "ct.nii.gz").array.max() == number
    facts = json.loads((out / "run.json").read_text())
    assert (facts["cases"], facts["layout"], facts["masks"]) == (6, "flat", "merged")
    assert [name for name in files_of(out) if "attempt" in name or "partial" in name] == []
    table = pyarrow.parquet.read_table(out / "manifest.parquet").to_pylist()
    assert [(row["case_id"], row["status"]) for row in table] == [(row.case_id, row.status) for row in result.rows]
    assert table[0]["outputs"][1]["labels"] == [(1, "liver")]
    assert table[0]["shape"] == [8, 7, 6]


def test_a_second_run_does_only_what_is_missing_or_has_changed(tmp_path, client):
    cases, out = make_cases(tmp_path / "in", 6), tmp_path / "out"
    run(None, cases, out, client=client)
    before = {row.case_id: row for row in read_manifest(out)}
    again = run(None, cases, out, client=client)
    assert set(plan_of(again).values()) == {("keep", "nothing has changed")}
    assert again.counts == {"done": 6}
    (out / "manifest" / "case0.json").unlink()
    (out / "case1" / "mask.nii.gz").unlink()
    (out / "case2" / "ct.nii.gz").write_bytes(b"short")
    image = load_image(cases[3].images["ct"].files[0])
    save_image(replace(image, array=image.array + 100), cases[3].images["ct"].files[0])
    os.utime(cases[4].masks[0].files[0], ns=(0, 12345))
    changed = run(None, cases, out, client=client)
    assert plan_of(changed) == {
        "case0": ("run", "it is new"),
        "case1": ("run", "files that it became are gone or were changed"),
        "case2": ("run", "files that it became are gone or were changed"),
        "case3": ("run", "its files have changed"),
        "case4": ("run", "its files have changed"),
        "case5": ("keep", "nothing has changed"),
    }
    after = {row.case_id: row for row in changed.rows}
    assert after["case5"] == before["case5"]
    assert load_image(out / "case3" / "ct.nii.gz").array.max() == 103
    assert [after[name].outputs for name in ("case0", "case1", "case2", "case4")] == [
        before[name].outputs for name in ("case0", "case1", "case2", "case4")
    ]


def test_other_parameters_do_all_cases_again_and_leave_nothing_of_before(tmp_path, client):
    cases, out = make_cases(tmp_path / "in", 2), tmp_path / "out"
    run(None, cases, out, client=client)
    result = run(None, cases, out, process=add_one, client=client)
    assert set(plan_of(result).values()) == {("run", "the parameters have changed")}
    assert load_image(out / "case1" / "ct.nii.gz").array.max() == 2
    options = {"template": "{name}_{case_id}{suffix}"}
    assert result.removed == ()
    moved = run(None, cases, out, process=add_one, layout_options=options, format=".nrrd", dry_run=True)
    assert moved.removed == tuple(files for files in files_of(out) if files.endswith(".nii.gz"))
    run(None, cases, out, process=add_one, layout_options=options, format=".nrrd", client=client)
    assert [name for name in files_of(out) if "case" in name and not name.startswith("manifest")] == [
        "ct_case0.nrrd",
        "ct_case1.nrrd",
        "mask_case0.nrrd",
        "mask_case1.nrrd",
    ]
    pipeline = Pipeline([{"clip_intensities": {"value_range": [0, 1]}}])
    first = run(None, cases, tmp_path / "p", process=pipeline, client=client)
    assert {action for action, _ in plan_of(first).values()} == {"run"}
    same = run(None, cases, tmp_path / "p", process=Pipeline.from_yaml(pipeline.to_yaml()), client=client)
    assert {action for action, _ in plan_of(same).values()} == {"keep"}


def test_failed_cases_are_begun_again_when_they_are_asked_for(tmp_path, client):
    cases, out = make_cases(tmp_path / "in", 2), tmp_path / "out"
    missing = tmp_path / "late.nii"
    cases.append(Case.from_files("late", {"ct": missing}))
    flag = tmp_path / "repaired"

    def fail_unless_repaired(images, masks):
        if not flag.exists():
            raise LookupError("not repaired")
        return images, masks

    assert run(None, cases, out, process=fail_unless_repaired, client=client).counts == {"failed": 3}
    flag.touch()
    kept = run(None, cases, out, process=fail_unless_repaired, client=client)
    assert (kept.counts, {action for action, _ in plan_of(kept).values()}) == ({"failed": 3}, {"keep"})
    # The file that was missing is there: that is a change, and needs no asking.
    shutil.copy(cases[0].images["ct"].files[0], missing)
    assert plan_of(run(None, cases, out, process=fail_unless_repaired, dry_run=True))["late"] == (
        "run",
        "its files have changed",
    )
    retried = run(None, cases, out, process=fail_unless_repaired, retry_failed=True, client=client)
    assert retried.counts == {"done": 3}


def test_a_dry_run_writes_nothing_and_names_every_file(tmp_path):
    cases, out = make_cases(tmp_path / "in", 2), tmp_path / "out"
    result = run(None, cases, out, dry_run=True)
    assert result.is_dry
    assert [case.outputs for case in result.planned] == [
        ("case0/ct.nii.gz", "case0/mask.nii.gz"),
        ("case1/ct.nii.gz", "case1/mask.nii.gz"),
    ]
    assert not out.exists()


def test_what_cannot_be_is_refused_before_any_work(tmp_path, client):
    cases, out = make_cases(tmp_path / "in", 2), tmp_path / "out"
    with pytest.raises(OptionError, match="one name"):
        run(None, cases, out, layout_options={"template": "{modality}{suffix}"}, client=client)
    for wrong in ({"masks": "some"}, {"suv": "kg"}, {"interpolation": "best"}, {"process": 3}, {"time_limit": 0}):
        with pytest.raises(OptionError):
            run(None, cases, out, client=client, **wrong)
    for suffix, text in ((".jpg", "unsupported file suffix"), (".mhd", "choose .nrrd or .mha")):
        with pytest.raises(OptionError, match=text):
            run(None, cases, out, format=suffix, client=client)
    with pytest.raises(OptionError, match=r"'case0/ct\.ome\.zarr': OME-Zarr is a folder of files"):
        run(None, cases, "memory://refused/out", format=".ome.zarr", client=client)
    with pytest.raises(OptionError, match="no layout"):
        run(None, cases, out, layout="heap", client=client)
    with pytest.raises(OptionError, match="no case"):
        run(None, [], out, client=client)
    with pytest.raises(OptionError, match="cohort is None"):
        run(None, "modality = 'CT'", out, client=client)
    with pytest.raises(OptionError, match="twice"):
        run(None, [cases[0], replace(cases[1], case_id="CASE0")], out, client=client)
    with pytest.raises(OptionError, match="case_id"):
        run(None, [replace(cases[0], case_id="../out")], out, client=client)
    with pytest.raises(OptionError, match="both given"):
        run(None, cases, out, client=client, scheduler="tcp://127.0.0.1:1")
    with pytest.raises(OptionError, match="must be a distributed"):
        run(None, cases, out, client="tcp://127.0.0.1:1")
    assert not out.exists() or files_of(out) == [".lock"]


def test_a_case_that_cannot_fit_is_refused_by_name_and_the_others_run(tmp_path, client):
    cases, out = make_cases(tmp_path / "in", 2), tmp_path / "out"
    big = replace(cases[1].images["ct"], voxel_bytes=10**13)
    cases = [cases[0], replace(cases[1], images={"ct": big}), replace(cases[0], case_id="odd", problem="it is odd")]
    result = run(None, cases, out, client=client)
    assert result.counts == {"done": 1, "refused": 2}
    rows = {row.case_id: row for row in result.rows}
    assert rows["case1"].error_text.startswith("it needs about 30000.3 GB of memory and a worker has 4.0 GB")
    assert rows["odd"].error_text == "it is odd"
    # Refused again, or done as soon as it fits.
    assert run(None, cases, out, client=client).counts == {"done": 1, "refused": 2}
    cases[1] = replace(cases[1], images={"ct": replace(big, voxel_bytes=1000)})
    assert run(None, cases, out, client=client).counts == {"done": 2, "refused": 1}


def test_a_manifest_of_another_version_is_refused_by_name(tmp_path, client):
    cases, out = make_cases(tmp_path / "in", 1), tmp_path / "out"
    run(None, cases, out, client=client)
    facts = json.loads((out / "run.json").read_text())
    (out / "run.json").write_text(json.dumps({**facts, "manifest_version": 99}))
    for dry in (True, False):
        with pytest.raises(UnsupportedFormatError, match=r"run\.json': this manifest is of version 99"):
            run(None, cases, out, client=client, dry_run=dry)
    (out / "run.json").write_text(json.dumps(facts))
    row = json.loads((out / "manifest" / "case0.json").read_text())
    (out / "manifest" / "case0.json").write_text(json.dumps({**row, "version": 99}))
    with pytest.raises(UnsupportedFormatError, match=r"case0\.json': this manifest is of version 99"):
        run(None, cases, out, client=client)
    # A row that a failing disk spoiled is done again.
    (out / "manifest" / "case0.json").write_text('{"case_')
    assert run(None, cases, out, client=client).counts == {"done": 1}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file sizes")
def test_a_full_disk_fails_the_case_and_leaves_nothing_half_written(tmp_path, client):
    cases, out = make_cases(tmp_path / "in", 3), tmp_path / "out"
    result = run(None, cases, out, process=fill_disk_at_case_1, client=client)
    # The next test finds the same workers.
    client.run(empty_disk)
    assert result.counts == {"done": 2, "failed": 1}
    row = next(row for row in result.rows if row.status == "failed")
    assert (row.case_id, row.error_class, row.outputs) == ("case1", "FileAccessError", ())
    assert "cannot be written" in row.error_text
    assert [name for name in files_of(out) if name.startswith("case")] == ["case0/ct.nii.gz", "case2/ct.nii.gz"]
    assert not list(out.rglob("*.partial*"))


def test_no_scheduler_at_the_address_is_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr("pictologics.cohort.running.engine.LONGEST_WAIT", 0.5)
    cases = make_cases(tmp_path / "in", 1)
    with pytest.raises(FileAccessError, match=r"'tcp://127\.0\.0\.1:1': no Dask scheduler answers"):
        run(None, cases, tmp_path / "out", scheduler="tcp://127.0.0.1:1")
    with pytest.raises(FileAccessError, match="no Dask scheduler answers"):
        run(None, cases, tmp_path / "out", scheduler="nonsense://x")


def test_a_run_reaches_a_scheduler_by_its_address(tmp_path, client):
    cases = make_cases(tmp_path / "in", 2)
    assert run(None, cases, tmp_path / "out", scheduler=client.scheduler.address).counts == {"done": 2}
    assert client.status == "running"


def test_several_images_of_a_case_and_options_of_each(tmp_path, client):
    cases = make_cases(tmp_path / "in", 2, masks=False)
    finer = Image(np.full((16, 7, 6), 5, np.float32), (0.5, 2.0, 3.0), (0.0, 0.0, 0.0))
    save_image(finer, tmp_path / "finer.nii.gz")
    case = Case.from_files("both", {"ct": cases[0].images["ct"].files, "other": tmp_path / "finer.nii.gz"})
    result = run(None, [case], tmp_path / "out", client=client)
    assert result.counts == {"done": 1}, result.rows
    other = load_image(tmp_path / "out" / "both" / "other.nii.gz")
    assert other.array.shape == (8, 7, 6)
    np.testing.assert_array_equal(other.array, 5)


def test_what_is_done_stays_also_where_it_could_not_be_done(tmp_path, client):
    cases, out = make_cases(tmp_path / "in", 1), tmp_path / "out"
    run(None, cases, out, client=client)
    before = files_of(out)
    # The memory that a case takes is an estimate, and another machine has less.
    big = [replace(cases[0], images={"ct": replace(cases[0].images["ct"], voxel_bytes=10**13)})]
    result = run(None, big, out, client=client)
    assert (plan_of(result), result.removed) == ({"case0": ("keep", "nothing has changed")}, ())
    assert (result.counts, files_of(out)) == ({"done": 1}, before)


def test_cases_of_earlier_runs_stay_in_the_data_set(tmp_path, client):
    cases, out = make_cases(tmp_path / "in", 3), tmp_path / "out"
    run(None, cases[:1], out, client=client)
    run(None, cases[1:2], out, layout="monai", client=client)
    result = run(None, cases[2:], out, layout="monai", client=client)
    assert [row.case_id for row in result.rows] == ["case0", "case1", "case2"]
    facts = json.loads((out / "dataset.json").read_text())
    assert [entry["case_id"] for entry in facts["training"]] == ["case1", "case2"]
    # What is gone is in no list.
    (out / "training/case1/ct.nii.gz").unlink()
    run(None, cases[2:], out, layout="monai", client=client)
    facts = json.loads((out / "dataset.json").read_text())
    assert [entry["case_id"] for entry in facts["training"]] == ["case2"]


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are text there")
def test_a_folder_whose_name_is_no_text(tmp_path, client):
    out = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    assert run(None, make_cases(tmp_path / "in", 1), out, client=client).counts == {"done": 1}
    assert [row.status for row in read_manifest(out)] == ["done"]
    assert "caf?" in report(out).read_text(encoding="utf-8")
