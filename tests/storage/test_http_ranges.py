"""A web server that does what it should not: an error of ours that names the URL, and never a wrong image."""

from __future__ import annotations

import gzip
import socket
import time

import numpy as np
import pytest

from pictologics import (
    CorruptFileError,
    FileAccessError,
    Image,
    MissingPathError,
    OptionError,
    PictologicsError,
    UnsupportedFormatError,
    load_image,
    save_image,
)
from pictologics.storage import http_ranges
from tests.factories.file_servers import RANGE, serve_folder

ARRAY = np.random.default_rng(3).integers(0, 4000, (64, 64, 40)).astype(np.int16)
"""Larger than the head of a file that is fetched first."""


@pytest.fixture
def web(tmp_path, monkeypatch):
    monkeypatch.setattr(http_ranges, "PAUSE", 0.01)
    monkeypatch.setenv("PICTOLOGICS_TIMEOUT", "0.4")
    save_image(Image(ARRAY, (1.0, 1.0, 2.0), (0.0, 0.0, 0.0)), tmp_path / "scan.nii")
    with serve_folder(tmp_path) as server:
        yield server


def content_of(request):
    return (request.server_settings.folder / "scan.nii").read_bytes()


def refuse(status):
    def fault(request):
        request.send(status, b"a page that explains")
        return True

    return fault


def ignore_ranges(request):
    request.send(200, content_of(request))
    return True


def break_off(request):
    request.send(206, content_of(request)[:1000], {"Content-Range": "bytes 0-65535/328256"}, length=65536)
    request.close_connection = True
    return True


def break_off_whole(request):
    request.send(200, content_of(request)[:1000], length=328256)
    request.close_connection = True
    return True


def send_fewer(request):
    request.send(206, content_of(request)[:1000], {"Content-Range": "bytes 0-65535/328256"})
    return True


def send_more(request):
    request.send(206, content_of(request)[:70000], {"Content-Range": "bytes 0-65535/328256"})
    return True


def send_another_part(request):
    request.send(206, content_of(request)[8:16], {"Content-Range": "bytes 8-15/328256"})
    return True


def hide_the_size(request):
    request.send(206, content_of(request)[:65536], {"Content-Range": "bytes 0-65535/*"})
    return True


def send_nonsense(request):
    request.wfile.write(b"scan scan scan\r\n\r\n")
    request.close_connection = True
    return True


def stay_silent(request):
    time.sleep(1.0)
    request.close_connection = True
    return True


def stop_half_way(request):
    request.send(206, content_of(request)[:1000], {"Content-Range": "bytes 0-65535/328256"}, length=65536)
    time.sleep(1.0)
    request.close_connection = True
    return True


def send_a_web_page(request):
    request.send(200, b"<!DOCTYPE html><html>Please log in</html>", {"Content-Type": "text/html"})
    return True


