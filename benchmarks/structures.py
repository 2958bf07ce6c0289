"""The contours of an RT structure set to masks."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage, generate_uid

from pictologics import Image
from pictologics.cli.demo_series import format_decimal
from pictologics.geometry import Grid

from .ct_readers import OURS, slice_files
from .data import BenchmarkData, made, warm
from .timing import Benchmark, Contender, Target, measure

__all__ = ["RT_UTILS", "contours_of", "drawn_by_scikit_image", "run_combined", "run_separate"]

ROIS = 30
RT_UTILS, SCIKIT_IMAGE = "rt-utils", "pydicom + scikit-image"
DRAWING = "scikit-image alone, points given"

Masks = list[npt.NDArray[np.bool_]]
Contour = tuple[int, npt.NDArray[np.float64]]


def contours_of(grid: Grid) -> Iterator[list[Contour]]:
    """For each ROI its contours, as slice and points in voxels: round, lobed and wobbly, as organs are."""
    rng = np.random.default_rng(7)
    matrix, slices = grid.shape[0], grid.shape[2]
    for _ in range(ROIS):
        radius, length = rng.uniform(0.02, 0.2) * matrix, int(rng.uniform(0.15, 0.6) * slices)
        middle, first = rng.uniform(0.2, 0.8, 2) * matrix, int(rng.uniform(0, slices - length))
        lobes, phases = rng.normal(0, 0.05, 8), rng.uniform(0, 2 * np.pi, 8)
        own = []
        for k in range(length):
            here = radius * np.sqrt(max(0.05, 1 - (2 * k / length - 1) ** 2))
            # A point for each millimeter or so, as contouring tools write them.
            angle = np.linspace(0, 2 * np.pi, max(24, int(4 * here)), endpoint=False)
            orders = np.arange(2, 10)[:, None]
            wave = 1 + (lobes[:, None] * np.cos(orders * angle + phases[:, None] + 0.05 * k)).sum(axis=0)
            spokes = (here * wave)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
            own.append((first + k, middle + spokes))
        yield own


def write_structures(data: BenchmarkData, folder: Path) -> None:
    """A structure set on the CT series, with what rt-utils needs to find the slices."""
    heights = {}
    for file in slice_files(data.ct_folder):
        one = pydicom.dcmread(file, specific_tags=["ImagePositionPatient", "SOPInstanceUID"])
        heights[round(float(data.grid.world_to_index(one.ImagePositionPatient)[2]))] = one.SOPInstanceUID
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.Modality = RTStructureSetStorage, "RTSTRUCT"
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["benchmark", "structures"])
    frame = Dataset()
    frame.FrameOfReferenceUID = generate_uid(entropy_srcs=["benchmark", "FrameOfReferenceUID"])
    dataset.ReferencedFrameOfReferenceSequence = [frame]
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [], []
    dataset.RTROIObservationsSequence = []
    for number, contours in enumerate(contours_of(data.grid), 1):
        named, drawn, observed = Dataset(), Dataset(), Dataset()
        named.ROINumber, named.ROIName = number, f"organ {number}"
        drawn.ReferencedROINumber, drawn.ContourSequence = number, []
        observed.ObservationNumber = observed.ReferencedROINumber = number
        observed.RTROIInterpretedType = "ORGAN"
        for k, points in contours:
            contour, source = Dataset(), Dataset()
            source.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
            source.ReferencedSOPInstanceUID = heights[k]
            contour.ContourImageSequence = [source]
            contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(points)
            positions = data.grid.index_to_world(np.column_stack([points, np.full(len(points), k)]))
            contour.ContourData = [format_decimal(round(value, 3)) for value in positions.ravel()]
            drawn.ContourSequence.append(contour)
        dataset.StructureSetROISequence.append(named)
        dataset.ROIContourSequence.append(drawn)
        dataset.RTROIObservationsSequence.append(observed)
    dataset.save_as(folder / "structures.dcm", enforce_file_format=True)


def with_pictologics(file: Path, scan: Image, combine: bool) -> Any:
    from pictologics.loaders.rtstruct_loader import load_rtstruct

    with warnings.catch_warnings():
        # The organs overlap, and that is told.
        warnings.simplefilter("ignore")
        return load_rtstruct(file, scan, combine_rois=combine)


def with_rt_utils(file: Path, series: list[Any]) -> Masks:
    """As its users do; the series is loaded already."""
    from rt_utils import RTStruct

    structures = RTStruct(series, pydicom.dcmread(file))
    return [structures.get_roi_mask_by_name(name) for name in structures.get_roi_names()]


def parsed_by_pydicom(file: Path, grid: Grid) -> list[list[Contour]]:
    """Contours as slice and points in voxels."""
    rois = []
    for roi in pydicom.dcmread(file).ROIContourSequence:
        own = []
        for contour in roi.ContourSequence:
            index = grid.world_to_index(np.array(contour.ContourData, float).reshape(-1, 3))
            own.append((round(float(index[0, 2])), index[:, :2]))
        rois.append(own)
    return rois


def drawn_by_scikit_image(rois: list[list[Contour]], shape: tuple[int, int, int], combine: bool) -> Any:
    """Each contour by itself, within its box; one label map, or a mask for each ROI."""
    from skimage.draw import polygon

    labels = np.zeros(shape, np.uint8, order="F")
    masks = []
    for number, contours in enumerate(rois, 1):
        mask = labels if combine else np.zeros(shape, np.uint8, order="F")
        for k, points in contours:
            x, y = polygon(points[:, 0], points[:, 1], shape[:2])
            mask[x, y, k] = number if combine else 1
        masks.append(mask)
    return labels if combine else masks


def run(data: BenchmarkData, rounds: int, combine: bool) -> Benchmark:
    from rt_utils.image_helper import load_sorted_image_series

    file = made(data.folder / "structures", partial(write_structures, data)) / "structures.dcm"
    warm(file)
    grid = data.grid
    # Its voxels are never looked at: a view of one zero stands for them.
    scan = Image.from_grid(np.broadcast_to(np.uint8(0), grid.shape), grid)
    series = load_sorted_image_series(str(data.ct_folder))
    rois = parsed_by_pydicom(file, grid)
    contenders = [
        Contender(OURS, lambda: with_pictologics(file, scan, combine)),
        Contender(SCIKIT_IMAGE, lambda: drawn_by_scikit_image(parsed_by_pydicom(file, grid), grid.shape, combine)),
        Contender(DRAWING, lambda: drawn_by_scikit_image(rois, grid.shape, combine)),
    ]
    if not combine:
        contenders.append(Contender(RT_UTILS, lambda: with_rt_utils(file, series)))
    race = measure(contenders, rounds)
    contours, points = sum(map(len, rois)), sum(len(points) for own in rois for _, points in own)
    form = "one label map" if combine else "a mask each"
    title = f"RTSTRUCT: {len(rois)} ROIs, {contours} contours, {points} points on {grid.shape} voxels, {form}"
    result = Benchmark(title, "ms", race.rows, disturbed=race.disturbed)
    result.targets = [
        Target(f"times as fast as {peer.name}", result.ratio(peer.name, OURS), at_least=5.0) for peer in contenders[1:]
    ]
    result.notes = [race.note] if combine else [race.note, differences(file, scan, rois, series)]
    return result


def differences(file: Path, scan: Image, rois: list[list[Contour]], series: list[Any]) -> str:
    """How many voxels the peers have otherwise, for the report."""
    ours = [mask.array for mask in with_pictologics(file, scan, False).values()]
    total = sum(int(np.count_nonzero(mask)) for mask in ours)
    theirs = drawn_by_scikit_image(rois, scan.grid.shape, False)
    counts = [sum(int(np.count_nonzero(a != b)) for a, b in zip(ours, theirs, strict=True))]
    del theirs
    masks = with_rt_utils(file, series)
    counts.append(sum(int(np.count_nonzero(a != b.transpose(1, 0, 2))) for a, b in zip(ours, masks, strict=True)))
    return (
        f"Of {total} voxels inside, scikit-image has {counts[0]} otherwise, and rt-utils, which rounds corners to "
        f"voxels and counts edges as inside, {counts[1]}."
    )


run_combined = partial(run, combine=True)
run_separate = partial(run, combine=False)
