"""Planes -> voxels: read, rescaled and written in place, in parallel.

This is the one place where (frame, row, column) becomes (x, y, z). Files store x fastest, so a plane of rows is
one stretch of memory of the finished volume, and nothing is ever transposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..errors import CorruptFileError, UnsupportedFormatError
from ..files import OpenFile
from ..inflation import DeflatedBytes
from ..rescaling import exact_float, rescale_into
from ..threads import run_in_shares
from . import tags
from .frames import Frame
from .header import Header
from .stored_values import StoredValues, check_pixels_present, frame_size, stored_values_of

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
    of_header = {id(frame.header): frame.header for frame in frames}
    of_header_stored = {key: stored_values_of(header) for key, header in of_header.items()}
    stored = [of_header_stored[id(frame.header)] for frame in frames]
    for frame, one in zip(frames, stored, strict=True):
        check_pixels_present(frame, one)
    if apply_rescale:
        refuse_lookup_tables(frames)
    if dtype is None:
        dtype = np.result_type(*{exact_float(one.dtype, one.bits) for one in stored})
    first = frames[0]
    planes = np.empty((len(frames), first.rows, first.columns), dtype)

    def read_share(share: Sequence[int]) -> None:
        with PlaneReader() as reader:
            for k in share:
                frame = frames[k]
                pixels = reader.read(frame, stored[k])
                slope, intercept = (frame.slope, frame.intercept) if apply_rescale else (1.0, 0.0)
                rescale_into(planes[k], pixels, slope, intercept, frame.header.path)

    run_in_shares(read_share, len(frames))
    return planes.T


class PlaneReader:
    """Reads planes one after another into the same memory, and keeps a file open as long as planes come from it."""

    def __init__(self) -> None:
        self.buffer = np.empty(0, np.uint8)
        self.header: Header | None = None
        self.file: OpenFile | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.file is not None:
            self.file.__exit__()

    def read(self, frame: Frame, stored: StoredValues) -> npt.NDArray[Any]:
        """The stored values of one plane, (rows, columns); overwritten by the next."""
        header = frame.header
        if header.is_encapsulated:
            pixels = decode_plane(header, frame.number)
            top, left = frame.tile or (0, 0)
            return pixels[top : top + frame.rows, left : left + frame.columns]
        # Of a tile, the rows of the picture that it spans are read whole: they are one stretch of the file.
        columns = header.short(tags.COLUMNS) or 0
        top, left = frame.tile or (0, 0)
        size = frame.rows * columns * stored.dtype.itemsize
        offset = frame.number * frame_size(header, stored) + top * columns * stored.dtype.itemsize
        if self.buffer.size < size:
            self.buffer = np.empty(size, np.uint8)
        words = self.buffer[:size]
        if header.is_deflated:
            inflate_pixels(header, offset, words)
        else:
            self.opened(header).fill(header.pixel_offset + offset, words)
        if stored.swapped_pairs:
            words = words.reshape(-1, 2)[:, ::-1].ravel()
        pixels = stored.clean(words.view(stored.dtype).reshape(frame.rows, columns))
        return pixels[:, left : left + frame.columns]

    def opened(self, header: Header) -> OpenFile:
        """The file of a plane, opened unless it is the one of the plane before."""
        if self.file is None or self.header is not header:
            if self.file is not None:
                self.file.__exit__()
            self.file, self.header = header.file.open(), header
        return self.file


def inflate_pixels(header: Header, offset: int, words: npt.NDArray[np.uint8]) -> None:
    """Inflate a deflated data set as far as the end of a stretch of its pixels."""
    with header.file.open() as file:
        compressed = file.read_at(header.dataset_offset, header.file_size)
    content = DeflatedBytes(header.path, compressed).read_at(header.pixel_offset + offset, words.size)
    if len(content) < words.size:
        raise CorruptFileError(
            f"its deflated data set ends {words.size - len(content)} bytes before the end of its pixels",
            path=header.path,
            advice="it was cut off when it was copied; fetch it again",
        )
    words[:] = np.frombuffer(content, np.uint8)


def decode_plane(header: Header, number: int) -> npt.NDArray[Any]:
    """Decompress one stored frame with whatever decoders pydicom finds installed."""
    from pydicom.pixels.utils import pixel_array

    path = header.path
    try:
        pixels = pixel_array(path, index=number, raw=True)
    except (NotImplementedError, RuntimeError, AttributeError) as error:
        raise UnsupportedFormatError(
            f"its pixels are compressed (transfer syntax {header.transfer_syntax}) and no installed decoder "
            f"reads them ({' '.join(str(error).split())[:300]})",
            path=path,
            advice="install a decoder for pydicom, such as pylibjpeg, or decompress the files",
        ) from error
    except (ArithmeticError, EOFError, LookupError, OSError, TypeError, ValueError) as error:
        raise CorruptFileError(
            f"its compressed pixels cannot be decoded ({error})", path=path, advice="fetch the file again"
        ) from error
    required = (header.short(tags.ROWS), header.short(tags.COLUMNS))
    if pixels.shape != required:
        raise CorruptFileError(f"its pixels decode to shape {pixels.shape} and {required} is required", path=path)
    return np.asarray(pixels)


def refuse_lookup_tables(frames: Sequence[Frame]) -> None:
    """Raise if the values come from a table rather than a slope and an intercept."""
    for frame in frames:
        if tags.MODALITY_LUT_SEQUENCE in frame.header.located:
            raise UnsupportedFormatError(
                "its values come from a Modality LUT, and only RescaleSlope and RescaleIntercept are applied",
                path=frame.header.path,
                advice="pass apply_rescale=False to get the stored values",
            )
