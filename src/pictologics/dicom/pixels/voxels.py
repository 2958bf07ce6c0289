"""All four steps for every plane of a volume: read, converted, rescaled and written in place, in parallel.

This is the one place where (frame, row, column) becomes (x, y, z). Files store x fastest, so a plane of rows is
one stretch of memory of the finished volume, and nothing is ever transposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...array_types import AnyArray, BoolArray
from ...errors import CorruptFileError, UnsupportedFormatError
from ...geometry import RegionBox
from ...provenance import Decision
from ...rescaling import add_within_words, rescale_into
from ...storage.expansion import check_expansion
from ...storage.remote_files import is_remote
from ...threads import run_in_shares
from ..frames.frame import Frame
from ..headers import tags
from ..headers.header import Header
from .codecs import check_decodable
from .color import check_colors
from .odd_rescales import describe_odd_rescales
from .pixel_format import PixelFormat, check_pixels_present, read_pixel_format
from .plane_reader import PlaneReader
from .value_conversions import (
    Conversion,
    PixelRules,
    choose_float_type,
    describe_conversions,
    find_conversion,
)

__all__ = ["VoxelPlan", "Voxels", "plan_voxels", "read_voxels"]


WAITING_THREADS = 16
"""How many threads read planes from a server, at least."""


@dataclass(frozen=True, slots=True)
class Voxels:
    """One volume.

    Attributes:
        array: Values of shape (x, y, z) in Fortran order.
        source_mask: Where they are data, None if that was not asked for or no file says it.
        units: Units of the values, if a Modality LUT names them; else empty.
        decisions: Which conversions were made.
    """

    array: AnyArray
    source_mask: BoolArray | None
    units: str
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class VoxelPlan:
    """How the planes of a volume are to be read, known from their headers.

    Attributes:
        formats: How the pixels of each plane are stored.
        conversions: How those of each become values.
        colors: How many of the files are color images.
    """

    formats: list[PixelFormat]
    conversions: list[Conversion | None]
    colors: int

    @property
    def stored_type(self) -> str:
        """How the pixels of the first plane are stored, such as ``"int16"``."""
        return self.formats[0].dtype.name

    @property
    def dtype(self) -> np.dtype[Any]:
        """The smallest float type that holds every value, before its rescale, exactly."""
        return choose_float_type(self.formats, self.conversions)


def plan_voxels(frames: Sequence[Frame], rules: PixelRules) -> VoxelPlan:
    """Find out how planes are to be read, and whether they can be, before any pixel is.

    Args:
        frames: Planes of one size.
        rules: Which conversions are asked for.

    Raises:
        CorruptFileError: If a file holds fewer pixels than it says, or a table that contradicts itself.
        UnsupportedFormatError: If the pixels are stored in a way that nothing reads, or are colors and luminance is not
            asked for.
    """
    of_header = {id(frame.header): frame.header for frame in frames}
    colors = check_colors(of_header.values(), rules.luminance)
    if rules.apply_rescale:
        refuse_value_tables(frames)
    # A multi-frame file has thousands of frames and one header: what it says is read once.
    of_header_format = {key: read_pixel_format(header) for key, header in of_header.items()}
    formats = [of_header_format[id(frame.header)] for frame in frames]
    for frame, pixel_format in zip(frames, formats, strict=True):
        check_pixels_present(frame, pixel_format)
    check_volume_expansion(frames, formats, list(of_header.values()))
    for syntax, path in {
        header.transfer_syntax: header.path for header in of_header.values() if header.is_encapsulated
    }.items():
        check_decodable(syntax, path)
    of_header_conversion = {
        key: find_conversion(header, of_header_format[key], rules) for key, header in of_header.items()
    }
    return VoxelPlan(formats, [of_header_conversion[id(frame.header)] for frame in frames], colors)


def read_voxels(
    frames: Sequence[Frame], dtype: np.dtype[Any] | None, rules: PixelRules, box: RegionBox | None = None
) -> Voxels:
    """Read planes into one volume.

    Args:
        frames: Planes of one size, in the order of the third axis.
        dtype: Type of the voxels; None for the smallest float type that holds every stored value exactly.
        rules: Which conversions are asked for. Each plane has a slope and intercept of its own (DICOM PS3.3
            C.7.6.16.2.9).
        box: Which voxels alone are wanted; None for all. What their type is, and what is said of them, is a matter of
            all planes.

    Raises:
        CorruptFileError: If a file holds fewer pixels than it says, or a table that contradicts itself.
        UnsupportedFormatError: If the pixels are compressed in a way that nothing installed decodes, or are colors
            and luminance is not asked for.
    """
    plan = plan_voxels(frames, rules)
    has_mask = any(conversion is not None and conversion.padding is not None for conversion in plan.conversions)
    wanted = slice(None) if box is None else slice(box.start[2], box.start[2] + box.shape[2])
    cut = frames if box is None else cut_planes(frames[wanted], box)
    first = cut[0]
    shape = (len(cut), first.rows, first.columns)
    dtype = np.dtype(plan.dtype if dtype is None else dtype)
    planes, valid = allocate_planes(shape, dtype, has_mask, first.header.path)
    convert_planes(planes, valid, cut, plan.formats[wanted], plan.conversions[wanted], rules)
    conversions = plan.conversions
    units = next((entry.table.units for entry in conversions if entry is not None and entry.table is not None), "")
    decisions = describe_conversions(conversions, plan.colors)
    if rules.apply_rescale:
        decisions = (*decisions, *describe_odd_rescales(frames))
    # (planes, rows, columns) in C order is (x, y, z) in Fortran order: the same memory.
    voxels = Voxels(planes.T, None if valid is None else valid.T, units, decisions)
    return voxels if box is None else take_voxels(voxels, box)


def cut_planes(frames: Sequence[Frame], box: RegionBox) -> list[Frame]:
    """The part of each plane that a box takes, as a tile of its frame."""
    (x, y, _), (columns, rows, _) = box.start, box.shape
    tiles = (frame.tile or (0, 0) for frame in frames)
    return [
        replace(frame, rows=rows, columns=columns, tile=(top + y, left + x))
        for frame, (top, left) in zip(frames, tiles, strict=True)
    ]


def take_voxels(voxels: Voxels, box: RegionBox) -> Voxels:
    """The voxels of a region out of those of the box around it."""
    if all(part == slice(None, None, 1) for part in box.within):
        return voxels
    mask = None if voxels.source_mask is None else np.array(voxels.source_mask[box.within], order="F")
    return replace(voxels, array=np.array(voxels.array[box.within], order="F"), source_mask=mask)


def convert_planes(
    planes: AnyArray,
    valid: BoolArray | None,
    frames: Sequence[Frame],
    formats: Sequence[PixelFormat],
    conversions: Sequence[Conversion | None],
    rules: PixelRules,
) -> None:
    """Read, decode and convert planes into their places, many at once."""

    def read_share(share: Iterable[int]) -> None:
        with PlaneReader() as reader:
            for k in share:
                frame, conversion = frames[k], conversions[k]
                pixels = reader.read(frame, formats[k])
                rescaled = rules.apply_rescale
                if conversion is not None:
                    pixels = conversion.convert(pixels, None if valid is None else valid[k])
                    # A Modality LUT stands in place of slope and intercept (PS3.3 C.11.1).
                    rescaled = rescaled and not conversion.ends_there
                slope, intercept = (frame.slope, frame.intercept) if rescaled else (1.0, 0.0)
                if slope == 1.0 and intercept:
                    # CT: a sum of whole numbers that fits their type is exact, and faster than one of floats.
                    sums = add_within_words(pixels, formats[k].bits, intercept)
                    pixels, intercept = (pixels, intercept) if sums is None else (sums, 0.0)
                rescale_into(planes[k], pixels, slope, intercept, frame.header.path)

    # Threads that wait for a server leave the processor to the others.
    waits = is_remote(frames[0].header.file)
    run_in_shares(read_share, len(frames), WAITING_THREADS if waits else 1)


def check_volume_expansion(frames: Sequence[Frame], formats: Sequence[PixelFormat], headers: Sequence[Header]) -> None:
    """Refuse a volume that is out of proportion to the size of its files: their frames are compressed, or few.

    Raises:
        CorruptFileError: If it is.
    """
    rows, columns = frames[0].rows, frames[0].columns
    size = sum(header.file_size for header in headers)
    needed = rows * columns * sum(stored.dtype.itemsize * stored.numbers_per_pixel for stored in formats)
    check_expansion(
        headers[0].path, size, needed, f"{len(frames)} plane{'s' * (len(frames) != 1)} of {columns}x{rows} pixels"
    )


def allocate_planes(
    shape: tuple[int, int, int], dtype: np.dtype[Any], has_mask: bool, path: str
) -> tuple[AnyArray, BoolArray | None]:
    """Memory for planes, not cleared as each is written by the thread that reads it, and their mask, all true.

    Raises:
        CorruptFileError: If the system has no room.
    """
    try:
        return np.empty(shape, dtype), np.ones(shape, np.bool_) if has_mask else None
    except (MemoryError, ValueError) as error:
        # NumPy raises ValueError where not even the number of bytes fits a word.
        raise CorruptFileError(
            f"its headers say {shape[0]} planes of {shape[2]}x{shape[1]} pixels, more than there is memory for",
            path=path,
            shape=shape[::-1],
        ) from error


def refuse_value_tables(frames: Sequence[Frame]) -> None:
    """Raise if real world values come from a table rather than a slope and an intercept (PS3.3 C.7.6.16.2.11)."""
    for frame in frames:
        attributes = frame.attributes
        if tags.REAL_WORLD_VALUE_LUT_DATA in attributes and tags.REAL_WORLD_VALUE_SLOPE not in attributes:
            raise UnsupportedFormatError(
                "its real world values come from a table, and only a slope and an intercept are supported",
                path=frame.header.path,
                advice="pass apply_rescale=False to get the stored values",
            )
