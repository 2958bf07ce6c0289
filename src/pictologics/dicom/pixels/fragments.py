"""Step 1 of 4: which bytes of a file are one compressed frame (encapsulated pixel data, DICOM PS3.5 A.4).

Compressed pixels are a row of items: first the Basic Offset Table, which may be empty, then fragments. A frame is one
fragment or several. The table says which fragments begin a frame; without it, their first bytes must.
Only the 8-byte heads of the items are read, never the pixels.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from ...errors import CorruptFileError
from ...storage.files import ByteSource
from ..headers.encoding import UNDEFINED_LENGTH

__all__ = ["ITEM_TAG", "Fragment", "find_frame_fragments", "read_fragments"]

Fragment = tuple[int, int]
"""Offset and length in bytes of a piece of one compressed frame."""

ITEM_TAG: Final = b"\xfe\xff\x00\xe0"
"""(FFFE,E000) as bytes: every transfer syntax with encapsulated pixels is little endian."""

DELIMITER_TAG: Final = b"\xfe\xff\xdd\xe0"
"""(FFFE,E0DD), the Sequence Delimitation Item behind the last fragment."""

ITEM_HEAD: Final = 8
"""Bytes of an item's tag and length."""

WINDOW_OF_HEADS: Final = 4096
"""Bytes of one read: it covers the heads of many small fragments, and costs no more than one head of a large one."""

MOST_FRAGMENTS: Final = 1 << 20
"""More are refused: an empty item is eight bytes of a file and more of memory. The largest slides have a tenth."""

FRAME_STARTS: Final = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ", b"\x00\x00\x00\x0cJXL ")
"""First bytes of JPEG and JPEG-LS, of a JPEG 2000 codestream, and of JPEG 2000 and JPEG XL files.

A fragment that continues a frame does not begin like this: such markers cannot occur within coded data.
"""

LONGEST_START: Final = max(map(len, FRAME_STARTS))
"""Bytes to read of a fragment to tell whether it begins a frame."""


def find_frame_fragments(
    source: ByteSource, offset: int, frames: int, path: str, *, extended_offsets: bytes = b""
) -> list[list[Fragment]]:
    """Find the fragments of every frame without reading the pixels.

    Args:
        source: The bytes of the file.
        offset: Where the value of the pixel data begins, with the item of the Basic Offset Table.
        frames: How many frames the header says there are.
        path: The file, for messages.
        extended_offsets: The raw Extended Offset Table (7FE0,0001), empty if there is none.

    Returns:
        For each frame its fragments, in order. Joined they are the frame.

    Raises:
        CorruptFileError: If the items cannot be followed to their end, or hold another number of frames.
    """
    if frames < 1:
        raise CorruptFileError(
            f"its NumberOfFrames is {frames} and must be at least 1", path=path, advice="export the file again"
        )
    items = ItemHeads(source, offset, path)
    table = items.read_table(frames)
    first = items.position
    fragments = items.list_fragments()
    if frames == 1:
        return [check_single_frame(source, fragments, path)]
    # A table counts from the head of the first fragment's item to the head, not the value, of others (PS3.5 A.4).
    starts = [start - ITEM_HEAD - first for start, _ in fragments]
    # The Extended Offset Table has 64-bit entries. The basic one has 32 bits, which wrap around beyond 4 GB.
    tables = (unpack_table(extended_offsets, "Q", frames), 1 << 64), (unpack_table(table, "I", frames), 1 << 32)
    # A table is believed only where each of its entries is the start of a fragment: writers count them in wrong ways,
    # and then the fragments themselves still tell.
    for entries, modulus in tables:
        grouped = group_by_table([start % modulus for start in starts], entries, fragments)
        if grouped is not None:
            return grouped
    # The fragments that a good table counts are gone: sorting what is left would give frames that are not whole.
    if not items.delimited and any(entries for entries, _ in tables):
        raise items.items_error("ends before the last of the frames that its offset table names")
    return group_without_table(items, fragments, frames)


def group_without_table(items: ItemHeads, fragments: list[Fragment], frames: int) -> list[list[Fragment]]:
    """Sort fragments by frame where no table helps: one for each frame, or by their first bytes.

    Raises:
        CorruptFileError: If neither way gives as many frames as the header says.
    """
    if len(fragments) != frames:
        # Some writers end with an empty fragment.
        fragments = [fragment for fragment in fragments if fragment[1]]
    # A file that was cut off may have lost fragments of the last frame: only first bytes can tell.
    if len(fragments) == frames and items.delimited:
        return [[fragment] for fragment in fragments]
    begins = [k for k, fragment in enumerate(fragments) if begins_frame(items.source, fragment)]
    # None begins like a known format: RLE and single bits have no mark, and there one fragment is one frame (A.4.2).
    if len(fragments) == frames and not begins:
        return [[fragment] for fragment in fragments]
    grouped = group_by_table(list(range(len(fragments))), begins, fragments)
    if grouped is None or len(begins) != frames:
        raise CorruptFileError(
            f"it says that it holds {frames} frames, and its pixel data has {len(fragments)} fragments, of which "
            f"{len(begins)} begin one",
            path=items.path,
            advice="export the file again",
            frames=frames,
            fragments=len(fragments),
        )
    return grouped


