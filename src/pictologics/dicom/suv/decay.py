"""How much of an injected dose was left when a PET scan began.

Pixels that are corrected for decay say how active the tissue was at one moment, the same for all bed positions. The
dose has to be taken at that very moment: of fluorine-18, a minute of error is 0.6 % of every uptake value.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import expm1, log
from typing import Final

from .pet_facts import PetFacts

__all__ = ["find_remaining_share"]

SECOND: Final = timedelta(seconds=1)
"""What is lost of a time that is cut to whole seconds."""

DAY: Final = 86400.0
"""Seconds."""

LONGEST_LEAD: Final = 3600.0
"""Seconds by which a scan may begin before the injection, as dynamic scans do."""

MOST_HALF_LIVES: Final = 10
"""Half-lives from the injection to the scan: after ten a thousandth is left, which nobody scans; a time is wrong."""

LONGEST_UNDATED_HALF_LIFE: Final = 12 * 3600.0
"""Half-life, s, up to which an injection without a date is taken to be less than a day ago."""

SAME_BEGINNING: Final = 5.0
"""Seconds by which the beginnings of the scan may differ that follow from the rounded times of its bed positions."""


def find_remaining_share(facts: Sequence[PetFacts]) -> float:
    """The share of the dose that was left at the beginning of the scan."""
    half_life = facts[0].half_life
    if half_life is None:
        raise facts[0].missing_error("half_life")
    share: float = 2.0 ** (-find_uptake_seconds(facts[0], find_scan_begin(facts, half_life), half_life) / half_life)
    return share


def find_scan_begin(facts: Sequence[PetFacts], half_life: float) -> datetime:
    """The moment to which a scanner that corrects for decay since the START corrected it.

    That is the series' date and time, unless these are later than the acquisition's: then the series was made
    afterwards, and GE's private date and time count, or what each slice's FrameReferenceTime says. Enhanced objects
    name the moment.
    """
    first = facts[0]
    if first.is_enhanced:
        if first.corrected_to is None:
            raise first.missing_error("corrected_to")
        return first.corrected_to
    if first.series is None:
        raise first.missing_error("series")
    acquired = []
    for slice_facts in facts:
        if slice_facts.acquired is None:
            raise slice_facts.missing_error("acquired")
        acquired.append(slice_facts.acquired)
    # Not the acquisition time: each bed position has another, and all are corrected to the beginning. But a series
    # that was post-processed has the later time of that: no scan begins after its first data were taken.
    if first.series <= min(acquired) + SECOND:
        return first.series
    if first.private_scan is not None:
        return first.private_scan
    if first.manufacturer.startswith("GE"):
        # Its FrameReferenceTime counts from another moment.
        raise first.contradiction_error(
            "the series is later than its acquisition, and GE's private scan date and time (0009,100D) is missing",
            "series",
            "acquired",
        )
    return find_begin_by_reference(facts, half_life)


def find_begin_by_reference(facts: Sequence[PetFacts], half_life: float) -> datetime:
    """The beginning of the scan, counted back from the moment of each slice's mean count rate."""
    begins = []
    for slice_facts in facts:
        acquired, reference, duration = slice_facts.acquired, slice_facts.reference_time, slice_facts.duration
        if acquired is None or reference is None or duration is None:
            raise slice_facts.contradiction_error(
                "the series is later than its acquisition, and neither GE's private scan date and time (0009,100D) nor "
                "FrameReferenceTime (0054,1300) and ActualFrameDuration (0018,1242) say when the scan began",
                "series",
                "acquired",
            )
        # The mean of exp(-rate t) over the frame, (1 - exp(-x)) / x with x = rate times duration, is the activity at
        # one moment of it, before its middle: FrameReferenceTime counts to that. expm1 keeps the digits of a small x.
        rate = log(2) / half_life
        exponent = rate * duration / 1000
        to_mean_rate = log(exponent / -expm1(-exponent)) / rate
        begins.append(acquired + timedelta(seconds=to_mean_rate - reference / 1000))
    apart = (max(begins) - min(begins)).total_seconds()
    if apart > SAME_BEGINNING:
        raise facts[0].contradiction_error(
            f"the starts of the scan that follow from them are {apart:.0f} s apart", "acquired", "reference_time"
        )
    return begins[0]


def find_uptake_seconds(facts: PetFacts, begin: datetime, half_life: float) -> float:
    """Seconds from the injection to the beginning of the scan."""
    if facts.start is not None:
        check_same_time(facts, facts.start)
        seconds = count_seconds(facts.start, begin)
        fact = "start"
    elif facts.start_time is not None:
        if half_life > LONGEST_UNDATED_HALF_LIFE:
            raise facts.contradiction_error(
                f"with a half-life of {half_life / 3600:.1f} h, a time without RadiopharmaceuticalStartDateTime "
                "(0018,1078) does not identify the day",
                "start_time",
                "half_life",
            )
        seconds = count_seconds(datetime.combine(begin.date(), facts.start_time, begin.tzinfo), begin)
        if seconds < -LONGEST_LEAD:
            # Without a day it was taken for that of the scan; it was injected before midnight.
            seconds += DAY
        fact = "start_time"
    else:
        raise facts.missing_error("start", "start_time")
    if not -LONGEST_LEAD <= seconds <= MOST_HALF_LIVES * half_life:
        raise facts.contradiction_error(
            f"the scan begins {seconds:.0f} s after the injection, with a half-life of {half_life:.6g} s",
            fact,
            "corrected_to" if facts.is_enhanced else "series",
            "half_life",
        )
    return seconds


def check_same_time(facts: PetFacts, start: datetime) -> None:
    """Compare the two attributes that say when the dose was injected, where they count in the same time zone."""
    zone = None if facts.series is None else facts.series.tzinfo
    if facts.start_time is None or start.tzinfo != zone:
        return
    again = datetime.combine(start.date(), facts.start_time, zone)
    if abs(start - again) > SECOND:
        raise facts.contradiction_error("the two times of injection differ", "start", "start_time")


def count_seconds(earlier: datetime, later: datetime) -> float:
    """Seconds from one moment to another; where only one names its time zone, both are taken to be local."""
    if (earlier.tzinfo is None) != (later.tzinfo is None):
        earlier, later = earlier.replace(tzinfo=None), later.replace(tzinfo=None)
    return (later - earlier).total_seconds()
