"""What a run writes holds no UID and nothing that a person typed, unless the cohort's tables do."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from pictologics import load_image
from pictologics.cohort import Cohort, index, read_manifest, report, run
from pictologics.cohort.cases.choosing import choose_cases
from pictologics.cohort.running.case_work import work_on_case
from pictologics.cohort.running.finishing import write_refused_rows
from pictologics.cohort.running.manifest import read_row
from pictologics.cohort.running.planning_work import PlannedCase
from pictologics.errors import OptionError
from tests.factories.dicom_series import uid, write_series
from tests.factories.phantom import PHANTOM
from tests.factories.run_cases import make_run_rules

DESCRIPTION = "Zq Doe, Jane"
PLANTED = [text.encode() for text in (DESCRIPTION, "secret-id", "Doe^Jane", uid("a"), uid("frame", 0), uid("frame", 1))]


@pytest.fixture(scope="module")
def two_frames(tmp_path_factory) -> Path:
    """A series of two volumes, whose labels name UIDs."""
    root = tmp_path_factory.mktemp("two frames")
    for number in range(2):

        def change(ds, k, number=number):
            ds.SOPInstanceUID, ds.FrameOfReferenceUID = uid("of volume", number, k), uid("frame", number)
            ds.SeriesDescription = DESCRIPTION

        write_series(root, PHANTOM, change, name=f"{number}-{{}}.dcm".format)
    return root


@pytest.fixture(scope="module")
def hidden(two_frames, tmp_path_factory) -> Cohort:
    return index(two_frames, tmp_path_factory.mktemp("hidden") / "cohort", workers=1)


def read_results(out: Path) -> bytes:
    """All bytes of a folder, and those behind gzip."""
    content = [path.read_bytes() for path in out.rglob("*") if path.is_file()]
    return b"\n".join(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data for data in content)


@pytest.mark.slow
def test_no_result_of_a_cohort_of_pseudonyms_names_anybody(hidden, tmp_path):
    result = run(hidden, "true", tmp_path / "out", workers=1)
    assert result.counts == {"done": 1}
    report(tmp_path / "out")
    content = read_results(tmp_path / "out")
    assert not [text for text in PLANTED if text in content]
    (row,) = read_manifest(tmp_path / "out")
    # It says that there were two frames of reference, and not which.
    assert any("FrameOfReferenceUID (a UID)" in text for text in row.decisions)


@pytest.mark.parametrize("suffix", [".nii", ".nrrd", ".mha"])
@pytest.mark.parametrize("identifiers", [True, False])
@pytest.mark.parametrize("text", [True, False])
def test_a_saved_image_tells_what_its_rules_allow(hidden, tmp_path, suffix, identifiers, text):
    rules = make_run_rules(tmp_path / "out")
    rules = replace(
        rules,
        layout=replace(rules.layout, suffix=suffix),
        privacy=replace(rules.privacy, keeps_uids=identifiers, keeps_text=text),
    )
    (case,) = choose_cases(hidden, "true")
    row = work_on_case(case, "", rules).row
    assert row.status == "done", row.error_text
    facts = load_image(tmp_path / "out" / row.outputs[0].path).metadata
    assert ("series_instance_uid" in facts, "frame_of_reference_uid" in facts) == (identifiers, identifiers)
    assert ("series_description" in facts, "phase" in facts) == (text, identifiers and text)
    assert facts["units"] == "HU" and facts["series_number"]
    assert (uid("frame", 1) in repr(row.decisions)) == identifiers


@pytest.mark.parametrize(("identifiers", "shown"), [(True, uid("a")), (False, "(a UID)")])
def test_a_case_that_is_refused_names_no_uid_unless_the_cohort_does(hidden, tmp_path, identifiers, shown):
    rules = make_run_rules(tmp_path / "out")
    rules = replace(rules, privacy=replace(rules.privacy, keeps_uids=identifiers))
    (case,) = choose_cases(hidden, "true")
    (row,) = write_refused_rows([PlannedCase(case, "refuse", f"{uid('a')} has no slices", (), 0, "")], rules)
    assert row.error_text == f"{shown} has no slices"
    assert read_row(rules.folder, case.case_id) == row


def test_the_folder_of_the_cohort_is_no_place_for_results(hidden):
    for out in (hidden.path, hidden.path / "results"):
        with pytest.raises(OptionError, match="the folder of the cohort, or one in it"):
            run(hidden, "true", out)
    assert not (hidden.path / "run.json").exists()


@pytest.mark.slow
def test_a_series_of_two_patients_is_refused_by_name(tmp_path):
    def of_two(ds, k):
        ds.PatientID = str(k % 2)

    write_series(tmp_path / "in", PHANTOM, of_two)
    cohort = index(tmp_path / "in", tmp_path / "cohort", workers=1)
    assert run(cohort, "true", tmp_path / "out", workers=1).counts == {"refused": 1}
    (row,) = read_manifest(tmp_path / "out")
    assert "does not load: its files have one SeriesInstanceUID and 2 different PatientIDs" in row.error_text
