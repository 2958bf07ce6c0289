"""Differential fuzzing: what we and an independent reader both accept must be the same voxels at the same places.

Files that one of the two refuses are no difference: most of them are damaged. Differences that were looked at and are
ours to keep are listed where they are passed over, each with its reason.
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fuzz.itk_reader import read_with_itk
from pictologics import Image, PictologicsError, load_image

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = [
    "DifferenceError",
    "compare_places",
    "compare_values",
    "compare_with_nibabel",
    "compare_with_pydicom",
    "compare_with_pynrrd",
    "compare_with_simpleitk",
]

JPEG_DCT = (".50", ".51")
"""How the transfer syntaxes of lossy JPEG end."""

FARTHEST = 0.1
"""Voxels that a corner may lie beside the one of the other reader: by so much we make axes orthogonal, and say so."""


class DifferenceError(AssertionError):
    """Two readers accept a file and see different images in it."""


def compare_with_nibabel(content: bytes) -> None:
    """Compare the image in a NIfTI file with nibabel's."""
    import nibabel as nib

    image = load_or_none(content)
    if image is None:
        return
    kind = nib.Nifti1Image if content[:4] in SIZES_OF_NIFTI_1 else nib.Nifti2Image
    try:
        other = kind.from_bytes(content)
        values, affine = np.asarray(other.dataobj), other.affine
    except Exception:  # noqa: BLE001 - whatever stops it, it does not accept the file
        return
    if values.ndim < 3 or values.shape[3:].count(1) != values.ndim - 3 or values.dtype.kind not in "iuf":
        # Of several volumes ours is the first one, and of vectors and colors none; nibabel has them all.
        return
    written = kind.header_class(content[: other.header.sizeof_hdr], check=False)
    if 0 <= written["vox_offset"] < other.header.sizeof_hdr + 4:
        # nibabel takes the header for voxels; the standard has them begin behind it.
        return
    compare_values(image, values.reshape(values.shape[:3]))
    if int(written["sform_code"]) <= 0 and written["pixdim"][0] not in {-1.0, 0.0, 1.0}:
        # What qfac else is, nibabel takes for 1; the C library of NIfTI and ITK go by its sign, and so do we.
        return
    codes = int(written["sform_code"]), int(written["qform_code"])
    if max(codes) > 0 and all(0 <= code <= LARGEST_CODE for code in codes):
        # Without a form nibabel centers the image, and takes a code that it does not know for none.
        compare_places(image, np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine)


SIZES_OF_NIFTI_1 = (b"\x5c\x01\0\0", b"\0\0\x01\x5c")
"""How NIfTI-1 files begin: with 348, in either order."""

LARGEST_CODE = 5
"""Of the codes that say what a form leads to."""

SIZED = re.compile(rb"\nCompressedDataSize = \d+\r?\n")
"""What MetaIO needs to know of compressed voxels: without it, it hands out whatever was in memory.

Nor does it look further where the size is too small; we go by the stream, and say so."""


def compare_with_simpleitk(content: bytes) -> None:
    """Compare the image in a NRRD or MetaImage file with SimpleITK's."""
    image = load_or_none(content)
    if image is None or (b"CompressedData" in content and not SIZED.search(content)):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.nrrd" if content.startswith(b"NRRD") else "a.mha")
        path.write_bytes(content)
        other = read_with_itk(path)
    if other is None or any("CompressedDataSize" in decision.text for decision in image.provenance.decisions):
        return
    compare_values(image, other.values)
    compare_places(image, other.affine)


TO_LPS = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
    "lps": (1.0, 1.0, 1.0),
    "ras": (-1.0, -1.0, 1.0),
    "las": (1.0, -1.0, 1.0),
}
"""What the axes of NRRD's spaces are multiplied by."""


