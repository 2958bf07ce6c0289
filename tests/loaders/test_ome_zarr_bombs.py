"""A chunk that would inflate to far more than its array has room for is refused before it is inflated."""

from __future__ import annotations

import bz2
import lzma
import struct
import tracemalloc
import warnings

import numpy as np
import pytest

zarr = pytest.importorskip("zarr")

from numcodecs import BZ2, LZ4, LZMA, Blosc, Zstd  # noqa: E402

from pictologics import CorruptFileError, load_image  # noqa: E402
from tests.factories.ome_zarr_files import write_ome_zarr  # noqa: E402

SHAPE = (6, 32, 32)
HUGE = 1 << 30


def repeat_zero(count: int, says_size: bool) -> bytes:
    """A frame of Zstandard of blocks that each repeat a zero 131072 times."""
    head = struct.pack("<IBQ", 0xFD2FB528, 0xE0, count << 17) if says_size else struct.pack("<IBB", 0xFD2FB528, 0, 0x58)
    blocks = [(1 << 17) << 3 | 1 << 1 | (k == count - 1) for k in range(count)]
    return head + b"".join(block.to_bytes(3, "little") + b"\0" for block in blocks)


def squeeze_twice(count: int) -> bytes:
    """A frame of Zstandard without a size, of small compressed blocks that hold 131072 bytes each."""
    whole = Zstd(1).encode(bytes(np.tile(np.frombuffer(b"ab", np.uint8), 1 << 16)))
    head = 4 + 1 + 4
    block = int.from_bytes(whole[head : head + 3], "little")
    size = block >> 3
    assert block >> 1 & 3 == 2 and size < 64
    inner = ((block & ~1).to_bytes(3, "little") + whole[head + 3 : head + 3 + size]) * (count - 1)
    return (
        struct.pack("<IBB", 0xFD2FB528, 0, 0x58)
        + inner
        + (block | 1).to_bytes(3, "little")
        + whole[head + 3 : head + 3 + size]
    )


def first_chunk(folder):
    return min(path for path in (folder / "0").rglob("*") if path.is_file() and path.name[0] not in "z.")


def write(folder, compressor, version="0.4", **options):
    array = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    return write_ome_zarr(
        folder, array=array, dtype="int16", chunks=(2, 32, 32), version=version, compressors=compressor, **options
    )


def check_refused(folder, match=r"holds \d+ bytes or more, and the array has room for 4096"):
    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for region in (None, np.s_[:4, :4, :1]):
                with pytest.raises(CorruptFileError, match=match):
                    load_image(folder, region=region)
        assert tracemalloc.get_traced_memory()[1] < 1 << 26
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("says_size", [True, False])
def test_zstandard(tmp_path, version, says_size):
    compressor = Zstd(1) if version == "0.4" else zarr.codecs.ZstdCodec()
    folder = write(tmp_path / "scan.ome.zarr", compressor, version)
    first_chunk(folder).write_bytes(repeat_zero(HUGE >> 17, says_size))
    check_refused(folder)


def test_zstandard_of_small_blocks_that_do_not_say_what_they_hold(tmp_path):
    folder = write(tmp_path / "scan.ome.zarr", Zstd(1))
    first_chunk(folder).write_bytes(squeeze_twice(HUGE >> 17))
    check_refused(folder)


@pytest.mark.parametrize(
    ("compressor", "content"),
    [
        (Blosc(), b"\x02\x01\x21\x02" + struct.pack("<III", HUGE, 1 << 20, 4096) + bytes(4080)),
        (LZ4(), struct.pack("<I", HUGE) + bytes(4000)),
        (BZ2(), bz2.compress(bytes(1 << 24))),
        (LZMA(), lzma.compress(bytes(1 << 24))),
    ],
    ids=["blosc", "lz4", "bz2", "lzma"],
)
def test_other_codecs(tmp_path, compressor, content):
    folder = write(tmp_path / "scan.ome.zarr", compressor)
    first_chunk(folder).write_bytes(content)
    check_refused(folder)


@pytest.mark.parametrize("location", ["start", "end"])
def test_a_chunk_in_a_shard(tmp_path, location):
    array = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    folder = write_ome_zarr(
        tmp_path / "scan.ome.zarr",
        array=array,
        chunks=(2, 16, 16),
        shards={"shape": (2, 32, 32), "index_location": location},
        compressors=zarr.codecs.ZstdCodec(),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.array_equal(load_image(folder).array.T, array)
    path = first_chunk(folder)
    content = path.read_bytes()
    # The frame of some chunk says another size of what it holds.
    begin = content.index(b"\x28\xb5\x2f\xfd")
    assert content[begin + 4] >> 5 == 0b011 and struct.unpack_from("<H", content, begin + 5)[0] + 256 == 1024
    path.write_bytes(content[: begin + 5] + struct.pack("<H", 0xFFFF) + content[begin + 7 :])
    check_refused(folder, r"holds 65791 bytes or more, and the array has room for 1024")


@pytest.mark.parametrize("compressor", [Blosc(), LZ4(), BZ2(), LZMA(), Zstd(9), None], ids=str)
def test_whole_chunks_load_by_every_codec(tmp_path, compressor):
    folder = write(tmp_path / "scan.ome.zarr", compressor)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = load_image(folder)
    assert np.array_equal(image.array.T, np.arange(np.prod(SHAPE)).reshape(SHAPE))


def test_a_frame_without_a_size_loads(tmp_path):
    folder = write(tmp_path / "scan.ome.zarr", Zstd(1))
    content = np.arange(2 * 32 * 32, dtype="<i2").tobytes()
    block = (len(content) << 3 | 1).to_bytes(3, "little")
    first_chunk(folder).write_bytes(struct.pack("<IBB", 0xFD2FB528, 0, 0x58) + block + content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert load_image(folder).array.T[1, 31, 31] == 2047
