"""A made-up cohort as a hospital exports one, with the truth about it.

Every patient has a chest CT with its organs segmented, as DICOM SEG or as contours, and every third a PET scan. Among
them lies what exports have: a series without some of its slices, a mask whose image is not there, a file that is
there twice, one that cannot be read, an archive, and a NIfTI file with its mask. The same number of patients always
gives the same files.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from ..checks import check_whole
from ..geometry import Grid
from ..image import Image
from ..saving import save_image
from .demo_anatomy import ORGAN_NAMES
from .demo_masks import write_segmentation, write_structure_set
from .demo_patients import ScannedPatient, WrittenSeries, make_patient, write_ct, write_pet

__all__ = ["DemoCohortPatient", "DemoCohortTruth", "write_demo_cohort"]

FEWEST_PATIENTS = 4
"""So that whatever may be wrong with an export has a patient of its own."""

LOST_SLICES = (9, 10, 15)
"""Slices of the broken series that are missing: two gaps of different length."""

FILE_DATE = (2024, 3, 1, 12, 0, 0)
"""When the files in the archive were last changed: the same archive each time."""


@dataclass(frozen=True, slots=True)
class DemoCohortPatient:
    """What is known about a patient of the cohort.

    Attributes:
        patient_id: As the files have it; also the name of the patient's folder.
        study_uid: Study Instance UID.
        grid: Where the voxels of the CT lie; slices in ascending order.
        organs: Label map of the organs on that grid, (x, y, z); ``ORGAN_NAMES`` says what its values stand for.
        ct: The CT; its files are gone where they went into an archive.
        seg: The segmentation of the organs, or None.
        structures: The structure set of the organs, or None.
        pet: The PET scan, or None.
        uptake: Standardized uptake values (body weight) of the PET scan, (x, y, z), or None.
    """

    patient_id: str
    study_uid: str
    grid: Grid
    organs: npt.NDArray[np.uint8]
    ct: WrittenSeries
    seg: WrittenSeries | None = None
    structures: WrittenSeries | None = None
    pet: WrittenSeries | None = None
    uptake: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class DemoCohortTruth:
    """What is known about a cohort because it was made so.

    Attributes:
        root: The folder of the export.
        patients: Every patient, in order.
        broken: A second CT of the second patient that lacks slices; it does not load as it is.
        orphan: A segmentation of the third patient, in a study of its own, whose image is not there.
        duplicate: A file that is there twice, and its copy.
        unreadable: A file that begins as DICOM and breaks off.
        archive: The zip file that holds the CT of the fourth patient, and nothing else.
        nifti: A scan as NIfTI, of no patient: the CT of the first without noise.
        nifti_mask: Its organs, as NIfTI.
    """

    root: Path
    patients: tuple[DemoCohortPatient, ...]
    broken: WrittenSeries
    orphan: WrittenSeries
    duplicate: tuple[Path, Path]
    unreadable: Path
    archive: Path
    nifti: Path
    nifti_mask: Path


def write_demo_cohort(folder: str | Path, patients: int = 12) -> DemoCohortTruth:
    """Write the export of a made-up cohort.

    Two of three patients have a segmentation, the others a structure set, and the first has both. Every third has a
    PET scan.

    Args:
        folder: Where the files go; made if it is not there. An earlier export there is written over.
        patients: How many, 4 or more.

    Returns:
        Where everything is.

    Raises:
        OptionError: For fewer than 4 patients.

    Examples:
        >>> import tempfile
        >>> truth = write_demo_cohort(tempfile.mkdtemp(), patients=4)
        >>> truth.patients[0].grid.shape, len(truth.patients[0].ct.files)
        ((48, 40, 24), 24)
    """
    check_whole("patients", patients, least=FEWEST_PATIENTS)
    root = Path(folder)
    scanned = [make_patient(number) for number in range(patients)]
    written = [write_patient(patient, root) for patient in scanned]
    name = f"{scanned[1].patient_id}/{scanned[1].study_date}/004 CT"
    broken = write_ct(scanned[1], root / name, name="Follow-up", number=4, left_out=LOST_SLICES)
    orphan = write_orphan(scanned[2], written[2].ct, root / "reading room" / "mask_final_v2.dcm")
    copied = written[0].ct.files[7]
    copy = root / "reading room" / "copy of slice"
    shutil.copyfile(copied, copy)
    unreadable = root / scanned[1].patient_id / "IM_BROKEN"
    unreadable.write_bytes(copied.read_bytes()[:200])
    nifti, nifti_mask = write_nifti_pair(scanned[0], root / "research")
    archive = pack_series(written[3].ct.files, root / scanned[3].patient_id / "CT.zip")
    return DemoCohortTruth(root, tuple(written), broken, orphan, (copied, copy), unreadable, archive, nifti, nifti_mask)


def write_patient(patient: ScannedPatient, root: Path) -> DemoCohortPatient:
    """Write the study of a patient, each series into a folder of its own."""
    study = root / patient.patient_id / patient.study_date
    scan = write_ct(patient, study / "003 CT")
    third = patient.number % 3
    seg = write_segmentation(patient, scan, study / "030 SEG" / "1.dcm") if third != 2 else None
    structures = None
    if third == 2 or patient.number == 0:
        structures = write_structure_set(patient, scan, study / "031 RTSTRUCT" / "1.dcm")
    pet, uptake = write_pet(patient, study / "005 PT") if third == 0 else (None, None)
    return DemoCohortPatient(
        patient.patient_id,
        str(patient.shared.StudyInstanceUID),
        patient.grid,
        patient.organs,
        scan,
        seg,
        structures,
        pet,
        uptake,
    )


def write_orphan(patient: ScannedPatient, scan: WrittenSeries, file: Path) -> WrittenSeries:
    """Write a segmentation of a scan that was not exported: another study, another frame of reference."""
    shared = Dataset()
    shared.update(patient.shared)
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID"):
        setattr(shared, keyword, generate_uid(entropy_srcs=["pictologics demo", "orphan", keyword]))
    elsewhere = replace(patient, shared=shared)
    lost = WrittenSeries(str(generate_uid(entropy_srcs=["pictologics demo", "lost scan"])), scan.files, scan.grid)
    return write_segmentation(elsewhere, lost, file)


def write_nifti_pair(patient: ScannedPatient, folder: Path) -> tuple[Path, Path]:
    """Write a scan and its organs as researchers keep them."""
    folder.mkdir(parents=True, exist_ok=True)
    scan, mask = folder / "case_01.nii.gz", folder / "case_01_seg.nii.gz"
    save_image(Image.from_grid(np.rint(patient.hu).astype(np.int16), patient.grid, modality="CT"), scan)
    save_image(Image.from_grid(patient.organs, patient.grid, modality="SEG", labels=ORGAN_NAMES), mask)
    return scan, mask


def pack_series(files: Sequence[Path], archive: Path) -> Path:
    """Move files into an archive."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            entry = zipfile.ZipInfo(f"CT/{file.name}", FILE_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, file.read_bytes())
            file.unlink()
    files[0].parent.rmdir()
    return archive
