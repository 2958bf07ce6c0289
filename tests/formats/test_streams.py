"""Compressed voxels: what follows a sound stream, what is none, voxels counted from the end, and headers of editors."""

from __future__ import annotations

import bz2
import gzip
import tarfile
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from pictologics import ContentWarning, CorruptFileError, UnsupportedFormatError, explain, load_image
from tests.factories.dicom_series import write_series
from tests.factories.metaimage_files import write_metaimage
from tests.factories.nifti_files import write_nifti
from tests.factories.nrrd_files import nrrd_header, write_nrrd
from tests.factories.phantom import PHANTOM

GARBAGE = [b"\n", b"\r\n", b"--boundary--\r\n", b"\x1f", b"\x1f\x8b", b"\x1f\x8b\x07 no deflate", b"\0\0\0x", b"BZ"]
BOM = b"\xef\xbb\xbf"
FOLLOWED = "bytes that follow its compressed voxels were ignored"
CUT = gzip.compress(b"another member", mtime=0)[:14]


def assert_is_phantom(path: Path) -> None:
    np.testing.assert_array_equal(load_image(path).array, PHANTOM.array)


# --- what follows ---


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.hdr.gz", "scan.nrrd"])
def test_bytes_behind_a_gzip_stream_are_passed_over_and_told(tmp_path, name, garbage):
    """gzip says "trailing garbage ignored"; SimpleITK and nibabel read such files too."""
    path = tmp_path / name
    if name.endswith(".nrrd"):
        write_nrrd(path, encoding="gzip")
    else:
        write_nifti(path)
    data = path.with_name("scan.img.gz") if "hdr" in name else path
    data.write_bytes(data.read_bytes() + garbage)
    with pytest.warns(ContentWarning, match=FOLLOWED):
        assert_is_phantom(path)
    # Teem, and so SimpleITK, stumbles over the mark of a further member that is none.
    if ".hdr" not in name and not (name.endswith(".nrrd") and garbage.startswith(b"\x1f\x8b")):
        np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(path))).T, PHANTOM.array)


@pytest.mark.parametrize("garbage", [b"\n", b"text", b"BZ", b"BZ\0"])
def test_bytes_behind_bzip2(tmp_path, garbage):
    path = write_nrrd(tmp_path / "scan.nrrd", encoding="bzip2")
    path.write_bytes(path.read_bytes() + garbage)
    with pytest.warns(ContentWarning, match=FOLLOWED):
        assert_is_phantom(path)


@pytest.mark.parametrize("size", [(1 << 17) - 1, 1 << 17, (1 << 17) + 1, (1 << 17) + 2])
@pytest.mark.parametrize("follows", ["member", "garbage"])
def test_a_mark_that_the_end_of_a_piece_cuts(tmp_path, size, follows):
    """Files are read in pieces of 128 KB; the second member begins around the end of the first piece."""
    rng = np.random.default_rng(0)
    array = np.asfortranarray(rng.integers(0, 256, (64, 64, 40), np.uint8))
    content = write_nifti(tmp_path / "scan.nii", PHANTOM, array=array, dtype="uint8").read_bytes()
    first = next(
        packed
        for count in range(size - 200, size)
        # Stored blocks, so that every byte of content is one more of the file; the name fills up what is missing.
        if (packed := gzip.compress(content[:count], 0, mtime=0)) and 0 <= size - len(packed) <= 60
    )
    name = b"n" * (size - len(first) - 1) + b"\0" if size > len(first) else b""
    first = first[:3] + (b"\x08" if name else b"\0") + first[4:10] + name + first[10:]
    assert len(first) == size
    used = len(gzip.decompress(first))
    rest = gzip.compress(content[used:], 1, mtime=0)
    path = tmp_path / "scan.nii.gz"
    path.write_bytes(first + rest + (b"text" if follows == "garbage" else b""))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        np.testing.assert_array_equal(load_image(path).array, array)
    assert [FOLLOWED in str(one.message) for one in caught] == [True] * (follows == "garbage")


