"""The command run: a plan, a run, a second one, and what it says of troubles."""

from __future__ import annotations

import numpy as np
import pytest

from pictologics import load_image
from pictologics.cohort import index, read_manifest
from tests.cli.program import REFUSED, fail, run, succeed
from tests.factories.phases import PATTERNS, write_phases


def test_a_plan_names_every_file_and_writes_nothing(tmp_path, demo_index):
    printed = succeed(tmp_path, "run", demo_index.path, "out", "--where", "modality = 'PT'", "--no-masks", "--dry-run")
    assert printed.count("it is new") == 4
    assert printed.count("/image.nii.gz\n") == 4
    assert "4 cases to run, 0 to keep, 0 to refuse" in printed
    assert not (tmp_path / "out").exists()


def test_an_image_without_a_name_is_told(tmp_path, demo_index):
    for condition in ("modality = 'CT' AND loads", "spacing_z<=1.5", "Kind='image'"):
        told = fail(tmp_path, "run", demo_index.path, "out", "--image", condition, "--dry-run")
        assert f'write for example --image "ct={condition}"' in told
    assert "22" not in fail(tmp_path, "run", demo_index.path, "out", "--image", "ct=modality = 'XX'", "--dry-run")


@pytest.mark.slow
def test_a_run_writes_cases_and_a_second_one_has_nothing_to_do(tmp_path, demo_index):
    options = ["--image", "ct=modality = 'CT' AND verdict = 'regular'", "--image", "pet=modality = 'PT'", "--suv", "bw"]
    options += ["--masks", "kind = 'SEG'", "--option", "template={case_id}-{name}{suffix}", "--format", ".nrrd"]
    printed = succeed(tmp_path, "run", demo_index.path, "out", *options, "--workers", "1")
    assert "4 done" in printed
    rows = read_manifest(tmp_path / "out")
    assert {file.name for row in rows for file in row.outputs} == {"ct", "pet", "mask"}
    assert all((tmp_path / "out" / f"{row.case_id}-pet.nrrd").exists() for row in rows)
    assert "0 cases to run, 4 to keep" in succeed(tmp_path, "run", demo_index.path, "out", *options, "--dry-run")
    other = succeed(tmp_path, "run", demo_index.path, "out", *options, "--format", ".nii", "--dry-run")
    assert "12 files go: they are of earlier runs" in other


@pytest.mark.slow
def test_segments_are_chosen_by_name(tmp_path, demo_index):
    where = "modality = 'CT' AND verdict = 'regular' AND series_key IN (SELECT image_key FROM links)"
    options = ["--where", f"{where} AND series_key = (SELECT min(image_key) FROM links)", "--workers", "1"]
    succeed(tmp_path, "run", demo_index.path, "out", *options, "--segments", "LIV*", "--segments", "aorta")
    chosen = {name for row in read_manifest(tmp_path / "out") for name in row.labels.values()}
    assert chosen == {"liver", "aorta"}
    printed = succeed(tmp_path, "run", demo_index.path, "out", *options, "--without", "liver", "--format", ".nrrd")
    (row,) = read_manifest(tmp_path / "out")
    assert "liver" not in row.labels.values()
    assert len(row.labels) > 1
    assert "2 files of earlier runs were removed" in printed


@pytest.mark.slow
def test_each_volume_of_a_series_is_a_case_if_that_is_asked_for(tmp_path):
    pattern = next(pattern for pattern in PATTERNS.values() if pattern.count > 1)
    write_phases(tmp_path / "export", pattern.touches)
    index(tmp_path / "export", tmp_path / "cohort", identifiers=True, workers=1)
    assert "1 cases to run" in succeed(tmp_path, "run", "cohort", "first", "--dry-run")
    printed = succeed(tmp_path, "run", "cohort", "out", "--all-phases", "--format", ".ome.zarr", "--workers", "1")
    assert f"{pattern.count} done" in printed
    rows = read_manifest(tmp_path / "out")
    assert [row.case_id[-5:] for row in rows] == [f"_p{phase:03d}" for phase in range(pattern.count)]
    for phase, row in enumerate(rows):
        written = load_image(tmp_path / "out" / row.outputs[0].path)
        np.testing.assert_array_equal(written.array, load_image(tmp_path / "export", dataset_index=phase).array)


@pytest.mark.slow
def test_options_of_a_layout_have_its_types(tmp_path, demo_index):
    options = ["--layout", "nnunet", "--option", "dataset_id=12", "--option", "test_cases=true"]
    options += ["--where", "modality = 'PT'", "--dry-run"]
    printed = succeed(tmp_path, "run", demo_index.path, "out", *options)
    assert "4 cases to run" in printed
    assert "Dataset012_Cohort/imagesT" in printed


@pytest.mark.slow
def test_cases_without_a_result_are_named_and_give_status_1(tmp_path, demo_index):
    (tmp_path / "steps.yaml").write_text("steps:\n  - crop_to_mask: {}\n")
    arguments = ["run", demo_index.path, "out", "--where", "modality = 'PT'", "--no-masks", "-p", "steps.yaml"]
    done = run(tmp_path, *arguments, "--workers", "1")
    assert done.returncode == REFUSED
    assert done.stderr == ""
    assert done.stdout.count("failed  DEMO") == 4
    assert "4 failed" in done.stdout


@pytest.mark.slow
def test_cases_with_warnings_are_counted_and_one_is_shown(tmp_path, demo_index):
    with_two_masks = "(SELECT count(*) FROM links WHERE image_key = series.series_key) > 1"
    options = ["--where", with_two_masks, "--workers", "1"]
    warned, command, ended = succeed(tmp_path, "run", demo_index.path, "out", *options).splitlines()
    (row,) = read_manifest(tmp_path / "out")
    assert warned.startswith(f"warnings in 1 case, such as {row.case_id}: ") and row.warnings[0].text in warned
    assert command.endswith(f"pictologics report {tmp_path / 'out'}") and "1 done" in ended


def test_misused_options_are_refused_by_name(tmp_path, demo_index):
    assert "write --image NAME=VALUE" in fail(tmp_path, "run", demo_index.path, "out", "--image", "modality")
    assert "has no option" in fail(tmp_path, "run", demo_index.path, "out", "--option", "color=red")
    assert "no case was chosen" in fail(tmp_path, "run", demo_index.path, "out", "--where", "modality = 'XX'")
    assert "this is no cohort" in fail(tmp_path, "run", tmp_path, "out")
