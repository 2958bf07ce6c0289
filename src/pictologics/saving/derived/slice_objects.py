"""One plane of a derived image -> the DICOM object of one slice (DICOM PS3.3 A.3, A.4 and A.21)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ..._version import __version__
from ...array_types import FloatArray
from ...dicom.suv.pet_facts import UNITS_OF_UCUM
from ...geometry import Grid
from ..segment_facts import MAKER
from ..source_series import ImageReference, reference_image
from .attributes import SOP_CLASSES, fill_required
from .stored_values import Coding, StoredPlane, write_decimal

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["NewSeries", "make_slice", "make_template"]

DERIVATION_LENGTH: Final = 1024
"""Characters of a short text (DICOM PS3.5 6.2)."""


@dataclass(frozen=True)
class NewSeries:
    """What all slices of a derived series share.

    Attributes:
        modality: ``"CT"``, ``"MR"`` or ``"PT"``.
        uid: SeriesInstanceUID.
        number: SeriesNumber.
        description: SeriesDescription.
        derivation: DerivationDescription.
        units: What values count, as a UCUM code; empty if unknown.
        is_resampled: Whether its grid is not that of the source.
        grid: Its grid.
        window: Center and width of the display.
    """

    modality: str
    uid: str
    number: int
    description: str
    derivation: str
    units: str
    is_resampled: bool
    grid: Grid
    window: tuple[float, float]

    @property
    def cosines(self) -> list[str]:
        """ImageOrientationPatient."""
        return write_numbers(self.grid.direction[:, :2].T.ravel())


def write_numbers(values: Sequence[float] | FloatArray) -> list[str]:
    """Write numbers as decimal strings, each as exactly as 16 characters can."""
    from pydicom.valuerep import format_number_as_ds

    return [format_number_as_ds(float(value) + 0.0) for value in values]


def make_template(source: Dataset, series: NewSeries) -> Dataset:
    """Make of what was taken over from a source what all slices made of it share.

    Args:
        source: What was taken over.
        series: The new series.
    """
    from pydicom import Dataset

    made = Dataset(source)
    now = datetime.now()
    date, time = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID = SOP_CLASSES[series.modality]
    made.Modality, made.SeriesInstanceUID = series.modality, series.uid
    made.SeriesNumber, made.SeriesDescription = series.number, series.description
    made.InstanceCreationDate = made.ContentDate = date
    made.InstanceCreationTime = made.ContentTime = time
    if series.modality != "PT":
        # Those of a PET series are the moment to which decay was corrected (PS3.3 C.8.9.1.1.4), and stay.
        made.SeriesDate, made.SeriesTime = date, time
    made.ImageType = find_image_type(source, series.modality)
    made.DerivationDescription = series.derivation[:DERIVATION_LENGTH]
    if series.is_resampled:
        made.DerivationCodeSequence = [code_of_dicom("113085", "Spatial resampling")]
    made.ContributingEquipmentSequence = [*made.get("ContributingEquipmentSequence", ()), describe_equipment()]
    describe_planes(made, series)
    describe_units(made, series)
    fill_required(series.modality, made)
    return made


def find_image_type(source: Dataset, modality: str) -> list[str]:
    """Find the ImageType: derived, after the examination; and for CT and MR a third value, which they must have.

    PET knows no second value but PRIMARY (DICOM PS3.3 C.8.9.4.1.1).
    """
    if modality == "PT":
        return ["DERIVED", "PRIMARY"]
    given = list(source.get("ImageType") or ())
    third = "AXIAL" if modality == "CT" else given[2] if len(given) > 2 and given[2] else "OTHER"
    return ["DERIVED", "SECONDARY", third]


def describe_planes(made: Dataset, series: NewSeries) -> None:
    """Describe the grid, but for the position of a slice."""
    grid = series.grid
    x, y, step = write_numbers(grid.spacing)
    made.ImageOrientationPatient = series.cosines
    made.PixelSpacing = [y, x]
    made.SliceThickness = made.SpacingBetweenSlices = step
    made.Columns, made.Rows = grid.shape[0], grid.shape[1]
    if series.modality == "PT":
        made.NumberOfSlices = grid.shape[2]
        made.SeriesType = ["WHOLE BODY" if "WHOLE BODY" in made.get("SeriesType", ()) else "STATIC", "IMAGE"]


def describe_units(made: Dataset, series: NewSeries) -> None:
    """Say what values count, and how they are shown."""
    center, width = series.window
    made.WindowCenter, made.WindowWidth = write_numbers([center, max(width, 1.0)])
    if series.modality == "PT":
        same_kind = made.get("SUVType", "") if made.get("Units") == series.units else ""
        made.Units, kind = UNITS_OF_UCUM.get(series.units, (series.units, same_kind))
        if kind:
            made.SUVType = kind
        elif "SUVType" in made:
            del made.SUVType
        return
    # Unspecified, where nobody says it (PS3.3 C.11.1.1.2).
    made.RescaleType = series.units or "US"


def describe_equipment() -> Dataset:
    """Say what derived the image, beside the scanner that acquired it."""
    from pydicom import Dataset

    item = Dataset()
    item.Manufacturer = item.ManufacturerModelName = MAKER
    item.SoftwareVersions = __version__
    item.PurposeOfReferenceCodeSequence = [code_of_dicom("109102", "Processing Equipment")]
    return item


def code_of_dicom(value: str, meaning: str) -> Dataset:
    """Make a code of DICOM's own scheme."""
    from pydicom import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code


def make_slice(
    template: Dataset,
    number: int,
    position: FloatArray,
    sources: Sequence[ImageReference],
    coding: Coding,
    plane: StoredPlane,
) -> Dataset:
    """Make the object of one slice.

    Args:
        template: What it shares with the others.
        number: InstanceNumber.
        position: Center of its first voxel, LPS mm.
        sources: The images it was made of.
        coding: How its values are stored.
        plane: Its stored numbers.
    """
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    made = Dataset(template)
    made.SOPInstanceUID, made.InstanceNumber = generate_uid(), number
    made.ImagePositionPatient = write_numbers(position)
    made.SourceImageSequence = [refer_to_source(source) for source in sources]
    if made.Modality == "PT":
        made.ImageIndex = number
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation = 15, int(coding.is_signed)
    made.RescaleSlope, made.RescaleIntercept = write_decimal(coding.slope), write_decimal(coding.intercept)
    if coding.padding is not None:
        made.add_new("PixelPaddingValue", "SS" if coding.is_signed else "US", coding.padding)
    made.add_new("PixelData", "OW", plane.numbers.tobytes())
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made


def refer_to_source(source: ImageReference) -> Dataset:
    """Name an image as the source of another one."""
    named = reference_image(source)
    named.PurposeOfReferenceCodeSequence = [code_of_dicom("121322", "Source image for image processing operation")]
    return named
