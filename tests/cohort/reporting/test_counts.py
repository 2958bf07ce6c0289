"""Charts: every case in its bars, and bars that people can read."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictologics.cohort.reporting.counts import MOST_BARS, count_cases
from pictologics.cohort.reporting.report_rows import ReportRow


def make_rows(spacings) -> list[ReportRow]:
    return [ReportRow(f"{k}", "done", spacing=(s, s, s) if s else ()) for k, s in enumerate(spacings)]


def find_chart(rows, name):
    return next((chart for chart in count_cases(rows) if chart.name == name), None)


def test_few_numbers_have_a_bar_each():
    chart = find_chart(make_rows([1.0, 2.5, 1.0, None]), "Spacing x")
    assert [(bar.label, bar.count) for bar in chart.bars] == [("1", 2), ("2.5", 1)]
    assert chart.places == [[0], [1], [0], []]
    assert chart.unknown == 1


def test_labels_that_would_be_cut_off_are_named_at_the_ends_only():
    few, long = make_rows([1.0, 2.5]), make_rows([0.6614583, 0.9765625, 1.3671875, 1.4648438])
    assert [find_chart(rows, "Spacing x").is_crowded for rows in (few, long)] == [False, True]


def test_many_numbers_share_classes_of_one_readable_width():
    chart = find_chart(make_rows([0.5 + 0.01 * k for k in range(100)]), "Spacing x")
    assert [bar.label for bar in chart.bars] == [f"{0.5 + 0.1 * k:g} to {0.6 + 0.1 * k:g}" for k in range(10)]
    assert [bar.count for bar in chart.bars] == [10] * 10


def test_what_lies_far_away_does_not_flatten_the_rest():
    chart = find_chart(make_rows([*[0.5 + 0.01 * k for k in range(200)], 1000.0]), "Spacing x")
    assert chart.bars[-1].label.endswith("or more")
    assert sum(bar.count > 0 for bar in chart.bars) > 8


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=60))
def test_every_number_is_in_the_bar_that_names_it(values):
    chart = find_chart(make_rows(values), "Spacing x")
    assert 1 <= len(chart.bars) <= MOST_BARS
    counts = Counter(place for case in chart.places for place in case)
    assert [bar.count for bar in chart.bars] == [counts[k] for k in range(len(chart.bars))]
    assert counts.total() == len(values)
    for value, (place,) in zip(values, chart.places, strict=True):
        words = chart.bars[place].label.split()
        low = float(words[0])
        slack = 1e-3 * max(abs(low), abs(value))
        assert low - slack <= value
        if words[1:2] == ["to"]:
            assert value <= float(words[2]) + slack


def test_rare_names_share_a_bar():
    rows = [ReportRow(f"{k}", "done", manufacturer=f"maker {k:02d}") for k in range(30)]
    rows.append(ReportRow("x", "done", manufacturer="maker 07"))
    chart = find_chart(rows, "Manufacturer")
    assert chart.bars[0].label == "maker 07"
    assert chart.bars[-1].label == f"{30 - (MOST_BARS - 1)} others"
    assert sum(bar.count for bar in chart.bars) == 31


def test_a_case_stands_in_the_bar_of_each_of_its_labels():
    rows = [ReportRow("a", "done", labels={1: "liver", 2: "spleen"}), ReportRow("b", "done", labels={5: "liver"})]
    chart = find_chart(rows, "Labels")
    assert [(bar.label, bar.count) for bar in chart.bars] == [("liver", 2), ("spleen", 1)]
    assert chart.places == [[0, 1], [0]]


@pytest.mark.parametrize("rows", [[], [ReportRow("a", "failed")]])
def test_nothing_known_is_no_chart(rows):
    assert count_cases(rows) == []
