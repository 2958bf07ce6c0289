"""Segmentations of many organs on the benchmark's CT series, written by highdicom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from .data import BenchmarkData, made

__all__ = ["binary_file", "label_map_file", "organ_count", "organs"]

ORGANS = 60
FRAMES = 5600
"""Binary frames of the full size: 93 slices for an organ on average."""


def organ_count(data: BenchmarkData) -> int:
    """Fewer in little data, so that organs are of the same size in voxels."""
    return max(4, round(ORGANS * data.size.slices / 300))


def organs(data: BenchmarkData) -> npt.NDArray[np.uint8]:
    """Ellipsoids that do not overlap, (slices, rows, columns): their numbers, 0 between them."""
    slices, matrix, count = data.size.slices, data.size.matrix, organ_count(data)
    random = np.random.default_rng(60)
    volume = np.zeros((slices, matrix, matrix), np.uint8)
    # A little longer than what must be left of them when those painted later have covered them.
    length = 1.03 * FRAMES / ORGANS / 2 * slices / 300
    for number in range(1, count + 1):
        half = np.array([length * random.uniform(0.6, 1.4), *random.uniform(matrix / 26, matrix / 9, 2)])
        center = [random.uniform(h, n - h) for h, n in zip(half, volume.shape, strict=True)]
        box = tuple(slice(max(0, int(c - h)), int(c + h) + 2) for c, h in zip(center, half, strict=True))
        index = np.ogrid[tuple(slice(b.start, min(b.stop, n)) for b, n in zip(box, volume.shape, strict=True))]
        inside = sum(((one - c) / h) ** 2 for one, c, h in zip(index, center, half, strict=True)) <= 1
        volume[box][inside] = number
    return volume


def binary_file(data: BenchmarkData) -> Path:
    """One frame of bits for each slice of each organ."""
    return made(data.folder / "seg_binary", lambda folder: write(data, folder, "BINARY")) / "seg.dcm"


def label_map_file(data: BenchmarkData) -> Path:
    """One frame of organ numbers for each slice."""
    return made(data.folder / "seg_label_map", lambda folder: write(data, folder, "LABELMAP")) / "seg.dcm"


def write(data: BenchmarkData, folder: Path, kind: str) -> None:
    import highdicom
    from pydicom import dcmread
    from pydicom.sr.codedict import codes
    from pydicom.uid import generate_uid

    sources = [dcmread(file, stop_before_pixels=True) for file in sorted(data.ct_folder.iterdir())]
    sources.sort(key=lambda source: float(source.ImagePositionPatient[2]))
    algorithm = highdicom.AlgorithmIdentificationSequence("organs", codes.DCM.ArtificialIntelligence, "1.0")
    described = [
        highdicom.seg.SegmentDescription(
            number, f"organ {number}", codes.SCT.Organ, codes.SCT.Liver, "AUTOMATIC", algorithm
        )
        for number in range(1, organ_count(data) + 1)
    ]
    segmentation = highdicom.seg.Segmentation(
        sources,
        organs(data),
        kind,
        described,
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="Made up",
        manufacturer_model_name="organs",
        software_versions="1",
        device_serial_number="1",
    )
    segmentation.save_as(folder / "seg.dcm")
