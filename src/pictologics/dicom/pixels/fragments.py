"""Where the compressed frames of a file lie: the items of encapsulated pixel data (DICOM PS3.5 A.4).

Compressed pixels are a row of items: first a table of offsets, which may be empty, then fragments. A frame is one
fragment or several, and the table says which begin a frame; where it does not, the fragments themselves must.
Only the heads of the items are read, never the pixels.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from ...errors import CorruptFileError
from ...storage.files import ByteSource

__all__ = ["Fragment", "find_frame_fragments", "read_fragments"]

Fragment = tuple[int, int]
"""Offset and length in bytes of a piece of one compressed frame."""

ITEM_TAG = b"\xfe\xff\x00\xe0"
DELIMITER_TAG = b"\xfe\xff\xdd\xe0"
UNDEFINED_LENGTH = 0xFFFFFFFF
ITEM_HEAD = 8

# One read covers the heads of many small fragments; of large ones it costs no more than reading the head alone.
HEADS_PER_READ = 4096

# An empty item is eight bytes of a file and more of memory. The largest slides have a tenth of this.
MOST_FRAGMENTS = 1 << 20

# First bytes of JPEG and JPEG-LS, of JPEG 2000, and of the latter and JPEG XL as files. A fragment that continues a
# frame does not begin like this: such markers cannot occur within coded data.
FRAME_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ", b"\x00\x00\x00\x0cJXL ")
LONGEST_START = max(map(len, FRAME_STARTS))


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
        raise CorruptFileError(f"it says that it holds {frames} frames", path=path, advice="export the file again")
    items = ItemHeads(source, offset, path)
    table = items.read_table(frames)
    first = items.position
    fragments = items.list_fragments()
    if frames == 1:
        return [check_single_frame(source, fragments, path)]
    starts = [start - ITEM_HEAD - first for start, _ in fragments]
    # Of a file beyond 4 GB, the basic table holds the low 32 bits only.
    tables = (unpack_table(extended_offsets, "Q", frames), 1 << 64), (unpack_table(table, "I", frames), 1 << 32)
    for entries, modulus in tables:
        grouped = group_by_table([start % modulus for start in starts], entries, fragments)
        if grouped is not None:
            return grouped
    if not items.delimited and any(entries for entries, _ in tables):
        raise items.items_error("ends before the last of the frames that its offset table names")
    return group_without_table(items, fragments, frames)


def group_without_table(items: ItemHeads, fragments: list[Fragment], frames: int) -> list[list[Fragment]]:
    """Fragments by frame where no table helps: as many as there are frames, or by the first bytes of each."""
    if len(fragments) != frames:
        # Some writers end with an empty fragment.
        fragments = [fragment for fragment in fragments if fragment[1]]
    if len(fragments) == frames and items.delimited:
        return [[fragment] for fragment in fragments]
    begins = [k for k, fragment in enumerate(fragments) if begins_frame(items.source, fragment)]
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
    """The bytes of one compressed frame.

    Args:
        source: The bytes of the file; one for each thread.
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
        """Pass over the Basic Offset Table; its bytes if it has an entry for each frame, else none."""
        tag, length = self.next_head()
        if tag != ITEM_TAG:
            raise self.items_error("does not begin with the item of its offset table")
        start = self.position
        self.skip(length, "offset table")
        return self.source.read_at(start, length) if length == 4 * frames else b""

    def list_fragments(self) -> list[Fragment]:
        """All fragments up to the delimiter or the end of the file, which some writers forget."""
        fragments: list[Fragment] = []
        while self.position < self.end:
            tag, length = self.next_head()
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

    def next_head(self) -> tuple[bytes, int]:
        """Tag and length of the item here, and step to its value; no tag if the file ends within the delimiter."""
        start = self.position - self._window_offset
        if not 0 <= start <= len(self._window) - ITEM_HEAD:
            self._window = self.source.read_at(self.position, HEADS_PER_READ)
            self._window_offset, start = self.position, 0
        head = self._window[start : start + ITEM_HEAD]
        self.position += ITEM_HEAD
        if len(head) < ITEM_HEAD and DELIMITER_TAG.startswith(head[:4]):
            return b"", 0
        return head[:4], int.from_bytes(head[4:], "little")

    def skip(self, length: int, name: str) -> None:
        """Step over the value of an item."""
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
        """The error for items that cannot be followed."""
        return CorruptFileError(f"its compressed pixel data {found}", path=self.path, advice="fetch the file again")


def check_single_frame(source: ByteSource, fragments: list[Fragment], path: str) -> list[Fragment]:
    """All fragments of a file of one frame, unless they are more than one."""
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
    """The offsets of a table; none if it has not one for each frame."""
    if len(table) != frames * struct.calcsize(f"<{code}"):
        return ()
    return struct.unpack(f"<{frames}{code}", table)


def group_by_table(
    starts: Sequence[int], entries: Sequence[int], fragments: Sequence[Fragment]
) -> list[list[Fragment]] | None:
    """Fragments by frame, where each entry is the start of the first fragment of one; None if they do not agree."""
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
