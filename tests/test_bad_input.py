"""Bad input of every kind: the error that says so, soon, and never another exception or a hang."""

from __future__ import annotations

import gzip
import os
import socket
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import (
    CorruptFileError,
    FileAccessError,
    MissingPathError,
    OptionError,
    PictologicsError,
    UnsupportedFormatError,
    explain,
    load_image,
)
from tests.factories.dicom_series import SYNTAXES, slice_file, write_series
from tests.factories.hostile import broken_link, cut, fifo, garbage, refused_at_last, survive, unreadable
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM

pytestmark = pytest.mark.usefixtures("ends_soon")

both_doors = pytest.mark.parametrize("door", [load_image, explain], ids=["load_image", "explain"])


def assert_refused(door, path, kind=PictologicsError, match=None) -> PictologicsError:
    """An error of ours that is a ValueError and names the path."""
    with refused_at_last(kind, match=match) as caught:
        door(path)
    assert str(path) in str(caught.value)
    return caught.value


# --- nothing there ---


@both_doors
@pytest.mark.parametrize("name", ["gone.nii", "gone.nii.gz", "gone", "gone/deeper/scan.dcm", "x" * 300, "nul\0l"])
def test_missing_path(tmp_path, door, name):
    error = assert_refused(door, str(tmp_path / name), MissingPathError)
    assert isinstance(error, FileNotFoundError)


@both_doors
@pytest.mark.parametrize("path", ["", None, 5, 1.5, b"bytes", object(), {"a": 1}])
def test_what_is_no_path(door, path):
    with pytest.raises(PictologicsError):
        door(path)


@both_doors
def test_empty_folder(tmp_path, door):
    assert_refused(door, tmp_path, UnsupportedFormatError, "no files")


@both_doors
def test_folder_of_junk(tmp_path, door):
    for k in range(20):
        garbage(tmp_path / f"junk{k}.bin", 3000, seed=k)
    error = assert_refused(door, tmp_path, UnsupportedFormatError, "20 other files")
    assert "junk0.bin" in str(error)


def test_folder_of_nifti_files_names_them(tmp_path):
    write_nifti(tmp_path / "a.nii.gz")
    write_nifti(tmp_path / "b.nii")
    assert_refused(load_image, tmp_path, UnsupportedFormatError, r"a\.nii\.gz")


# --- files of nothing ---


@both_doors
@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "scan.dcm", "scan"])
@pytest.mark.parametrize(
    "content",
    {
        "empty": b"",
        "one byte": b"\x1f",
        "zeros": bytes(4096),
        "text": b"once upon a time " * 100,
        "gzip of text": gzip.compress(b"once upon a time " * 100),
        "gzip head": b"\x1f\x8b\x08\x00",
        "gzip of nothing": gzip.compress(b""),
        "png": b"\x89PNG\r\n\x1a\n" + bytes(500),
        "zip": b"PK\3\4" + bytes(500),
        "dicm alone": bytes(128) + b"DICM",
    }.items(),
    ids=lambda item: item[0] if isinstance(item, tuple) else None,
)
def test_file_of_something_else(tmp_path, door, name, content):
    (tmp_path / name).write_bytes(content[1])
    assert_refused(door, tmp_path / name, (UnsupportedFormatError, CorruptFileError))


@given(st.binary(max_size=3000), st.sampled_from(["a.nii", "a.nii.gz", "a.dcm", "a.hdr", "a.img", "a"]))
@settings(max_examples=60)
def test_random_bytes(tmp_path_factory, content, name):
    path = tmp_path_factory.mktemp("random") / name
    path.write_bytes(content)
    assert_refused(load_image, path)


@given(seed=st.integers(0, 2**32), size=st.integers(0, 3000), version=st.sampled_from([1, 2]))
@settings(max_examples=40)
def test_garbage_behind_a_true_head(tmp_path_factory, seed, size, version):
    folder = tmp_path_factory.mktemp("garbage")
    head = write_nifti(folder / "true.nii", version=version).read_bytes()
    for name, start in {
        "a.nii": head[:40],
        "a.nii.gz": gzip.compress(head)[:40],
        "a.dcm": bytes(128) + b"DICM",
        "b.dcm": slice_file(folder / "true").read_bytes()[:300],
    }.items():
        path = garbage(folder / name, size, seed, start)
        assert_refused(load_image, path)


