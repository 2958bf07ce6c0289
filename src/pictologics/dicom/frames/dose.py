"""Makes the frames of RT dose: planes along the normal at the offsets of one vector."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...errors import CorruptFileError
from ..headers import tags
from ..headers.header import Header
from .assumed_places import assume_place
from .frame import Frame, make_frame
from .plain import make_plain_frames
from .plane_attributes import MOST_DISTANCE, find_normal, read_orientation, read_plane_size, read_position

__all__ = ["make_dose_frames"]

SAME_MILLIMETER: Final = 1e-3
"""mm; decimal strings of one number written by two parts of a program may differ in their last digit."""


def make_dose_frames(header: Header) -> list[Frame]:
    """One frame for each offset (DICOM PS3.3 C.8.8.3.2).

    Offsets count from ImagePositionPatient when the first is zero. When the first equals the position's z of an axial
    grid, they are patient coordinates.
    """
    offsets = header.numbers(tags.GRID_FRAME_OFFSET_VECTOR)
    if offsets is None:
        return make_plain_frames(header)
    place = assume_place(read_position(header), read_orientation(header))
    position, orientation = place.position, place.orientation
    count = header.integer(tags.NUMBER_OF_FRAMES) or 1
    if len(offsets) != count:
        raise CorruptFileError(
            f"it has {count} frames and {len(offsets)} grid frame offsets",
            path=header.path,
            advice="export the file again",
        )
    normal = find_normal(orientation)
    first = offsets[0]
    is_axial = abs(normal[2]) > 1 - SAME_MILLIMETER
    is_absolute = first != 0 and is_axial and abs(first - position[2]) < SAME_MILLIMETER
    if (first != 0 and not is_absolute) or max(map(abs, offsets)) > MOST_DISTANCE:
        raise header.malformed_error(tags.GRID_FRAME_OFFSET_VECTOR)
    start = first if is_absolute else 0.0
    # Absolute offsets run along z whichever way the normal points.
    way = np.array([0.0, 0.0, 1.0]) if is_absolute else normal
    return [
        make_frame(
            header,
            header,
            number,
            size=read_plane_size(header),
            position=tuple((np.asarray(position) + (offset - start) * way).tolist()),
            orientation=orientation,
            assumptions=place.assumptions,
        )
        for number, offset in enumerate(offsets)
    ]
