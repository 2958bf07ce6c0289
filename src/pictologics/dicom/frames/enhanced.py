"""Enhanced objects: position, orientation, spacing and rescale of each frame in functional groups."""

from __future__ import annotations

from ..headers.attributes import Attributes
from ..headers.functional_groups import read_frame_values
from ..headers.header import Header
from .frame import (
    Frame,
    make_frame,
    orientation_of,
    position_of,
)
from .plain import stored_size

__all__ = ["enhanced_frames"]


def enhanced_frames(header: Header) -> list[Frame]:
    """One frame for each item of the per-frame functional groups (DICOM PS3.3 C.7.6.16)."""
    size = stored_size(header)
    frames = []
    for number, values in enumerate(read_frame_values(header)):
        attributes = Attributes(header.path, values, header.little_endian)
        frames.append(
            make_frame(
                header,
                attributes,
                number,
                size=size,
                position=position_of(attributes),
                orientation=orientation_of(attributes),
            )
        )
    return frames
