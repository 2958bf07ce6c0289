"""A made-up CT series as true DICOM files, with the truth about it.

The series has what makes real ones hard: an oblique orientation, voxels that are not cubes, an origin far
from zero, files whose names and order say nothing, instance numbers that count downwards, and a
localizer among the slices. The same arguments always give the same files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import format_number_as_ds

from ..geometry import Grid
from .demo_anatomy import BODY_CENTER, NODULE, ScannedBody

__all__ = [
    "DemoTruth",
    "describe_pixels",
    "format_decimal",
    "make_meaningless_names",
    "make_scanner_noise",
    "make_shared_dataset",
    "make_slice_grid",
    "write_demo_series",
    "write_instance",
    "write_stored_plane",
]

FIELD_OF_VIEW = 350.0
"""Width and height of a slice, mm."""

COVERAGE = 360.0
"""Length of the body between the outer faces of the first and the last slice, mm."""

TURN_ABOUT_X = 7.0
"""Degrees by which the columns are turned out of the patient's axes."""

TURN_ABOUT_Y = -4.0
"""Degrees by which the rows are turned out of the patient's axes."""

NOISE_HU = 11.0
"""Standard deviation of the scanner's noise."""

INTERCEPT = -1024
"""Stored values are Hounsfield units minus this, as most scanners store them."""

STORED_MAXIMUM = 4095
"""The largest value of 12 bits."""


@dataclass(frozen=True, slots=True)
class DemoTruth:
    """What is known about a demo series because it was made so.

    Attributes:
        grid: Where its voxels lie; slices in ascending order.
        nodule_position: Center of the lung nodule, LPS mm.
        nodule_radius: Radius of that nodule, mm.
        series_uid: Series Instance UID of the slices and of the localizer.
        slice_files: One file for each slice, in the order of the grid's third axis.
        localizer_file: The file that is not a slice of the volume.
        organs: Label map of the organs on the grid, (x, y, z); ``ORGAN_NAMES`` says what its values stand for.
    """

    grid: Grid
    nodule_position: tuple[float, float, float]
    nodule_radius: float
    series_uid: str
    slice_files: tuple[Path, ...]
    localizer_file: Path
    organs: npt.NDArray[np.uint8]


