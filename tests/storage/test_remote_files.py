"""Files behind a URL: how often a server is asked and for what, and that they go to other processes and threads."""

from __future__ import annotations

import multiprocessing
import pickle
import socket
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pictologics import FileAccessError, Image, OptionError, load_image, save_image
from pictologics.storage import remote_files
from pictologics.storage.remote_files import RemoteFile
from tests.factories.file_servers import serve_folder
from tests.factories.hostile import ends_at_last

CONTENT = np.random.default_rng(5).integers(0, 256, 3_000_000).astype(np.uint8).tobytes()


@pytest.fixture
def web(tmp_path):
    (tmp_path / "data.bin").write_bytes(CONTENT)
    with serve_folder(tmp_path) as server:
        yield server


def test_the_head_is_fetched_once_with_the_size(web):
    file = RemoteFile(f"{web.url}/data.bin")
    for _ in range(3):
        with file.open() as opened:
            assert opened.size == len(CONTENT)
            assert opened.read_at(10, 1000) == CONTENT[10:1010]
    assert web.requests == ["/data.bin bytes=0-65535"]


def test_reads_one_after_another_are_answered_ahead(web):
    with RemoteFile(f"{web.url}/data.bin").open() as opened:
        content = b"".join(opened.read_at(start, 1 << 15) for start in range(0, len(CONTENT) + 1, 1 << 15))
    assert content == CONTENT
    assert len(web.requests) <= 5
    # The server counts what it has sent, after who asked for it may have read it all.
    with ends_at_last():
        while web.sent < len(CONTENT):
            time.sleep(0.001)
    assert web.sent == len(CONTENT)


def test_large_reads_are_shared_among_requests(web, monkeypatch):
    monkeypatch.setattr(remote_files, "LARGEST_REQUEST", 1 << 18)
    web.delay = 0.02
    buffer = np.empty(len(CONTENT) - 100_000, np.uint8)
    with RemoteFile(f"{web.url}/data.bin").open() as opened:
        opened.fill(100_000, buffer)
        assert opened.read_at(100_000, len(CONTENT)) == CONTENT[100_000:]
    assert buffer.tobytes() == CONTENT[100_000:]
    assert 2 <= web.most_waiting <= remote_files.REQUESTS_OF_ONE_READ


def test_reads_at_and_beyond_the_end(web):
    with RemoteFile(f"{web.url}/data.bin").open() as opened:
        assert opened.read_at(len(CONTENT) - 5, 100) == CONTENT[-5:]
        assert opened.read_at(len(CONTENT), 100) == b""
        assert opened.read_at(len(CONTENT) + 5, 100) == b""
        with pytest.raises(ValueError, match="ends 1 bytes before the end of its voxels"):
            opened.fill(len(CONTENT) - 9, np.empty(10, np.uint8))


def test_threads_share_a_file(web):
    file = RemoteFile(f"{web.url}/data.bin")

    def read(start):
        with file.open() as opened:
            return opened.read_at(start, 5000) == CONTENT[start : start + 5000]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(0, len(CONTENT), 60_000)))


def read_in_child(file):
    with file.open() as opened:
        return opened.read_at(2_000_000, 1000)


@pytest.mark.slow
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_other_processes_read_a_file_that_this_one_has_read(web, method):
    file = RemoteFile(f"{web.url}/data.bin")
    assert read_in_child(file) == CONTENT[2_000_000:2_001_000]
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply_async(read_in_child, (file,)).get(30) == CONTENT[2_000_000:2_001_000]
        pool.close()
        pool.join()
    # This process goes on with its own connections.
    assert read_in_child(file) == CONTENT[2_000_000:2_001_000]


def test_a_pickled_file_is_small_and_knows_no_content(web):
    file = RemoteFile(f"{web.url}/data.bin", {"block_size": 7})
    file.open()
    copy = pickle.loads(pickle.dumps(file))
    assert (copy.url, copy.options, copy.head, copy.size) == (file.url, file.options, None, None)
    assert len(pickle.dumps(file)) < 300


@pytest.mark.slow
def test_a_program_that_read_a_url_ends_without_a_word(web, tmp_path):
    save_image(Image(np.ones((4, 5, 6), np.float32), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), tmp_path / "scan.nii")
    code = f"import pictologics; print(pictologics.load_image('{web.url}/scan.nii').array.sum())"
    command = [sys.executable, "-W", "error", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "120.0\n", "")


@pytest.mark.slow
def test_no_local_load_imports_fsspec(tmp_path):
    save_image(Image(np.ones((4, 5, 6), np.float32), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), tmp_path / "scan.nii.gz")
    code = (
        "import sys, pictologics as p; p.save_image(p.load_image(sys.argv[1]), sys.argv[1]);"
        "print(sorted({'fsspec', 'aiohttp', 'asyncio', 'ssl', 'concurrent'} & {n.split('.')[0] for n in sys.modules}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "scan.nii.gz")], capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_other_protocols_of_fsspec(web, tmp_path):
    """One that goes through another, and one that has no library here."""
    image = Image(np.arange(120, dtype=np.int16).reshape(4, 5, 6), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    save_image(image, tmp_path / "scan.nii.gz")
    with zipfile.ZipFile(tmp_path / "scan.zip", "w") as archive:
        archive.write(tmp_path / "scan.nii.gz", "inside/scan.nii.gz")
    for url in (f"zip://inside/scan.nii.gz::{web.url}/scan.zip", f"simplecache::{web.url}/scan.nii.gz"):
        assert np.array_equal(load_image(url).array, image.array)
    with pytest.raises(OptionError, match="reading gs:// needs the library gcsfs, which is not installed"):
        load_image("gs://bucket/scan.nii")
    for protocol in ("scan", "reference"):
        with pytest.raises(OptionError, match=f"fsspec cannot open a URL that begins with {protocol}://"):
            load_image(f"{protocol}://bucket/scan.nii")


def test_without_fsspec_the_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(OptionError, match=r"reading https:// needs the library fsspec, which is not installed; pip"):
        load_image("https://127.0.0.1/scan.nii")


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_damaged_archive_of_a_chain_is_an_error_of_ours(web, tmp_path, kind):
    (tmp_path / f"cut.{kind}").write_bytes(CONTENT[:3000])
    with pytest.raises(FileAccessError, match=rf"{kind}://scan.nii::http"):
        load_image(f"{kind}://scan.nii::{web.url}/cut.{kind}")


def test_a_server_that_refuses_a_login_is_an_error_of_ours():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse():
            connection, _ = listener.accept()
            with connection, connection.makefile("rw", newline="\r\n") as lines:
                lines.write("220 here\n")
                lines.flush()
                lines.readline()
                lines.write("530 not you\n")
                lines.flush()

        server = threading.Thread(target=refuse)
        server.start()
        with pytest.raises(FileAccessError, match=r"'ftp://127.0.0.1:\d+/a.nii': the host cannot be reached") as caught:
            load_image(f"ftp://jane:secret@127.0.0.1:{listener.getsockname()[1]}/a.nii")
        server.join()
    assert "secret" not in str(caught.value)
