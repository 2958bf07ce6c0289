"""Files written behind a URL: whole or not at all, and never where something goes wrong on the way."""

from __future__ import annotations

import io
import secrets
from pathlib import Path

import fsspec
import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from pictologics import FileAccessError, Image, OptionError, load_image, save_image
from pictologics.cli.demo_series import write_demo_series
from pictologics.loaders import load_seg
from pictologics.saving import save_seg

IMAGE = Image(np.arange(120, dtype=np.float32).reshape(4, 5, 6), (0.5, 0.5, 2.0), (10.0, 20.0, 30.0))


@pytest.fixture
def memory():
    """A folder of fsspec's file system in memory."""
    name = f"memory://{secrets.token_hex(4)}"
    yield name
    fsspec.filesystem("memory").rm(name, recursive=True)


def names_in(url):
    return sorted(path.rpartition("/")[2] for path in fsspec.filesystem(url.partition(":")[0]).find(url))


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_a_file(memory, suffix):
    save_image(IMAGE, f"{memory}/scan{suffix}")
    assert np.array_equal(load_image(f"{memory}/scan{suffix}").array, IMAGE.array)
    assert names_in(memory) == [f"scan{suffix}"]


def test_two_files_of_which_the_header_comes_last(memory, monkeypatch):
    sent = []
    put_file = MemoryFileSystem.put_file

    def note(self, lpath, rpath, **options):
        sent.append(rpath)
        put_file(self, lpath, rpath, **options)

    monkeypatch.setattr(MemoryFileSystem, "put_file", note)
    save_image(IMAGE, f"{memory}/deep/scan.nhdr")
    assert [path.rpartition("/")[2] for path in sent] == ["scan.raw.gz", "scan.nhdr"]
    assert np.array_equal(load_image(f"{memory}/deep/scan.nhdr").array, IMAGE.array)


def negative():
    return Image(-IMAGE.array, IMAGE.spacing, IMAGE.origin)


@pytest.mark.parametrize(("suffix", "data_suffix"), [(".nhdr", ".raw.gz"), (".mhd", ".zraw")])
def test_a_pair_that_is_replaced_is_whole_at_any_moment(memory, monkeypatch, suffix, data_suffix):
    url, seen = f"{memory}/scan{suffix}", []
    save_image(IMAGE, url)
    put_file, remove = MemoryFileSystem.put_file, MemoryFileSystem.rm_file

    def look():
        seen.append(load_image(url).array[0, 0, -1])

    def put_and_look(self, lpath, rpath, **options):
        put_file(self, lpath, rpath, **options)
        look()

    def look_and_remove(self, path):
        look()
        remove(self, path)

    monkeypatch.setattr(MemoryFileSystem, "put_file", put_and_look)
    monkeypatch.setattr(MemoryFileSystem, "rm_file", look_and_remove)
    for _ in range(2):
        save_image(negative(), url)
        save_image(IMAGE, url)
    value = IMAGE.array[0, 0, -1]
    assert value and seen == [value, -value, -value, -value, value, value] * 2
    assert len(names_in(memory)) == 2


@pytest.mark.parametrize(("suffix", "data_suffix"), [(".nhdr", ".raw.gz"), (".mhd", ".zraw")])
def test_a_pair_takes_no_place_of_another_file(memory, suffix, data_suffix):
    store = fsspec.filesystem("memory")
    theirs = f"{memory}/scan{data_suffix}"
    store.pipe_file(theirs, b"somebody's")
    for _ in range(2):
        save_image(IMAGE, f"{memory}/scan{suffix}")
        assert np.array_equal(load_image(f"{memory}/scan{suffix}").array, IMAGE.array)
    assert store.cat_file(theirs) == b"somebody's" and len(names_in(memory)) == 3


@pytest.mark.parametrize("suffix", [".nhdr", ".mhd"])
@pytest.mark.parametrize("copies", [1, 40])
def test_data_that_a_copied_header_names_stay(memory, suffix, copies):
    store = fsspec.filesystem("memory")
    save_image(IMAGE, f"{memory}/scan{suffix}")
    for k in range(copies):
        store.cp_file(f"{memory}/scan{suffix}", f"{memory}/copy{k}{suffix}")
    save_image(negative(), f"{memory}/scan{suffix}")
    assert np.array_equal(load_image(f"{memory}/copy{copies - 1}{suffix}").array, IMAGE.array)
    assert np.array_equal(load_image(f"{memory}/scan{suffix}").array, -IMAGE.array)


