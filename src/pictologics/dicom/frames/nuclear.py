"""Makes the frames of nuclear medicine: the slice of each frame in a vector, one position for all of them."""

from __future__ import annotations

import numpy as np

from ..headers import tags
from ..headers.attributes import Attributes
from ..headers.header import UNKNOWN_PLACE, Header
from ..headers.sequence_parser import read_items
from .frame import Frame, make_frame
from .plain import make_plain_frames
from .plane_attributes import read_orientation, read_plane_size, read_position

__all__ = ["make_nuclear_frames"]


def make_nuclear_frames(header: Header) -> list[Frame]:
    """One frame for each plane of a reconstruction (DICOM PS3.3 C.8.4.8 and C.8.4.15).

    Position and orientation of the first slice stand with the detector. Here, and only here, the sign of
    SpacingBetweenSlices counts: a positive one stacks along the normal of the first slice.
    """
    slices = header.numbers(tags.SLICE_VECTOR)
    # Where pydicom had to read the header, the way to the sequence is not known, and positions are missing.
    is_readable = header.located.get(tags.DETECTOR_INFORMATION_SEQUENCE) != UNKNOWN_PLACE
    detectors = read_items(header, tags.DETECTOR_INFORMATION_SEQUENCE) if is_readable else []
    values = {**header.values, **(detectors[0].values if detectors else {})}
    place = Attributes(header.path, values, header.little_endian)
    position, orientation = read_position(place), read_orientation(place)
    step = header.number(tags.SPACING_BETWEEN_SLICES) or header.number(tags.SLICE_THICKNESS)
    count = header.integer(tags.NUMBER_OF_FRAMES) or 1
    if slices is None or len(slices) != count or position is None or orientation is None or not step:
        return make_plain_frames(header)
    normal = np.cross(orientation[:3], orientation[3:])
    return [
        make_frame(
            header,
            FrameVectors(header, number),
            number,
            size=read_plane_size(header),
            position=tuple((np.asarray(position) + (slices[number] - 1) * step * normal).tolist()),
            orientation=orientation,
        )
        for number in range(count)
    ]


class FrameVectors(Attributes):
    """A file's attributes for one frame: of a vector over frames, the one value that is the frame's."""

    __slots__ = ("number_of_frame",)

    def __init__(self, header: Header, number: int) -> None:
        super().__init__(header.path, header.values, header.little_endian)
        self.number_of_frame = number

    def numbers(self, tag: int) -> tuple[float, ...] | None:
        """A numeric attribute, decimal or binary; None if it is missing or empty."""
        found = super().numbers(tag)
        if found is not None and tag in tags.FRAME_VECTORS and self.number_of_frame < len(found):
            return (found[self.number_of_frame],)
        return found
