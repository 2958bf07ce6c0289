"""Makes the frames of an enhanced object: each has a position, spacing and rescale of its own in functional groups."""

from __future__ import annotations

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
    return frames
