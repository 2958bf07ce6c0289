"""Holds a Frame: one 2D plane, whatever kind of file holds it. The joint of everything DICOM."""

from __future__ import annotations

from dataclasses import dataclass

from ...storage.expansion import check_expansion
from ..headers import tags
from ..headers.attributes import Attributes
from ..headers.header import Header
from .pixel_spacing import PixelSpacing, read_pixel_spacing
from .plane_attributes import Cosines, Position, read_rescale

__all__ = ["Frame", "check_frame_count", "make_frame"]

BYTES_OF_A_FRAME = 1024
"""Memory that one frame and what is made of it take, about."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One plane of pixels and where it lies.

    Attributes:
        header: The file that holds it.
        attributes: What the file says about this plane.
        number: Which frame of the file, from 0.
        rows: Pixels along a column.
        columns: Pixels along a row.
        tile: Row and column of the file's frame at which the plane begins; None if it is the whole frame.
        position: Center of the first pixel, LPS mm; None if the file does not say.
        orientation: Unit vectors along a row and down a column, LPS; None if the file does not say.
        spacing: How far its pixels lie apart, as far as the file says.
        slope: Factor from stored to real values, 1.0 if there is none.
        intercept: Term from stored to real values, 0.0 if there is none.
        first_position: Of a plane without a position, that of the first frame of its file; None if the file does not
            say.
        runs_backward: Whether the frames of its file follow one another against the normal, as far as is known.
        assumptions: What was assumed to place it, in words for people.
    """

    header: Header
    attributes: Attributes
    number: int
    rows: int
    columns: int
    tile: tuple[int, int] | None
    position: Position | None
    orientation: Cosines | None
    spacing: PixelSpacing
    slope: float
    intercept: float
    first_position: Position | None = None
    runs_backward: bool = False
    assumptions: tuple[str, ...] = ()

    @property
    def pixel_spacing(self) -> tuple[float, float] | None:
        """Distance between rows and between columns, mm; None if the file does not say."""
        return self.spacing.distances

    @property
    def has_own_attributes(self) -> bool:
        """Whether the file says something of this plane alone, as enhanced and nuclear multi-frame objects do."""
        return self.attributes is not self.header

    @property
    def is_localizer(self) -> bool:
        """Whether the plane is a scout view for planning and no part of a volume (PS3.3 C.8.2.1.1.1)."""
        return "LOCALIZER" in self.image_type

    @property
    def image_type(self) -> list[str]:
        """What the plane shows: FrameType of an enhanced object, ImageType of any other."""
        tag = tags.FRAME_TYPE if tags.FRAME_TYPE in self.attributes else tags.IMAGE_TYPE
        return self.attributes.texts(tag)

    @property
    def sop_instance_uid(self) -> str:
        """The SOP Instance UID of the file."""
        return self.header.text(tags.SOP_INSTANCE_UID)

    @property
    def instance_number(self) -> int | None:
        """The number the scanner gave the file; None also where a text takes its place."""
        number = self.header.try_number(tags.INSTANCE_NUMBER)
        return None if number is None else int(number)


def make_frame(
    header: Header,
    attributes: Attributes,
    number: int,
    *,
    size: tuple[int, int],
    tile: tuple[int, int] | None = None,
    position: Position | None,
    orientation: Cosines | None,
    spacing: PixelSpacing | None = None,
    first_position: Position | None = None,
    runs_backward: bool = False,
    assumptions: tuple[str, ...] = (),
) -> Frame:
    """A frame with the spacing and rescale that its attributes say.

    Raises:
        CorruptFileError: If an attribute has a value that it cannot have.
    """
    slope, intercept = read_rescale(attributes)
    return Frame(
        header,
        attributes,
        number,
        *size,
        tile,
        position,
        orientation,
        read_pixel_spacing(attributes) if spacing is None else spacing,
        slope,
        intercept,
        first_position,
        runs_backward,
        assumptions,
    )


def check_frame_count(header: Header, count: int) -> None:
    """Refuse more frames than are in proportion to the size of their file, before any of them is made.

    Raises:
        CorruptFileError: If there are more.
    """
    check_expansion(header.path, header.file_size, count * BYTES_OF_A_FRAME, f"{count} frames and what is said of each")