FAULTS = {
    "404": (refuse(404), MissingPathError, r"there is no such file on the server \(404\); check the URL"),
    "410": (refuse(410), MissingPathError, "no such file"),
    "401": (refuse(401), FileAccessError, r"the server refuses \(401\); check your credentials"),
    "403": (refuse(403), FileAccessError, r"the server refuses \(403\); check your credentials"),
    "500": (refuse(500), FileAccessError, "the server answers 500 instead of the file; try again later"),
    "418": (refuse(418), FileAccessError, "the server answers 418 instead of the file"),
    "416": (refuse(416), FileAccessError, "the server answers 416"),
    "breaks off": (break_off, FileAccessError, r"the file cannot be read \(ClientPayloadError\)"),
    "breaks off the whole": (break_off_whole, FileAccessError, r"the file cannot be read \(ClientPayloadError\)"),
    "fewer": (send_fewer, CorruptFileError, "the server sent 1000 bytes where it said 65536"),
    "more": (send_more, CorruptFileError, "the server sent 65537 bytes where it said 65536"),
    "another part": (send_another_part, CorruptFileError, "another part of the file than was asked for"),
    "no size": (hide_the_size, CorruptFileError, "or does not say which"),
    "nonsense": (send_nonsense, FileAccessError, "the file cannot be read"),
    "silent": (stay_silent, FileAccessError, r"did not answer within 0.4 seconds; .*PICTOLOGICS_TIMEOUT"),
    "stops": (stop_half_way, FileAccessError, r"did not answer within 0.4 seconds"),
    "web page": (send_a_web_page, UnsupportedFormatError, "this is a web page"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_that_misbehaves(web, fault):
    web.fault, expected, words = FAULTS[fault]
    url = web.url.replace("http://", "http://me:word@") + "/scan.nii?token=secret"
    with pytest.raises(expected, match=words) as caught:
        load_image(url)
    assert type(caught.value) is expected
    assert caught.value.path == f"{web.url}/scan.nii"
    assert "word" not in str(caught.value) and "secret" not in str(caught.value)
    assert len(web.requests) == (3 if fault in {"500", "breaks off", "breaks off the whole", "nonsense"} else 1) or (
        fault == "nonsense"
    )


def test_a_server_that_is_busy_is_asked_again(web):
    def busy(request):
        if len(web.requests) % 3:
            request.send(503, b"later")
            return True
        return False

    web.fault = busy
    assert np.array_equal(load_image(f"{web.url}/scan.nii").array, ARRAY)


def test_a_server_without_ranges_sends_the_file_once(web):
    web.fault = ignore_ranges
    assert np.array_equal(load_image(f"{web.url}/scan.nii").array, ARRAY)
    assert len(web.requests) == 1


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_a_server_that_sends_stretches_of_compressed_bytes(web, name):
    # Apache with AddEncoding does, for files that are called .gz.
    packed = gzip.compress((web.folder / "scan.nii").read_bytes())

    def pack(request):
        found = RANGE.fullmatch(request.headers.get("Range", ""))
        start, end = (int(found[1]), min(int(found[2]) + 1, len(packed))) if found else (0, len(packed))
        place = {"Content-Range": f"bytes {start}-{end - 1}/{len(packed)}"} if found else {}
        request.send(206 if found else 200, packed[start:end], {"Content-Encoding": "gzip", **place})
        return True

    web.fault = pack
    assert np.array_equal(load_image(f"{web.url}/{name}").array, ARRAY)
    assert len(web.requests) == 2


def test_a_server_without_ranges_sends_no_large_file(web, monkeypatch):
    monkeypatch.setattr(http_ranges, "LARGEST_WHOLE_FILE", 1 << 18)
    web.fault = ignore_ranges
    with pytest.raises(FileAccessError, match="sends whole files only"):
        load_image(f"{web.url}/scan.nii")
    assert len(web.requests) == 1


def test_a_file_that_changes_between_two_requests(web):
    def change(request):
        if len(web.requests) == 2:
            (web.folder / "scan.nii").write_bytes(content_of(request) + b"more")
        return False

    web.fault = change
    with pytest.raises(CorruptFileError, match="changed while it was read; load it again"):
        load_image(f"{web.url}/scan.nii")


def test_an_empty_file(web):
    (web.folder / "empty.nii").touch()
    with pytest.raises(CorruptFileError, match="the file is empty"):
        load_image(f"{web.url}/empty.nii")


def test_a_server_that_is_not_there(monkeypatch):
    monkeypatch.setattr(http_ranges, "PAUSE", 0.01)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(FileAccessError, match=r"cannot be read \(ClientConnectorError\); check the URL"):
        load_image(f"http://127.0.0.1:{port}/scan.nii")


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf"])
def test_a_timeout_that_is_none(monkeypatch, text):
    monkeypatch.setenv("PICTOLOGICS_TIMEOUT", text)
    with pytest.raises(OptionError, match=r"PICTOLOGICS_TIMEOUT is .* and must be a number of seconds above 0"):
        load_image("http://127.0.0.1:9/scan.nii")


@pytest.mark.parametrize("url", ["http://", "http:///scan.nii", "http://[::1/scan.nii", "https://host:port/scan.nii"])
def test_a_url_that_is_none(monkeypatch, url):
    monkeypatch.setattr(http_ranges, "PAUSE", 0.01)
    with pytest.raises(PictologicsError):
        load_image(url)
