"""What is a URL, what messages call it, and the URLs beside it: text only, nothing is asked of any server."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from ..errors import OptionError

__all__ = ["extend_url", "find_url", "hide_secrets", "join_url", "local_path_of", "lost_slash_advice", "url_options"]

URL_START: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+(?:::[A-Za-z][A-Za-z0-9+.\-]+)*://")
"""How a URL begins, also one that fsspec reads through another. A drive of Windows has one letter."""

LOST_SLASH: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:/(?!/)")
"""What a Path makes of the beginning of a URL."""


def find_url(given: object) -> str | None:
    """The URL that was given as text or as a path of universal-pathlib; None for every other path.

    A ``Path`` is never a URL, so that a local file of such a name can be meant; nor is text without ``://``.
    """
    if isinstance(given, str):
        start = URL_START.match(given) if "://" in given else None
        # Protocols have no case (RFC 3986 3.1), and fsspec knows the small letters.
        return None if start is None else start[0].lower() + given[start.end() :]
    # Such a path knows the file system that it belongs to; local ones are paths of the system too.
    if hasattr(given, "storage_options") and hasattr(given, "protocol") and not isinstance(given, Path):
        return str(given)
    return None


def url_options(given: object) -> dict[str, Any]:
    """What a path of universal-pathlib tells its file system, such as an endpoint; nothing of text."""
    return dict(getattr(given, "storage_options", {}))


def lost_slash_advice(path: object) -> str:
    """What to do about a URL that became a Path; empty where there was none."""
    looks_lost = isinstance(path, os.PathLike) and LOST_SLASH.match(os.fsdecode(path))
    return "pass a URL as text: a Path takes one of its slashes" if looks_lost else ""


def hide_secrets(url: str) -> str:
    """A URL as messages show it: without user, password, query and fragment, which may sign or name a person."""
    return "::".join(map(hide_secrets_of_link, url.split("::")))


def hide_secrets_of_link(url: str) -> str:
    """The same of one link of a chain."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    rest = re.split(r"[?#]", rest, maxsplit=1)[0] if scheme.lower() in {"http", "https"} else rest.split("?", 1)[0]
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def join_url(url: str, name: str) -> str | None:
    """The URL of a file in the folder of another URL, or below; None if the name leads elsewhere.

    Args:
        url: Of a file, such as a header. Its query, which may be a token, goes on.
        name: A path from the file's folder on, as the file itself states it.
    """
    link, chained, rest = url.partition("::")
    mark = link.find("?")
    bare, query = (link, "") if mark < 0 else (link[:mark], link[mark:])
    plain = posixpath.normpath(name.replace("\\", "/"))
    if find_url(name) or plain.startswith(("/", "../")) or plain in {"..", "."} or re.match(r"[A-Za-z]:", plain):
        return None
    return f"{bare.rpartition('/')[0]}/{plain}{query}{chained}{rest}"


def extend_url(url: str, path: str) -> str:
    """The URL of a file or folder below a folder.

    Args:
        url: Of the folder, with a slash at its end or not; its query goes on.
        path: From the folder on, as it is called; of a web server, it is written as URLs must be.
    """
    link, chained, rest = url.partition("::")
    is_http = link.startswith(("http://", "https://"))
    bare, mark, query = link.partition("?") if is_http else (link, "", "")
    # The two slashes behind a protocol stay, where nothing follows them.
    slash = "" if bare.endswith("/") else "/"
    return f"{bare}{slash}{quote(path) if is_http else path}{mark}{query}{chained}{rest}"


def local_path_of(url: str) -> Path | None:
    """The path of a ``file://`` URL; None for every other.

    Raises:
        OptionError: If it names another machine.
    """
    if not url.lower().startswith("file://"):
        return None
    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"}:
        raise OptionError(
            f"this URL names a file of the machine '{parts.netloc.rpartition('@')[2]}'",
            path=hide_secrets(url),
            advice="write file:///path for a file of this one",
        )
    from urllib.request import url2pathname  # it imports ssl, for which no local path waits

    # A question mark and a number sign are as good as any letter in the name of a file.
    return Path(url2pathname(url[len("file://") + len(parts.netloc) :]))
