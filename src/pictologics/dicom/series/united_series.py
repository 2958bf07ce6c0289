"""Several SeriesInstanceUIDs that are one series all the same: an anonymizer gave each slice a UID of its own.

Series of a folder are united only on evidence: they have one modality, patient and number, their planes one orientation
and size, and the places of the planes complete an evenly spaced stack that none of the series is by itself. Two
reconstructions of a scan that lie between the slices of one another are stacks by themselves and stay two series.

A list of files is a person's word that they belong together: there the series are united unless two have images at one
place, differ in modality or are of several orientations or sizes, so that a choice among them is left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ...errors import CorruptFileError, UnsupportedFormatError
from ..frames import list_frames
from ..frames.frame import Frame
from ..headers import tags
from .image_series import Series
from .layouts import is_same_layout
from .positions import is_one_stack, number_positions
from .remarks import SeriesRemark

__all__ = ["unite_listed_series", "unite_shattered_series"]

FEWEST_PLACES = 3
"""Places that show a stack: any two are evenly spaced."""


def unite_shattered_series(series: Sequence[Series]) -> list[Series]:
    """The series of a folder, those that are pieces of one stack united."""
    if len(series) < 2:
        return list(series)
    groups: defaultdict[tuple[str, ...], list[Series]] = defaultdict(list)
    for candidate in series:
        first = candidate.headers[0]
        groups[candidate.modality, first.text(tags.PATIENT_ID), candidate.number].append(candidate)
    return [
        united
        for members in groups.values()
        for united in ([unite(members, "their slices complete one stack")] if complete_a_stack(members) else members)
    ]


def unite_listed_series(series: Sequence[Series]) -> list[Series]:
    """The series of a list of files: one, unless the files leave a choice."""
    if len(series) < 2 or len({candidate.modality for candidate in series}) > 1:
        return list(series)
    frames = list_alike_frames(series)
    if frames is None:
        return list(series)
    slots = number_positions([frame for part in frames for frame in part])
    is_one = all(len(part) == 1 for part in frames) if slots is None else not share_places(frames, slots)
    return [unite(series, "the list names them together")] if is_one else list(series)


def complete_a_stack(members: Sequence[Series]) -> bool:
    """Whether series are pieces of one evenly spaced stack, and none of them is one by itself."""
    frames = list_alike_frames(members) if len(members) > 1 else None
    if frames is None:
        return False
    everything = [frame for part in frames for frame in part]
    slots = number_positions(everything)
    if slots is None or np.unique(slots).size < FEWEST_PLACES or share_places(frames, slots):
        return False
    if not is_one_stack(everything, slots):
        return False
    for part, run in zip(frames, split_by_part(frames, slots), strict=True):
        if np.unique(run).size >= FEWEST_PLACES and is_one_stack(part, run):
            return False
    return True


def list_alike_frames(members: Sequence[Series]) -> list[list[Frame]] | None:
    """The planes of each series; None if they are not of one orientation and size, or a file cannot be read."""
    try:
        frames = [[frame for header in member.headers for frame in list_frames(header)] for member in members]
    except (CorruptFileError, UnsupportedFormatError):
        # What is wrong with it is said when it is loaded.
        return None
    first = frames[0][0]
    if all(is_same_layout(first, frame) for part in frames for frame in part):
        return frames
    return None


def share_places(frames: Sequence[Sequence[Frame]], slots: np.ndarray) -> bool:
    """Whether series of several planes have planes at one place: they are repetitions, each of which has a UID."""
    if all(len(part) == 1 for part in frames):
        return False
    places = sum(np.unique(run).size for run in split_by_part(frames, slots))
    return places > np.unique(slots).size


def split_by_part(frames: Sequence[Sequence[Frame]], slots: np.ndarray) -> list[np.ndarray]:
    """The places of the planes of each series."""
    return np.split(slots, np.cumsum([len(part) for part in frames])[:-1])


def unite(members: Sequence[Series], reason: str) -> Series:
    """One series of the files of several, for a reason that a warning gives."""
    headers = tuple(header for member in members for header in member.headers)
    text = (
        f"the {len(headers)} files have {len(members)} values of SeriesInstanceUID and were taken as one series, "
        f"because {reason}"
    )
    return Series("", headers, tuple(members), (SeriesRemark(len(members), text, is_warning=True, kind="assumed"),))
