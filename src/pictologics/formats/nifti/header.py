"""File -> NiftiHeader: what a NIfTI header says, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ...errors import CorruptFileError, UnsupportedFormatError
from ...storage.files import StoredFile
from .vocabulary import (
    CIFTI_INTENTS,
    COLOR_TYPES,
    COMPOUND_TYPES,
    HEADER_1,
    HEADER_2,
    NIFTI_TYPES,
    NIFTI_UNITS,
    REFUSED_TYPES,
    SURFACE_INTENTS,
)

__all__ = ["NiftiHeader", "cifti_error", "ends_within_nifti_header", "looks_like_nifti", "parse_nifti_header"]

MAGICS_1 = (b"n+1\0", b"ni1\0")
"""``magic`` of NIfTI-1: voxels behind the header, or in a file of their own (nifti1.h, "magic")."""

MAGICS_2 = (b"n+2\0\r\n\032\n", b"ni2\0\r\n\032\n")
"""The same of NIfTI-2; the line ends show whether a transfer as text damaged the file."""


@dataclass(frozen=True)
class NiftiHeader:
    """A NIfTI header in plain terms.

    Attributes:
        file: The file that holds the header.
        is_pair: Whether the voxels are in a file of their own.
        stored: Type of the stored numbers, byte order included.
        bits: ``bitpix``, how many bits a voxel has beside what its type says; 0 if nothing.
        numbers: How many of them make a voxel, side by side.
        shape: (x, y, z).
        fourth: Length of the fourth axis.
        fifth: Length of the fifth axis.
        step: Distance along the fourth axis, as stored.
        start: Where the fourth axis begins, as stored.
        step_units: The bits of ``xyzt_units`` that say of what these two are.
        intent: ``intent_code``, what the numbers mean.
        volumes: How many volumes the file holds.
        data_offset: Where the voxels begin in their file.
        slope: Factor to apply, 1.0 if there is none.
        intercept: Term to apply, 0.0 if there is none.
        qform_code: How the quaternion is meant; 0 if it is not.
        sform_code: How the affine is meant; 0 if it is not.
        pixdim: qfac and spacing along (x, y, z), mm.
        quatern: Quaternion b, c, d.
        qoffset: Position of the first voxel in the qform, RAS mm.
        srow: (3, 4) affine, index to RAS mm.
        byte_order: ``"<"`` or ``">"``.
        header_size: Bytes of the header's fixed part.
        head: The first bytes of the file, which hold the header's extensions.
    """

    file: StoredFile
    is_pair: bool
    stored: np.dtype[np.generic]
    bits: int
    numbers: int
    shape: tuple[int, int, int]
    fourth: int
    fifth: int
    step: float
    start: float
    step_units: int
    intent: int
    volumes: int
    data_offset: int
    slope: float
    intercept: float
    qform_code: int
    sform_code: int
    pixdim: tuple[float, float, float, float]
    quatern: tuple[float, float, float]
    qoffset: tuple[float, float, float]
    srow: npt.NDArray[np.float64]
    byte_order: str
    header_size: int
    head: bytes

    @property
    def voxels(self) -> int:
        """Voxels of one volume."""
        return self.shape[0] * self.shape[1] * self.shape[2]


def looks_like_nifti(head: bytes) -> bool:
    """Whether bytes begin a NIfTI-1 or NIfTI-2 header of either byte order."""
    return find_header_layout(head) is not None


def ends_within_nifti_header(head: bytes) -> bool:
    """Whether the content of a file named as NIfTI begins as a header and ends within it.

    Args:
        head: The first bytes, inflated; fewer than a header has only if the file ends there.
    """
    # sizeof_hdr is the first field, and all there is to know a header by before its magic.
    return any(
        len(head) < layout.itemsize and layout.itemsize.to_bytes(4, order).startswith(head[:4])
        for layout in (HEADER_1, HEADER_2)
        for order in ("little", "big")
    )


def find_header_layout(head: bytes) -> np.dtype[Any] | None:
    """The layout and byte order of a header, None if the bytes begin no header."""
    for order in ("<", ">"):
        for layout, magics in ((HEADER_1, MAGICS_1), (HEADER_2, MAGICS_2)):
            size = int.from_bytes(head[:4], "little" if order == "<" else "big")
            # Analyze 7.5 headers are of the same size and have no magic: they do not say where their voxels lie.
            at = 344 if layout is HEADER_1 else 4
            if size == layout.itemsize and head[at : at + len(magics[0])] in magics:
                return layout.newbyteorder(order)
    return None


def parse_nifti_header(file: StoredFile, head: bytes) -> NiftiHeader:
    """Read a header.

    Args:
        file: The file that holds it.
        head: The first bytes of its content, inflated.

    Raises:
        CorruptFileError: If a field is impossible.
        UnsupportedFormatError: If the voxels are not real scalars.
    """
    path = file.name
    layout = find_header_layout(head)
    if layout is None or len(head) < layout.itemsize:
        raise CorruptFileError("its NIfTI header is incomplete", path=path, advice="fetch the file again")
    raw = np.frombuffer(head, layout, 1)[0]
    check_is_volume(raw, path)
    shape, (fourth, fifth), volumes = read_dimensions(raw, path)
    code = int(raw["datatype"])
    # nifti1.h, "data scaling": colors are not scaled.
    slope, intercept = (1.0, 0.0) if code in COLOR_TYPES else read_scaling(raw, path)
    # The header begins with its own size, 348 or 540: its first byte is zero only where the highest comes first.
    order: Literal["<", ">"] = "<" if head[0] else ">"
    is_pair = bytes(raw["magic"])[:2] == b"ni"
    scale = NIFTI_UNITS.get(int(raw["xyzt_units"]) & 0x07, 1.0)
    # What overflows or is NaN becomes infinite or NaN here and is refused, with a reason, where the grid is made.
    with np.errstate(over="ignore", invalid="ignore"):
        geometry = np.concatenate([raw["pixdim"][:4], raw["qoffset"], raw["srow"].ravel()]).astype(np.float64)
        # All but qfac, which is a sign, are lengths; the quaternion has no unit.
        geometry[1:] *= scale
    return NiftiHeader(
        file=file,
        is_pair=is_pair,
        stored=find_nifti_type(code, order, path),
        bits=int(raw["bitpix"]),
        numbers=COMPOUND_TYPES[code][1] if code in COMPOUND_TYPES else 1,
        shape=shape,
        fourth=fourth,
        fifth=fifth,
        step=float(raw["pixdim"][4]),
        start=float(raw["toffset"]),
        step_units=int(raw["xyzt_units"]) & 0x38,
        intent=int(raw["intent_code"]),
        volumes=volumes,
        data_offset=read_data_offset(raw, layout.itemsize, is_pair, path),
        slope=slope,
        intercept=intercept,
        qform_code=int(raw["qform_code"]),
        sform_code=int(raw["sform_code"]),
        pixdim=tuple(geometry[:4].tolist()),
        quatern=tuple(raw["quatern"].astype(np.float64).tolist()),
        qoffset=tuple(geometry[4:7].tolist()),
        srow=geometry[7:].reshape(3, 4),
        byte_order=order,
        header_size=layout.itemsize,
        head=head,
    )


def check_is_volume(raw: Any, path: str) -> None:
    """Raise if what the file says it holds is no volume."""
    intent = int(raw["intent_code"])
    if intent in CIFTI_INTENTS:
        raise cifti_error(path, intent)
    if intent in SURFACE_INTENTS:
        raise UnsupportedFormatError(
            f"it holds {SURFACE_INTENTS[intent]} (NIfTI intent {intent}), and a volume is required",
            path=path,
            advice="draw it into an image with the software that made it",
            intent=intent,
        )


def cifti_error(path: str, intent: int) -> UnsupportedFormatError:
    """The error for what is NIfTI by its header only."""
    return UnsupportedFormatError(
        f"this is a CIFTI-2 file (NIfTI intent {intent}): rows of surface points and voxels, and no volume",
        path=path,
        advice="take its volume out with wb_command -cifti-separate, or load it with nibabel",
        intent=intent,
    )


def read_dimensions(raw: Any, path: str) -> tuple[tuple[int, int, int], tuple[int, int], int]:
    """Shape of a volume, lengths of the fourth and fifth axis, and number of volumes.

    The axes beyond the third are counted as one, the fourth fastest.
    """
    dim = [int(size) for size in raw["dim"]]
    # nifti1.h, "dim": the first number says how many of the seven others count.
    used = dim[1 : dim[0] + 1]
    if not 1 <= dim[0] <= 7 or min(used) < 1:
        raise CorruptFileError(
            f"its NIfTI dimensions are {dim}, and 1 to 7 positive ones are required", path=path, dim=dim
        )
    sizes = (used + [1] * 7)[:7]
    volumes = sizes[3] * sizes[4] * sizes[5] * sizes[6]
    shape = (sizes[0], sizes[1], sizes[2])
    if shape == (1, 1, 1) and volumes > 1:
        raise UnsupportedFormatError(
            f"it holds {volumes} numbers along axes that are not in space (dimensions {dim}), and a volume is required",
            path=path,
            advice="load it with the software that made it, or with nibabel",
            dim=dim,
        )
    return shape, (sizes[3], sizes[4]), volumes


def read_scaling(raw: Any, path: str) -> tuple[float, float]:
    """Slope and intercept; a slope of zero means that there are none (nifti1.h, "data scaling")."""
    slope, intercept = float(raw["scl_slope"]), float(raw["scl_inter"])
    if slope == 0 or not np.isfinite(slope):
        return 1.0, 0.0
    if not np.isfinite(intercept):
        raise CorruptFileError(f"its NIfTI slope is {slope} and its intercept {intercept}", path=path)
    return slope, intercept


def find_nifti_type(code: int, order: Literal["<", ">"], path: str) -> np.dtype[np.generic]:
    """The type of the stored numbers, in their byte order."""
    if code in NIFTI_TYPES:
        return NIFTI_TYPES[code].newbyteorder(order)
    if code in COMPOUND_TYPES:
        return COMPOUND_TYPES[code][0].newbyteorder(order)
    if code in REFUSED_TYPES:
        raise UnsupportedFormatError(
            f"its voxels are {REFUSED_TYPES[code]} (NIfTI type {code}): only real scalar types are supported",
            path=path,
            advice="save one channel or part as numbers first",
            datatype=code,
        )
    raise CorruptFileError(f"its NIfTI type is {code}, which the standard does not define", path=path, datatype=code)


def read_data_offset(raw: Any, header_size: int, is_pair: bool, path: str) -> int:
    """Where the voxels begin; in a single file never before the end of the header and its extension flag."""
    offset = float(raw["vox_offset"])
    if not np.isfinite(offset) or offset < 0:
        raise CorruptFileError(f"its NIfTI voxels begin at byte {offset}", path=path)
    # Writers leave 0 or the bare size of the header here; voxels of a single file cannot lie within its header.
    return int(offset) if is_pair else max(int(offset), header_size + 4)
