"""Planes -> voxels: read, rescaled and written in place, in parallel.

This is the one place where (frame, row, column) becomes (x, y, z). Files store x fastest, so a plane of rows is
one stretch of memory of the finished volume, and nothing is ever transposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ...errors import CorruptFileError, UnsupportedFormatError
from ...provenance import Decision
from ...rescaling import add_within_words, rescale_into
from ...storage.files import OpenFile
from ...storage.inflation import DeflatedBytes
from ...threads import run_in_shares
from ..frames.frame import Frame
from ..headers import tags
from ..headers.header import Header
from .color import check_colors, luminance_of, weighted
from .compressed_frames import CompressedFrames
from .conversions import (
    PixelRules,
    conversion_of,
    decisions_of,
    smallest_float,
)
from .stored_values import (
    StoredValues,
    check_pixels_present,
    frame_size,
    stored_values_of,
)

__all__ = ["PlaneReader", "Voxels", "read_voxels"]


@dataclass(frozen=True, slots=True)
class Voxels:
    """One volume.

    Attributes:
        array: Values of shape (x, y, z) in Fortran order.
        source_mask: Where they are data, None if that was not asked for or no file says it.
        units: What they count, as a Modality LUT says; empty otherwise.
        decisions: What was done to get there.
    """

    array: npt.NDArray[Any]
    source_mask: npt.NDArray[np.bool_] | None
    units: str
    decisions: tuple[Decision, ...]


def read_voxels(frames: Sequence[Frame], dtype: np.dtype[Any] | None, rules: PixelRules) -> Voxels:
    """Read planes into one volume.

    Args:
        frames: Planes of one size, in the order of the third axis.
        dtype: Type of the voxels; None for the smallest float type that holds every stored value exactly.
        rules: Which conversions are asked for. Each plane has a slope and intercept of its own (DICOM PS3.3
            C.7.6.16.2.9).

    Raises:
        CorruptFileError: If a file holds fewer pixels than it says, or a table that contradicts itself.
        UnsupportedFormatError: If the pixels are compressed in a way that nothing installed decodes, or are colors
            and luminance is not asked for.
    """
    of_header = {id(frame.header): frame.header for frame in frames}
    colors = check_colors(of_header.values(), rules.luminance)
    if rules.apply_rescale:
        refuse_value_tables(frames)
    of_header_stored = {key: stored_values_of(header) for key, header in of_header.items()}
    stored = [of_header_stored[id(frame.header)] for frame in frames]
    for frame, one in zip(frames, stored, strict=True):
        check_pixels_present(frame, one)
    of_header_conversion = {
        key: conversion_of(header, of_header_stored[key], rules) for key, header in of_header.items()
    }
    conversions = [of_header_conversion[id(frame.header)] for frame in frames]
    first = frames[0]
    shape = (len(frames), first.rows, first.columns)
    planes = np.empty(shape, smallest_float(stored, conversions) if dtype is None else dtype)
    has_mask = any(one is not None and one.padding is not None for one in conversions)
    valid = np.ones(shape, np.bool_) if has_mask else None

    def read_share(share: Iterable[int]) -> None:
        with PlaneReader() as reader:
            for k in share:
                frame, conversion = frames[k], conversions[k]
                pixels = reader.read(frame, stored[k])
                rescaled = rules.apply_rescale
                if conversion is not None:
                    pixels = conversion.convert(pixels, None if valid is None else valid[k])
                    rescaled = rescaled and not conversion.ends_there
                slope, intercept = (frame.slope, frame.intercept) if rescaled else (1.0, 0.0)
                if slope == 1.0 and intercept:
                    sums = add_within_words(pixels, stored[k].bits, intercept)
                    pixels, intercept = (pixels, intercept) if sums is None else (sums, 0.0)
                rescale_into(planes[k], pixels, slope, intercept, frame.header.path)

    run_in_shares(read_share, len(frames))
    units = next((one.table.units for one in conversions if one is not None and one.table is not None), "")
    decisions = decisions_of(conversions, colors)
    return Voxels(planes.T, None if valid is None else valid.T, units, decisions)


def refuse_value_tables(frames: Sequence[Frame]) -> None:
    """Raise if real world values come from a table rather than a slope and an intercept."""
    for frame in frames:
        attributes = frame.attributes
        if tags.REAL_WORLD_VALUE_LUT_DATA in attributes and tags.REAL_WORLD_VALUE_SLOPE not in attributes:
            raise UnsupportedFormatError(
                "its real world values come from a table, and only a slope and an intercept are applied",
                path=frame.header.path,
                advice="pass apply_rescale=False to get the stored values",
            )


class PlaneReader:
    """Reads planes one after another into the same memory, and keeps a file open as long as planes come from it."""

    def __init__(self) -> None:
        self.buffer = np.empty(0, np.uint8)
        self.header: Header | None = None
        self.file: OpenFile | None = None
        self.inflated: DeflatedBytes | None = None
        self.compressed = CompressedFrames()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.file is not None:
            self.file.__exit__()

    def read(self, frame: Frame, stored: StoredValues) -> npt.NDArray[Any]:
        """The stored values of one plane, or the luminance of its colors, (rows, columns); overwritten by the next."""
        header = frame.header
        top, left = frame.tile or (0, 0)
        if header.is_encapsulated or stored.numbers_per_pixel > 1:
            pixels = self.whole_frame(header, frame.number, stored)
            return pixels[top : top + frame.rows, left : left + frame.columns]
        # Of a tile, the rows of the picture that it spans are read whole: they are one stretch of the file.
        columns = header.short(tags.COLUMNS) or 0
        offset = frame.number * frame_size(header, stored) + top * columns * stored.dtype.itemsize
        words = self.words(header, stored, offset, frame.rows * columns * stored.dtype.itemsize)
        return words.reshape(frame.rows, columns)[:, left : left + frame.columns]

    def whole_frame(self, header: Header, number: int, stored: StoredValues) -> npt.NDArray[Any]:
        """A whole stored frame: a compressed one, or the luminance of a colored one."""
        if not header.is_encapsulated:
            size = frame_size(header, stored)
            return luminance_of(self.words(header, stored, number * size, size), header, stored)
        pixels, photometric = self.compressed.decode(header, number, self.opened(header))
        return weighted(pixels, photometric) if stored.numbers_per_pixel > 1 else pixels

    def words(self, header: Header, stored: StoredValues, offset: int, size: int) -> npt.NDArray[Any]:
        """The stored numbers of a stretch of the pixels of a file that is not compressed."""
        begin, count = offset, size
        if stored.swapped_pairs:
            # Bytes that lie in pairs are read in pairs.
            begin = offset - offset % 2
            count = offset - begin + size
            count += count % 2
        if self.buffer.size < count:
            self.buffer = np.empty(count, np.uint8)
        words = self.buffer[:count]
        if header.is_deflated:
            self.inflate(header, begin, words)
        else:
            self.opened(header).fill(header.pixel_offset + begin, words)
        if stored.swapped_pairs:
            words = words.reshape(-1, 2)[:, ::-1].ravel()[offset - begin :][:size]
        return stored.clean(words.view(stored.dtype))

    def opened(self, header: Header) -> OpenFile:
        """The file of a plane, opened unless it is the one of the plane before."""
        if self.file is None or self.header is not header:
            if self.file is not None:
                self.file.__exit__()
            self.file, self.header, self.inflated = header.file.open(), header, None
        return self.file

    def inflate(self, header: Header, offset: int, words: npt.NDArray[np.uint8]) -> None:
        """Inflate a deflated data set as far as the end of a stretch of its pixels; what is inflated is kept."""
        file = self.opened(header)
        if self.inflated is None:
            compressed = file.read_at(header.dataset_offset, header.file_size)
            self.inflated = DeflatedBytes(header.path, compressed)
        content = self.inflated.read_at(header.pixel_offset + offset, words.size)
        if len(content) < words.size:
            raise CorruptFileError(
                f"its deflated data set ends {words.size - len(content)} bytes before the end of its pixels",
                path=header.path,
                advice="it was cut off when it was copied; fetch it again",
            )
        words[:] = np.frombuffer(content, np.uint8)
