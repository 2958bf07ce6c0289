"""Files of an object store, by a real server on this machine that speaks S3."""

from __future__ import annotations

import fsspec
import numpy as np
import pytest
from upath import UPath

from pictologics import Image, MissingPathError, UnsupportedFormatError, explain, load_image, save_image
from pictologics.storage.remote_folders import walk_remote_tree
from tests.cli.program import succeed
from tests.factories.dicom_series import write_series
from tests.factories.file_servers import make_bucket
from tests.factories.phantom import PHANTOM
from tests.factories.truth import assert_shows

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory, s3_server):
    folder = tmp_path_factory.mktemp("s3")
    write_series(folder / "ct")
    store = make_bucket("scans")
    for file in (folder / "ct").iterdir():
        store.put_file(str(file), f"scans/p1/ct/{file.name}")
    store.pipe_file("scans/p1/", b"")  # what some tools write to mark a folder
    return s3_server


def test_a_series(endpoint):
    for url in ("s3://scans/p1/ct/", "s3://scans/p1/ct"):
        assert_shows(load_image(url), PHANTOM)
    assert_shows(load_image("s3://scans/p1", recursive=True), PHANTOM)
    assert explain("s3://scans/p1/ct/").volumes[0].files == PHANTOM.array.shape[2]
    files = [entry.file.url for entry in walk_remote_tree("s3://scans/p1/ct")]
    assert_shows(load_image(files), PHANTOM)
    with pytest.raises(UnsupportedFormatError, match="no files and 1 folder that was not searched"):
        load_image("s3://scans/p1/")


def test_what_a_listing_tells(endpoint):
    entries = list(walk_remote_tree("s3://scans"))
    assert len(entries) == PHANTOM.array.shape[2]
    assert all(entry.path.startswith("p1/ct/") and entry.size > 132 and entry.version for entry in entries)
    before = {entry.path: entry.version for entry in entries}
    store = fsspec.filesystem("s3")
    changed = f"scans/{entries[0].path}"
    content = store.cat_file(changed)
    store.pipe_file(changed, content + b"\0\0")
    after = {entry.path: entry.version for entry in walk_remote_tree("s3://scans")}
    assert [path for path in before if before[path] != after[path]] == [entries[0].path]
    store.pipe_file(changed, content)


@pytest.mark.parametrize("name", ["out/scan.nii.gz", "out/deep/scan.nhdr"])
def test_what_is_saved_is_loaded(endpoint, name):
    image = Image(np.arange(120, dtype=np.float32).reshape(4, 5, 6), (0.5, 0.5, 2.0), (10.0, 20.0, 30.0))
    save_image(image, f"s3://scans/{name}")
    assert np.array_equal(load_image(f"s3://scans/{name}").array, image.array)


def test_an_endpoint_of_its_own(endpoint, monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    path = UPath("s3://scans/p1/ct", client_kwargs={"endpoint_url": endpoint})
    assert_shows(load_image(path), PHANTOM)


@pytest.mark.parametrize("url", ["s3://scans/none.nii", "s3://scans/none/", "s3://no-such-bucket/scan.nii"])
def test_what_is_not_there(endpoint, url):
    with pytest.raises(MissingPathError, match=f"'{url}': there is no such file or folder; check the URL"):
        load_image(url)


def test_a_bucket_that_is_not_there_takes_no_file(endpoint):
    image = Image(np.zeros((2, 2, 2), np.uint8), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    with pytest.raises(MissingPathError):
        save_image(image, "s3://no-such-bucket/scan.nii")


def test_commands(endpoint, tmp_path):
    assert "load_image('s3://scans/p1/ct/')" in succeed(tmp_path, "info", "s3://scans/p1/ct/")
    succeed(tmp_path, "convert", "s3://scans/p1/ct/", "s3://scans/converted/scan.nii.gz")
    assert_shows(load_image("s3://scans/converted/scan.nii.gz"), PHANTOM)
