"""The fragments of compressed frames: where pydicom finds them, without reading them, and never beyond the file."""

from __future__ import annotations

import struct
import tracemalloc
import warnings
from pathlib import Path

import pydicom
import pydicom.data
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydicom.encaps import generate_fragmented_frames

from pictologics.dicom.headers import tags
from pictologics.dicom.headers.header_reading import read_header
from pictologics.dicom.pixels.fragments import find_frame_fragments, read_fragments
from pictologics.errors import CorruptFileError
from pictologics.storage.files import MemoryFile
from tests.factories.compressed import encapsulated, fragment
from tests.factories.hostile import ends_at_last

CORPUS_FOLDER = Path(pydicom.data.__file__).parent / "test_files"
END = b"\xfe\xff\xdd\xe0\0\0\0\0"
NO_TABLE = fragment(b"")


class Counting(MemoryFile):
    """Bytes in memory that count how many of them are read, and how often."""

    def __init__(self, content: bytes) -> None:
        super().__init__("here.dcm", content)
        self.taken = 0
        self.reads = 0

    def read_at(self, offset: int, count: int) -> bytes:
        piece = super().read_at(offset, count)
        self.taken += len(piece)
        self.reads += 1
        return piece


class Sparse:
    """A huge file that is all zeros but for a few stretches."""

    def __init__(self, size: int, stretches: dict[int, bytes]) -> None:
        self.size = size
        self.stretches = stretches

    def read_at(self, offset: int, count: int) -> bytes:
        assert count < 1 << 20, "the pixels are read"
        window = bytearray(min(count, self.size - offset))
        for start, content in self.stretches.items():
            low, high = max(start, offset), min(start + len(content), offset + len(window))
            if low < high:
                window[low - offset : high - offset] = content[low - start : high - start]
        return bytes(window)


def frames_in(content: bytes, frames: int, before: bytes = b"", extended: bytes = b"") -> list[list[bytes]]:
    """The fragments' bytes of each frame, by our index."""
    source = Counting(before + content)
    index = find_frame_fragments(source, len(before), frames, "here.dcm", extended_offsets=extended)
    return [[read_fragments(source, [piece], "here.dcm") for piece in pieces] for pieces in index]


def by_pydicom(content: bytes, frames: int, extended: bytes = b"") -> list[list[bytes]]:
    """The same by pydicom."""
    lengths = b"\0" * len(extended)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = generate_fragmented_frames(
            content, number_of_frames=frames, extended_offsets=(extended, lengths) if extended else None
        )
        return [list(pieces) for pieces in found]


def compressed_corpus() -> list[Path]:
    found = []
    for path in sorted(CORPUS_FOLDER.glob("*.dcm")):
        try:
            header = read_header(path)
        except CorruptFileError:
            continue
        if header is not None and header.pixel_tag and header.is_encapsulated:
            found.append(path)
    return found


CORPUS = compressed_corpus()


def test_the_corpus_has_compressed_files():
    assert len(CORPUS) >= 35


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_files_of_pydicom_have_the_frames_that_pydicom_finds(path):
    header = read_header(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path)
        count = int(dataset.get("NumberOfFrames") or 1)
        expected = by_pydicom(dataset.PixelData, count)
    assert (header.integer(tags.NUMBER_OF_FRAMES) or 1) == count
    with header.file.open() as source:
        index = find_frame_fragments(source, header.pixel_offset, count, str(path))
        found = [read_fragments(source, pieces, str(path)) for pieces in index]
    assert [len(pieces) for pieces in index] == [len(pieces) for pieces in expected]
    assert found == [b"".join(pieces) for pieces in expected]


# --- the tables, and what stands in for them ---

