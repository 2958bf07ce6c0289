"""Checks of what callers pass: one form of sentence, and numpy's scalars as good as Python's numbers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from pictologics.checks import (
    check_choice,
    check_fill_value,
    check_number,
    check_range,
    check_whole,
    format_range,
    is_number,
    list_choices,
)
from pictologics.errors import OptionError


@pytest.mark.parametrize(
    "value", [2, 2.0, np.int8(2), np.uint64(2), np.float16(2), np.float64(2), np.array(2), Fraction(2)]
)
def test_numbers_of_any_kind_are_numbers(value):
    number = check_number("k", value, above=0)
    assert number == 2
    assert type(number) is float


@pytest.mark.parametrize(
    "value", [None, "2", b"2", True, np.True_, 2j, np.nan, Decimal("nan"), [2], np.array([2.0]), 10**400]
)
def test_what_is_not_a_number_is_refused(value):
    assert not is_number(value)
    with pytest.raises(OptionError, match=r"k is .* and must be a finite number$") as caught:
        check_number("k", value)
    assert caught.value.values["k"] is value


@pytest.mark.parametrize(
    ("bounds", "refused", "words"),
    [
        ({"above": 0}, 0, "a number of mm above 0"),
        ({"above": 0, "most": 1}, 1.5, "a number of mm above 0 and up to 1"),
        ({"least": 0}, -1e-9, "a number of mm, 0 or more"),
        ({"least": 0, "most": 1}, 2, "a number of mm from 0 to 1"),
        ({"above": 0}, np.inf, "a number of mm above 0"),
        ({}, -np.inf, "a finite number of mm"),
    ],
)
def test_bounds_are_named(bounds, refused, words):
    with pytest.raises(OptionError) as caught:
        check_number("width", refused, "mm", **bounds, advice="make it fit")
    assert str(caught.value) == f"width is {refused!r} and must be {words}; make it fit"


def test_bounds_may_be_reached():
    assert check_number("share", 1, above=0, most=1) == 1
    assert check_number("share", 0, least=0, most=1) == 0
    assert check_number("k", np.inf, above=0, finite=False) == np.inf


@pytest.mark.parametrize("value", [3, np.uint8(3), np.int64(3)])
def test_whole_numbers_become_pythons_own(value):
    assert type(check_whole("support", value, 1, odd=True)) is int
    assert type(check_choice("dimensions", value, (2, 3))) is int


@pytest.mark.parametrize(
    ("value", "limits", "words"),
    [
        (3.0, {}, "a whole number"),
        (True, {"least": 1}, "a whole number, 1 or more"),
        (np.int8(0), {"least": 1, "most": 9}, "a whole number from 1 to 9"),
        (10, {"least": 1, "most": 9}, "a whole number from 1 to 9"),
        (4, {"least": 1, "odd": True}, "an odd whole number, 1 or more"),
        ("3", {}, "a whole number"),
    ],
)
def test_what_is_not_such_a_whole_number_is_refused(value, limits, words):
    with pytest.raises(OptionError, match=rf"n is .* and must be {words}$"):
        check_whole("n", value, **limits)


@pytest.mark.parametrize("value", ["min", 2, None, True, ["max"], np.float64(1)])
def test_a_choice_is_one_of_those_listed(value):
    with pytest.raises(OptionError, match=r'rule is .* and must be 1, "max" or "mean"$'):
        check_choice("rule", value, (1, "max", "mean"))


def test_choices_are_listed_as_a_person_would():
    assert list_choices([None, "a", "b"]) == 'None, "a" or "b"'
    assert list_choices(["a"]) == '"a"'
    assert check_choice("color", None, (None, "a")) is None


@pytest.mark.parametrize("value", [0, np.nan, -np.inf, np.float32(1.5), np.int16(-1)])
def test_any_number_fills(value):
    assert check_fill_value(value) is value


@pytest.mark.parametrize("value", ["0", None, 1j, np.complex64(1), [0]])
def test_only_numbers_fill(value):
    with pytest.raises(OptionError, match=r"fill_value is .* and must be a number"):
        check_fill_value(value)


def test_ranges_may_be_open():
    assert check_range("value_range", (None, np.int16(3))) == (-np.inf, 3)
    assert format_range(*check_range("value_range", [1, None])) == "[1, inf]"


@pytest.mark.parametrize("value", [(2, 1), (1,), 3, (np.nan, 1), ("a", "b"), None])
def test_what_is_not_a_range_is_refused(value):
    with pytest.raises(OptionError, match=r"value_range is .* and must be two numbers, the lower one first"):
        check_range("value_range", value)