def test_several_members_and_then_something_else(tmp_path):
    content = write_nifti(tmp_path / "scan.nii").read_bytes()
    path = tmp_path / "scan.nii.gz"
    path.write_bytes(gzip.compress(content[:400]) + gzip.compress(content[400:]) + b"text")
    with pytest.warns(ContentWarning, match=FOLLOWED):
        assert_is_phantom(path)


def test_a_member_that_is_lost_is_missed(tmp_path):
    content = write_nifti(tmp_path / "scan.nii").read_bytes()
    path = tmp_path / "scan.nii.gz"
    path.write_bytes(gzip.compress(content[:400]) + b"lost" + gzip.compress(content[400:]))
    with pytest.raises(CorruptFileError, match=r"ends after 400 bytes, and needs \d+; what follows is not one"):
        load_image(path)


@pytest.mark.parametrize("at", [3, 11, 14])
def test_a_member_that_is_cut_is_an_error(tmp_path, at):
    path = write_nifti(tmp_path / "scan.nii.gz")
    path.write_bytes(path.read_bytes() + CUT[:at])
    with pytest.raises(CorruptFileError, match="gzip data ends too early"):
        load_image(path)


@pytest.mark.parametrize("at", [-8, -4], ids=["checksum", "size"])
def test_a_wrong_checksum_is_called_so_in_files_of_any_size(tmp_path, at):
    path = write_nifti(tmp_path / "scan.nii.gz")
    packed = bytearray(path.read_bytes())
    packed[at] ^= 1
    path.write_bytes(packed)
    with pytest.raises(CorruptFileError, match=r"damaged \(.*checksum"):
        load_image(path)
    assert explain(path).volumes[0].shape == PHANTOM.shape


def test_bytes_behind_an_archive(tmp_path):
    folder = tmp_path / "series"
    write_series(folder)
    with tarfile.open(tmp_path / "series.tar.gz", "w:gz") as archive:
        archive.add(folder, "series")
    path = tmp_path / "series.tar.gz"
    expected = load_image(path).array
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.warns(ContentWarning, match="bytes that follow its gzip data"):
        np.testing.assert_array_equal(load_image(path).array, expected)


# --- another kind of stream than the header says ---


def test_metaimage_takes_gzip_for_zlib_as_zlib_itself_does(tmp_path):
    path = write_metaimage(tmp_path / "scan.mhd", compressed=True)
    data = next(file for file in tmp_path.iterdir() if file != path)
    data.write_bytes(gzip.compress(zlib.decompress(data.read_bytes())))
    header = [line for line in path.read_text().splitlines() if not line.startswith("CompressedDataSize")]
    path.write_text("\n".join(header) + "\n")
    assert_is_phantom(path)


def write_as(path: Path, encoding: str, data: bytes) -> Path:
    header = nrrd_header(PHANTOM.array.astype("<i2"), encoding=encoding)
    path.write_bytes(header.rstrip("\n").encode() + b"\n\n" + data)
    return path


RAW = PHANTOM.array.astype("<i2").tobytes("F")


def test_nrrd_that_says_gzip_and_is_plain(tmp_path):
    """Teem hands on what is no gzip, and so does ITK."""
    path = write_as(tmp_path / "scan.nrrd", "gzip", RAW)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(path))).T, PHANTOM.array)
    with pytest.warns(ContentWarning, match="says that the voxels are gzip, and they are not"):
        assert_is_phantom(path)


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", zlib.compress(RAW)),
        ("gzip", bz2.compress(RAW)),
        ("gzip", RAW + b"more"),
        ("bzip2", gzip.compress(RAW)),
        ("bzip2", RAW),
    ],
)
def test_streams_of_another_kind_are_called_so(tmp_path, encoding, data):
    path = write_as(tmp_path / "scan.nrrd", encoding, data)
    with pytest.raises(CorruptFileError, match=f"should be {encoding} and begin with b.*as no {encoding} stream does"):
        load_image(path)