CONTENT = st.binary(min_size=2, max_size=40).map(lambda content: b"\x01" + content[: len(content) // 2 * 2 - 1])
FRAMES = st.lists(st.lists(CONTENT, min_size=1, max_size=4), min_size=2, max_size=6)
JPEG_PIECES = st.lists(CONTENT, min_size=1, max_size=4).map(
    lambda pieces: [b"\xff\xd8\xff" + pieces[0], *pieces[1:-1], pieces[-1][:1] + b"\xff\xd9"]
)


@given(FRAMES, st.sampled_from(["basic", "extended"]), st.binary(max_size=9))
def test_tables_say_which_fragments_are_a_frame(frames, table, before):
    content, extended = encapsulated(frames, table)
    assert frames_in(content, len(frames), before, extended) == frames
    if table == "basic":
        assert by_pydicom(content, len(frames)) == frames


@given(st.lists(JPEG_PIECES, min_size=2, max_size=5))
def test_without_a_table_the_first_bytes_say_it(frames):
    content, _ = encapsulated(frames)
    assert frames_in(content, len(frames)) == frames
    assert by_pydicom(content, len(frames)) == frames


@given(st.lists(CONTENT, min_size=2, max_size=9))
def test_without_a_table_each_fragment_is_a_frame(pieces):
    content, _ = encapsulated([[piece] for piece in pieces])
    assert frames_in(content, len(pieces)) == [[piece] for piece in pieces]
    # Empty fragments at the end are nobody's.
    content, _ = encapsulated([*([piece] for piece in pieces), [b""]])
    assert frames_in(content, len(pieces)) == [[piece] for piece in pieces]


@given(st.lists(CONTENT, min_size=1, max_size=5), st.sampled_from(["none", "basic", "extended"]))
def test_all_fragments_of_a_single_frame_belong_to_it(pieces, table):
    content, extended = encapsulated([pieces], table)
    assert frames_in(content, 1, extended=extended) == [pieces]


@given(FRAMES, st.data())
def test_a_table_that_lies_is_not_believed(frames, data):
    pieces = [[piece] for frame in frames for piece in frame]
    entries = data.draw(st.lists(st.integers(0, 2**32 - 1), min_size=len(pieces), max_size=len(pieces)))
    plain, _ = encapsulated(pieces)
    true, _ = encapsulated(pieces, "basic")
    content = fragment(struct.pack(f"<{len(entries)}I", *entries)) + plain[8:]
    assume(content != true)
    assert frames_in(content, len(pieces)) == pieces
    extended = struct.pack(f"<{len(entries)}Q", *entries)
    assert frames_in(plain, len(pieces), extended=extended) == pieces


def test_a_table_for_another_number_of_frames_is_not_believed():
    pieces = [[b"\x01\x02"], [b"\x03\x04"], [b"\x05\x06"]]
    content = fragment(struct.pack("<2I", 0, 10)) + encapsulated(pieces)[0][8:]
    assert frames_in(content, 3) == pieces
    assert frames_in(content, 3, extended=bytes(16)) == pieces


def test_offsets_beyond_4_gb_have_their_low_bits_in_the_basic_table():
    length = 3 << 30
    starts = [k * (length + 8) for k in range(3)]
    table = fragment(struct.pack("<3I", *(start % 2**32 for start in starts)))
    head = b"\xfe\xff\x00\xe0" + struct.pack("<I", length)
    stretches = {0: table, **{len(table) + start: head for start in starts}}
    stretches[len(table) + 3 * (length + 8)] = END
    source = Sparse(len(table) + 3 * (length + 8) + 8, stretches)
    index = find_frame_fragments(source, 0, 3, "big.dcm")
    assert index == [[(len(table) + start + 8, length)] for start in starts]


def test_a_file_may_end_without_the_delimiter():
    content, _ = encapsulated([[b"\x01\x02"], [b"\x03\x04"]])
    for cut in range(9):
        assert frames_in(content[: len(content) - cut], 2) == [[b"\x01\x02"], [b"\x03\x04"]]


# --- what it costs ---


def test_the_pixels_are_not_read():
    pieces = [[bytes(1_000_000)] for _ in range(20)]
    content, _ = encapsulated(pieces, "basic")
    source = Counting(content)
    index = find_frame_fragments(source, 0, 20, "here.dcm")
    assert [piece[1] for [piece] in index] == [1_000_000] * 20
    assert source.taken < len(content) / 200


def test_a_head_is_read_once():
    content, _ = encapsulated([[bytes(5000)] for _ in range(5000)])
    source = Counting(content)
    assert len(find_frame_fragments(source, 0, 5000, "here.dcm")) == 5000
    # The heads of 5000 fragments, of the empty offset table and of the delimiter.
    assert source.reads <= 5002


def test_small_fragments_share_a_read():
    content, _ = encapsulated([[b"ab"]] * 1000)
    source = Counting(content)
    find_frame_fragments(source, 0, 1000, "here.dcm")
    assert source.taken < 2 * len(content)
    assert source.reads < 10


# --- bad input ---


def check_refused(content: bytes, frames: int, match: str, **options) -> None:
    with ends_at_last(), pytest.raises(CorruptFileError, match=match) as caught:
        frames_in(content, frames, **options)
    assert isinstance(caught.value, ValueError)
    assert caught.value.path == "here.dcm"


@pytest.mark.parametrize("frames", [0, -1])
def test_no_frames(frames):
    check_refused(encapsulated([[b"ab"]])[0], frames, f"NumberOfFrames is {frames}")


@pytest.mark.parametrize(("frames", "match"), [(4, "4 frames.* 3 fragments"), (2, "2 frames.* 3 fragments")])
def test_another_number_of_frames_than_of_fragments(frames, match):
    check_refused(encapsulated([[b"ab"], [b"cd"], [b"ef"]])[0], frames, match)


def test_a_header_that_claims_more_frames_than_any_memory():
    tracemalloc.start()
    try:
        check_refused(encapsulated([[b"ab"], [b"cd"]])[0], 2**31 - 1, "2147483647 frames.* 2 fragments")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_header_that_says_one_frame_where_there_are_more():
    check_refused(encapsulated([[b"\xff\xd8\xffa"], [b"\xff\xd8\xffb"]])[0], 1, "one frame, and its pixel data has 2")


def test_no_fragment():
    check_refused(NO_TABLE + END, 1, "holds no fragment")
    check_refused(NO_TABLE, 1, "holds no fragment")


@pytest.mark.parametrize("content", [b"", b"\xfe\xff", END, b"\xff\xd8\xff\xe0\0\0\0\0"])
def test_what_is_not_encapsulated(content):
    check_refused(content, 1, "does not begin with the item")


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0xFFFFFFFE, 1000])
def test_lengths_that_lie(length):
    lie = b"\xfe\xff\x00\xe0" + struct.pack("<I", length)
    match = "undefined length" if length == 0xFFFFFFFF else "the file ends [0-9]+ bytes before"
    check_refused(NO_TABLE + lie + b"ab" + END, 1, match + ".*" if length == 1000 else match)
    check_refused(lie + fragment(b"ab") + END, 1, match)


