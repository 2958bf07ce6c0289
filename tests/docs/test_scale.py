"""The page's numbers about millions and billions of files come from the simulation, and the simulation adds up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.scale import (
    MEASURED,
    PLANS,
    SERIES,
    Plan,
    format_table,
    list_tree,
    measure_heads,
    measure_index,
    simulate,
    write_many_series,
)

PAGE = Path(__file__).parents[2] / "docs" / "cohorts.md"


@pytest.mark.slow
def test_the_page_shows_what_the_simulation_gives():
    assert format_table() in PAGE.read_text(encoding="utf-8")


def test_the_page_shows_the_rates_that_were_measured():
    text = PAGE.read_text(encoding="utf-8")
    for rate in (MEASURED.files_per_core, MEASURED.remote_files_per_core, MEASURED.listed_per_second):
        assert f"{rate:,.0f}" in text
    for rate in (MEASURED.rows_per_second, MEASURED.bytes_per_file, MEASURED.tasks_per_second):
        assert f"{rate:,.0f}" in text


def test_one_core_takes_what_its_rates_say():
    found = simulate(Plan("", 1_000_000, 1), MEASURED)
    expected = 1e6 / MEASURED.files_per_core + 1e6 / MEASURED.rows_per_second
    assert found.seconds == pytest.approx(expected, rel=0.1)
    assert found.table_bytes == 1e6 * MEASURED.bytes_per_file
    assert found.requests == 0
    assert found.first_to_break == "workers"


def test_cores_help_until_something_else_is_busy():
    times = [simulate(Plan("", 10_000_000, cores, is_remote=True), MEASURED) for cores in (1, 2, 64, 128)]
    assert times[1].seconds == pytest.approx(times[0].seconds / 2, rel=0.2)
    assert times[3].seconds == pytest.approx(times[2].seconds, rel=0.1)
    assert (times[0].first_to_break, times[3].first_to_break) == ("workers", "store")
    # More prefixes are what the store needs then.
    spread = simulate(Plan("", 10_000_000, 128, is_remote=True, prefixes=16, listers=16), MEASURED)
    assert spread.seconds < times[3].seconds / 4


def test_a_scheduler_feeds_no_more_workers_than_it_has_tasks_for():
    plan = Plan("", 100_000_000, 20_000, is_remote=True, prefixes=10_000, runs=True)
    found = simulate(plan, MEASURED)
    cases = plan.files / MEASURED.files_per_series
    assert found.first_to_break == "scheduler"
    assert found.seconds >= cases / MEASURED.tasks_per_second
    faster = simulate(plan, replace(MEASURED, tasks_per_second=100 * MEASURED.tasks_per_second))
    assert faster.first_to_break == "workers"
    assert found.memory_bytes == cases * MEASURED.bytes_per_task


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_no_part_is_busier_than_all_the_time(plan):
    small = replace(plan, files=plan.files // 100)
    found = simulate(small, MEASURED)
    assert all(0 <= share <= 1 + 1e-9 for share in found.busy.values())
    assert found.dollars > 0
    assert simulate(small, MEASURED) == found


@pytest.mark.slow
def test_the_rates_can_be_measured(tmp_path):
    write_many_series(tmp_path, 2 * SERIES)
    assert list_tree(tmp_path / "tree") == 2 * SERIES
    reading, writing, size = measure_index(tmp_path)
    assert 0 < writing < reading < 60
    assert 5 < size / (2 * SERIES) < 2000
    assert 0 < measure_heads(tmp_path / "tree" / "0000") < 60
