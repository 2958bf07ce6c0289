"""What is no volume, or of a format that is known and not supported: refused at once, by its name."""

from __future__ import annotations

import gzip
import io
import struct
import time
from pathlib import Path

import nibabel
import numpy as np
import pytest

from pictologics import CorruptFileError, UnsupportedFormatError, explain, load_image
from pictologics.loaders import load_seg
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM

SHIPPED = Path(nibabel.__file__).parent / "tests" / "data"


def doors(source):
    return [lambda: load_image(source), lambda: explain(source)]


def assert_refused(source, words: str) -> None:
    for door in doors(source):
        with pytest.raises(UnsupportedFormatError, match=words):
            door()


def in_memory(image) -> bytes:
    holder = image.make_file_map()
    for part in holder.values():
        part.fileobj = io.BytesIO()
    image.to_file_map(holder)
    return holder["header" if "header" in holder else "image"].fileobj.getvalue()


# --- NIfTI headers over something else ---


@pytest.mark.parametrize("intent", [3000, 3001, 3002, 3006, 3007, 3099])
def test_cifti(tmp_path, intent):
    def edit(header):
        header["intent_code"] = intent

    array = np.zeros((1, 1, 1, 1, 20, 9), np.float32)
    assert_refused(write_nifti(tmp_path / "a.dtseries.nii", PHANTOM, edit, array=array, version=2), "CIFTI-2")


def test_what_nibabel_ships_as_cifti():
    for path in SHIPPED.glob("*.dconn.nii"):
        assert_refused(path, "CIFTI-2")


def test_cifti_by_its_extension_alone(tmp_path):
    image = nibabel.Nifti2Image(np.zeros((5, 4, 3), np.float32), np.eye(4))
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(32, b'<CIFTI Version="2"></CIFTI>'))
    nibabel.save(image, tmp_path / "a.nii")
    assert_refused(tmp_path / "a.nii", "CIFTI-2")


@pytest.mark.parametrize(("intent", "words"), [(1008, "a set of points"), (1009, "triangles"), (2005, "a shape")])
def test_points_and_surfaces(tmp_path, intent, words):
    def edit(header):
        header["intent_code"] = intent

    assert_refused(write_nifti(tmp_path / "a.nii", PHANTOM, edit), f"{words}.*NIfTI intent {intent}")


def test_numbers_without_space(tmp_path):
    path = write_nifti(tmp_path / "a.nii", PHANTOM, array=np.zeros((1, 1, 1, 300), np.float32), dtype="float32")
    assert_refused(path, "300 numbers along axes that are not in space")


@pytest.mark.parametrize("intent", [0, 2, 1001, 1002, 1007, 2001, 2003])
def test_intents_of_volumes_load(tmp_path, intent):
    def edit(header):
        header["intent_code"] = intent

    np.testing.assert_array_equal(load_image(write_nifti(tmp_path / "a.nii", PHANTOM, edit)).array, PHANTOM.array)


# --- other formats ---


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", [nibabel.AnalyzeImage, nibabel.Spm99AnalyzeImage, nibabel.Spm2AnalyzeImage])
def test_analyze(tmp_path, kind, order):
    header = kind.header_class(endianness=order)
    image = kind(np.zeros((5, 4, 3), np.int16), np.eye(4), header)
    image.to_filename(tmp_path / "a.img")
    for name in ("a.img", "a.hdr"):
        assert_refused(tmp_path / name, "an Analyze 7.5 header")


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["mgh", "mgz"])
def test_freesurfer_volumes(pack):
    content = in_memory(nibabel.MGHImage(np.zeros((5, 4, 3), np.float32), np.eye(4)))
    assert_refused(pack(content), r"a FreeSurfer volume \(MGH, MGZ\).*mri_convert")


MARKS = {
    "MINC 1": b"CDF\x01\0\0", "MINC 2": b"\x89HDF\r\n\x1a\n", "VTK": b"# vtk DataFile Version",
    "VTK ": b"<VTKFile ty",
    "PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff\xe0", "TIFF": b"II*\0\x08\0\0\0", "TIFF ": b"MM\0*\0\0\0\x08",
    "GIF": b"GIF89a", "FreeSurfer surface": b"\xff\xff\xfecreated by", "PLY": b"ply\nformat", "STL": b"solid name",
    "ECAT": b"MATRIX72v\0", "PAR/REC": b"# === DATA DESCRIPTION FILE ===", "NumPy": b"\x93NUMPY\x01\0",
    "MATLAB": b"MATLAB 5.0 MAT-file", "bzip2": b"BZh91AY", "PDF": b"%PDF-1.4",
    "GIfTI": b'<?xml version="1.0"?>\n<!DOCTYPE GIFTI SYSTEM "gifti.dtd">\n<GIFTI Version="1.0">',
}  # fmt: skip


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", MARKS)
def test_other_formats_are_named(name, pack):
    assert_refused(pack(MARKS[name] + bytes(400)), f"this is (an?|the) .*{name.strip()}.*not supported; ")


def test_what_nibabel_ships_is_named():
    expected = {"tiny.mnc": "MINC 1", "small.mnc": "MINC 2", "test.mgz": "FreeSurfer", "ascii.gii": "GIfTI"}
    found = [path for name in expected for path in SHIPPED.glob(name)]
    assert found
    for path in found:
        assert_refused(path, expected[path.name])


@pytest.mark.parametrize("head", [b"text of somebody", bytes(400), struct.pack(">6i", 1, 0, 0, 0, 0, 0)])
def test_what_is_unknown_stays_so(head):
    with pytest.raises(UnsupportedFormatError, match="formats are NIfTI"):
        load_image(head)


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nii", "scan.nrrd", "scan"])
def test_an_empty_file_is_to_be_fetched_again(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    for load in (load_image, explain, load_seg):
        with pytest.raises(CorruptFileError, match="the file is empty; fetch it again"):
            load(tmp_path / name)


@pytest.mark.parametrize("size", [3, 4, 200, 343, 347])
@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nii"])
def test_a_nifti_file_may_end_within_its_header(tmp_path, name, size):
    head = struct.pack("<i", 348) + bytes(344)
    (tmp_path / name).write_bytes(gzip.compress(head[:size]) if name.endswith("gz") else head[:size])
    with pytest.raises(CorruptFileError, match=f"ends within its NIfTI header, after {size} bytes; fetch it again"):
        load_image(tmp_path / name)


# --- what it costs to look ---


def test_explain_costs_what_is_there_and_not_what_a_header_claims(tmp_path):
    """A gzip file of a megabyte may hold a gigabyte of zeros, two numbers for each volume."""
    volumes = 30_000_000
    header = nibabel.Nifti2Header()
    header.set_data_dtype(np.uint8)
    header.set_data_shape((2, 1, 1, volumes))
    header.set_sform(np.eye(4), 1)
    header["magic"], header["vox_offset"] = b"n+2", 544
    path = tmp_path / "a.nii.gz"
    with gzip.open(path, "wb", 6) as file:
        file.write(header.binaryblock + bytes(4))
        for _ in range(60):
            file.write(bytes(1_000_000))
    begin = time.perf_counter()
    found = explain(path)
    assert time.perf_counter() - begin < 5
    assert len(found.volumes) == 500
    assert found.left_out == (f"volumes 501 to {volumes}, which differ from these only in dataset_index",)
