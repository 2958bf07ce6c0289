"""RT structure sets of known shapes, written by pydicom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import RTStructureSetStorage

from pictologics import Grid, Image
from tests.factories.dicom_series import UNCOMPRESSED, uid
from tests.factories.phantom import OBLIQUE

__all__ = [
    "GRID",
    "SCAN",
    "SQUARE",
    "RoiTruth",
    "circle",
    "dataset_of",
    "image_on",
    "on_plane",
    "stack_of",
    "write",
    "write_structures",
]

Points = np.ndarray


@dataclass
class RoiTruth:
    """One ROI: its contours are (n, 3) points in LPS mm, each of one kind, or of the kind given beside it."""

    name: str
    contours: Sequence[Points] = ()
    number: int | None = None
    kind: str = "CLOSED_PLANAR"
    interpreted_type: str = "ORGAN"
    color: tuple[int, int, int] = (255, 128, 0)
    kinds: Sequence[str] = field(default=())


def on_plane(grid, points, index: float, axis: int = 2) -> Points:
    """Points in the plane of a grid across an axis, given in voxels along the two other axes, in LPS mm."""
    points = np.asarray(points, float)
    whole = np.insert(points, axis, index, axis=1)
    return np.asarray(grid.index_to_world(whole))


def circle(center, radius: float, count: int = 180) -> np.ndarray:
    """Points on a circle, (n, 2)."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.asarray(center) + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def dataset_of(rois: Sequence[RoiTruth], frame_uid: str = "") -> Dataset:
    """A structure set."""
    dataset = Dataset()
    dataset.SOPClassUID = RTStructureSetStorage
    dataset.SOPInstanceUID = uid("structures", len(rois))
    dataset.Modality, dataset.SpecificCharacterSet = "RTSTRUCT", "ISO_IR 192"
    dataset.SeriesInstanceUID, dataset.StudyInstanceUID = uid("structure series"), uid("study")
    dataset.SeriesNumber, dataset.SeriesDescription = 7, "Contours"
    dataset.PatientName, dataset.PatientID = "Nobody^Special", "secret"
    dataset.StructureSetLabel = "PLAN"
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [], []
    dataset.RTROIObservationsSequence = []
    for place, roi in enumerate(rois, 1):
        number = place if roi.number is None else roi.number
        item = Dataset()
        item.ROINumber, item.ROIName, item.ROIGenerationAlgorithm = number, roi.name, "MANUAL"
        item.ROIDescription = f"about {roi.name}"
        item.ReferencedFrameOfReferenceUID = frame_uid
        dataset.StructureSetROISequence.append(item)
        drawn = Dataset()
        drawn.ROIDisplayColor, drawn.ReferencedROINumber = list(roi.color), number
        drawn.ContourSequence = []
        for points, kind in zip(roi.contours, roi.kinds or [roi.kind] * len(roi.contours), strict=True):
            contour = Dataset()
            contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(points)
            contour.ContourData = [f"{value:.10g}"[:16] for value in np.asarray(points).ravel()]
            drawn.ContourSequence.append(contour)
        if roi.contours:
            dataset.ROIContourSequence.append(drawn)
        observed = Dataset()
        observed.ObservationNumber, observed.ReferencedROINumber = place, number
        observed.RTROIInterpretedType, observed.ROIInterpreter = roi.interpreted_type, ""
        dataset.RTROIObservationsSequence.append(observed)
    return dataset


def write_structures(
    path: Path,
    rois: Sequence[RoiTruth],
    *,
    frame_uid: str = "",
    syntax: str = "explicit",
    change: Callable[[Dataset], None] | None = None,
) -> Path:
    """Write a structure set; ``change`` is called with its data set before."""
    dataset = dataset_of(rois, frame_uid)
    if change is not None:
        change(dataset)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UNCOMPRESSED[syntax]
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dcmwrite(path, dataset, enforce_file_format=True)
    return path


GRID = Grid((40, 36, 20), (0.9, 1.1, 2.5), (-31.5, 14.25, 120.0), OBLIQUE)
"""Oblique, anisotropic and off the origin."""

SQUARE = np.array([[4.5, 5.5], [14.5, 5.5], [14.5, 12.5], [4.5, 12.5]])


def image_on(grid: Grid, **fields) -> Image:
    """An image whose voxels nobody looks at."""
    return Image.from_grid(np.zeros(grid.shape, np.uint8, order="F"), grid, **fields)


SCAN = image_on(GRID)


def stack_of(slices, grid=GRID, axis=2) -> list[np.ndarray]:
    """Contours in planes, given as (index, points in voxels)."""
    return [on_plane(grid, points, index, axis) for index, points in slices]


def write(tmp_path: Path, *rois: RoiTruth, **options) -> Path:
    """Write a structure set into a folder."""
    return write_structures(tmp_path / "structures.dcm", rois, **options)