def write_demo_series(folder: str | Path, *, slices: int = 240, size: int = 256, seed: int = 7) -> DemoTruth:
    """Write a CT series of a made-up patient.

    The body keeps its size: fewer slices are thicker ones, a smaller matrix has larger pixels.

    Args:
        folder: Where the files go; made if it is not there.
        slices: Number of slices.
        size: Rows and columns of each slice.
        seed: Of the noise, the UIDs and the file names.

    Returns:
        Where everything is.

    Examples:
        >>> import tempfile
        >>> truth = write_demo_series(tempfile.mkdtemp(), slices=3, size=32)
        >>> truth.grid.shape
        (32, 32, 3)
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    grid = make_slice_grid(slices, size)
    scene = ScannedBody(grid)
    rng = np.random.default_rng(seed)
    files = [folder / name for name in make_meaningless_names(slices + 1, rng)]
    dataset = make_shared_dataset(f"{slices} {size} {seed}")
    describe_pixels(dataset, grid.direction[:, 0], grid.direction[:, 1], grid.spacing[1], grid.spacing[0])
    dataset.SliceThickness = format_decimal(grid.spacing[2])
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    shadow = np.empty((slices, size), dtype=np.float32)
    organs = np.zeros(grid.shape, np.uint8, order="F")
    for k in range(slices):
        hu = scene.plane(k, organs[:, :, k].T)
        shadow[k] = hu.mean(axis=0)
        hu += make_scanner_noise(rng, size)
        # Scanners often count from the head downwards, against the slice normal.
        write_instance(dataset, files[k], slices - k, grid.index_to_world((0, 0, k)), hu)
    write_localizer(dataset, files[-1], grid, shadow)
    return DemoTruth(
        grid,
        tuple((np.array(BODY_CENTER) + NODULE.center).tolist()),
        NODULE.radii[0],
        str(dataset.SeriesInstanceUID),
        tuple(files[:-1]),
        files[-1],
        organs,
    )


def make_slice_grid(slices: int, size: int) -> Grid:
    """Make the oblique grid of the slices, centered on the body, of numbers that a header can hold."""
    about_x, about_y = np.radians([TURN_ABOUT_X, TURN_ABOUT_Y])
    row = np.array([np.cos(about_y), 0.0, -np.sin(about_y)])
    column = np.array([0.0, np.cos(about_x), np.sin(about_x)])
    column -= row * (row @ column)
    column /= np.sqrt(column @ column)
    row, column = (np.array([float(format_decimal(c)) for c in axis]) for axis in (row, column))
    direction = np.column_stack([row, column, np.cross(row, column)])
    spacing = [float(format_decimal(s)) for s in (FIELD_OF_VIEW / size, FIELD_OF_VIEW / size, COVERAGE / slices)]
    shape = (size, size, slices)
    corner = np.array(BODY_CENTER) - direction @ ((np.array(shape) - 1) / 2 * spacing)
    x, y, z = (float(format_decimal(c)) for c in corner)
    return Grid(shape, (spacing[0], spacing[1], spacing[2]), (x, y, z), direction)


def format_decimal(value: float) -> str:
    """Format a number as a decimal string of DICOM, which has 16 characters at most (PS3.5 6.2)."""
    return format_number_as_ds(float(value))


def make_meaningless_names(count: int, rng: np.random.Generator) -> list[str]:
    """Make file names that are all different and say nothing."""
    numbers = rng.choice(16**6, size=count, replace=False)
    return [f"IM{number:06X}" for number in numbers]


def make_scanner_noise(rng: np.random.Generator, size: int) -> npt.NDArray[np.float32]:
    """Make noise whose neighbors are alike, as a reconstruction kernel leaves it."""
    white = rng.standard_normal((size + 2, size + 2), dtype=np.float32)
    smooth = white[:-2] + 2 * white[1:-1] + white[2:]
    smooth = smooth[:, :-2] + 2 * smooth[:, 1:-1] + smooth[:, 2:]
    # The weights 1, 2, 1 in each of two directions scale the deviation by 1 + 4 + 1.
    return np.asarray(smooth * np.float32(NOISE_HU / 6.0))


def make_shared_dataset(entropy: str) -> Dataset:
    """Make what all instances of the series have in common; other entropy makes other UIDs."""
    uid = {
        level: generate_uid(entropy_srcs=["pictologics demo", level, entropy])
        for level in ("study", "series", "frame of reference")
    }
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = CTImageStorage
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = "20240229"
    dataset.StudyTime = dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = "101500"
    dataset.AccessionNumber = dataset.StudyID = "DEMO"
    dataset.Modality = "CT"
    dataset.Manufacturer = dataset.ManufacturerModelName = "pictologics demo"
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = "Demo study"
    dataset.SeriesDescription = "Chest and abdomen, oblique"
    dataset.PatientName = "DEMO^PHANTOM"
    dataset.PatientID = "DEMO"
    dataset.PatientBirthDate = dataset.PatientSex = ""
    dataset.BodyPartExamined = "CHESTABDOMEN"
    dataset.KVP = "120"
    dataset.ConvolutionKernel = "DEMO"
    dataset.PatientPosition = "HFS"
    dataset.StudyInstanceUID = uid["study"]
    dataset.SeriesInstanceUID = uid["series"]
    dataset.SeriesNumber = dataset.AcquisitionNumber = 3
    dataset.FrameOfReferenceUID = uid["frame of reference"]
    dataset.PositionReferenceIndicator = ""
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = INTERCEPT, 1, "HU"
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    return dataset


def describe_pixels(
    dataset: Dataset,
    along_row: npt.NDArray[np.float64],
    down_column: npt.NDArray[np.float64],
    row_spacing: float,
    column_spacing: float,
) -> None:
    """Set how the pixels lie; the attribute PixelSpacing gives the distance between rows first."""
    dataset.ImageOrientationPatient = [format_decimal(c) for c in (*along_row, *down_column)]
    dataset.PixelSpacing = [format_decimal(row_spacing), format_decimal(column_spacing)]


def write_instance(
    dataset: Dataset,
    file: Path,
    number: int,
    position: npt.NDArray[np.float64],
    hu: npt.NDArray[np.float32],
) -> None:
    """Write one file of Hounsfield units; the dataset is used again for the next."""
    stored = np.clip(np.rint(hu) - INTERCEPT, 0, STORED_MAXIMUM).astype("<u2")
    write_stored_plane(dataset, file, number, position, stored)


def write_stored_plane(
    dataset: Dataset,
    file: Path,
    number: int,
    position: npt.NDArray[np.float64],
    stored: npt.NDArray[np.uint16],
) -> None:
    """Write one file of stored values (rows, columns); the dataset is used again for the next."""
    uid = generate_uid(entropy_srcs=[str(dataset.SeriesInstanceUID), str(number)])
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    dataset.InstanceNumber = number
    dataset.ImagePositionPatient = [format_decimal(c) for c in position]
    dataset.Rows, dataset.Columns = stored.shape
    dataset.PixelData = stored.astype("<u2").tobytes()
    dataset.save_as(file, enforce_file_format=True)


def write_localizer(dataset: Dataset, file: Path, grid: Grid, shadow: npt.NDArray[np.float32]) -> None:
    """Write the body's shadow from the front: one image across all slices, head up.

    Args:
        dataset: What the series has in common; changed.
        file: Where to write.
        grid: The grid of the slices.
        shadow: (slices, columns), mean HU along the columns of each slice.
    """
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    describe_pixels(dataset, grid.direction[:, 0], -grid.direction[:, 2], grid.spacing[2], grid.spacing[0])
    rows, last = grid.shape[1], grid.shape[2] - 1
    position = grid.index_to_world((0, (rows - 1) / 2, last))
    # Air on both sides of the body dilutes the mean; stretched, the shadow has a scout's contrast.
    hu = (shadow[::-1] + 1000.0) * 1.6 - 1000.0
    write_instance(dataset, file, grid.shape[2] + 1, position, hu.astype(np.float32))
