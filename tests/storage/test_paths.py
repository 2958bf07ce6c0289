"""Names that no file can have, links to themselves, folders without permission or without end: our errors."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from pictologics import (
    CorruptFileError,
    FileAccessError,
    Image,
    MissingPathError,
    OptionError,
    PictologicsError,
    Pipeline,
    explain,
    load_image,
    save_image,
    save_planes,
    save_seg,
    save_slices,
)
from pictologics.dicom.headers.scanning import list_files
from pictologics.storage.detached_files import number_names
from pictologics.storage.paths import check_writable_name, is_file, is_folder, is_there
from tests.factories.dicom_series import slice_file, write_series

LONG, NULL = "a" * 5000, "a\0b"
IMPOSSIBLE = [LONG, NULL, "a" * 300, f"{'a/' * 3000}b", "\ud800"]

links = pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own")


@pytest.fixture
def image():
    return Image(np.ones((3, 4, 5), np.uint8), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_nothing_is_at_an_impossible_name(tmp_path, name):
    for path in (name, str(tmp_path / name)):
        assert not is_there(path)
        assert not is_file(path)
        assert not is_folder(path)


@pytest.mark.parametrize("name", IMPOSSIBLE)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".dcm", ".img", ".hdr", ".mhd", "", ".zip"])
def test_an_impossible_name_is_not_there(name, suffix):
    with pytest.raises(MissingPathError):
        load_image(name + suffix)
    with pytest.raises(MissingPathError):
        load_image([name + suffix, name])
    with pytest.raises(MissingPathError):
        explain(name + suffix)
    with pytest.raises((MissingPathError, OptionError)):
        Pipeline.from_file(name + ".yaml")


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_nothing_is_saved_under_an_impossible_name(tmp_path, image, name):
    refused = pytest.raises((FileAccessError, OptionError))
    pipeline = Pipeline.from_yaml("steps: [round_intensities]")
    for folder in (Path(), tmp_path):
        for suffix in (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"):
            with refused:
                save_image(image, f"{folder / name}{suffix}")
        with refused:
            save_planes(image, f"{folder / name}.png")
        with refused:
            save_slices(image, folder / name)
        with refused:
            pipeline.save(f"{folder / name}.yaml")
        with refused:
            save_seg(image, folder / name, tmp_path / "o.dcm")
    assert not list(tmp_path.iterdir())


def test_a_null_byte_is_shown_as_text(tmp_path):
    with pytest.raises(OptionError, match=r"a\\0b"):
        check_writable_name(tmp_path / NULL)


@links
def test_a_link_to_itself_is_passed_over(tmp_path):
    write_series(tmp_path)
    expected = load_image(tmp_path)
    (tmp_path / "self").symlink_to("self")
    assert load_image(tmp_path).equals(expected)
    assert load_image(tmp_path, recursive=True).equals(expected)
    with pytest.raises(MissingPathError):
        load_image(tmp_path / "self")


@pytest.fixture
def deep_folder(tmp_path):
    """1,100 folders within each other, made and removed step by step: no path of all of them is needed."""
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1100):
            Path("d").mkdir()
            os.chdir("d")
        os.chdir(before)
        yield tmp_path
    finally:
        os.chdir(tmp_path / ("d/" * 1100))
        for _ in range(1100):
            os.chdir("..")
            Path("d").rmdir()
        os.chdir(before)


@pytest.mark.skipif(sys.platform == "win32", reason="paths are shorter there")
def test_folders_may_nest_deeper_than_calls(deep_folder):
    assert list_files(deep_folder, recursive=True) == []
    with pytest.raises(PictologicsError):
        load_image(deep_folder, recursive=True)


def test_a_folder_that_may_not_be_entered_says_so(tmp_path, monkeypatch):
    def refuse(path, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(os, "stat", refuse)
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(FileAccessError, match=r"Permission denied.*check its permissions"):
        is_file(tmp_path / "a.nii")
    with pytest.raises(FileAccessError, match=r"cannot be listed .Permission denied.; check its permissions"):
        list_files(tmp_path, recursive=False)


@pytest.mark.parametrize("error", [errno.EACCES, errno.EMFILE, errno.ELOOP, errno.EIO, errno.ENAMETOOLONG])
def test_a_file_that_cannot_be_opened_says_why(tmp_path, image, monkeypatch, error):
    path = tmp_path / "a.nii"
    save_image(image, path)

    def refuse(name, *_):
        raise OSError(error, os.strerror(error), name)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(FileAccessError, match=os.strerror(error)):
        load_image(path)


@pytest.mark.parametrize("conversion", ["%d", "%ld", "%lld", "%lli", "%lu", "%3lld"])
def test_the_length_of_a_number_in_c_is_passed_over(conversion):
    names = number_names(f"100%%{conversion}l%%lld.raw", 1, 2, 1, "a.mhd")
    assert [name.replace(" ", "") for name in names] == ["100%1l%lld.raw", "100%2l%lld.raw"]


@pytest.mark.parametrize(
    "text",
    [
        "steps: !!int ''",
        "steps: !!timestamp 5",
        "steps: !!bool q",
        "steps: !!float ''",
        "steps: !!binary '='",
        "steps: !!pairs [[1]]",
        "steps: !!omap 3",
        "steps: !!set [1]",
        "steps: !!python/object:os.system x",
        "steps: 0x" + "f" * 10000,
        "steps: " + "9" * 4000,
        "0x" + "f" * 10000 + ": 1",
        "steps: " + "[" * 5000,
        "? [1, 2]\n: 3",
        "steps: 99999-99-99",
        "steps: \0",
    ],
)
def test_no_yaml_raises_a_foreign_error(text):
    with pytest.raises((CorruptFileError, OptionError)):
        Pipeline.from_yaml(text)


@pytest.mark.parametrize("depth", [100, 3000])
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])
def test_sequences_deeper_than_any_are_refused(tmp_path, depth, syntax):
    path = slice_file(tmp_path / "a.dcm", 0, syntax=syntax)
    content = path.read_bytes()
    vr = b"SQ\0\0" if syntax.endswith(".2.1") else b""
    begin = b"\x08\0\x15\x11" + vr + b"\xff" * 4 + b"\xfe\xff\x00\xe0" + b"\xff" * 4
    end = b"\xfe\xff\x0d\xe0" + bytes(4) + b"\xfe\xff\xdd\xe0" + bytes(4)
    at = content.index(b"\x10\0\x10\0")
    path.write_bytes(content[:at] + begin * depth + end * depth + content[at:])
    with pytest.raises(CorruptFileError, match="nested more than 64 deep"):
        load_image(path)


@pytest.mark.parametrize("given", [5, None, b"a", [b"a"], ["a", 5], [], {}])
def test_what_is_no_path_is_refused(tmp_path, image, given):
    with pytest.raises(OptionError):
        save_image(image, given)
    with pytest.raises(OptionError):
        save_seg(image, given, tmp_path / "o.dcm")
    with pytest.raises(OptionError):
        Pipeline.from_file(given)
