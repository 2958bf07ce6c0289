"""Planes -> voxels: read, rescaled and written in place, in parallel.

This is the one place where (frame, row, column) becomes (x, y, z). Files store x fastest, so a plane of rows is
one stretch of memory of the finished volume, and nothing is ever transposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import CorruptFileError, UnsupportedFormatError
from ..files import fill_buffer
from ..inflation import InflateError, inflate_raw
from ..rescaling import exact_float, rescale_into
from ..threads import run_in_shares
from . import tags
from .frames import Frame
from .stored_values import StoredValues, check_pixels_present, stored_values_of

__all__ = ["read_voxels"]


def read_voxels(frames: Sequence[Frame], dtype: np.dtype[Any] | None, apply_rescale: bool) -> npt.NDArray[Any]:
    """Read planes into one volume.

    Args:
        frames: Planes of one size, in the order of the third axis.
        dtype: Type of the voxels; None for the smallest float type that holds every stored value exactly.
        apply_rescale: Whether each plane's slope and intercept are applied (DICOM PS3.3 C.7.6.16.2.9).

    Returns:
        Voxels of shape (x, y, z) in Fortran order.

    Raises:
        CorruptFileError: If a file holds fewer pixels than it says.
        UnsupportedFormatError: If the pixels are compressed in a way that nothing installed decodes.
    """
    stored = [stored_values_of(frame.header) for frame in frames]
    sizes = [check_pixels_present(frame, one) for frame, one in zip(frames, stored, strict=True)]
    if apply_rescale:
        refuse_lookup_tables(frames)
    if dtype is None:
        dtype = np.result_type(*{exact_float(one.dtype, one.bits) for one in stored})
    first = frames[0]
    planes = np.empty((len(frames), first.rows, first.columns), dtype)

    def read_share(share: Sequence[int]) -> None:
        buffer = np.empty(max(sizes), np.uint8)
        for k in share:
            frame = frames[k]
            pixels = read_plane(frame, stored[k], buffer[: sizes[k]])
            slope, intercept = (frame.slope, frame.intercept) if apply_rescale else (1.0, 0.0)
            rescale_into(planes[k], pixels, slope, intercept, frame.header.path)

    run_in_shares(read_share, len(frames))
    return planes.T


def read_plane(frame: Frame, stored: StoredValues, buffer: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    """The stored values of one plane, (rows, columns); may be a view on the buffer."""
    header = frame.header
    if header.is_encapsulated:
        return decode_plane(frame)
    if header.is_deflated:
        inflate_plane(frame, buffer)
    else:
        fill_buffer(header.path, header.pixel_offset, buffer)
    words = buffer.reshape(-1, 2)[:, ::-1].ravel() if stored.swapped_pairs else buffer
    return stored.clean(words.view(stored.dtype).reshape(frame.rows, frame.columns))


def inflate_plane(frame: Frame, buffer: npt.NDArray[np.uint8]) -> None:
    """Inflate a deflated data set as far as the end of its pixels."""
    header = frame.header
    compressed = np.empty(header.file_size - header.dataset_offset, np.uint8)
    fill_buffer(header.path, header.dataset_offset, compressed)
    end = header.pixel_offset + buffer.size
    try:
        inflated = inflate_raw(compressed.tobytes(), end)
    except InflateError as error:
        raise CorruptFileError(
            "its deflated data set cannot be inflated", path=header.path, advice="fetch the file again"
        ) from error
    if len(inflated) < end:
        raise CorruptFileError(
            f"its deflated data set ends {end - len(inflated)} bytes before the end of its pixels",
            path=header.path,
            advice="it was cut off when it was copied; fetch it again",
        )
    buffer[:] = np.frombuffer(inflated, np.uint8, buffer.size, header.pixel_offset)


def decode_plane(frame: Frame) -> npt.NDArray[Any]:
    """Decompress one plane with whatever decoders pydicom finds installed."""
    from pydicom.pixels.utils import pixel_array

    path = frame.header.path
    try:
        pixels = pixel_array(path, index=frame.number, raw=True)
    except (NotImplementedError, RuntimeError, AttributeError) as error:
        raise UnsupportedFormatError(
            f"its pixels are compressed (transfer syntax {frame.header.transfer_syntax}) and no installed decoder "
            f"reads them ({' '.join(str(error).split())[:300]})",
            path=path,
            advice="install a decoder for pydicom, such as pylibjpeg, or decompress the files",
        ) from error
    except (ArithmeticError, EOFError, LookupError, OSError, TypeError, ValueError) as error:
        raise CorruptFileError(
            f"its compressed pixels cannot be decoded ({error})", path=path, advice="fetch the file again"
        ) from error
    if pixels.shape != (frame.rows, frame.columns):
        raise CorruptFileError(
            f"its pixels decode to shape {pixels.shape} and ({frame.rows}, {frame.columns}) is required",
            path=path,
        )
    return np.asarray(pixels)


def refuse_lookup_tables(frames: Sequence[Frame]) -> None:
    """Raise if the values come from a table rather than a slope and an intercept."""
    for frame in frames:
        if tags.MODALITY_LUT_SEQUENCE in frame.header.values:
            raise UnsupportedFormatError(
                "its values come from a Modality LUT, and only RescaleSlope and RescaleIntercept are applied",
                path=frame.header.path,
                advice="pass apply_rescale=False to get the stored values",
            )
