"""File systems beyond this machine, by fsspec: one for each host and process, asked within limits."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from threading import BoundedSemaphore, Lock
from typing import Any, Final

from ..errors import CorruptFileError, FileAccessError, MissingPathError, OptionError, PictologicsError
from .urls import URL_START, hide_secrets

__all__ = [
    "MOST_REQUESTS",
    "RemoteSystem",
    "changed_file_error",
    "find_remote_system",
    "get_timeout",
    "refuse_remote_errors",
    "remote_timeout_error",
]

MOST_REQUESTS: Final = 32
"""Requests of one process that wait for an answer from one host: more are slowed down by many servers."""

TIMEOUT_VARIABLE: Final = "PICTOLOGICS_TIMEOUT"
"""Environment variable: seconds to wait for a server that sends nothing."""

USUAL_TIMEOUT: Final = 60.0
"""Seconds."""

FOREIGN_ERRORS: Final = (
    ("aiohttp", "ClientError"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("azure.core.exceptions", "AzureError"),
    ("gcsfs.retry", "HttpError"),
    ("paramiko", "SSHException"),
    ("requests", "RequestException"),
    ("ftplib", "Error"),
    ("zipfile", "BadZipFile"),
    ("tarfile", "TarError"),
    ("zlib", "error"),
)
"""Errors of the libraries behind fsspec that are no OSError: module and class."""


@dataclass
class RemoteSystem:
    """What reaches the files of one host.

    Attributes:
        filesystem: fsspec's own.
        is_http: Whether it speaks plain HTTP.
        may_share: Whether several threads may ask it at once: a connection such as FTP's answers one after another.
        requests: Bounds what waits for an answer.
        lock: Held by the thread that asks, where only one may.
    """

    filesystem: Any
    is_http: bool
    may_share: bool
    requests: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(MOST_REQUESTS))
    lock: Lock = field(default_factory=Lock)

    @contextmanager
    def turn(self) -> Iterator[dict[str, float]]:
        """Wait for a turn to ask.

        Yields:
            Keywords for a method of the file system: its timeout, where it knows one.
        """
        with self.requests, nullcontext() if self.may_share else self.lock:
            # The many minutes of a large answer are not those of a server that is silent; see http_ranges.
            yield {"timeout": 10 * get_timeout()} if self.filesystem.async_impl else {}


@dataclass
class KnownSystems:
    """The file systems of one process; after a fork, those of its parent are of no use."""

    process: int = -1
    systems: dict[tuple[str, str], RemoteSystem] = field(default_factory=dict)


known = KnownSystems()
"""Kept until the process ends: opening connections takes longer than most answers."""


def get_timeout() -> float:
    """Seconds to wait for a server that sends nothing.

    Raises:
        OptionError: If the environment variable is not a positive number.
    """
    text = os.environ.get(TIMEOUT_VARIABLE, "").strip()
    try:
        seconds = float(text) if text else USUAL_TIMEOUT
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise OptionError(f"{TIMEOUT_VARIABLE} is {text!r} and must be a number of seconds above 0")
    return seconds


def find_remote_system(url: str, options: Mapping[str, Any]) -> tuple[RemoteSystem, str]:
    """What reaches a URL, and what the file is called there.

    Raises:
        OptionError: If the protocol is unknown, or the library that speaks it is missing.
        FileAccessError: If the host cannot be reached.
    """
    with refuse_missing_library(url):
        from fsspec.core import strip_protocol, url_to_fs
    if known.process != os.getpid():
        known.process, known.systems = os.getpid(), {}
    # One connection for a host, or for a bucket; a chain is its own.
    is_chain = "::" in url
    start = url if is_chain else url[: (url.find("/", url.find("://") + 3) + 1) or len(url)]
    key = start, repr(sorted(options.items()))
    system = known.systems.get(key)
    if system is None:
        with refuse_remote_errors("the host cannot be reached", url), refuse_missing_library(url):
            filesystem, path = url_to_fs(url, **options)
        names = {filesystem.protocol} if isinstance(filesystem.protocol, str) else set(filesystem.protocol)
        may_share = bool(filesystem.async_impl) or "memory" in names
        system = known.systems.setdefault(key, RemoteSystem(filesystem, bool(names & {"http", "https"}), may_share))
        return system, path
    return system, url_to_fs(url, **options)[1] if is_chain else strip_protocol(url)


@contextmanager
def refuse_missing_library(url: str) -> Iterator[None]:
    """Turn what fsspec says of a protocol that it cannot speak into our error."""
    shown = hide_secrets(url)
    start = URL_START.match(url)
    protocol = start[0].removesuffix("://") if start else url
    try:
        yield
    except ImportError as error:
        cause = error.__cause__ if isinstance(error.__cause__, ImportError) else error
        library = (cause.name or "fsspec").partition(".")[0]
        raise OptionError(
            f"reading {protocol}:// needs the library {library}, which is not installed",
            path=shown,
            advice=f"pip install {library}",
            library=library,
        ) from error
    except PictologicsError:
        raise
    except (ValueError, TypeError) as error:
        raise OptionError(
            f"fsspec cannot open a URL that begins with {protocol}:// ({type(error).__name__})",
            path=shown,
            advice="check the URL; a local file of such a name is meant by a pathlib.Path",
        ) from error


@contextmanager
def refuse_remote_errors(found: str, url: str) -> Iterator[None]:
    """Turn what a server or its library refuses in the block into our error, which names the URL without secrets.

    Args:
        found: What cannot be done.
        url: The file or folder.

    Raises:
        MissingPathError: If there is nothing.
        FileAccessError: For every other reason.
    """
    shown = hide_secrets(url)
    try:
        yield
    except PictologicsError:
        raise
    except FileNotFoundError as error:
        raise MissingPathError("there is no such file or folder", path=shown, advice="check the URL") from error
    except PermissionError as error:
        raise FileAccessError(
            f"{found}: the server refuses", path=shown, advice="check your credentials and permissions"
        ) from error
    except TimeoutError as error:
        raise remote_timeout_error(url) from error
    except list_foreign_errors() as error:
        # The library's own words may hold the URL with its secrets.
        raise FileAccessError(
            f"{found} ({type(error).__name__})", path=shown, advice="check the URL and the network, and try again"
        ) from error
    except ValueError as error:
        raise OptionError(f"{found}: this is no URL of its protocol", path=shown, advice="check the URL") from error
    except NotImplementedError as error:
        raise OptionError(f"{found}: its protocol does not offer that", path=shown) from error


def remote_timeout_error(url: str) -> FileAccessError:
    """The error for a server that does not answer, or too slowly."""
    return FileAccessError(
        f"the server did not answer within {get_timeout():g} seconds",
        path=hide_secrets(url),
        advice=f"try again, or set the environment variable {TIMEOUT_VARIABLE} to more seconds",
    )


def list_foreign_errors() -> tuple[type[BaseException], ...]:
    """Errors of the system, and of the libraries that have been imported; of others, none can have come."""
    return collect_foreign_errors(tuple(module for module, _ in FOREIGN_ERRORS if module in sys.modules))


@cache
def collect_foreign_errors(modules: tuple[str, ...]) -> tuple[type[BaseException], ...]:
    """The same, by the modules that are there."""
    # A connection that breaks off ends a file of ftplib's and paramiko's too early.
    known = (getattr(sys.modules[module], name) for module, name in FOREIGN_ERRORS if module in modules)
    return OSError, EOFError, *known


def changed_file_error(url: str) -> CorruptFileError:
    """The error for a file that is another one than when its head was read."""
    return CorruptFileError(
        "the file on the server changed while it was read", path=hide_secrets(url), advice="load it again"
    )
