"""Makes the frames of nuclear medicine: the slice of each frame in a vector, one position for all of them."""

from __future__ import annotations

import numpy as np

from ..headers import tag_kinds, tags
from ..headers.attributes import Attributes
from ..headers.header import UNKNOWN_PLACE, Header
from ..headers.sequence_parser import read_items
from .assumed_places import assume_place
from .frame import Frame, make_frame
from .pixel_spacing import read_pixel_spacing
from .plane_attributes import find_normal, read_distance, read_orientation, read_plane_size, read_position

__all__ = ["make_nuclear_frames"]

NO_STEP = "the distance between slices is unknown; 1 mm was assumed"
"""What is assumed of slices that have numbers and no distance."""


def make_nuclear_frames(header: Header) -> list[Frame]:
    """One frame for each plane of a reconstruction (DICOM PS3.3 C.8.4.8 and C.8.4.15).

    Position and orientation of the first slice stand with the detector. Here, and only here, the sign of
    SpacingBetweenSlices counts: a positive one stacks along the normal of the first slice. What the file does not say
    of all this is assumed; without a vector, frames are in their own order.
    """
    slices = header.numbers(tags.SLICE_VECTOR)
    # Where pydicom had to read the header, the way to the sequence is not known, and positions are missing.
    is_readable = header.located.get(tags.DETECTOR_INFORMATION_SEQUENCE) != UNKNOWN_PLACE
    detectors = read_items(header, tags.DETECTOR_INFORMATION_SEQUENCE) if is_readable else []
    values = {**header.values, **(detectors[0].values if detectors else {})}
    found = Attributes(header.path, values, header.little_endian)
    position, orientation = read_position(found), read_orientation(found)
    step = read_distance(header, tags.SPACING_BETWEEN_SLICES) or read_distance(header, tags.SLICE_THICKNESS)
    count = header.integer(tags.NUMBER_OF_FRAMES) or 1
    spacing = read_pixel_spacing(header)
    if slices is None or len(slices) != count:
        return [
            make_frame(
                header,
                FrameVectors(header, number),
                number,
                size=read_plane_size(header),
                position=None,
                orientation=orientation,
                spacing=spacing,
                first_position=position,
                runs_backward=step < 0,
            )
            for number in range(count)
        ]
    place = assume_place(position, orientation)
    normal = find_normal(place.orientation)
    assumptions = place.assumptions
    if not step:
        assumptions = (*assumptions, NO_STEP)
    return [
        make_frame(
            header,
            FrameVectors(header, number),
            number,
            size=read_plane_size(header),
            position=tuple((np.asarray(place.position) + (slices[number] - 1) * (step or 1.0) * normal).tolist()),
            orientation=place.orientation,
            spacing=spacing,
            assumptions=assumptions,
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
        if found is not None and tag in tag_kinds.FRAME_VECTORS and self.number_of_frame < len(found):
            return (found[self.number_of_frame],)
        return found
