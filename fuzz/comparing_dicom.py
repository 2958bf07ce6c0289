"""Differential fuzzing of what takes several objects or frames of DICOM: series, segments and contours."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fuzz.comparing import DifferenceError, compare_places, compare_values
from fuzz.itk_reader import read_with_itk
from pictologics import PictologicsError, load_image, load_seg
from pictologics.dicom.headers.header_reading import read_header
from pictologics.dicom.structures.contours import read_contour_points
from pictologics.dicom.structures.rois import read_rois
from pictologics.storage.files import MemoryFile

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = [
    "SLICE_MARK",
    "compare_contours_with_pydicom",
    "compare_segments_with_highdicom",
    "compare_series_with_simpleitk",
]

SOP_CLASS = re.compile(rb"\x08\0\x16\0UI.\0([^\x08]*?)\x08\0\x18\0", re.DOTALL)
"""The SOPClassUID of a data set of explicit VR, before its SOPInstanceUID."""

SLICE_MARK = b"--- next slice ---"
"""What parts the files of a series, which are fuzzed as one input."""


def compare_series_with_simpleitk(content: bytes) -> None:
    """Compare a series of one file for each slice, its voxels and their places, with what ITK makes of it."""
    parts = content.split(SLICE_MARK)
    with tempfile.TemporaryDirectory() as folder:
        for number, part in enumerate(parts):
            Path(folder, f"{number}.dcm").write_bytes(part)
        try:
            image = load_image(folder, dtype=np.float64)
        except PictologicsError:
            return
        other = read_with_itk(Path(folder))
    if other is None or len(parts) == 1 or other.values.shape[2] != len(parts):
        # GDCM leaves out files that it does not understand, without a word. For a single slice the step to the next is
        # a matter of taste.
        return
    if not all(names_known_class(part) and keeps_lowest_bits(part) and b"MONOCHROME2" in part for part in parts):
        # Where GDCM knows no class of storage, it takes a millimeter for the spacing of pixels, whatever the file says;
        # it does not shift what lies above other bits, and it inverts what it does not know to be MONOCHROME2.
        return
    if any(decision.kind == "left out" for decision in image.provenance.decisions):
        # Other files of the folder, of which we say so.
        return
    compare_values(image, other.values)
    compare_places(image, other.affine)


def names_known_class(part: bytes) -> bool:
    """Whether a file names a SOP class of the standard."""
    from pydicom.uid import UID_dictionary

    found = SOP_CLASS.search(part)
    return found is not None and found[1].rstrip(b"\0 ").decode("latin-1") in UID_dictionary


def keeps_lowest_bits(part: bytes) -> bool:
    """Whether the bits of a file's values are the lowest of their words, as the standard has it now (PS3.5 8.1.1)."""
    stored, high = (
        [int.from_bytes(value, "little") for value in re.findall(element + rb"US\x02\0(..)", part, re.DOTALL)]
        for element in (rb"\x28\0\x01\x01", rb"\x28\0\x02\x01")
    )
    return len(stored) == len(high) == 1 and high[0] == stored[0] - 1


def compare_segments_with_highdicom(content: bytes) -> None:
    """Compare each segment of a segmentation, and where its planes lie, with what highdicom makes of it."""
    from highdicom.seg import segread

    try:
        masks = load_seg(content, combine_segments=False, threshold=None)
    except PictologicsError:
        return
    try:
        volume = segread(io.BytesIO(content)).get_volume(segment_numbers=list(masks))
    except Exception:  # noqa: BLE001 - whatever stops it, it does not accept the file
        return
    # (slice, row, column) to (x, y, z).
    values, affine = volume.array.transpose(2, 1, 0, 3), volume.affine[:, [2, 1, 0, 3]]
    for place, mask in enumerate(masks.values()):
        ours, theirs = mask.grid.affine, affine.copy()
        plane = values[..., place]
        if ours[:3, 2] @ theirs[:3, 2] < 0:
            # Slices may be counted from either end.
            plane = plane[:, :, ::-1]
            theirs[:3, 3] += theirs[:3, 2] * (plane.shape[2] - 1)
            theirs[:3, 2] *= -1
        compare_values(mask, plane)
        compare_places(mask, theirs)


def compare_contours_with_pydicom(content: bytes) -> None:
    """Compare the points of the closed contours of each ROI with what pydicom reads."""
    import pydicom

    try:
        header = read_header(MemoryFile("<bytes>", content))
        if header is None:
            return
        rois, decisions = read_rois(header)
        contours = read_contour_points(header.path, rois)
    except PictologicsError:
        return
    try:
        dataset = pydicom.dcmread(io.BytesIO(content))
        theirs = list_closed_contours(dataset)
    except Exception:  # noqa: BLE001 - whatever stops it, it does not accept the file
        return
    if decisions or any("second rounds" in decision.text for decision in contours.decisions):
        # What is missing or repeated among the numbers is put right, and one round of two is left out.
        return
    if "TransferSyntaxUID" not in dataset.file_meta:
        # pydicom then takes groups from 0400 on in front, such as that of contours, for big endian.
        return
    edges = contours.starts
    for number, roi in enumerate(rois):
        ours = [contours.points[edges[k] : edges[k + 1]] for k in np.flatnonzero(contours.rois == number)]
        compare_points(roi.number, ours, theirs.get(roi.number, []))


def list_closed_contours(dataset: Dataset) -> dict[int, list[npt.NDArray[np.float64]]]:
    """The points of closed contours of three points or more as pydicom reads them, by ROI number."""
    found: dict[int, list[npt.NDArray[np.float64]]] = {}
    for drawn in dataset.get("ROIContourSequence", []):
        own = found.setdefault(int(drawn.ReferencedROINumber), [])
        for contour in drawn.get("ContourSequence", []):
            kind = str(contour.get("ContourGeometricType", "")).upper().replace("_", "").replace(" ", "")
            points = np.array(contour.get("ContourData") or [], np.float64).reshape(-1, 3)
            if kind in {"CLOSEDPLANAR", "CLOSEDPLANARXOR", "INTERPOLATEDPLANAR", ""} and len(points) > 2:
                own.append(points)
    return found


def compare_points(number: int, ours: list[npt.NDArray[np.float64]], theirs: list[npt.NDArray[np.float64]]) -> None:
    """Compare the contours of one ROI, in the order of the file."""
    if len(ours) != len(theirs):
        raise DifferenceError(f"{len(ours)} and {len(theirs)} contours of ROI {number}")
    for place, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        if not np.array_equal(mine, other):
            raise DifferenceError(f"points of contour {place} of ROI {number}")
