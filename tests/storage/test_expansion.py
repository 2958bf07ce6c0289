"""Files that would grow out of proportion are refused before memory is taken; real ones load, and the bound moves."""

from __future__ import annotations

import bz2
import gzip
import io
import math
import tarfile
import tracemalloc
import zlib

import numpy as np
import pytest
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from pictologics import CorruptFileError, OptionError, get_max_expansion, load_image, set_max_expansion
from pictologics.dicom.headers import pydicom_edge
from pictologics.storage import expansion
from tests.factories.compressed import LOSSLESS, encapsulated
from tests.factories.dicom_series import slice_dataset, write_dataset
from tests.factories.mosaics import mosaic_dataset
from tests.factories.phantom import PHANTOM

MUCH = 64 << 20


@pytest.fixture(autouse=True)
def default_factor(monkeypatch):
    monkeypatch.delenv(expansion.EXPANSION_VARIABLE, raising=False)
    set_max_expansion(None)
    yield
    set_max_expansion(None)


def refuse_without_memory(path, match):
    """Refused by this rule, with hardly any memory taken."""
    tracemalloc.start()
    try:
        with pytest.raises(CorruptFileError, match=match) as caught:
            load_image(path)
        assert tracemalloc.get_traced_memory()[1] < MUCH
    finally:
        tracemalloc.stop()
    return caught.value


def write_nrrd_mask(path, sizes, encoding, content):
    header = (
        "NRRD0005\ntype: uchar\ndimension: 3\nspace: LPS\n"
        f"sizes: {' '.join(map(str, sizes))}\nspace directions: (1,0,0) (0,1,0) (0,0,1)\n"
        f"space origin: (0,0,0)\nencoding: {encoding}\n\n"
    )
    path.write_bytes(header.encode() + content)
    return path


def write_dicom(path, syntax=ExplicitVRLittleEndian, **attributes):
    ds = slice_dataset(0)
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    if UID(syntax).is_encapsulated:
        ds["PixelData"].is_undefined_length = True
    return write_dataset(path, ds, syntax=syntax)


def test_the_factor_is_set_by_call_or_environment(monkeypatch):
    assert get_max_expansion() == 1032
    monkeypatch.setenv("PICTOLOGICS_MAX_EXPANSION", "50")
    assert get_max_expansion() == 50
    set_max_expansion(math.inf)
    assert get_max_expansion() == math.inf
    set_max_expansion(None)
    for text in ("much", "0", "-3", "nan"):
        monkeypatch.setenv("PICTOLOGICS_MAX_EXPANSION", text)
        with pytest.raises(OptionError, match="PICTOLOGICS_MAX_EXPANSION"):
            get_max_expansion()


@pytest.mark.parametrize("factor", [0, -1, 0.5, "9", True, math.nan])
def test_a_wrong_factor_is_refused(factor):
    set_max_expansion(7)
    with pytest.raises(OptionError, match="factor"):
        set_max_expansion(factor)
    assert get_max_expansion() == 7


def test_an_empty_mask_loads_from_the_smallest_gzip_file(tmp_path, monkeypatch):
    """However small what is harmless is made: deflate shrinks nothing by more than the default factor."""
    monkeypatch.setattr(expansion, "HARMLESS_EXPANSION", 1)
    voxels = bytes(256 * 256 * 16)
    path = write_nrrd_mask(tmp_path / "mask.nrrd", (256, 256, 16), "gzip", gzip.compress(voxels, 9))
    assert len(voxels) > 800 * path.stat().st_size
    assert not load_image(path).array.any()


def test_an_empty_mask_loads_from_bzip2(tmp_path):
    path = write_nrrd_mask(tmp_path / "mask.nrrd", (256, 256, 16), "bzip2", bz2.compress(bytes(256 * 256 * 16)))
    assert 2000 * path.stat().st_size < 256 * 256 * 16
    assert not load_image(path).array.any()