def test_something_else_between_the_fragments():
    check_refused(NO_TABLE + fragment(b"ab") + b"garbage!" + END, 1, "holds 67 61 72 62 where fragment 2")


def test_a_file_of_empty_fragments_ends():
    check_refused(NO_TABLE + fragment(b"") * ((1 << 20) + 1) + END, 5, "more than 1048576 fragments")


@given(
    FRAMES | st.lists(JPEG_PIECES, min_size=2, max_size=5), st.sampled_from(["none", "basic", "extended"]), st.data()
)
def test_a_truncated_file_is_refused(frames, table, data):
    if table == "none" and not frames[0][0].startswith(b"\xff\xd8"):
        frames = [[piece] for frame in frames for piece in frame]
    content, extended = encapsulated(frames, table)
    end = data.draw(st.integers(0, len(content) - 9))
    try:
        found = frames_in(content[:end], len(frames), extended=extended)
    except CorruptFileError:
        return
    # Cut right behind a fragment of the last frame: only who decodes it can tell.
    assert found[:-1] == frames[:-1]
    assert 0 < len(found[-1]) < len(frames[-1])
    assert found[-1] == frames[-1][: len(found[-1])]


@given(FRAMES, st.integers(1, 7), st.data())
def test_damaged_items_are_followed_or_refused(frames, count, data):
    content = bytearray(encapsulated(frames, "basic")[0])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = frames_in(bytes(content), count)
    except CorruptFileError:
        return
    assert len(found) == count
    assert all(pieces for pieces in found)


@given(st.binary(max_size=300), st.integers(1, 5))
def test_garbage_is_refused(content, frames):
    assume(not content.startswith(b"\xfe\xff\x00\xe0"))
    with pytest.raises(CorruptFileError):
        frames_in(content, frames)


def test_a_file_that_shrinks_meanwhile_is_refused():
    content, _ = encapsulated([[b"abcd"]])
    index = find_frame_fragments(Counting(content), 0, 1, "here.dcm")
    with pytest.raises(CorruptFileError, match="the file ends 2 bytes before"):
        read_fragments(Counting(content[: 16 + 2]), index[0], "here.dcm")
