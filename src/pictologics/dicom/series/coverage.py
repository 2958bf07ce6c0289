"""What is said of one volume among several of its series: which it is, and which places along the normal it lacks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import CorruptFileError
from ..frames.frame import Frame
from ..headers import tags
from .layouts import FrameLayout
from .phases import ONLY_ORDER_TELLS, Phase
from .positions import measure_heights, number_positions
from .remarks import SeriesRemark

__all__ = ["describe_other_layouts", "describe_phases"]

MOST_VOLUMES_NAMED = 3
"""How many other volumes a message names before it says how many more there are."""


def describe_other_layouts(
    layouts: Sequence[FrameLayout], own: int, first_indices: Sequence[int], *, has_main: bool
) -> list[SeriesRemark]:
    """What is said of the images of a series that form no common volume with those that are loaded.

    Args:
        layouts: All layouts of the series.
        own: Which of them is loaded.
        first_indices: The ``dataset_index`` of the first volume of each.
        has_main: Whether the first layout is the one that the series is about. Any other is loaded only for a caller
            who chose it, and knows that there are more.
    """
    others = [k for k in range(len(layouts)) if k != own]
    if not others:
        return []
    count = sum(len(layouts[k].frames) for k in others)
    named = ", ".join(f"{layouts[k]}: dataset_index={first_indices[k]}" for k in others[:MOST_VOLUMES_NAMED])
    more = f" and {len(others) - MOST_VOLUMES_NAMED} more sets" if len(others) > MOST_VOLUMES_NAMED else ""
    text = (
        f"left out {count} of {count + len(layouts[own].frames)} images, which form no common volume with the "
        f"{layouts[own]} ({named}{more}; the first is '{layouts[others[0]].frames[0].header.path}')"
    )
    return [SeriesRemark(count, text, is_warning=has_main and own == 0, warns_by_default=not has_main)]


def describe_phases(phases: Sequence[Phase], first_index: int, total: int) -> list[SeriesRemark]:
    """What is said of each volume among several of one layout.

    Args:
        phases: The volumes of the layout.
        first_index: The ``dataset_index`` of the first of them.
        total: How many volumes the series has.
    """
    frames = [frame for phase in phases for frame in phase.frames]
    sizes = [len(phase.frames) for phase in phases]
    # The tiles of one picture are one volume, wherever they lie: its neighbors may have moved with the patient.
    slots = None if frames[0].tile is not None else number_positions(frames)
    places = [] if slots is None else [set(run.tolist()) for run in np.split(slots, np.cumsum(sizes)[:-1])]
    everything: set[int] = set().union(*places)
    heights = {} if slots is None else map_heights(frames, slots)
    lack = f"some of its {len(phases)} volumes lack slices that others have, and the record of each says which"
    remarks = []
    for k, phase in enumerate(phases):
        text = f"this is one of {total} volumes ({phase.label}, dataset_index={first_index + k})"
        text += f"; {phase.remark}" if phase.remark else ""
        missing = max(sizes) - sizes[k]
        fewer = f"it has {sizes[k]} slice{'s' * (sizes[k] != 1)}, {missing} fewer than the fullest" if missing else ""
        lacking = len(everything - places[k]) if places else 0
        if lacking:
            part = f"it covers {len(places[k])} of {len(everything)} positions, {format_span(places[k], heights)}"
            holders = name_holders(phases, places, everything - places[k], first_index)
            reach = f"{part} of {format_span(everything, heights)} along the normal"
            text += f": {fewer}{'; ' * bool(fewer)}{reach}; {holders}"
            remarks.append(SeriesRemark(lacking, text, is_warning=True, of_series=lack))
        elif missing:
            remarks.append(SeriesRemark(missing, f"{text}: {fewer}", is_warning=True, of_series=lack))
        elif phase.is_guessed and len(everything) == 1:
            place = f": all {len(frames)} images say that they lie at one position{describe_slice_locations(frames)}"
            of_series = describe_guess(phases) + place
            remarks.append(SeriesRemark(len(frames) - 1, text + place, is_warning=True, of_series=of_series))
        elif phase.is_guessed and min(sizes) < max(sizes):
            # Nothing but order tells them apart: a slice that was sent twice looks like this.
            extra = sum(sizes) - max(sizes)
            text += f": {extra} more image{'s' * (extra != 1)} at the same positions belong to the others"
            remarks.append(SeriesRemark(extra, text, is_warning=True, of_series=describe_guess(phases)))
        else:
            # An order may be wrong at any position, and then slices of two volumes are mixed.
            of_series = describe_guess(phases) if phase.is_guessed else ""
            remarks.append(SeriesRemark(total - 1, text, is_warning=phase.is_guessed, of_series=of_series))
    return remarks


def describe_guess(phases: Sequence[Phase]) -> str:
    """What is said once of volumes of which some are told apart by their order alone."""
    are_all = all(phase.is_guessed and phase.tag is None for phase in phases)
    return f"{ONLY_ORDER_TELLS} {'its' if are_all else 'some of its'} {len(phases)} volumes apart"


def name_holders(phases: Sequence[Phase], places: Sequence[set[int]], lacking: set[int], first_index: int) -> str:
    """Which volumes have the places that one lacks."""
    holders = [k for k, held in enumerate(places) if held & lacking]
    # Those that have most of them first: an incomplete time point has many complete neighbors.
    holders.sort(key=lambda k: -len(places[k] & lacking))
    named = ", ".join(f"dataset_index={first_index + k} ({phases[k].label})" for k in holders[:MOST_VOLUMES_NAMED])
    more = f" and {len(holders) - MOST_VOLUMES_NAMED} more" if len(holders) > MOST_VOLUMES_NAMED else ""
    return f"the others are in {named}{more}"


def describe_slice_locations(frames: Sequence[Frame]) -> str:
    """What SliceLocation says of images at one position, empty unless it differs."""
    try:
        found = [frame.attributes.number(tags.SLICE_LOCATION) for frame in frames]
    except CorruptFileError:
        return ""
    locations = [location for location in found if location is not None]
    if len(set(locations)) < 2:
        return ""
    # It is optional, and relative to a plane of the scanner's choice (PS3.3 C.7.6.2.1.2).
    return f", although SliceLocation runs from {min(locations):.6g} to {max(locations):.6g} mm"


def map_heights(frames: Sequence[Frame], slots: np.ndarray) -> dict[int, float]:
    """The height of each place along the normal, mm."""
    orientation = frames[0].orientation
    assert orientation is not None  # slots are numbered along the normal
    return dict(zip(slots.tolist(), measure_heights(frames, orientation).tolist(), strict=True))


def format_span(places: set[int], heights: dict[int, float]) -> str:
    """From where to where places reach."""
    low, high = heights[min(places)], heights[max(places)]
    return f"{low:.6g} mm" if len(places) == 1 else f"{low:.6g} to {high:.6g} mm"
