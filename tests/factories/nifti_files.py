"""NIfTI files of a phantom: header by nibabel, voxels byte for byte as asked."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np

from tests.factories.phantom import PHANTOM, Phantom

__all__ = ["Edit", "nifti_header", "write_nifti"]

#: Called with nibabel's header before it is written; may set any raw field, also to what nibabel refuses.
Edit = Callable[[nibabel.Nifti1Header], None]

HEADERS = {
    (1, False): nibabel.nifti1.Nifti1Header,
    (1, True): nibabel.nifti1.Nifti1PairHeader,
    (2, False): nibabel.nifti2.Nifti2Header,
    (2, True): nibabel.nifti2.Nifti2PairHeader,
}


def nifti_header(
    array: np.ndarray,
    ras_affine: np.ndarray,
    *,
    dtype: str = "int16",
    big_endian: bool = False,
    version: int = 1,
    pair: bool = False,
    slope: float = float("nan"),
    inter: float = float("nan"),
    sform: int = 1,
    qform: int = 0,
    units: str = "mm",
):
    """A header that describes an array; a form code of 0 leaves that form unset."""
    header = HEADERS[version, pair](endianness=">" if big_endian else "<")
    header.set_data_dtype(np.dtype(dtype))
    header.set_data_shape(array.shape)
    spacing = np.linalg.norm(ras_affine[:3, :3], axis=0)
    header["pixdim"][1:4] = spacing
    if qform:
        header.set_qform(ras_affine, qform)
    if sform:
        header.set_sform(ras_affine, sform)
    header["qform_code"], header["sform_code"] = qform, sform
    header["scl_slope"], header["scl_inter"] = slope, inter
    header.set_xyzt_units(units, "sec")
    header["vox_offset"] = 0 if pair else header.single_vox_offset
    return header


def write_nifti(
    path: Path, phantom: Phantom = PHANTOM, *edits: Edit, array: np.ndarray | None = None, **options
) -> Path:
    """Write a phantom.

    Args:
        path: Ends in .nii, .nii.gz, .hdr or .img (a pair; the other file goes beside it), or anything else
            for a single file.
        phantom: Where the voxels are, and their values.
        *edits: Last touches to the header.
        array: Stored values of any dimensionality in place of the phantom's.
        **options: See :func:`nifti_header`.
    """
    stored = phantom.array if array is None else np.asarray(array)
    names = path.name.removesuffix(".gz")
    pair = names.endswith((".hdr", ".img"))
    header = nifti_header(stored, phantom.ras_affine, pair=pair, **options)
    voxels = stored.astype(header.get_data_dtype()).tobytes("F")
    for edit in edits:
        edit(header)
    block = header.binaryblock
    if pair:
        base = names[:-4]
        tail = path.name[len(names) :]
        write_bytes(path.with_name(base + ".hdr" + tail), block + bytes(4))
        write_bytes(path.with_name(base + ".img" + tail), voxels)
    else:
        gap = max(0, int(header["vox_offset"]) - len(block))
        write_bytes(path, block + bytes(gap) + voxels)
    return path


def write_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(gzip.compress(content, 6, mtime=0) if path.name.endswith(".gz") else content)
