"""The folder of a run in an object store: the same answers as on disk, and errors that name the URL."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from pictologics import CorruptFileError, FileAccessError, Image
from pictologics.cohort.running.run_folder import open_run_folder
from tests.factories.file_servers import make_bucket

pytestmark = pytest.mark.slow

IMAGE = Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0))


@pytest.fixture(scope="module")
def bucket(s3_server):
    make_bucket("runs")
    return "s3://runs"


@pytest.mark.parametrize("place", ["disk", "store"])
def test_files_come_and_go(place, bucket, tmp_path):
    folder = open_run_folder(tmp_path / "out" if place == "disk" else f"{bucket}/out")
    assert folder.list_names("manifest") == []
    assert folder.read_text("manifest/a.json") is None
    assert folder.measure("manifest/a.json") is None
    folder.write_text("manifest/a.json", "{ä}")
    folder.write_text("manifest/b.json", "")
    assert folder.list_names("manifest") == ["a.json", "b.json"]
    assert folder.read_text("manifest/a.json") == "{ä}"
    assert (folder.measure("manifest/a.json"), folder.measure("manifest/b.json")) == (4, 0)
    assert folder.hash("manifest/a.json") == hashlib.sha256("{ä}".encode()).hexdigest()
    folder.write_text("manifest/a.json", "other")
    assert folder.read_text("manifest/a.json") == "other"
    for _ in range(2):
        folder.remove("manifest/a.json")
        assert folder.list_names("manifest") == ["b.json"]


@pytest.mark.parametrize("name", ["images/scan.nii.gz", "images/scan.nhdr"])
def test_an_image(bucket, name):
    folder = open_run_folder(f"{bucket}/images-of-a-run")
    folder.save(IMAGE, name)
    assert np.array_equal(folder.load(name).array, IMAGE.array)


def test_a_bucket_that_is_not_there(bucket):
    folder = open_run_folder("s3://no-such-bucket/out")
    assert folder.read_text("a.json") is None
    with pytest.raises(FileAccessError, match=r"'s3://no-such-bucket/out/a.json'"):
        folder.write_text("a.json", "text")


@pytest.mark.parametrize("path", ["../precious", "a/../../precious", "a/..", ".."])
@pytest.mark.parametrize("use", ["remove", "load", "measure", "hash", "read_text"])
def test_a_row_of_a_stranger_names_no_file_outside(tmp_path, path, use):
    (tmp_path / "precious").write_text("kept")
    folder = open_run_folder(tmp_path / "run")
    (tmp_path / "run" / "a").mkdir(parents=True)
    with pytest.raises(CorruptFileError, match="outside of it"):
        getattr(folder, use)(path)
    assert (tmp_path / "precious").read_text() == "kept"


def test_an_absolute_path_is_one_below(tmp_path):
    assert open_run_folder(tmp_path).locate("/etc/passwd") == str(tmp_path / "etc" / "passwd")
