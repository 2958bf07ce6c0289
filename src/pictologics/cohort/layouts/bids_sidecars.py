"""What the header of a file says, in the words and units of BIDS: the JSON sidecar of an image.

Only what describes how an image was made: no names, dates, numbers of devices, and no descriptions that people typed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, Literal

from ..._version import __version__
from ...dicom.headers import tags
from ...dicom.headers.full_dataset import get_sequence, get_text_value, read_dataset
from ...dicom.headers.header import Header
from ...dicom.headers.header_reading import read_header
from ...dicom.headers.pydicom_edge import refuse_damage
from ...errors import CorruptFileError, FileAccessError
from ...image import Image
from ...loaders.probing import make_source
from ...silence import silence_this_thread
from ...storage.files import DiskFile, StoredFile
from ..cases.case import SeriesChoice

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["make_sidecar"]


@dataclass(frozen=True)
class SidecarField:
    """A field of a sidecar.

    Attributes:
        name: What BIDS calls it; what BIDS has no name for is called as dcm2niix does.
        tags: Where DICOM has it; the first that is there counts.
        kind: Whether it is text or a number.
        scale: What turns DICOM's unit into that of BIDS.
    """

    name: str
    tags: tuple[int, ...]
    kind: Literal["text", "number"] = "text"
    scale: float = 1.0


SIDECAR_FIELDS: Final = (
    SidecarField("Manufacturer", (0x00080070,)),
    SidecarField("ManufacturersModelName", (0x00081090,)),
    SidecarField("BodyPart", (0x00180015,)),
    SidecarField("ScanningSequence", (0x00180020,)),
    SidecarField("SequenceVariant", (0x00180021,)),
    SidecarField("ScanOptions", (0x00180022,)),
    SidecarField("MRAcquisitionType", (0x00180023,)),
    SidecarField("SequenceName", (0x00180024, 0x00189005)),
    SidecarField("SliceThickness", (0x00180050,), "number"),  # mm
    SidecarField("KVP", (0x00180060,), "number"),  # kV
    SidecarField("RepetitionTime", (0x00180080,), "number", 1e-3),  # ms to s
    SidecarField("EchoTime", (0x00180081, 0x00189082), "number", 1e-3),
    SidecarField("InversionTime", (0x00180082,), "number", 1e-3),
    SidecarField("NumberOfAverages", (0x00180083,), "number"),
    SidecarField("ImagingFrequency", (0x00180084, 0x00189098), "number"),  # MHz
    SidecarField("MagneticFieldStrength", (0x00180087,), "number"),  # T
    SidecarField("EchoTrainLength", (0x00180091,), "number"),
    SidecarField("PixelBandwidth", (0x00180095,), "number"),  # Hz per pixel
    SidecarField("XRayTubeCurrent", (0x00181151, 0x00189330), "number"),  # mA
    SidecarField("XRayExposure", (0x00181152, 0x00189332), "number"),  # mAs
    SidecarField("ConvolutionKernel", (0x00181210, 0x00189315)),
    SidecarField("FlipAngle", (0x00181314,), "number"),  # degrees
    SidecarField("ReceiveCoilName", (0x00181250,)),
    SidecarField("AttenuationCorrection", (0x00541101,)),
    SidecarField("ReconMethodName", (0x00541103,)),
)
"""Fields that stand at the top of a file or, in objects of several frames, in the groups that all frames share."""

SHARED_GROUPS: Final = 0x52009229
NUCLIDE_CODES: Final = 0x00540300
TRACER_NAME: Final = 0x00180031

NUCLIDE: Final = re.compile(r"\^?(\d{1,3}m?)\^?\s*([A-Z][a-z]*)")
"""Of a code's meaning, such as ``^18^Fluorine``: mass and element."""

ELEMENT_SYMBOLS: Final = {
    "Fluorine": "F", "Carbon": "C", "Nitrogen": "N", "Oxygen": "O", "Gallium": "Ga", "Copper": "Cu", "Zirconium": "Zr",
    "Rubidium": "Rb", "Iodine": "I", "Yttrium": "Y", "Technetium": "Tc", "Lutetium": "Lu", "Scandium": "Sc",
}  # fmt: skip
"""Elements of the nuclides of CID 4020 and 18 that images are made of."""

BIDS_UNITS: Final = {"BQML": "Bq/mL", "CNTS": "counts", "GML": "g/mL"}
"""DICOM's words for the units of PET (PS3.3 C.8.9.1.1.3), and those of BIDS."""