@pytest.mark.parametrize("suffix", [".nhdr", ".mhd"])
def test_a_pair_whose_header_does_not_arrive_leaves_no_data(memory, monkeypatch, suffix):
    save_image(IMAGE, f"{memory}/scan{suffix}")
    before = names_in(memory)
    put_file = MemoryFileSystem.put_file

    def fail(self, lpath, rpath, **options):
        if rpath.endswith(suffix):
            raise OSError(28, "No space left on device")
        put_file(self, lpath, rpath, **options)

    with monkeypatch.context() as patched, pytest.raises(FileAccessError, match="the file cannot be written"):
        patched.setattr(MemoryFileSystem, "put_file", fail)
        save_image(negative(), f"{memory}/scan{suffix}")
    assert names_in(memory) == before
    assert np.array_equal(load_image(f"{memory}/scan{suffix}").array, IMAGE.array)


def test_what_fails_leaves_the_file_that_was_there(memory, monkeypatch):
    save_image(IMAGE, f"{memory}/scan.nii")

    def fail(self, lpath, rpath, **_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(MemoryFileSystem, "put_file", fail)
        with pytest.raises(FileAccessError, match=r"scan.nii': the file cannot be written \(OSError\)"):
            save_image(IMAGE, f"{memory}/scan.nii")
    with pytest.raises(OptionError):
        save_image(Image(IMAGE.array.astype(np.complex64), IMAGE.spacing, IMAGE.origin), f"{memory}/scan.nii")
    assert names_in(memory) == ["scan.nii"]
    assert np.array_equal(load_image(f"{memory}/scan.nii").array, IMAGE.array)


class Share(LocalFileSystem):
    """A network share, as sftp:// and smb:// are: a file grows where it is written."""

    protocol = "share"
    breaks = False

    @classmethod
    def _strip_protocol(cls, path):
        # Older versions of fsspec take away their own names of local files only.
        return super()._strip_protocol(path.removeprefix("share://") if isinstance(path, str) else path)

    def put_file(self, lpath, rpath, **_):
        content = Path(lpath).read_bytes()
        Path(self._strip_protocol(rpath)).write_bytes(content[: 100 if self.breaks else None])
        if self.breaks:
            raise ConnectionResetError(104, "Connection reset by peer")


def test_where_files_grow_they_are_renamed_when_complete(tmp_path, monkeypatch):
    fsspec.register_implementation("share", Share, clobber=True)
    target = f"share://{tmp_path}/scan.nii"
    save_image(IMAGE, target)
    assert [file.name for file in tmp_path.iterdir()] == ["scan.nii"]
    monkeypatch.setattr(Share, "breaks", True)
    with pytest.raises(FileAccessError, match=r"the file cannot be written \(ConnectionResetError\)"):
        save_image(IMAGE, target)
    assert [file.name for file in tmp_path.iterdir()] == ["scan.nii"]
    assert np.array_equal(load_image(target).array, IMAGE.array)


def test_a_web_server_takes_no_files():
    with pytest.raises(OptionError, match=r"'https://127.0.0.1/scan.nii': a web server takes no files"):
        save_image(IMAGE, "https://me:word@127.0.0.1/scan.nii?token=1")


def test_a_folder_is_no_file(memory):
    save_image(IMAGE, f"{memory}/scan.nii")
    with pytest.raises(OptionError, match="the URL of a file is required, and this is a folder's"):
        save_image(IMAGE, f"{memory}/")


@pytest.mark.slow
def test_segments_of_a_series_behind_a_url(memory, tmp_path):
    demo = write_demo_series(tmp_path / "ct", slices=4, size=32)
    demo.localizer_file.unlink()
    fsspec.filesystem("memory").put(f"{tmp_path}/ct/", f"{memory}/ct/", recursive=True)
    scan = load_image(f"{memory}/ct")
    bone = Image.from_grid((scan.array > 200).astype(np.uint8), scan.grid, labels={1: "bone"})
    save_seg(bone, f"{memory}/ct", f"{memory}/bone.dcm")
    assert load_seg(f"{memory}/bone.dcm").labels == {1: "bone"}
    assert np.array_equal(load_seg(f"{memory}/bone.dcm", reference_image=scan).array, bone.array)


@pytest.mark.parametrize("format", [".nii", "nii.gz", ".nrrd", ".mha"])
def test_an_open_file(format):
    file = io.BytesIO()
    save_image(IMAGE, file, format=format)
    assert np.array_equal(load_image(io.BytesIO(file.getvalue())).array, IMAGE.array)
    assert not file.closed


def test_an_open_file_needs_a_format_of_one_file(tmp_path):
    with pytest.raises(OptionError, match="an open file does not say its format; pass format="):
        save_image(IMAGE, io.BytesIO())
    with pytest.raises(OptionError, match="writes several files"):
        save_image(IMAGE, io.BytesIO(), format=".nhdr")
    with pytest.raises(OptionError, match="unsupported file suffix"):
        save_image(IMAGE, io.BytesIO(), format=".png")
    with pytest.raises(OptionError, match="format is for open files"):
        save_image(IMAGE, tmp_path / "scan.nii", format=".nii")
    with pytest.raises(OptionError, match="the file takes text, and bytes are required"):
        save_image(IMAGE, io.StringIO(), format=".nii")
