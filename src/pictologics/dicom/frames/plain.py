"""A file of one plane, or of several that nothing tells apart but their number."""

from __future__ import annotations

from ..headers import tags
from ..headers.header import Header
from .frame import (
    Frame,
    make_frame,
    orientation_of,
    position_of,
)

__all__ = ["plain_frames", "stored_size"]


def plain_frames(header: Header) -> list[Frame]:
    """One frame for each plane, all at the file's one position if it has one.

    Frames of a cine, a secondary capture or an ultrasound sweep have no position of their own; what the file says
    of the first holds for none of the others.
    """
    count = header.integer(tags.NUMBER_OF_FRAMES) or 1
    position = position_of(header)
    return [
        make_frame(
            header,
            header,
            number,
            size=stored_size(header),
            position=position if count == 1 else None,
            orientation=orientation_of(header),
        )
        for number in range(count)
    ]


def stored_size(header: Header) -> tuple[int, int]:
    """Rows and columns of a stored frame."""
    return header.short(tags.ROWS) or 0, header.short(tags.COLUMNS) or 0
