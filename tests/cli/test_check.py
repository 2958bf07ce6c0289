"""pictologics check."""

from __future__ import annotations

import json

import pytest

from pictologics.cohort import index
from tests.cli.program import SUCCESS, fail, run, succeed
from tests.factories.dicom_series import write_series

pytestmark = pytest.mark.slow  # each test starts the program


def test_what_is_wrong_for_people(demo_cohort, demo_index, tmp_path):
    done = run(tmp_path, "check", demo_index.path)
    assert (done.returncode, done.stderr) == (1, "")
    assert "its image is not there" in done.stdout and "IM_BROKEN" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("2 of 33 series")


def test_json_for_machines(demo_cohort, demo_index, tmp_path):
    done = run(tmp_path, "check", demo_index.path, "--json")
    facts = json.loads(done.stdout)
    assert done.returncode == 1 and facts["series"][0]["series_key"] == demo_cohort.broken.uid


def test_all_fine_is_status_0(tmp_path):
    write_series(tmp_path / "in")
    index(tmp_path / "in", tmp_path / "out", workers=1)
    done = run(tmp_path, "check", "out", "--pixels")
    assert (done.returncode, done.stderr) == (SUCCESS, "")
    assert succeed(tmp_path, "check", "out").strip() == "0 of 1 series (1 image) have faults"


def test_what_is_no_cohort(tmp_path):
    assert "this is no cohort" in fail(tmp_path, "check", tmp_path)
