"""Makes the frames of an enhanced object: each has a position, spacing and rescale of its own in functional groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..headers import tags
from ..headers.attributes import Attributes
from ..headers.functional_groups import read_frame_values
from ..headers.header import Header
from .frame import Frame, make_frame
from .plane_attributes import read_orientation, read_plane_size, read_position

__all__ = ["make_enhanced_frames"]

OF_VOLUME = (
    "the images lie in the volume frame of reference of the ultrasound probe, and its position in the patient is not "
    "known; its axes were assumed to be those of the patient"
)
"""What is assumed of planes that PlanePositionVolumeSequence places (DICOM PS3.3 C.7.6.16.2.21, C.8.24.3)."""


def make_enhanced_frames(header: Header) -> list[Frame]:
    """One frame for each item of the per-frame functional groups (DICOM PS3.3 C.7.6.16)."""
    size = read_plane_size(header)
    frames = []
    for number, values in enumerate(read_frame_values(header)):
        attributes = Attributes(header.path, values, header.little_endian)
        position, orientation = read_position(attributes), read_orientation(attributes)
        assumptions: tuple[str, ...] = ()
        if position is None and tags.IMAGE_POSITION_VOLUME in attributes:
            position = read_position(attributes, tags.IMAGE_POSITION_VOLUME)
            orientation = read_orientation(attributes, tags.IMAGE_ORIENTATION_VOLUME)
            assumptions = (OF_VOLUME,)
        frames.append(
            make_frame(
                header,
                attributes,
                number,
                size=size,
                position=position,
                orientation=orientation,
                assumptions=assumptions,
            )
        )
    return keep_first_place(frames)


def keep_first_place(frames: Sequence[Frame]) -> list[Frame]:
    """Frames of which only the first has a place, as those that lie behind it.

    So does a converter leave them that knows the place of a volume alone: in the groups of the first frame, or at the
    top level, where it would be the place of every frame. That it cannot be, if their places in a stack differ
    (DICOM PS3.3 C.7.6.16.2.2.4).
    """
    first, *others = frames
    if first.position is None or not others:
        return list(frames)
    if tags.IMAGE_POSITION_PATIENT in first.header and all(frame.position == first.position for frame in others):
        if len(set(list_stack_places(frames))) < 2:
            return list(frames)
    elif any(frame.position is not None for frame in others) or min(places := list_stack_places(frames)) < places[0]:
        return list(frames)
    return [replace(frame, position=None, first_position=first.position) for frame in frames]


def list_stack_places(frames: Sequence[Frame]) -> list[float]:
    """The place of each frame in its stack, from 1; 0 where none is said."""
    return [frame.attributes.try_number(tags.IN_STACK_POSITION_NUMBER) or 0.0 for frame in frames]
