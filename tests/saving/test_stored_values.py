"""Values to 16-bit numbers: within half a step, and voxels without data apart from all others."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pictologics.saving.derived.plane_values import encode_planes, find_range
from pictologics.saving.derived.stored_values import choose_coding, write_decimal

numbers = st.floats(-1e9, 1e9).filter(lambda value: value == 0 or abs(value) > 1e-9)


@given(st.lists(numbers, min_size=1, max_size=9), st.booleans(), st.booleans())
@example([5.1], True, False)
@example([0.0], True, True)
@example([0.0, 13.7], True, True)
@example([1e9, 1e9 + 1], True, False)
def test_values_are_within_half_a_step_of_what_is_read(values, has_gap, for_each):
    planes = [np.array([values, values[::-1]])]
    valid = [np.ones(planes[0].shape, bool)] if has_gap else None
    if has_gap:
        planes[0] = np.append(planes[0], [[-77.5] * len(values)], axis=0)
        valid = [np.append(valid[0], [[False] * len(values)], axis=0)]
    whole = find_range(np.array(planes), None if valid is None else np.array(valid))
    assume(for_each or whole.high - whole.low > 1e-9 or whole.high == whole.low)
    ((coding, stored),) = encode_planes(planes, valid, whole, [], [0.0] if for_each else None)
    slope, intercept = write_decimal(coding.slope), write_decimal(coding.intercept)
    assert len(slope) <= 16
    assert len(intercept) <= 16
    assert stored.numbers.dtype == ("<i2" if coding.is_signed else "<u2")
    if for_each:
        assert intercept == "0"
    read = stored.numbers * float(slope) + float(intercept)
    inside = slice(None) if valid is None else valid[0]
    away = np.abs(read - planes[0])[inside].max()
    largest = max(abs(whole.low), abs(whole.high))
    assert away <= stored.error <= float(slope) * 0.5000001 + largest * 2**-23
    if has_gap:
        assert (stored.numbers[~valid[0]] == coding.padding).all()
        assert (stored.numbers[valid[0]] != coding.padding).all()
    # The whole range of numbers is made use of.
    if not whole.is_whole and whole.high > whole.low:
        reach = largest if for_each else whole.high - whole.low
        assert float(slope) < reach / (32766 if for_each else 65532)


@given(st.integers(-40000, 70000), st.integers(0, 65535), st.booleans())
def test_whole_numbers_are_exact_as_long_as_16_bits_hold_them(low, extent, has_gap):
    assume(extent < 65535 or not has_gap)
    coding = choose_coding(low, low + extent, True, has_gap, [(1.0, -1024.0)], True)
    first, last = low - int(coding.intercept), low + extent - int(coding.intercept)
    limits = np.iinfo(coding.dtype)
    assert coding.slope == 1
    assert limits.min <= first <= last <= limits.max
    assert (coding.padding is not None) == has_gap
    if has_gap:
        assert limits.min <= coding.padding <= limits.max
        assert not first <= coding.padding <= last


slopes = st.integers(0, 10**7).map(lambda number: (number + 0.3) / 10**4)  # never whole, nor nearly so


@given(
    st.lists(st.integers(0, 32767), min_size=1, max_size=9),
    slopes,
    st.booleans(),
)
def test_what_was_read_with_a_slope_is_written_with_it(stored, slope, has_gap):
    plane = (np.array([stored]) * slope).astype("f4")
    valid = np.ones(plane.shape, bool) if has_gap else None
    whole = find_range(plane, valid)
    ((coding, again),) = encode_planes([plane], None if valid is None else [valid], whole, [], [slope])
    if not whole.is_whole:
        assert abs(float(coding.slope) / slope - 1) < 1e-9
        np.testing.assert_array_equal(again.numbers, [stored])
    assert again.error <= whole.high * 2**-22


def test_the_source_says_how_whole_numbers_are_stored():
    coding = choose_coding(-1000, 3000, True, False, [(1.0, -1024.0)], True)
    assert (coding.intercept, coding.is_signed) == (-1024, False)
    coding = choose_coding(-1000, 3000, True, False, [(0.5, -1024.0)], True)
    assert (coding.intercept, coding.is_signed) == (0, True)