def test_metaimage_that_says_compressed_and_is_plain(tmp_path):
    path = write_metaimage(tmp_path / "scan.mha")
    path.write_bytes(path.read_bytes().replace(b"CompressedData = False", b"CompressedData = True"))
    with pytest.raises(CorruptFileError, match="should be zlib"):
        load_image(path)


# --- voxels that end their stream ---


@pytest.mark.parametrize("skip", [-1, -2, -9])
@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2"])
def test_voxels_counted_from_the_end(tmp_path, encoding, skip):
    """A header over a NIfTI file, gzip or not: -1 means that nothing follows, -2 one byte, and so on (Teem)."""
    content = write_nifti(tmp_path / "scan.nii").read_bytes() + b"x" * (-skip - 1)
    pack = {"raw": bytes, "gzip": gzip.compress, "bzip2": bz2.compress}[encoding]
    (tmp_path / "data").write_bytes(pack(content))
    header = nrrd_header(
        PHANTOM.array.astype("<i2"), encoding=encoding, extra={"byte skip": str(skip), "data file": "data"}
    )
    path = tmp_path / "scan.nhdr"
    path.write_text(header)
    assert_is_phantom(path)
    if skip == -1 and encoding != "bzip2":
        np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(path))).T, PHANTOM.array)


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2"])
def test_too_little_before_the_end(tmp_path, encoding):
    pack = {"raw": bytes, "gzip": gzip.compress, "bzip2": bz2.compress}[encoding]
    (tmp_path / "data").write_bytes(pack(RAW))
    header = nrrd_header(PHANTOM.array.astype("<i2"), encoding=encoding, extra={"byte skip": "-5", "data file": "data"})
    (tmp_path / "scan.nhdr").write_text(header)
    words = "leaves 416 bytes for 420" if encoding == "raw" else "ends after 420 bytes, and needs 424"
    with pytest.raises(CorruptFileError, match=words):
        load_image(tmp_path / "scan.nhdr")


def test_text_has_no_end_to_count_from(tmp_path):
    with pytest.raises(CorruptFileError, match="byte skip is -1, which numbers as text cannot have"):
        load_image(write_nrrd(tmp_path / "scan.nrrd", encoding="text", extra={"byte skip": "-1"}))


# --- what editors and scripts put before a header ---


@pytest.mark.parametrize(
    "before", [b"\xef\xbb\xbf", b"# by a script\n", b"\n# one\n# two = 2\n", b"\xef\xbb\xbf# both\n"]
)
@pytest.mark.parametrize("name", ["scan.mha", "scan.mhd", "scan.dat"])
def test_comments_and_byte_order_marks_before_metaimage(tmp_path, name, before):
    path = write_metaimage(tmp_path / name.replace(".dat", ".mha"))
    path.write_bytes(before + path.read_bytes())
    assert_is_phantom(path.rename(tmp_path / name))


def test_a_comment_among_the_fields_of_metaimage(tmp_path):
    path = write_metaimage(tmp_path / "scan.mha")
    path.write_bytes(path.read_bytes().replace(b"Offset", b"# Offset = 1 2 3\nOffset", 1))
    assert_is_phantom(path)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(path))).T, PHANTOM.array)


def test_metaimage_fields_in_another_order_are_known_by_the_name(tmp_path):
    path = write_metaimage(tmp_path / "scan.mha")
    content = path.read_bytes()
    line = next(line for line in content.split(b"\n") if line.startswith(b"ElementType"))
    path.write_bytes(line + b"\n" + content.replace(line + b"\n", b"", 1))
    assert_is_phantom(path)
    with pytest.raises(UnsupportedFormatError):
        load_image(path.read_bytes())


def test_a_byte_order_mark_before_nrrd(tmp_path):
    path = write_nrrd(tmp_path / "scan.nrrd", encoding="gzip")
    path.write_bytes(BOM + path.read_bytes())
    assert_is_phantom(path)
