"""Made-up patients of the demo cohort: a chest CT of each, and for some a PET scan on it.

All have the body of ``demo_anatomy``; they lie differently in the scanner, and their voxels differ in size.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import PositronEmissionTomographyImageStorage, generate_uid

from ..geometry import Grid
from .demo_anatomy import BODY_CENTER, ORGAN_NAMES, ScannedBody
from .demo_series import (
    describe_pixels,
    format_decimal,
    make_meaningless_names,
    make_scanner_noise,
    make_shared_dataset,
    make_slice_grid,
    write_instance,
    write_stored_plane,
)

__all__ = ["ScannedPatient", "WrittenSeries", "make_instance_uid", "make_patient", "write_ct", "write_pet"]

MATRIX = (48, 40, 24)
"""Columns, rows and slices of a CT: small, so that a cohort is written in a moment."""

LARGEST_SHIFT = 18.0
"""How far a body may lie from the middle of the scan, mm."""

VOXEL_SCALES = (0.94, 1.08)
"""By how much the voxels of patients differ: the smallest and the largest factor."""

UPTAKE = {0: 0.7, 1: 0.4, 2: 0.4, 3: 2.6, 4: 1.6, 5: 2.2, 6: 1.8, 7: 4.5, 8: 4.5, 9: 8.0}
"""Standardized uptake value of each organ by its label; 0 is the rest of the body."""

INJECTED_BECQUEREL = 3.0e8
"""What was injected an hour before the scan."""

HALF_LIFE = 6586.2
"""Of fluorine-18, s."""

BODY_WEIGHT = 75.0
"""Of every patient, kg."""

STORED_PET_MAXIMUM = 32767
"""The largest value of 15 bits, as PET scanners use them."""


@dataclass(frozen=True, slots=True)
class ScannedPatient:
    """A patient in the scanner.

    Attributes:
        number: From 0.
        patient_id: As the files have it.
        study_date: YYYYMMDD.
        shared: What all objects of the study have in common.
        grid: Where the voxels of the CT lie; slices in ascending order.
        organs: Label map of the organs on that grid, (x, y, z); ``ORGAN_NAMES`` says what its values stand for.
        hu: Hounsfield units on that grid, (x, y, z), without noise.
    """

    number: int
    patient_id: str
    study_date: str
    shared: Dataset
    grid: Grid
    organs: npt.NDArray[np.uint8]
    hu: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class WrittenSeries:
    """A series of the export.

    Attributes:
        uid: Its Series Instance UID.
        files: One file for each slice, in the order of the grid's third axis; one file for masks.
        grid: Where its voxels lie.
    """

    uid: str
    files: tuple[Path, ...]
    grid: Grid


def make_patient(number: int) -> ScannedPatient:
    """Make a patient; the same number always gives the same one."""
    rng = np.random.default_rng([number, 20240229])
    base = make_slice_grid(MATRIX[2], MATRIX[0]).crop((0, (MATRIX[0] - MATRIX[1]) // 2, 0), MATRIX)
    scale, shift = rng.uniform(*VOXEL_SCALES), rng.uniform(-LARGEST_SHIFT, LARGEST_SHIFT, 3)
    grid = make_centered_grid(MATRIX, np.array(base.spacing) * scale, base.direction, shift)
    organs = np.zeros(grid.shape, np.uint8, order="F")
    hu = scan_body(grid, organs)
    patient_id = f"DEMO-{number + 1:03d}"
    study_date = (date(2024, 2, 29) + timedelta(days=11 * number)).strftime("%Y%m%d")
    shared = make_shared_dataset(f"cohort {patient_id}")
    shared.PatientID, shared.PatientName = patient_id, f"DEMO^COHORT{number + 1}"
    shared.StudyDate = shared.SeriesDate = shared.AcquisitionDate = shared.ContentDate = study_date
    shared.AccessionNumber = shared.StudyID = patient_id
    return ScannedPatient(number, patient_id, study_date, shared, grid, organs, hu)


def make_centered_grid(
    shape: tuple[int, int, int],
    spacing: npt.NDArray[np.float64],
    direction: npt.NDArray[np.float64],
    shift: npt.NDArray[np.float64],
) -> Grid:
    """Make a grid whose middle is the body's, moved by a shift in mm, of numbers that a header can hold."""
    sizes = [float(f"{size:.4f}") for size in spacing]
    corner = np.array(BODY_CENTER) + shift - direction @ ((np.array(shape) - 1) / 2 * sizes)
    x, y, z = (float(f"{c:.3f}") for c in corner)
    return Grid(shape, (sizes[0], sizes[0], sizes[2]), (x, y, z), direction)