def read_fragments(source: ByteSource, fragments: Sequence[Fragment], path: str) -> bytes:
    """Read the bytes of one compressed frame.

    Args:
        source: The bytes of the file; each thread needs its own.
        fragments: Where they lie.
        path: The file, for messages.

    Raises:
        CorruptFileError: If the file has become shorter.
    """
    pieces = [source.read_at(offset, length) for offset, length in fragments]
    for piece, (_, length) in zip(pieces, fragments, strict=True):
        if len(piece) < length:
            raise CorruptFileError(
                f"the file ends {length - len(piece)} bytes before the end of its pixels",
                path=path,
                advice="it was cut off when it was copied; fetch it again",
            )
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class ItemHeads:
    """Reads the heads of items one after the other.

    Attributes:
        position: Offset of the next item.
        delimited: Whether the end of the items was found; a file that was cut off has none.
    """

    def __init__(self, source: ByteSource, offset: int, path: str) -> None:
        self.source = source
        self.position = offset
        self.path = path
        self.end = source.size
        self.delimited = False
        self._window = b""
        self._window_offset = 0

    def read_table(self, frames: int) -> bytes:
        """Return the Basic Offset Table if it has an entry for each frame, else no bytes, and step over it."""
        tag, length = self.read_head()
        if tag != ITEM_TAG:
            raise self.items_error("does not begin with the item of its offset table")
        start = self.position
        self.skip(length, "offset table")
        return self.source.read_at(start, length) if length == 4 * frames else b""

    def list_fragments(self) -> list[Fragment]:
        """List all fragments up to the delimiter, which some writers forget, or the end of the file."""
        fragments: list[Fragment] = []
        while self.position < self.end:
            tag, length = self.read_head()
            if tag == DELIMITER_TAG:
                self.delimited = True
                break
            if not tag:
                break
            if tag != ITEM_TAG:
                raise self.items_error(
                    f"holds {tag.hex(' ')} where fragment {len(fragments) + 1} or the end of the pixels must be"
                )
            if len(fragments) == MOST_FRAGMENTS:
                raise self.items_error(f"has more than {MOST_FRAGMENTS} fragments")
            start = self.position
            self.skip(length, f"fragment {len(fragments) + 1}")
            fragments.append((start, length))
        if not fragments:
            raise self.items_error("holds no fragment")
        return fragments

    def read_head(self) -> tuple[bytes, int]:
        """Return tag and length of the item here, and step to its value; no tag if the file ends in the delimiter."""
        start = self.position - self._window_offset
        if not 0 <= start <= len(self._window) - ITEM_HEAD:
            self._window = self.source.read_at(self.position, WINDOW_OF_HEADS)
            self._window_offset, start = self.position, 0
        head = self._window[start : start + ITEM_HEAD]
        self.position += ITEM_HEAD
        # Nothing is lost where the file ends within the delimiter, which has no value.
        if len(head) < ITEM_HEAD and DELIMITER_TAG.startswith(head[:4]):
            return b"", 0
        return head[:4], int.from_bytes(head[4:], "little")

    def skip(self, length: int, name: str) -> None:
        """Step over the value of an item."""
        # Only the pixel data as a whole may have no length; an item in it must say its own (PS3.5 A.4).
        # Only the pixel data as a whole has no length; an item in it must say its own (PS3.5 A.4).
        if length == UNDEFINED_LENGTH:
            raise self.items_error(f"has a {name} of undefined length")
        self.position += length
        if self.position > self.end:
            raise CorruptFileError(
                f"the file ends {self.position - self.end} bytes before the end of the {name} of its pixel data",
                path=self.path,
                advice="it was cut off when it was copied; fetch it again",
            )

    def items_error(self, found: str) -> CorruptFileError:
        """Make the error for items that cannot be followed."""
        return CorruptFileError(f"its compressed pixel data {found}", path=self.path, advice="fetch the file again")


def check_single_frame(source: ByteSource, fragments: list[Fragment], path: str) -> list[Fragment]:
    """Return all fragments of a file of one frame, unless several of them begin a frame."""
    # A frame may be in any number of fragments (PS3.5 A.4), but two that begin like an image are two frames.
    if len(fragments) > 1:
        begins = sum(begins_frame(source, fragment) for fragment in fragments)
        if begins > 1:
            raise CorruptFileError(
                f"it says that it holds one frame, and its pixel data has {begins}",
                path=path,
                advice="correct NumberOfFrames or export the file again",
                frames=begins,
            )
    return fragments


def unpack_table(table: bytes, code: str, frames: int) -> tuple[int, ...]:
    """Return the offsets in a table, of type ``code``; none unless there is one for each frame."""
    if len(table) != frames * struct.calcsize(f"<{code}"):
        return ()
    return struct.unpack(f"<{frames}{code}", table)


def group_by_table(
    starts: Sequence[int], entries: Sequence[int], fragments: Sequence[Fragment]
) -> list[list[Fragment]] | None:
    """Sort fragments by frame, each entry being the start of a frame's first one; None if an entry meets none."""
    groups: list[list[Fragment]] = []
    for start, fragment in zip(starts, fragments, strict=True):
        if len(groups) < len(entries) and start == entries[len(groups)]:
            groups.append([])
        elif not groups:
            return None
        groups[-1].append(fragment)
    return groups if groups and len(groups) == len(entries) else None


def begins_frame(source: ByteSource, fragment: Fragment) -> bool:
    """Whether a fragment begins as a compressed image does."""
    offset, length = fragment
    return source.read_at(offset, min(length, LONGEST_START)).startswith(FRAME_STARTS)
