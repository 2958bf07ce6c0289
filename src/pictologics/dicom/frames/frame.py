"""The Frame: one 2D plane, whatever kind of file holds it. The joint of everything DICOM."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import CorruptFileError
from ..headers import tags
from ..headers.attributes import Attributes
from ..headers.header import Header

__all__ = [
    "LABEL_MAP_STORAGE",
    "SEGMENTATION_STORAGE",
    "Frame",
    "holds_image",
    "is_segmentation",
    "make_frame",
    "mapped_units",
    "no_pixels",
    "orientation_of",
    "pixel_spacing_of",
    "position_of",
    "sop_class_of",
]

SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP_STORAGE = "1.2.840.10008.5.1.4.1.1.66.7"

# Storage classes of images (DICOM PS3.4 B.5): CR, CT, US, MR, SC, XA, tomosynthesis, NM, visible light, PET, RT.
IMAGE_CLASSES = re.compile(
    r"1\.2\.840\.10008\.5\.1\.4\.1\.1\."
    r"(1(\.[\d.]+)?|2(\.\d)?|3(\.1)?|4(\.[134])?|6(\.[123])?|7(\.\d)?|12\.[\d.]+|13\.[\d.]+|20|30|77\.1\.[\d.]+"
    r"|128(\.1)?|130|481\.[12])"
)

# A unit vector written with the 16 characters of a decimal string, or by a scanner with six digits.
UNIT_LENGTH_TOLERANCE = 1e-2

# Units of a real world value map that say nothing: "no units" and "1" (UCUM).
UNITLESS = frozenset({"", "1", "{no units}", "US"})

Position = tuple[float, float, float]
Cosines = tuple[float, float, float, float, float, float]


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
        pixel_spacing: Distance between rows and between columns, mm, in this order (DICOM PS3.3 10.7.1.3);
            None if the file does not say.
        spacing_source: The attribute that the pixel spacing came from.
        slope: Factor from stored to real values, 1.0 if there is none.
        intercept: Term from stored to real values, 0.0 if there is none.
    """

    header: Header
    attributes: Attributes
    number: int
    rows: int
    columns: int
    tile: tuple[int, int] | None
    position: Position | None
    orientation: Cosines | None
    pixel_spacing: tuple[float, float] | None
    spacing_source: str
    slope: float
    intercept: float

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
        """The number the scanner gave the file."""
        return self.header.integer(tags.INSTANCE_NUMBER)


def holds_image(header: Header) -> bool:
    """Whether a file holds planes of an image, rather than a structure set, a report or a segmentation.

    A file of an image class without pixels was cut off, and counts as an image: left out in silence, it would be a
    hole in the volume.
    """
    sop_class = sop_class_of(header)
    if header.pixel_tag and tags.ROWS in header.values:
        return not is_segmentation(header)
    return bool(IMAGE_CLASSES.fullmatch(sop_class))


def is_segmentation(header: Header) -> bool:
    """Whether a file holds segments, as bits, fractions or labels of voxels."""
    return sop_class_of(header) in (SEGMENTATION_STORAGE, LABEL_MAP_STORAGE)


def sop_class_of(header: Header) -> str:
    """The SOP class, from the data set or, as of a DICOMDIR, from the meta information; empty if neither has it."""
    return header.text(tags.SOP_CLASS_UID) or header.text(tags.MEDIA_STORAGE_SOP_CLASS_UID)


def no_pixels(header: Header) -> CorruptFileError:
    """The error for an image file that ends before its pixels."""
    return CorruptFileError(
        "this DICOM image has no pixels", path=header.path, advice="it was cut off when it was copied; fetch it again"
    )


def make_frame(
    header: Header,
    attributes: Attributes,
    number: int,
    *,
    size: tuple[int, int],
    tile: tuple[int, int] | None = None,
    position: Position | None,
    orientation: Cosines | None,
) -> Frame:
    """A frame with the spacing and rescale that its attributes say.

    Raises:
        CorruptFileError: If an attribute cannot be what it says.
    """
    spacing, source = pixel_spacing_of(attributes)
    slope, intercept = rescale_of(attributes)
    return Frame(header, attributes, number, *size, tile, position, orientation, spacing, source, slope, intercept)


def position_of(attributes: Attributes) -> Position | None:
    """ImagePositionPatient, checked."""
    position = attributes.numbers(tags.IMAGE_POSITION_PATIENT)
    if position is None:
        return None
    if len(position) != 3:
        raise attributes.malformed(tags.IMAGE_POSITION_PATIENT)
    return position


def orientation_of(attributes: Attributes) -> Cosines | None:
    """ImageOrientationPatient, checked to be two perpendicular unit vectors."""
    cosines = attributes.numbers(tags.IMAGE_ORIENTATION_PATIENT)
    if cosines is None:
        return None
    if len(cosines) == 6:
        row, column = cosines[:3], cosines[3:]
        lengths = [sum(c * c for c in vector) for vector in (row, column)]
        across = sum(a * b for a, b in zip(row, column, strict=True))
        if max(abs(lengths[0] - 1), abs(lengths[1] - 1), abs(across)) < UNIT_LENGTH_TOLERANCE:
            return cosines
    raise attributes.malformed(tags.IMAGE_ORIENTATION_PATIENT)


def pixel_spacing_of(attributes: Attributes) -> tuple[tuple[float, float] | None, str]:
    """The distance between pixels and the attribute that says it.

    At the detector (ImagerPixelSpacing) it is larger than in the patient; the caller says so.
    """
    for tag in (tags.PIXEL_SPACING, tags.IMAGER_PIXEL_SPACING, tags.NOMINAL_SCANNED_PIXEL_SPACING):
        spacing = attributes.numbers(tag)
        if spacing is None:
            continue
        if len(spacing) != 2 or min(spacing) <= 0:
            raise attributes.malformed(tag)
        return spacing, tags.KEYWORDS[tag]
    return None, ""


def mapped_units(attributes: Attributes) -> str:
    """What a real world value map counts, in UCUM; empty if there is no linear one or it says nothing.

    Codes of more than 16 characters stand in an attribute of their own (DICOM PS3.3 8.8).
    """
    if tags.REAL_WORLD_VALUE_SLOPE not in attributes:
        return ""
    units = attributes.text(tags.CODE_VALUE) or attributes.text(tags.LONG_CODE_VALUE)
    return "" if units in UNITLESS else units


def rescale_of(attributes: Attributes) -> tuple[float, float]:
    """Slope and intercept from stored to real values.

    A real world value map counts before a rescale where its units are real, dose has a factor of its own
    (DoseGridScaling, DICOM PS3.3 C.8.8.3.4). An empty attribute counts as missing; a slope of zero is kept, it is what
    the file says.
    """
    mapped = attributes.number(tags.REAL_WORLD_VALUE_SLOPE)
    if mapped is not None and mapped_units(attributes):
        return mapped, attributes.number(tags.REAL_WORLD_VALUE_INTERCEPT) or 0.0
    slope = attributes.number(tags.RESCALE_SLOPE)
    if slope is None:
        slope = attributes.number(tags.DOSE_GRID_SCALING)
    intercept = attributes.number(tags.RESCALE_INTERCEPT)
    return 1.0 if slope is None else slope, 0.0 if intercept is None else intercept
