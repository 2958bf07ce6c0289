"""Step 3 of 4: the stored numbers of one plane, read from its file, whether compressed, deflated or plain."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from ...array_types import AnyArray
from ...errors import CorruptFileError
from ...storage.files import OpenFile
from ...storage.inflation import DeflatedBytes
from ..frames.frame import Frame
from ..headers import tags
from ..headers.header import NATIVE_SYNTAXES, Header
from .color import compute_luminance, weigh_colors
from .compressed_frames import CompressedFrames
from .fragments import ITEM_TAG
from .pixel_format import PixelFormat, count_frame_bytes

__all__ = ["PlaneReader"]


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
        self.close()

    def close(self) -> None:
        """Close the file that is open; it is forgotten first, so that nothing closes it a second time."""
        file, self.file = self.file, None
        if file is not None:
            file.close()

    def read(self, frame: Frame, stored: PixelFormat) -> AnyArray:
        """Read the stored numbers of one plane, or the luminance of its colors, (rows, columns).

        They lie in memory that the next plane overwrites.
        """
        header = frame.header
        top, left = frame.tile or (0, 0)
        if header.is_encapsulated or stored.numbers_per_pixel > 1:
            # A tile of these has no stretch of bytes of its own: the picture is decoded as a whole, and cut.
            pixels = self.read_whole_frame(header, frame.number, stored)
            return pixels[top : top + frame.rows, left : left + frame.columns]
        # Of a tile, the rows of the picture that it spans are read whole: they are one stretch of the file.
        columns = header.short(tags.COLUMNS) or 0
        offset = frame.number * count_frame_bytes(header, stored) + top * columns * stored.dtype.itemsize
        words = self.read_words(header, stored, offset, frame.rows * columns * stored.dtype.itemsize)
        return words.reshape(frame.rows, columns)[:, left : left + frame.columns]

    def read_whole_frame(self, header: Header, number: int, stored: PixelFormat) -> AnyArray:
        """Read a whole stored frame: a compressed one, or the luminance of a colored one."""
        if not header.is_encapsulated:
            size = count_frame_bytes(header, stored)
            return compute_luminance(self.read_words(header, stored, number * size, size), header, stored)
        pixels, photometric = self.compressed.decode(header, number, self.open_file_of(header))
        return weigh_colors(pixels, photometric) if stored.numbers_per_pixel > 1 else pixels

    def read_words(self, header: Header, stored: PixelFormat, offset: int, size: int) -> AnyArray:
        """Read a stretch of the stored numbers of a file that is not compressed, ``offset`` and ``size`` in bytes."""
        begin, count = offset, size
        if stored.swapped_pairs:
            # The bytes of a pair are exchanged: a stretch that begins or ends within one needs all of it.
            begin = offset - offset % 2
            count = offset - begin + size
            count += count % 2
        # Memory that is new for each plane would be cleared by the system each time.
        if self.buffer.size < count:
            self.buffer = np.empty(count, np.uint8)
        words = self.buffer[:count]
        if header.is_deflated:
            self.inflate(header, begin, words)
        else:
            self.open_file_of(header).fill(header.pixel_offset + begin, words)
        if stored.swapped_pairs:
            words = words.reshape(-1, 2)[:, ::-1].ravel()[offset - begin :][:size]
        return stored.clean(words.view(stored.dtype))

    def open_file_of(self, header: Header) -> OpenFile:
        """Open the file of a plane, unless it is still open from the plane before."""
        if self.file is None or self.header is not header:
            self.close()
            self.file, self.header, self.inflated = header.file.open(), header, None
            # Pixels and the header that says what they mean, both lie in the one file.
            self.file.check()
            refuse_items(header, self.file)
        return self.file

    def inflate(self, header: Header, offset: int, words: npt.NDArray[np.uint8]) -> None:
        """Inflate a deflated data set up to the end of a stretch of its pixels, and write that stretch to ``words``.

        What is inflated is kept: a deflated stream can only be read from its beginning.
        """
        file = self.open_file_of(header)
        if self.inflated is None:
            compressed = file.read_at(header.dataset_offset, header.file_size)
            self.inflated = DeflatedBytes(header.path, compressed)
            # Raw deflate has no checksum (PS3.5 A.5): only a stream that inflates to its end is not damaged.
            self.inflated.check_end(header.pixel_offset + (header.pixel_length or 0))
        content = self.inflated.read_at(header.pixel_offset + offset, words.size)
        if len(content) < words.size:
            raise CorruptFileError(
                f"its deflated data set ends {words.size - len(content)} bytes before the end of its pixels",
                path=header.path,
                advice="it was cut off when it was copied; fetch it again",
            )
        words[:] = np.frombuffer(content, np.uint8)


def refuse_items(header: Header, file: OpenFile) -> None:
    """Raise if pixels that say their length, and so are not compressed, begin as compressed ones do.

    Raises:
        CorruptFileError: If they do; read as they are, they would be noise.
    """
    if header.transfer_syntax in NATIVE_SYNTAXES or header.is_encapsulated:
        return
    if file.read_at(header.pixel_offset, len(ITEM_TAG)) == ITEM_TAG:
        raise CorruptFileError(
            "its pixel data has a length, as data that is not compressed has, and begins as compressed data does",
            path=header.path,
            advice="export the file again",
        )