def compare_with_pynrrd(content: bytes) -> None:
    """Compare the image in a NRRD file with pynrrd's."""
    import nrrd

    image = load_or_none(content)
    if image is None:
        return
    try:
        file = io.BytesIO(content)
        header = nrrd.read_header(file)
        values = nrrd.read_data(header, file, index_order="F")
        space, steps = str(header.get("space", "")).lower(), header.get("space directions")
        origin = np.asarray(header.get("space origin", [np.nan] * 3), np.float64)
    except Exception:  # noqa: BLE001 - whatever stops it, it does not accept the file
        return
    if values.ndim != 3:
        # Several volumes, of which ours is the first one, or colors.
        return
    compare_values(image, values)
    if space in TO_LPS and steps is not None and np.shape(steps) == (3, 3) and origin.shape == (3,):
        affine = np.eye(4)
        affine[:3] = np.column_stack([np.transpose(steps), origin]) * np.array(TO_LPS[space])[:, np.newaxis]
        compare_places(image, affine)


def compare_with_pydicom(content: bytes) -> None:
    """Compare a DICOM file of one gray picture with pydicom's, rescaled by pydicom."""
    import pydicom
    from pydicom.pixels import apply_modality_lut

    image = load_or_none(content)
    if image is None or image.array.shape[2] != 1:
        return
    try:
        dataset = pydicom.dcmread(io.BytesIO(content))
        values = apply_modality_lut(dataset.pixel_array, dataset)
        is_settled = is_read_otherwise(dataset)
    except Exception:  # noqa: BLE001 - whatever stops it, it does not accept the file
        return
    if values.ndim == 2 and not is_settled:
        compare_values(image, values.T[..., np.newaxis])


def is_read_otherwise(dataset: Dataset) -> bool:
    """Whether pydicom reads a file otherwise than we do, with a reason that was looked at."""
    rescale = [dataset[name] for name in ("RescaleSlope", "RescaleIntercept") if name in dataset]
    return (
        # Decoders of JPEG differ by one.
        dataset.file_meta.TransferSyntaxUID.endswith(JPEG_DCT)
        # pydicom does not shift what lies above other bits.
        or dataset.get("HighBit", 0) != dataset.get("BitsStored", 0) - 1
        # It rescales with both or not at all, believes in a slope of zero, and in any value representation; we say that
        # we do not, or read the text that the attribute must be.
        or len(rescale) != 2
        or any(element.VR != "DS" for element in rescale)
        or dataset.RescaleSlope == 0
        or "PixelPaddingValue" in dataset
    )


def load_or_none(content: bytes) -> Image | None:
    """The image in a file; None if we refuse it."""
    try:
        return load_image(content, dtype=np.float64)
    except PictologicsError:
        return None


def compare_values(image: Image, values: npt.NDArray[np.generic]) -> None:
    """Compare voxels, of which NaN is one value."""
    if image.array.shape != values.shape:
        raise DifferenceError(f"shape {image.array.shape} and {values.shape}")
    with np.errstate(all="ignore"):
        ours, theirs = image.array.astype(np.float32), values.astype(np.float32)
    if not np.allclose(ours, theirs, rtol=1e-5, atol=0, equal_nan=True):
        raise DifferenceError(f"{np.count_nonzero(ours != theirs)} of {ours.size} voxels")


def compare_places(image: Image, affine: npt.NDArray[np.float64]) -> None:
    """Compare where the corners lie, in voxels."""
    # What a header leaves open every reader assumes in its own way; we also say so.
    if any(decision.warning == "geometry" for decision in image.provenance.decisions) or not np.isfinite(affine).all():
        return
    last = np.array(image.array.shape) - 1.0
    corners = np.array([[x, y, z, 1.0] for x in (0, last[0]) for y in (0, last[1]) for z in (0, last[2])])
    distance = float(np.abs((image.grid.affine - affine) @ corners.T).max())
    if distance > FARTHEST * max(image.spacing):
        raise DifferenceError(f"corners {distance:g} mm apart")