def make_sidecar(choice: SeriesChoice, image: Image) -> dict[str, Any]:
    """The sidecar of an image: what its values are, and what the header of its first file says of how it was made.

    Args:
        choice: Where it came from.
        image: The image; its provenance names the file.
    """
    facts: dict[str, Any] = {"Modality": image.modality}
    units = image.metadata.get("units", "")
    if units:
        facts["Units"] = BIDS_UNITS.get(units.upper(), units)
    try:
        header = find_header(choice, image)
        facts |= {} if header is None else read_sidecar_fields(header)
    except (CorruptFileError, FileAccessError):
        # The image was loaded: what only describes it may be missing.
        pass
    facts["ConversionSoftware"] = "pictologics"
    facts["ConversionSoftwareVersion"] = __version__
    return facts


def find_header(choice: SeriesChoice, image: Image) -> Header | None:
    """The header of the first file that an image was made of; None if that is no DICOM."""
    names = [plane.file for plane in image.provenance.slices if plane.file]
    file = find_stored_file(choice, names[0]) if names else None
    return None if file is None else read_header(file)


def find_stored_file(choice: SeriesChoice, name: str) -> StoredFile | None:
    """A file of a series, by the name that the provenance has of it, also in an archive."""
    given = list(choice.files)
    source = make_source(given[0] if len(given) == 1 else given) if given else None
    for file in source.files if source is not None else ():
        if file.name == name:
            return file
    return DiskFile(name)


def read_sidecar_fields(header: Header) -> dict[str, Any]:
    """Every field that a header has."""
    dataset = read_dataset(header)
    places = [dataset]
    for shared in get_sequence(header, dataset, SHARED_GROUPS)[:1]:
        places += [group for element in list_group_tags(shared) for group in get_sequence(header, shared, element)[:1]]
    facts: dict[str, Any] = {}
    for field in SIDECAR_FIELDS:
        for place, tag in ((place, tag) for tag in field.tags for place in places):
            value = read_field(header, place, tag, field)
            if value is not None:
                facts[field.name] = value
                break
    return facts | read_tracer(header, dataset)


def list_group_tags(shared: Dataset) -> list[int]:
    """The groups that all frames of an object share."""
    return [int(tag) for tag in shared.keys()]  # noqa: SIM118  # a data set is no dict


def read_field(header: Header, place: Dataset, tag: int, field: SidecarField) -> str | float | list[str] | None:
    """A value in the unit of BIDS; None if it is not there or makes no sense."""
    with refuse_damage(header.path, "its attributes cannot be parsed"), silence_this_thread():
        element = place.get(tag)
        found = None if element is None else element.value
        # pydicom's own kind of list is none of Python's.
        values = [str(value).strip() for value in (found if hasattr(found, "append") else [found])]
    values = [value for value in values if value and value != "None"]
    if not values:
        return None
    if field.kind == "text":
        return values[0] if len(values) == 1 else values
    return scale_number(values[0], field.scale)


def scale_number(text: str, scale: float = 1.0) -> float | None:
    """A number in another unit; None if it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    # Of a product such as 2000 * 1e-3, as many digits as the header had.
    scaled = float(f"{number * scale:.12g}")
    return scaled if isfinite(scaled) else None


def read_tracer(header: Header, dataset: Dataset) -> dict[str, Any]:
    """Of PET, the tracer and its dose."""
    facts: dict[str, Any] = {}
    for tracer in get_sequence(header, dataset, tags.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE)[:1]:
        name = get_text_value(tracer, TRACER_NAME)
        dose = scale_number(get_text_value(tracer, tags.RADIONUCLIDE_TOTAL_DOSE), 1e-6)
        facts |= {"TracerName": name} if name else {}
        facts |= {} if not dose else {"InjectedRadioactivity": dose, "InjectedRadioactivityUnits": "MBq"}
        for code in get_sequence(header, tracer, NUCLIDE_CODES)[:1]:
            found = NUCLIDE.search(get_text_value(code, tags.CODE_MEANING))
            if found and found[2] in ELEMENT_SYMBOLS:
                facts["TracerRadionuclide"] = f"{ELEMENT_SYMBOLS[found[2]]}{found[1]}"
    duration = scale_number(get_text_value(dataset, tags.ACTUAL_FRAME_DURATION), 1e-3)
    if facts and duration:
        facts["FrameDuration"] = [duration]
    correction = get_text_value(dataset, tags.DECAY_CORRECTION)
    if facts and correction:
        facts["ImageDecayCorrected"] = correction != "NONE"
    return facts
