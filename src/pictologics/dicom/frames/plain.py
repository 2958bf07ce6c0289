"""Makes the frames of a plain file: one plane, or several that nothing tells apart but their number."""

from __future__ import annotations

from ..headers import tags
from ..headers.header import Header
from .frame import Frame, make_frame
from .pixel_spacing import read_pixel_spacing
from .plane_attributes import read_orientation, read_plane_size, read_position

__all__ = ["make_plain_frames"]


def make_plain_frames(header: Header) -> list[Frame]:
    """One frame for each plane.

    Frames of a cine, a secondary capture or an ultrasound sweep have no position of their own: what the file says is
    that of the first.
    """
    count = header.integer(tags.NUMBER_OF_FRAMES) or 1
    position = read_position(header)
    spacing = read_pixel_spacing(header)
    return [
        make_frame(
            header,
            header,
            number,
            size=read_plane_size(header),
            position=position if count == 1 else None,
            orientation=read_orientation(header),
            spacing=spacing,
            first_position=None if count == 1 else position,
        )
        for number in range(count)
    ]