# --- true files that something happened to ---


@given(at=st.integers(0, 347), value=st.integers(0, 255), suffix=st.sampled_from([".nii", ".nii.gz"]))
@settings(max_examples=150)
def test_one_wrong_byte_in_a_nifti_header(tmp_path_factory, at, value, suffix):
    """It loads, perhaps as something else, or is refused; nothing else happens, and no memory is taken for a lie."""
    folder = tmp_path_factory.mktemp("bent")
    content = bytearray(write_nifti(folder / "true.nii").read_bytes())
    content[at] = value
    path = folder / f"bent{suffix}"
    path.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
    survive(path)


@pytest.mark.slow
@given(at=st.integers(0, 2000), value=st.integers(0, 255), syntax=st.sampled_from(sorted(SYNTAXES)))
@settings(max_examples=150)
def test_one_wrong_byte_in_a_dicom_file(tmp_path_factory, at, value, syntax):
    folder = tmp_path_factory.mktemp("bent")
    files = write_series(folder, syntax=SYNTAXES[syntax])
    content = bytearray(files[2].read_bytes())
    content[at % len(content)] = value
    files[2].write_bytes(content)
    survive(folder)


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "scan.img"])
@pytest.mark.parametrize("tenths", range(10))
def test_cut_nifti(tmp_path, name, tenths):
    path = write_nifti(tmp_path / name)
    cut(path, path.stat().st_size * tenths // 10)
    assert_refused(load_image, path)


@pytest.mark.parametrize("missing", [1, 2, 8, 20])
def test_gzip_without_its_end(tmp_path, missing):
    """Also when only the checksum is gone: what was cut may have been more."""
    path = write_nifti(tmp_path / "scan.nii.gz")
    cut(path, -missing)
    assert_refused(load_image, path, CorruptFileError)


def test_gzip_with_a_wrong_checksum(tmp_path):
    path = write_nifti(tmp_path / "scan.nii.gz")
    content = bytearray(path.read_bytes())
    content[-6] ^= 0xFF
    path.write_bytes(content)
    assert_refused(load_image, path, CorruptFileError)


def test_gzip_damaged_in_the_middle(tmp_path):
    rng = np.random.default_rng(0)
    path = write_nifti(tmp_path / "scan.nii.gz", array=rng.integers(0, 30000, (40, 40, 40)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 50] = rng.bytes(50)
    path.write_bytes(content)
    assert_refused(load_image, path, CorruptFileError)


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
@pytest.mark.parametrize("hundredths", [15, 30, 50, 70, 85, 95])
def test_cut_dicom_file(tmp_path, syntax, hundredths):
    path = slice_file(tmp_path / "scan.dcm", syntax=syntax)
    cut(path, path.stat().st_size * hundredths // 100)
    assert_refused(load_image, path)


# --- headers that lie ---


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".hdr"])
@pytest.mark.parametrize(
    ("version", "dim"),
    [
        (1, (3, 32767, 32767, 32767, 1, 1, 1, 1)),
        (1, (7, 32767, 32767, 32767, 32767, 32767, 32767, 32767)),
        (1, (3, 7, 6, 6, 1, 1, 1, 1)),
        (2, (3, 2**62, 2**62, 2**62, 1, 1, 1, 1)),
        (2, (4, 7, 6, 5, 2**40, 1, 1, 1)),
    ],
)
def test_nifti_that_promises_more_than_it_holds(tmp_path, suffix, version, dim):
    def lie(header):
        header["dim"] = dim

    path = write_nifti(tmp_path / f"scan{suffix}", PHANTOM, lie, version=version)
    tracemalloc.start()
    with refused_at_last(CorruptFileError, match="scan"):
        load_image(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_gzip_that_could_hold_it_and_does_not(tmp_path):
    """A megabyte of zeros could be a gigabyte; memory is not taken on that chance."""

    def lie(header):
        header["dim"][:4] = 3, 512, 512, 1000

    path = write_nifti(tmp_path / "scan.nii", PHANTOM, lie)
    noise = np.random.default_rng(0).bytes(600_000)
    packed = tmp_path / "scan.nii.gz"
    packed.write_bytes(gzip.compress(path.read_bytes() + noise, 1))
    assert_refused(load_image, packed, CorruptFileError)


@pytest.mark.parametrize("offset", [1e30, -5.0, float("nan"), float("inf"), 900.0])
def test_voxels_that_begin_nowhere(tmp_path, offset):
    path = write_nifti(tmp_path / "scan.nii")
    content = bytearray(path.read_bytes())
    content[108:112] = struct.pack("<f", offset)
    path.write_bytes(content)
    assert_refused(load_image, path, CorruptFileError)


# --- what the system refuses ---


@both_doors
def test_pipe(tmp_path, door):
    assert_refused(door, fifo(tmp_path / "pipe.nii"), FileAccessError)


@both_doors
def test_socket(tmp_path, door, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert_refused(door, Path("s"), FileAccessError)


@both_doors
def test_device(door):
    if not os.path.exists("/dev/zero"):  # noqa: PTH110
        pytest.skip("no such device here")
    assert_refused(door, Path("/dev/zero"), FileAccessError)


@both_doors
def test_broken_link(tmp_path, door):
    assert_refused(door, broken_link(tmp_path / "link.nii"), MissingPathError)


@both_doors
def test_link_to_itself(tmp_path, door):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert_refused(door, tmp_path / "loop", (MissingPathError, FileAccessError))


@both_doors
def test_folder_of_pipes_and_broken_links(tmp_path, door):
    fifo(tmp_path / "pipe")
    broken_link(tmp_path / "link")
    assert_refused(door, tmp_path, UnsupportedFormatError)


@both_doors
@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "scan.dcm"])
def test_unreadable_file(tmp_path, door, name):
    path = tmp_path / name
    slice_file(path) if name.endswith("dcm") else write_nifti(path)
    unreadable(path)
    assert_refused(door, path, FileAccessError, "permission")


@both_doors
def test_unreadable_file_in_a_folder(tmp_path, door):
    files = write_series(tmp_path / "ct")
    unreadable(files[2])
    with pytest.raises(FileAccessError, match=r"002\.dcm"):
        door(tmp_path / "ct")


@both_doors
def test_unreadable_folder(tmp_path, door):
    write_series(tmp_path / "ct")
    folder = unreadable(tmp_path / "ct")
    try:
        assert_refused(door, folder, FileAccessError)
    finally:
        folder.chmod(0o755)


# --- options that cannot be ---


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "ct"])
def test_index_out_of_range_says_how_many_there_are(tmp_path, name):
    path = tmp_path / name
    write_series(path) if name == "ct" else write_nifti(path)
    with pytest.raises(OptionError, match="1 volume"):
        load_image(path, dataset_index=1)


@pytest.mark.parametrize(
    "options",
    [
        {"irregular": "maybe"},
        {"irregular": None},
        {"dtype": "complex128"},
        {"dataset_index": -1},
        {"dataset_index": "first"},
    ],
    ids=str,
)
def test_options_that_cannot_be(tmp_path, options):
    with pytest.raises(OptionError, match=next(iter(options))):
        load_image(write_nifti(tmp_path / "scan.nii"), **options)


def test_a_fault_of_the_disk_is_told(tmp_path, monkeypatch):
    """The only place where a reader is made to fail: no file does this on demand."""
    path = write_nifti(tmp_path / "scan.nii")
    from pictologics.storage import files

    def fail(*_, **__):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "open", fail, raising=False)
    with pytest.raises(FileAccessError, match="Input/output error"):
        load_image(path)
