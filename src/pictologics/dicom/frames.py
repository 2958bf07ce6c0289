"""Header -> Frame: one 2D plane, whatever kind of file holds it."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import CorruptFileError, UnsupportedFormatError
from . import tags
from .header import Header

__all__ = ["Frame", "frames_of", "holds_image"]

SEGMENTATION_CLASSES = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})

# A unit vector written with the 16 characters of a decimal string, or by a scanner with six digits.
UNIT_LENGTH_TOLERANCE = 1e-2


@dataclass(frozen=True, slots=True)
class Frame:
    """One plane of pixels and where it lies.

    Attributes:
        header: The file that holds it.
        number: Which frame of the file, from 0.
        rows: Pixels along a column.
        columns: Pixels along a row.
        position: Centre of the first pixel, LPS mm; None if the file does not say.
        orientation: Unit vectors along a row and down a column, LPS; None if the file does not say.
        pixel_spacing: Distance between rows and between columns, mm, in this order (DICOM PS3.3 10.7.1.3);
            None if the file does not say.
        spacing_source: The attribute that the pixel spacing came from.
        slope: Rescale slope, 1.0 if there is none.
        intercept: Rescale intercept, 0.0 if there is none.
    """

    header: Header
    number: int
    rows: int
    columns: int
    position: tuple[float, float, float] | None
    orientation: tuple[float, float, float, float, float, float] | None
    pixel_spacing: tuple[float, float] | None
    spacing_source: str
    slope: float
    intercept: float

    @property
    def is_localizer(self) -> bool:
        """Whether the plane is a scout view for planning and no part of a volume (PS3.3 C.8.2.1.1.1)."""
        return "LOCALIZER" in self.header.text(tags.IMAGE_TYPE).upper().split("\\")

    @property
    def sop_instance_uid(self) -> str:
        """The SOP Instance UID of the file."""
        return self.header.text(tags.SOP_INSTANCE_UID)

    @property
    def instance_number(self) -> int | None:
        """The number the scanner gave the file."""
        return self.header.integer(tags.INSTANCE_NUMBER)


def holds_image(header: Header) -> bool:
    """Whether a file holds planes of an image, rather than a structure set, a report or a segmentation."""
    return (
        bool(header.pixel_tag)
        and tags.ROWS in header.values
        and header.text(tags.SOP_CLASS_UID) not in SEGMENTATION_CLASSES
    )


def frames_of(header: Header) -> list[Frame]:
    """The planes of one file.

    Raises:
        UnsupportedFormatError: If the file holds several planes, colour, or no image.
        CorruptFileError: If an attribute cannot be what it says.
    """
    refuse_other_layouts(header)
    rows, columns = header.short(tags.ROWS), header.short(tags.COLUMNS)
    if not rows or not columns:
        raise CorruptFileError(
            f"its image has {rows} rows and {columns} columns",
            path=header.path,
            advice="export the file again",
        )
    spacing, source = pixel_spacing_of(header)
    return [
        Frame(
            header,
            0,
            rows,
            columns,
            position_of(header),
            orientation_of(header),
            spacing,
            source,
            *rescale_of(header),
        )
    ]


def refuse_other_layouts(header: Header) -> None:
    """Raise for files whose pixels are not one grey plane."""
    path = header.path
    if not holds_image(header):
        kind = header.text(tags.MODALITY) or "unknown modality"
        raise UnsupportedFormatError(
            f"this DICOM file ({kind}, SOP class {header.text(tags.SOP_CLASS_UID) or 'missing'}) holds no image "
            "that can be loaded",
            path=path,
            advice="pass an image file or the folder of a series",
        )
    count = header.integer(tags.NUMBER_OF_FRAMES) or 1
    enhanced = tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE in header.values
    if count > 1 or enhanced or tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE in header.values:
        raise UnsupportedFormatError(
            f"this DICOM file holds {count} frame{'s' * (count != 1)} in one object, and only files of one plane "
            "each are read",
            path=path,
            advice="convert it to single-frame DICOM or to NIfTI first",
            frames=count,
        )
    if "MOSAIC" in header.text(tags.IMAGE_TYPE).upper().split("\\"):
        raise UnsupportedFormatError(
            "this DICOM file is a mosaic of slices, and only files of one plane each are read",
            path=path,
            advice="convert it to NIfTI first",
        )
    photometric = header.text(tags.PHOTOMETRIC_INTERPRETATION)
    samples = header.short(tags.SAMPLES_PER_PIXEL) or 1
    if samples != 1 or photometric == "PALETTE COLOR":
        raise UnsupportedFormatError(
            f"this DICOM file is a colour image ({photometric}, {samples} samples per pixel), and grey ones are read",
            path=path,
            advice="convert it to grey first",
        )


def position_of(header: Header) -> tuple[float, float, float] | None:
    """ImagePositionPatient, checked."""
    position = header.numbers(tags.IMAGE_POSITION_PATIENT)
    if position is None:
        return None
    if len(position) != 3:
        raise header.malformed(tags.IMAGE_POSITION_PATIENT, header.values[tags.IMAGE_POSITION_PATIENT])
    return position


def orientation_of(header: Header) -> tuple[float, float, float, float, float, float] | None:
    """ImageOrientationPatient, checked to be two perpendicular unit vectors."""
    cosines = header.numbers(tags.IMAGE_ORIENTATION_PATIENT)
    if cosines is None:
        return None
    if len(cosines) == 6:
        row, column = cosines[:3], cosines[3:]
        lengths = [sum(c * c for c in vector) for vector in (row, column)]
        across = sum(a * b for a, b in zip(row, column, strict=True))
        if max(abs(lengths[0] - 1), abs(lengths[1] - 1), abs(across)) < UNIT_LENGTH_TOLERANCE:
            return cosines
    raise header.malformed(tags.IMAGE_ORIENTATION_PATIENT, header.values[tags.IMAGE_ORIENTATION_PATIENT])


def pixel_spacing_of(header: Header) -> tuple[tuple[float, float] | None, str]:
    """The distance between pixels and the attribute that says it.

    At the detector (ImagerPixelSpacing) it is larger than in the patient; the caller says so.
    """
    for tag in (tags.PIXEL_SPACING, tags.IMAGER_PIXEL_SPACING, tags.NOMINAL_SCANNED_PIXEL_SPACING):
        spacing = header.numbers(tag)
        if spacing is None:
            continue
        if len(spacing) != 2 or min(spacing) <= 0:
            raise header.malformed(tag, header.values[tag])
        return spacing, tags.NAMES[tag]
    return None, ""


def rescale_of(header: Header) -> tuple[float, float]:
    """Slope and intercept from stored to real values.

    An empty attribute counts as missing; a slope of zero is kept, it is what the file says. Dose has a factor of
    its own, DoseGridScaling (DICOM PS3.3 C.8.8.3.4).
    """
    slope = header.number(tags.RESCALE_SLOPE)
    if slope is None:
        slope = header.number(tags.DOSE_GRID_SCALING)
    intercept = header.number(tags.RESCALE_INTERCEPT)
    return 1.0 if slope is None else slope, 0.0 if intercept is None else intercept