def scan_body(grid: Grid, organs: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Scan the body on a grid, (x, y, z) in Hounsfield units without noise; its organs are painted into the map."""
    body = ScannedBody(grid)
    hu = np.empty(grid.shape, np.float32, order="F")
    for k in range(grid.shape[2]):
        hu[:, :, k] = body.plane(k, organs[:, :, k].T).T
    return hu


def start_series(patient: ScannedPatient, name: str, number: int, grid: Grid) -> Dataset:
    """Start a series of a patient: what all of its slices have in common."""
    dataset = Dataset()
    dataset.update(patient.shared)
    dataset.file_meta = patient.shared.file_meta
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["pictologics demo", patient.patient_id, name])
    dataset.SeriesNumber = dataset.AcquisitionNumber = number
    dataset.SeriesDescription = name
    describe_pixels(dataset, grid.direction[:, 0], grid.direction[:, 1], grid.spacing[1], grid.spacing[0])
    dataset.SliceThickness = format_decimal(grid.spacing[2])
    return dataset


def name_slices(folder: Path, count: int, seed: list[int]) -> list[Path]:
    """Make a folder, and the names of slices in it, which say nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    return [folder / name for name in make_meaningless_names(count, np.random.default_rng(seed))]


def write_ct(
    patient: ScannedPatient, folder: Path, *, name: str = "Chest", number: int = 3, left_out: tuple[int, ...] = ()
) -> WrittenSeries:
    """Write the CT of a patient.

    Args:
        patient: Who is scanned.
        folder: Where the slices go; made.
        name: The description of the series, which also tells its UID from those of others.
        number: SeriesNumber; it seeds the noise, too.
        left_out: Slices that get lost.
    """
    grid, slices = patient.grid, patient.grid.shape[2]
    dataset = start_series(patient, name, number, grid)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    rng = np.random.default_rng([patient.number, number])
    files = name_slices(folder, slices, [patient.number, number])
    for k, file in enumerate(files):
        noise = make_scanner_noise(rng, max(grid.shape[:2]))[: grid.shape[1], : grid.shape[0]]
        if k not in left_out:
            # Scanners often count from the head downwards, against the slice normal.
            write_instance(dataset, file, slices - k, grid.index_to_world((0, 0, k)), patient.hu[:, :, k].T + noise)
    kept = tuple(file for k, file in enumerate(files) if k not in left_out)
    return WrittenSeries(str(dataset.SeriesInstanceUID), kept, grid)


def make_instance_uid(series: WrittenSeries, k: int) -> str:
    """The SOP Instance UID of a slice of a CT of which no slice is left out."""
    return str(generate_uid(entropy_srcs=[series.uid, str(len(series.files) - k)]))


def write_pet(patient: ScannedPatient, folder: Path) -> tuple[WrittenSeries, npt.NDArray[np.float32]]:
    """Write a PET scan of a patient, on coarser voxels in the frame of reference of the CT.

    Returns:
        The series, and the standardized uptake values (body weight) that it holds, (x, y, z).
    """
    coarser = np.array(patient.grid.spacing) * (1.5, 1.5, 1.25)
    grid = make_centered_grid((34, 28, 18), coarser, patient.grid.direction, np.zeros(3))
    organs = np.zeros(grid.shape, np.uint8, order="F")
    hu = scan_body(grid, organs)
    uptake = np.array([UPTAKE[label] for label in (0, *ORGAN_NAMES)], np.float32)[organs]
    uptake[(organs == 0) & (hu < -300)] = 0
    becquerel_of_uptake = INJECTED_BECQUEREL * 2 ** (-3600 / HALF_LIFE) / (BODY_WEIGHT * 1000)
    slope = float(format_decimal(max(UPTAKE.values()) * becquerel_of_uptake / STORED_PET_MAXIMUM))
    dataset = start_series(patient, "PET", 5, grid)
    describe_tracer(dataset, grid.shape[2])
    dataset.RescaleSlope, dataset.RescaleIntercept = format_decimal(slope), 0
    files = name_slices(folder, grid.shape[2], [patient.number, 5])
    stored = np.rint(uptake * (becquerel_of_uptake / slope)).astype(np.uint16)
    for k, file in enumerate(files):
        dataset.ImageIndex = grid.shape[2] - k
        position = grid.index_to_world((0, 0, k))
        write_stored_plane(dataset, file, grid.shape[2] - k, position, stored[:, :, k].T)
    values = np.asarray(stored * (slope / becquerel_of_uptake), np.float32)
    return WrittenSeries(str(dataset.SeriesInstanceUID), tuple(files), grid), values


def describe_tracer(dataset: Dataset, slices: int) -> None:
    """Make a dataset of a PET scan one hour after the injection of F-18 (PS3.3 C.8.9)."""
    dataset.SOPClassUID = PositronEmissionTomographyImageStorage
    dataset.Modality, dataset.ImageType = "PT", ["ORIGINAL", "PRIMARY"]
    for keyword in ("KVP", "ConvolutionKernel", "RescaleType", "WindowCenter", "WindowWidth"):
        delattr(dataset, keyword)
    dataset.BitsStored, dataset.HighBit = 16, 15
    dataset.SeriesType, dataset.Units, dataset.CountsSource = ["WHOLE BODY", "IMAGE"], "BQML", "EMISSION"
    dataset.NumberOfSlices, dataset.CollimatorType = slices, "NONE"
    dataset.CorrectedImage, dataset.DecayCorrection = ["NORM", "DTIM", "ATTN", "SCAT", "DECY", "RAN"], "START"
    dataset.SeriesTime = dataset.AcquisitionTime = "111500"
    dataset.FrameReferenceTime, dataset.ActualFrameDuration = "0", "180000"
    dataset.DecayFactor = "1"
    dataset.PatientWeight, dataset.PatientSize = format_decimal(BODY_WEIGHT), "1.78"
    tracer, nuclide = Dataset(), Dataset()
    nuclide.CodeValue, nuclide.CodingSchemeDesignator, nuclide.CodeMeaning = "77004003", "SCT", "^18^Fluorine"
    tracer.RadionuclideCodeSequence = Sequence([nuclide])
    tracer.Radiopharmaceutical = "Fluorodeoxyglucose"
    tracer.RadiopharmaceuticalStartTime = "101500"
    tracer.RadiopharmaceuticalStartDateTime = f"{dataset.StudyDate}101500"
    tracer.RadionuclideTotalDose = format_decimal(INJECTED_BECQUEREL)
    tracer.RadionuclideHalfLife, tracer.RadionuclidePositronFraction = format_decimal(HALF_LIFE), "0.9673"
    dataset.RadiopharmaceuticalInformationSequence = Sequence([tracer])
