"""Real servers on this machine: a web server that can misbehave, and one that speaks S3."""

from __future__ import annotations

import os
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass
class WebServer:
    """A web server of one folder, and what it was asked for."""

    folder: Path
    url: str = ""
    delay: float = 0.0
    fault: Callable[[Request], bool] | None = None
    requests: list[str] = field(default_factory=list)
    sent: int = 0
    waiting: int = 0
    most_waiting: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Request(BaseHTTPRequestHandler):
    """Answers one request, by stretches if it is asked to."""

    protocol_version = "HTTP/1.1"
    timeout = 5  # of a connection on which nothing comes, so that its thread ends
    server_settings: WebServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        web = self.server_settings
        with web.lock:
            web.requests.append(f"{self.path} {self.headers.get('Range', '')}".strip())
            web.waiting += 1
            web.most_waiting = max(web.waiting, web.most_waiting)
        try:
            time.sleep(web.delay)
            if web.fault is None or not web.fault(self):
                self.answer()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True
        finally:
            with web.lock:
                web.waiting -= 1

    def answer(self) -> None:
        path = self.server_settings.folder / unquote(urlsplit(self.path).path).lstrip("/")
        if path.is_dir():
            names = sorted(entry.name + "/" * entry.is_dir() for entry in path.iterdir())
            page = "".join(f'<a href="{quote(name)}">{name}</a>\n' for name in names).encode()
            self.send(200, page, {"Content-Type": "text/html"})
        elif not path.is_file():
            self.send(404, b"not here")
        else:
            self.send_stretch(path.read_bytes())

    def send_stretch(self, content: bytes) -> None:
        found = RANGE.fullmatch(self.headers.get("Range", ""))
        tag = {"ETag": f'"{len(content)}"', "Accept-Ranges": "bytes"}
        if found is None:
            self.send(200, content, tag)
            return
        start, end = int(found[1]), min(int(found[2]) + 1, len(content))
        if start >= len(content):
            self.send(416, b"", {"Content-Range": f"bytes */{len(content)}"} | tag)
            return
        place = {"Content-Range": f"bytes {start}-{end - 1}/{len(content)}"}
        self.send(206, content[start:end], place | tag)

    def send(self, status: int, content: bytes, headers: dict[str, str] | None = None, length: int | None = None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)
        self.server_settings.sent += len(content)


class QuietServer(ThreadingHTTPServer):
    """Says nothing of clients that went away."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


@contextmanager
def serve_folder(folder: Path, delay: float = 0.0, certificate: tuple[Path, Path] | None = None) -> Iterator[WebServer]:
    """Serve a folder until the block ends."""
    web = WebServer(folder, delay=delay)
    handler = type("RequestHere", (Request,), {"server_settings": web})
    server = QuietServer(("127.0.0.1", 0), handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    web.url = f"http{'s' * (certificate is not None)}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def serve_s3() -> Iterator[str]:
    """Serve S3 until the block ends, as what the environment says is S3; gives its address.

    One for all tests: the library keeps the address that it has seen first.
    """
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield settings["AWS_ENDPOINT_URL"]
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        server.stop()


def make_bucket(name: str) -> Any:
    """Make an empty bucket on that server; returns fsspec's file system."""
    import fsspec

    store = fsspec.filesystem("s3")
    store.mkdir(name)
    return store
