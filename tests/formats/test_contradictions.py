"""Files whose header and content say different things: told or refused, never loaded in silence."""

from __future__ import annotations

import gzip
import struct
import warnings

import numpy as np
import pytest

from pictologics import ContentWarning, CorruptFileError, load_image

NRRD = (
    "NRRD0004\ntype: {type}\ndimension: 3\nspace: LPS\nsizes: {sizes}\nspace directions: (1,0,0) (0,1,0) (0,0,1)\n"
    "space origin: (0,0,0)\nendian: little\nencoding: {encoding}\n\n"
)
MHA = (
    "ObjectType = Image\nNDims = 3\nBinaryData = {binary}\nDimSize = {sizes}\nElementSpacing = 1 1 1\nOffset = 0 0 0\n"
    "ElementType = {type}\nElementDataFile = LOCAL\n"
)


def nifti(shape, content, datatype=2, bitpix=8):
    """A NIfTI-1 file of some voxels."""
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, *shape, 1, 1, 1, 1)
    struct.pack_into("<2h", head, 70, datatype, bitpix)
    struct.pack_into("<8f", head, 76, 1, 1, 1, 1, 0, 0, 0, 0)
    struct.pack_into("<f", head, 108, 352)
    struct.pack_into("<h", head, 254, 1)
    for row in range(3):
        struct.pack_into("<f", head, 280 + 20 * row, 1)
    head[344:348] = b"n+1\0"
    return bytes(head) + content


def told(path, content):
    """What loading a file says, and its voxels."""
    path.write_bytes(content)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = load_image(path)
    return [str(entry.message) for entry in caught if entry.category is ContentWarning], image.array


@pytest.mark.parametrize(("bitpix", "is_told"), [(8, False), (0, False), (16, True), (1, True), (-8, True)])
def test_bitpix_against_the_type(tmp_path, bitpix, is_told):
    """The type counts, as for nibabel and nifti_clib; no bitpix at all says nothing."""
    messages, array = told(tmp_path / "a.nii", nifti((2, 2, 2), bytes(range(8)), bitpix=bitpix))
    assert array.ravel(order="F").tolist() == list(range(8))
    assert len(messages) == is_told
    assert not is_told or f"bitpix says {bitpix} bits for a voxel and its type has 8; the type was used" in messages[0]


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.gzip.nrrd", "a.mha"])
@pytest.mark.parametrize(("surplus", "is_told"), [(0, False), (15, False), (63, False), (64, True), (128, True)])
def test_sizes_that_are_smaller_than_the_voxels(tmp_path, name, surplus, is_told):
    """A plane more is told, padding is not."""
    content = bytes(range(256)) + bytes([7]) * surplus
    whole = {
        "a.nii": lambda: nifti((8, 8, 4), content),
        "a.nii.gz": lambda: gzip.compress(nifti((8, 8, 4), content)),
        "a.nrrd": lambda: NRRD.format(type="uchar", sizes="8 8 4", encoding="raw").encode() + content,
        "a.gzip.nrrd": lambda: (
            NRRD.format(type="uchar", sizes="8 8 4", encoding="gzip").encode() + gzip.compress(content)
        ),
        "a.mha": lambda: MHA.format(type="MET_UCHAR", sizes="8 8 4", binary="True").encode() + content,
    }[name]()
    messages, array = told(tmp_path / name, whole)
    assert array.ravel(order="F").tolist() == list(range(256))
    assert [("bytes that follow its" in message) for message in messages] == [True] * is_told


def test_padding_of_large_planes_ends_at_a_block(tmp_path):
    planes = np.zeros(64 * 64 * 2, np.uint8).tobytes()
    assert not told(tmp_path / "a.nii", nifti((64, 64, 2), planes + bytes(511)))[0]
    assert told(tmp_path / "a.nii", nifti((64, 64, 2), planes + bytes(512)))[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 2 3 4\n", None),
        ("1, 2, 3, 4\n", None),
        ("1,2,3,4\n", None),
        ("1 2 3 4 ", None),
        ("1 2 3 4", "may have been cut"),
        ("1 2 3 4 5\n", "text that follows its voxels"),
    ],
)
@pytest.mark.parametrize("name", ["a.nrrd", "a.mha"])
def test_text_is_told_to_be_open_or_too_long(tmp_path, name, text, words):
    header = (
        NRRD.format(type="float", sizes="2 2 1", encoding="text")
        if name == "a.nrrd"
        else MHA.format(type="MET_FLOAT", sizes="2 2 1", binary="False")
    )
    messages, array = told(tmp_path / name, (header + text).encode())
    assert array.ravel(order="F").tolist() == [1, 2, 3, 4]
    assert len(messages) == (words is not None)
    assert words is None or words in messages[0]


@pytest.mark.parametrize("text", ["1,5 2,5 3,5 4,5\n", "1_0 2 3 4\n", "1 2 3 x\n"])
@pytest.mark.parametrize("kind", ["float", "short"])
def test_text_that_could_be_other_numbers_is_refused(tmp_path, text, kind):
    path = tmp_path / "a.nrrd"
    path.write_text(NRRD.format(type=kind, sizes="2 2 1", encoding="text") + text)
    with pytest.raises(CorruptFileError, match="its text"):
        load_image(path)


def test_surplus_digits_of_hexadecimal_text_are_told(tmp_path):
    header = NRRD.format(type="uchar", sizes="2 2 1", encoding="hex")
    assert not told(tmp_path / "a.nrrd", f"{header}01020304\n".encode())[0]
    assert "text that follows" in told(tmp_path / "a.nrrd", f"{header}0102030405\n".encode())[0][0]


@pytest.mark.parametrize("number", ["1_0", "\u0661"])
@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.nrrd", NRRD.replace("{sizes}", "2 # 1")),
        ("a.nrrd", NRRD.replace("(1,0,0)", "(#,0,0)")),
        ("a.nrrd", NRRD.replace("dimension: 3", "dimension: 3\nline skip: #")),
        ("a.mha", MHA.replace("{sizes}", "2 # 1")),
        ("a.mha", MHA.replace("Spacing = 1", "Spacing = #")),
    ],
)
def test_numbers_of_python_alone_are_none(tmp_path, name, header, number):
    values = {
        "type": "uchar" if name == "a.nrrd" else "MET_UCHAR",
        "sizes": "2 2 1",
        "encoding": "raw",
        "binary": "True",
    }
    path = tmp_path / name
    path.write_bytes(header.format(**values).replace("#", number).encode() + bytes(64))
    with pytest.raises(CorruptFileError, match="characters that are something else"):
        load_image(path)
