"""Archives that nobody should trust: bombs, paths that climb out, lies about sizes, cuts and wrong bytes."""

from __future__ import annotations

import contextlib
import gzip
import io
import struct
import tarfile
import tracemalloc
import warnings
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import (
    CorruptFileError,
    PictologicsError,
    UnsupportedFormatError,
    load_image,
)
from tests.factories.archive_files import MAKERS, list_paths
from tests.factories.hostile import ends_at_last, refused_at_last, survive

pytestmark = pytest.mark.usefixtures("ends_soon")

every_maker = pytest.mark.parametrize("maker", MAKERS)


def zip_of(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def tar_of(*entries: tuple[str, bytes], kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, link
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def slice_bytes(series) -> bytes:
    return (series / "002.dcm").read_bytes()


CLIMBERS = ["../out.dcm", "a/../../out.dcm", "/etc/out.dcm", "..\\out.dcm", "a\\..\\..\\out.dcm", "\\out.dcm", "a/.."]


@pytest.mark.parametrize("name", CLIMBERS)
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_entries_that_climb_out(tmp_path, slice_bytes, name, kind):
    path = tmp_path / "one" / "two" / "evil"
    path.parent.mkdir(parents=True)
    tar = tar_of(("a.dcm", slice_bytes), (name, slice_bytes))
    path.write_bytes(
        {"zip": zip_of(("a.dcm", slice_bytes), (name, slice_bytes)), "tar": tar, "tar.gz": gzip.compress(tar)}[kind]
    )
    before = list_paths(tmp_path)
    with pytest.raises(CorruptFileError, match="leads out"):
        load_image(path)
    assert list_paths(tmp_path) == before


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_no_files(tmp_path, series, kind):
    """A link to a true slice on the disk is not followed."""
    (tmp_path / "evil.tar").write_bytes(tar_of(("a.dcm", b""), kind=kind, link=str(series / "000.dcm")))
    with refused_at_last(UnsupportedFormatError, match="no files"):
        load_image(tmp_path / "evil.tar")


def refused(content: bytes, match: str | None = None, kind=PictologicsError) -> None:
    """Within little memory."""
    tracemalloc.start()
    try:
        with refused_at_last(kind, match=match):
            load_image(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 150_000_000


def test_encrypted_zip(slice_bytes):
    content = bytearray(zip_of(("a.dcm", slice_bytes)))
    content[6] |= 1
    content[content.rindex(b"PK\1\2") + 8] |= 1
    refused(bytes(content), "encrypted", UnsupportedFormatError)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression_methods(slice_bytes, method):
    refused(zip_of(("a.dcm", slice_bytes), method=method), "method", UnsupportedFormatError)


def test_a_zip_bomb_of_junk():
    """A hundred megabytes of zeros in a hundred kilobytes: nothing of it is kept."""
    packer = zlib.compressobj(9, wbits=-15)
    zeros = bytes(1 << 20)
    packed = b"".join(packer.compress(zeros) for _ in range(100)) + packer.flush()
    checksum = zlib.crc32(bytes(100 << 20))
    refused(made_zip("a.dcm", packed, 100 << 20, checksum=checksum), kind=UnsupportedFormatError)
    refused(made_zip("a.dcm", packed, 100 << 20, checksum=checksum ^ 1), "checksum", kind=CorruptFileError)


def made_zip(name: str, packed: bytes, size: int, copies: int = 1, checksum: int = 0) -> bytes:
    """A zip archive that says what it is told; several entries may share the same bytes."""
    raw = name.encode()
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(packed), size, len(raw), 0) + raw + packed
    central = b""
    for k in range(copies):
        one = f"{k}{name}".encode() if copies > 1 else raw
        central += struct.pack(
            "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0, checksum, len(packed), size, len(one), 0, 0, 0, 0, 0, 0
        )
        central += one
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, copies, copies, len(central), len(local), 0)
    return local + central + end


def test_a_zip_bomb_of_overlapping_entries():
    """Thousands of entries of ten megabytes that are the same few bytes."""
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(bytes(10 << 20)) + packer.flush()
    refused(made_zip("a.dcm", packed, 10 << 20, copies=7000), "together have", CorruptFileError)


def test_entries_that_say_to_be_larger_than_anything_inflates_to():
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(bytes(1 << 20)) + packer.flush()
    refused(made_zip("a.dcm", packed, 0xFFFFFFF0, copies=100), kind=CorruptFileError)


@pytest.mark.parametrize("name", ["", "/", "a/", "a//b.dcm", "\x00"])
def test_odd_names(slice_bytes, name):
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(slice_bytes) + packer.flush()
    survive(made_zip(name, packed, len(slice_bytes)), 150_000_000)


def test_an_entry_that_says_to_be_larger_than_it_inflates_to(slice_bytes):
    """A header that promises gigabytes of pixels, in an entry that promises them as well."""
    from pydicom import dcmread

    ds = dcmread(io.BytesIO(slice_bytes))
    ds.Rows = ds.Columns = 30_000
    buffer = io.BytesIO()
    ds.save_as(buffer)
    content = bytearray(buffer.getvalue())
    at = content.index(struct.pack("<HH2sH", 0x7FE0, 0x10, b"OW", 0)) + 8
    content[at : at + 4] = struct.pack("<I", 1_800_000_000)
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(bytes(content)) + packer.flush()
    refused(made_zip("a.dcm", packed, 1_800_100_000), kind=CorruptFileError)


def test_a_tar_gz_bomb(slice_bytes):
    """Zeros behind a true entry: what is inflated is bounded by what could be meant."""
    zeros = gzip.compress(bytes(1 << 20))
    content = gzip.compress(tar_of(("a.dcm", slice_bytes))) + zeros * 1500
    tracemalloc.start()
    try:
        with ends_at_last(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            with contextlib.suppress(PictologicsError):
                load_image(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 400_000_000


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K", b"S"])
@pytest.mark.parametrize("size", [2**20, 2**33, 2**40, 2**62])
@pytest.mark.parametrize("packed", [False, True])
def test_a_tar_header_that_promises_much(kind, size, packed):
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, size
    content = info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)
    refused(gzip.compress(content) if packed else content)


def test_a_cut_entry_is_named(tmp_path, series):
    path = MAKERS["tar"](tmp_path / "scan.tar", series)
    content = path.read_bytes()
    # The last file's bytes end the archive.
    with tarfile.open(path) as archive:
        last = max(archive.getmembers(), key=lambda info: info.offset_data)
    refused(content[: last.offset_data + last.size - 30], kind=CorruptFileError)


@pytest.mark.parametrize("hundredths", [3, 20, 50, 80, 97])
@every_maker
def test_cut_archives(tmp_path, series, maker, hundredths):
    content = MAKERS[maker](tmp_path / "scan", series).read_bytes()
    cut_at = len(content) * hundredths // 100
    if "tar" in maker and "gz" not in maker and not content[cut_at:].strip(b"\0"):
        return  # only the zeros at the end are gone
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        refused(content[:cut_at])


def test_a_wrong_checksum_is_seen(tmp_path, series):
    """A changed pixel in a stored entry, in a deflated one, behind gzip."""
    for maker in ("deflated zip", "tar.gz"):
        content = bytearray(MAKERS[maker](tmp_path / "scan", series).read_bytes())
        if maker == "tar.gz":
            content[-6] ^= 1
        else:
            for start in find_all(content, b"PK\1\2"):
                content[start + 16] ^= 1
        refused(bytes(content), kind=CorruptFileError)


def find_all(content: bytes, mark: bytes) -> list[int]:
    found, at = [], content.find(mark)
    while at >= 0:
        found.append(at)
        at = content.find(mark, at + 1)
    return found


@pytest.mark.slow
@given(
    maker=st.sampled_from(sorted(MAKERS)),
    places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4),
)
@settings(max_examples=120)
def test_wrong_bytes_are_survived(tmp_path_factory, series, maker, places):
    """It loads, perhaps as something else where nothing checks it, or is refused; nothing else happens."""
    content = bytearray(MAKERS[maker](tmp_path_factory.mktemp("bent") / "scan", series).read_bytes())
    for place, value in places:
        content[int(place * len(content))] = value
    survive(bytes(content), 150_000_000)


@given(
    maker=st.sampled_from(["deflated zip", "tar"]),
    at=st.integers(0, 1500),
    value=st.binary(min_size=1, max_size=4),
)
@settings(max_examples=150)
def test_wrong_bytes_in_the_index_are_survived(tmp_path_factory, series, maker, at, value):
    """The central directory is at the end of a zip, a header at the beginning of a tar."""
    content = bytearray(MAKERS[maker](tmp_path_factory.mktemp("bent") / "scan", series).read_bytes())
    place = len(content) - 1 - at % 600 if maker == "deflated zip" else at
    content[place : place + len(value)] = value
    survive(bytes(content), 150_000_000)


@given(content=st.binary(max_size=3000), head=st.sampled_from([b"PK\3\4", b"PK\5\6", b"ustar", b"\x1f\x8b\x08\0"]))
def test_garbage_behind_an_archive_mark(content, head):
    start = bytes(257) + head if head == b"ustar" else head
    with refused_at_last(PictologicsError):
        load_image(start + content)
    with refused_at_last(PictologicsError):
        load_image(gzip.compress(start + content))
