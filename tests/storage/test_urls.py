"""What is a URL and what is a path, what messages show of a URL, and which names stay beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pictologics import MissingPathError, OptionError, load_image, save_image
from pictologics.storage.urls import extend_url, find_url, hide_secrets, join_url, local_path_of
from tests.factories.nifti_files import write_nifti


@pytest.mark.parametrize(
    "text", ["https://host/a.nii", "s3://bucket/x", "memory://a", "abfss://c@h/x", "zip://a.nii::https://host/b.zip"]
)
def test_text_with_a_protocol_is_a_url(text):
    assert find_url(text) == text


def test_protocols_have_no_case():
    assert find_url("HTTPS://Host/A.nii") == "https://Host/A.nii"
    assert find_url("Zip://A.nii::S3://Bucket/B.zip") == "zip://A.nii::S3://Bucket/B.zip"


@pytest.mark.parametrize(
    "given",
    [
        *("C:\\scans\\a.nii", "C://scans/a.nii", "a://b", "s3:bucket/x", "s3:/bucket/x", "./s3://bucket/x", "a 1://x"),
        *(Path("s3://bucket/x"), b"s3://bucket", None, 5),
    ],
    ids=repr,
)
def test_everything_else_is_none(given):
    assert find_url(given) is None


def test_a_local_file_whose_name_looks_like_a_url_is_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("s3:/bucket").mkdir(parents=True)
    write_nifti(Path("s3:/bucket/scan.nii"))
    write_nifti(Path("s3:scan.nii"))
    for path in (Path("s3://bucket/scan.nii"), "./s3://bucket/scan.nii", "s3:scan.nii", Path("s3:scan.nii")):
        assert load_image(path).array.size


def test_a_path_made_of_a_url_is_told_what_it_lost():
    with pytest.raises(MissingPathError, match="pass a URL as text: a Path takes one of its slashes"):
        load_image(Path("https://host/scan.nii"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:word@host:80/a.nii?sig=1#x", "https://host:80/a.nii"),
        ("https://me@host", "https://host"),
        ("s3://bucket/a#1.nii?versionId=2", "s3://bucket/a#1.nii"),
        ("sftp://me:a/b@host/x", "sftp://me:a/b@host/x"),
        ("simplecache::https://u:p@h/a?b=c", "simplecache::https://h/a"),
        ("/local/a?b", "/local/a?b"),
    ],
)
def test_messages_show_no_secrets(url, shown):
    assert hide_secrets(url) == shown


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("b.raw", "https://h/x/b.raw?t=1"),
        ("./parts/b.raw", "https://h/x/parts/b.raw?t=1"),
        ("parts\\b.raw", "https://h/x/parts/b.raw?t=1"),
        ("../b.raw", None),
        ("parts/../../b.raw", None),
        ("/etc/passwd", None),
        ("file:///etc/passwd", None),
        ("http://inside/secret", None),
        ("C:\\b.raw", None),
        (".", None),
    ],
)
def test_what_a_header_names_stays_beside_it(name, found):
    assert join_url("https://h/x/a.nhdr?t=1", name) == found


@pytest.mark.parametrize(
    ("url", "path", "whole"),
    [
        ("https://h/x?t=1", "a b#c/d", "https://h/x/a%20b%23c/d?t=1"),
        ("https://h/x/", "a", "https://h/x/a"),
        ("s3://b/x", "a b#c", "s3://b/x/a b#c"),
        ("memory://", "a", "memory://a"),
        ("zip://in::https://h/x.zip", "a", "zip://in/a::https://h/x.zip"),
    ],
)
def test_a_url_goes_on_below_a_folder(url, path, whole):
    assert extend_url(url, path) == whole


def test_a_file_url_is_a_path(tmp_path):
    folder = tmp_path / "a b#c"
    folder.mkdir()
    write_nifti(folder / "scan.nii")
    url = (folder / "scan.nii").as_uri()
    assert local_path_of(url) == folder / "scan.nii"
    image = load_image(url)
    assert image.provenance.source == str(folder / "scan.nii")
    save_image(image, (folder / "copy.nii").as_uri())
    assert load_image(folder / "copy.nii").array.shape == image.array.shape


def test_a_file_url_of_another_machine_is_refused():
    with pytest.raises(OptionError, match="names a file of the machine 'server'"):
        load_image("file://server/share/scan.nii")


def test_a_tilde_is_the_home_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    image = load_image(write_nifti(tmp_path / "scan.nii"))
    save_image(image, "~/copy.nii.gz")
    for path in ("~/copy.nii.gz", Path("~/copy.nii.gz")):
        assert load_image(path).array.size == image.array.size
    assert load_image(["~/copy.nii.gz"]).array.size == image.array.size


def test_a_tilde_that_is_no_home_is_a_letter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_nifti(tmp_path / "~scan.nii")
    assert load_image("~scan.nii").array.size
    with pytest.raises(MissingPathError, match=r"'~nobody-of-this-name/a.nii': there is no such file"):
        load_image("~nobody-of-this-name/a.nii")
    assert [file.name for file in tmp_path.iterdir()] == ["~scan.nii"]
