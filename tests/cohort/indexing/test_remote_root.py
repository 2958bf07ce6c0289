"""A tree behind a URL is indexed as it is on disk: the same rows, and a second run that fetches no head again."""

from __future__ import annotations

import os
import shutil

import pytest

from pictologics import FileAccessError, MissingPathError
from pictologics.cohort import index
from tests.factories.cohort_tables import read_rows
from tests.factories.dicom_series import uid, write_series
from tests.factories.file_servers import make_bucket, serve_folder
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM

pytestmark = pytest.mark.slow


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "export"
    write_series(folder / "P 1#a" / "ct")
    write_series(folder / "P2" / "mr", PHANTOM, lambda ds, k: setattr(ds, "SeriesInstanceUID", uid("other")))
    write_nifti(folder / "P2" / "mask.nii.gz")
    (folder / "P2" / "notes.txt").write_text("nothing")
    (folder / "P2" / ".hidden").write_text("nothing")
    return folder


def rows_of(cohort):
    files = [(row["path"], row["size"], row["format"], row["error"]) for row in read_rows(cohort.path, "files")]
    series = [(row["modality"], row["files"], row["verdict"] or "") for row in read_rows(cohort.path, "series")]
    return sorted(files, key=str), sorted(series, key=str)


def column_of(cohort, name):
    return {row["path"]: row[name] for row in read_rows(cohort.path, "files")}


def test_a_web_server(tree, tmp_path):
    local = rows_of(index(tree, tmp_path / "local", identifiers=True, workers=1))
    with serve_folder(tree) as web:
        url = web.url.replace("//", "//me:word@") + "/"
        cohort = index(url, tmp_path / "cohort", identifiers=True, workers=1)
        assert rows_of(cohort) == local
        assert cohort.root == web.url
        first = len(web.requests)
        index(url, tmp_path / "cohort", identifiers=True, workers=1)
        # A page of links tells no sizes: each file is asked for its own, and nothing is read behind that.
        assert len(web.requests) - first < first
        changed = tree / "P2" / "mask.nii.gz"
        shutil.copy(write_nifti(tmp_path / "new.nii.gz"), changed)
        changed.write_bytes(changed.read_bytes() + b"\0")
        cohort = index(url, tmp_path / "cohort", identifiers=True, workers=1)
        assert column_of(cohort, "size")["P2/mask.nii.gz"] == changed.stat().st_size
        for row in read_rows(cohort.path, "series"):
            assert cohort.load_image(row["series_key"]).array.size == 210
    assert not [path for path in (tmp_path / "cohort").rglob("*") if path.is_file() and b"word" in path.read_bytes()]


def test_an_object_store(tree, tmp_path, s3_server):
    local = rows_of(index(tree, tmp_path / "local", identifiers=True, workers=1))
    store = make_bucket("exports")
    store.put(os.fspath(tree), "exports/all", recursive=True)
    cohort = index("s3://exports/all", tmp_path / "cohort", identifiers=True, workers=2)
    assert rows_of(cohort) == local
    times = column_of(cohort, "mtime_ns")
    # The same number of bytes, within the same second.
    name = "P2/notes.txt"
    store.pipe_file(f"exports/all/{name}", b"somehow")
    cohort = index("s3://exports/all", tmp_path / "cohort", identifiers=True, workers=2)
    after = column_of(cohort, "mtime_ns")
    assert [path for path in times if times[path] != after[path]] == [name]
    with pytest.raises(MissingPathError, match="there is no such file or folder"):
        index("s3://exports/none", tmp_path / "none", identifiers=True, workers=1)


def test_a_server_that_refuses(tree, tmp_path):
    with serve_folder(tree) as web:
        web.fault = lambda request: request.send(403, b"no") is None
        with pytest.raises(FileAccessError, match="the folder cannot be listed"):
            index(f"{web.url}/", tmp_path / "cohort", identifiers=True, workers=1)
        # One folder that refuses is a row, and no end.
        web.fault = lambda request: "P2" in request.path and request.send(403, b"no") is None
        cohort = index(f"{web.url}/", tmp_path / "cohort", identifiers=True, workers=1)
        found = {path: error for path, error in column_of(cohort, "error").items() if error}
        assert found == {"P2": "FileAccessError"}


def test_causes_that_cannot_be_pickled_are_left_behind(tree, tmp_path):
    """Once Dask is imported, exceptions are pickled together with what caused them."""
    pytest.importorskip("tblib.pickling_support").install()
    test_a_server_that_refuses(tree, tmp_path)
