"""Makes the frames of an enhanced object: each has a position, spacing and rescale of its own in functional groups."""

from __future__ import annotations

from ..headers.attributes import Attributes
from ..headers.functional_groups import read_frame_values
from ..headers.header import Header
from .frame import Frame, make_frame
from .plane_attributes import read_orientation, read_plane_size, read_position

__all__ = ["make_enhanced_frames"]


def make_enhanced_frames(header: Header) -> list[Frame]:
    """One frame for each item of the per-frame functional groups (DICOM PS3.3 C.7.6.16)."""
    size = read_plane_size(header)
    frames = []
    for number, values in enumerate(read_frame_values(header)):
        attributes = Attributes(header.path, values, header.little_endian)
        frames.append(
            make_frame(
                header,
                attributes,
                number,
                size=size,
                position=read_position(attributes),
                orientation=read_orientation(attributes),
            )
        )
    return frames