def test_a_bzip2_bomb_is_refused_until_the_factor_is_raised(tmp_path, monkeypatch):
    path = write_nrrd_mask(
        tmp_path / "bomb.nrrd", (1024, 1024, 1024), "bzip2", bz2.compress(bytes(1 << 20)) + bytes(2000)
    )
    error = refuse_without_memory(path, "times as many bytes, and 1032 times are allowed; .*set_max_expansion")
    assert (error.values["needed"], error.values["size"]) == (1 << 30, path.stat().st_size)
    monkeypatch.setattr(expansion, "HARMLESS_EXPANSION", 1 << 10)
    good = write_nrrd_mask(tmp_path / "good.nrrd", (128, 128, 64), "bzip2", bz2.compress(bytes(1 << 20)))
    refuse_without_memory(good, "times are allowed")
    set_max_expansion(20_000)
    assert load_image(good).array.shape == (128, 128, 64)


def test_a_million_planes_of_nothing_are_refused(tmp_path):
    path = write_nrrd_mask(tmp_path / "planes.nrrd", (1, 1, 1_000_000), "gzip", gzip.compress(bytes(1_000_000), 9))
    refuse_without_memory(path, "1000000 planes and what is noted of each")


def test_frames_of_a_bit_are_refused(tmp_path):
    bits = {"Rows": 1, "Columns": 1, "BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}
    path = write_dicom(tmp_path / "bits.dcm", **bits, NumberOfFrames=2_000_000, PixelData=bytes(250_000))
    refuse_without_memory(path, "2000000 frames and what is said of each")


def test_a_mosaic_of_millions_of_slices_is_refused(tmp_path):
    ds = mosaic_dataset(PHANTOM, private_count=False, csa={"NumberOfImagesInMosaic": [20_000_000]})
    ds.Rows = ds.Columns = 65000
    refuse_without_memory(write_dataset(tmp_path / "mosaic.dcm", ds), "20000000 frames and what is said of each")


def test_compressed_frames_that_blow_up_are_refused(tmp_path):
    """A JPEG 2000 frame without content is a hundred bytes, whatever its size is."""
    syntax, encode = LOSSLESS["jpeg_2000"]
    words = np.zeros((512, 512), np.uint16)
    frame = encode(words, 16)
    value, _ = encapsulated([[frame]] * 600)
    assert 600 * words.nbytes > 1032 * len(value)
    shape = {"Rows": 512, "Columns": 512, "NumberOfFrames": 600}
    path = write_dicom(tmp_path / "blank.dcm", syntax, **shape, PixelData=value)
    refuse_without_memory(path, "600 planes of 512x512 pixels")


def test_a_compressed_tar_may_expand_if_it_is_trusted(tmp_path, monkeypatch):
    path = tmp_path / "study.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(write_dicom(tmp_path / "a.dcm"), "a.dcm")
        info = tarfile.TarInfo("mask.bin")
        info.size = 1 << 22
        archive.addfile(info, io.BytesIO(bytes(1 << 22)))
    monkeypatch.setattr(expansion, "HARMLESS_EXPANSION", 1 << 10)
    with pytest.raises(CorruptFileError, match=r"its content is larger than .*set_max_expansion"):
        load_image(path)
    set_max_expansion(1032)
    assert load_image(path).array.shape[2] == 1


def test_a_deflated_data_set_is_not_inflated_for_its_head_alone(tmp_path, monkeypatch):
    """One that our own parser hands on to pydicom, which inflates all of it."""
    monkeypatch.setattr(pydicom_edge, "LARGEST_DEFLATED", 1 << 20)
    path = write_dicom(tmp_path / "deflated.dcm", DeflatedExplicitVRLittleEndian)
    assert load_image(path).array.shape[2] == 1
    content = path.read_bytes()
    start = 132 + 12 + int.from_bytes(content[140:144], "little")
    inflated = zlib.decompress(content[start:], -15)
    # A value representation that does not exist stops our own parser.
    odd = inflated[:4] + b"??" + inflated[6:] + bytes(4 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    path.write_bytes(content[:start] + packer.compress(odd) + packer.flush())
    with pytest.raises(CorruptFileError, match="deflated bytes inflate to more than"):
        load_image(path)
