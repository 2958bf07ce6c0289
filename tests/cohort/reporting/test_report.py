"""The page of a run, as a file: `test_page_in_browser` opens it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from pictologics.cohort import report
from pictologics.cohort.reporting.page_writing import encode_for_script
from pictologics.cohort.reporting.picture_levels import PAGE_BYTES
from pictologics.cohort.reporting.report import describe_duration, leave_out_rows
from pictologics.cohort.reporting.report_rows import ReportRow
from pictologics.cohort.running.manifest import ManifestRow, write_row
from pictologics.cohort.running.run_folder import open_run_folder
from pictologics.errors import MissingPathError, OptionError, UnsupportedFormatError
from tests.cli.program import fail, succeed
from tests.factories.run_folders import write_run


def read_data(page):
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(encoding="utf-8"))
    return json.loads(found[1])


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 seconds"), (59, "59 seconds"), (90, "1.5 minutes"), (5400, "1.5 hours")]
)
def test_times_are_in_the_unit_that_suits_them(seconds, said):
    assert describe_duration(seconds) == said


def test_a_run_without_cases_has_a_page(tmp_path):
    write_run(tmp_path, 0, planned=3)
    page = report(tmp_path)
    assert page == tmp_path / "report.html"
    assert read_data(page)["cases"] == []
    assert "0 of 3 cases" in page.read_text(encoding="utf-8")


def test_failed_cases_need_no_process(tmp_path):
    write_run(tmp_path, 0)
    write_row(
        open_run_folder(tmp_path), ManifestRow("a", "killed", error_class="KilledWorker", error_text="three times")
    )
    page = report(tmp_path, tmp_path / "other.html")
    (case,) = read_data(page)["cases"]
    assert (case["id"], case["status"], case["error"]) == ("a", "killed", "KilledWorker")
    assert not (tmp_path / "report.html").exists()


def test_the_source_is_nowhere_on_the_page(tmp_path):
    write_run(tmp_path, 6)
    for number in range(4):
        (tmp_path / f"case-{number:04d}/image.nii").unlink()
        (tmp_path / f"case-{number:04d}/organs.nii").unlink()
    text = report(tmp_path).read_text(encoding="utf-8")
    assert "S-000004" in text
    assert "Doe" not in text
    assert "/archive" not in text
    assert str(tmp_path.parent) not in text


@pytest.mark.slow
def test_the_command_makes_the_page_and_a_second_one_draws_nothing(tmp_path):
    write_run(tmp_path, 5)
    assert succeed(tmp_path, "report", ".") == "report.html\n"
    first = (tmp_path / "report.html").read_bytes()
    assert b"data:image" not in first.split(b"<script>")[0]
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "report-pictures").iterdir()}
    assert len(kept) == 4
    assert succeed(tmp_path, "report", ".", "-o", "again.html") == "again.html\n"
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "report-pictures").iterdir()} == kept
    assert all(
        case.get("hasPicture") == (case["status"] == "done") or "hasPicture" not in case
        for case in read_data(tmp_path / "again.html")["cases"]
    )


def test_drawing_takes_no_more_than_a_container_allows(tmp_path, monkeypatch):
    import distributed.system

    given = []
    monkeypatch.setattr(distributed.system, "MEMORY_LIMIT", 1 << 30)
    monkeypatch.setattr(
        "pictologics.cohort.reporting.report.draw_jobs", lambda jobs, memory, advance: given.append(memory)
    )
    write_run(tmp_path)
    report(tmp_path)
    assert given == [pytest.approx(0.45 * (1 << 30), rel=1e-6)]


def test_a_run_behind_a_url_has_a_page_here(tmp_path):
    fsspec = pytest.importorskip("fsspec")
    write_run(tmp_path / "out", 5)
    fsspec.filesystem("memory").put(str(tmp_path / "out"), "/reported", recursive=True)
    with pytest.raises(OptionError, match="page="):
        report("memory://reported")
    cases = read_data(report("memory://reported", tmp_path / "page.html"))["cases"]
    assert [case["status"] for case in cases] == ["done"] * 4 + ["failed"]
    assert all(case["hasPicture"] for case in cases[:4])


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(MissingPathError, match=r"run\.json"):
        report(tmp_path)
    (tmp_path / "run.json").write_text('{"manifest_version": 99}', encoding="utf-8")
    with pytest.raises(UnsupportedFormatError, match="99"):
        report(tmp_path)


@pytest.mark.parametrize("page", ["page.pdf", "page", "", 7])
def test_a_page_needs_the_name_of_a_page(tmp_path, page):
    write_run(tmp_path, 0)
    with pytest.raises(OptionError, match="page"):
        report(tmp_path, page)


def test_the_command_says_what_is_wrong(tmp_path):
    assert "run.json" in fail(tmp_path, "report", ".")


def test_a_page_that_would_be_too_large_leaves_out_what_is_done():
    rows = [ReportRow(f"{k:03d}", "failed" if k % 10 == 0 else "done") for k in range(100)]
    kept, left_out = leave_out_rows(rows, lambda some: len(some) * PAGE_BYTES // 50)
    assert 0 < len(kept) <= 50
    assert left_out == 100 - len(kept)
    assert sum(row.status == "failed" for row in kept) == 10
    assert kept == sorted(kept, key=lambda row: row.case_id)


def test_no_text_can_leave_its_script():
    text = encode_for_script(["</script><script>alert(1)</script><!--", "\u2028 & <b>"])
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text) == ["</script><script>alert(1)</script><!--", "\u2028 & <b>"]


def test_hostile_names_are_escaped_in_the_markup(tmp_path):
    out = tmp_path / "<script>alert(1)<\u2215script>"
    rows = write_run(out, 5)
    facts = {"modality": '"><img src=x onerror=alert(1)>', "manufacturer": "<b>"}
    row = replace(rows[4], inputs=(replace(rows[4].inputs[0], facts=facts),))
    for path in (out / "manifest").iterdir():
        path.unlink()
    write_row(open_run_folder(out), row)
    text = report(out).read_text(encoding="utf-8")
    assert "<img" not in text
    assert "<b>" not in text
    assert "<script>alert" not in text
