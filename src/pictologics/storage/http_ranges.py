"""Stretches of files on a web server: one request each, and what it tells of the whole file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from ..errors import CorruptFileError, FileAccessError, MissingPathError
from .remote_systems import get_timeout
from .urls import hide_secrets

__all__ = ["Stretch", "fetch_http_range"]

ATTEMPTS: Final = 3
"""A server that is busy, or a connection that breaks, is asked again."""

PAUSE: Final = 0.2
"""Seconds before the second attempt; each further one waits three times as long."""

BUSY: Final = frozenset({429, 500, 502, 503, 504})
"""Answers after which asking again may help (RFC 9110, RFC 6585)."""

LARGEST_WHOLE_FILE: Final = 1 << 30
"""Bytes that are kept in memory of a file whose server sends no stretches."""

CONTENT_RANGE: Final = re.compile(r"bytes (?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18})")
"""RFC 9110 14.4; a server that does not know the length of the whole writes a star, of which nothing can be read."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of a file.

    Attributes:
        content: Its bytes: fewer than were asked for only at the end of the file.
        size: Of the whole file.
        tag: What the server calls this version of the file; empty if it does not say.
        is_whole: Whether it is the whole file, whatever was asked for.
        changed: When the file was last changed, in seconds since 1970; 0 if the server does not say.
    """

    content: bytes
    size: int
    tag: str = ""
    is_whole: bool = False
    changed: float = 0.0


async def fetch_http_range(filesystem: Any, url: str, start: int, count: int) -> Stretch:
    """Fetch a stretch of a file.

    Args:
        filesystem: fsspec's own for HTTP, whose session and options are used.
        url: The file.
        start: The first byte.
        count: How many, at least 1.

    Raises:
        MissingPathError: If there is no such file.
        FileAccessError: If the server refuses, or keeps breaking off.
        CorruptFileError: If it sends another number of bytes than it says.
        aiohttp.ClientError, TimeoutError: If it cannot be reached, or is silent.
    """
    import asyncio

    import aiohttp

    seconds = get_timeout()
    options = dict(filesystem.kwargs)
    options["headers"] = {
        **options.get("headers", {}),
        "Range": f"bytes={start}-{start + count - 1}",
        # A stretch of compressed bytes would be none of the file's.
        "Accept-Encoding": "identity",
    }
    options.setdefault("timeout", aiohttp.ClientTimeout(total=10 * seconds, sock_connect=seconds, sock_read=seconds))
    session = await filesystem.set_session()
    for attempt in range(1, ATTEMPTS + 1):
        is_last = attempt == ATTEMPTS
        try:
            async with session.get(filesystem.encode_url(url), **options) as answer:
                if answer.status == 206 and answer.headers.get("Content-Encoding", "identity") != "identity":
                    # A stretch of what was compressed on the way cannot be inflated; the whole can.
                    break
                if is_last or answer.status not in BUSY:
                    return await read_answer(answer, url, start, count)
        except TimeoutError:
            raise
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
            if is_last:
                raise
        await asyncio.sleep(PAUSE * 3 ** (attempt - 1))
    del options["headers"]["Range"]
    async with session.get(filesystem.encode_url(url), **options) as answer:
        return await read_answer(answer, url, start, count)


async def read_answer(answer: Any, url: str, start: int, count: int) -> Stretch:
    """Read what a server answers."""
    found = CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
    tag = answer.headers.get("ETag", "") or answer.headers.get("Last-Modified", "")
    if answer.status == 416 and found is not None and int(found[2]) <= start:
        return Stretch(b"", int(found[2]), tag)
    if answer.status == 200:
        content = await read_whole_file(answer, url)
        return Stretch(content, len(content), tag, True, read_time(answer))
    if answer.status != 206:
        raise status_error(answer, url)
    if found is None or found[1] is None or int(found[1]) != start:
        raise CorruptFileError(
            "the server sends another part of the file than was asked for, or does not say which",
            path=hide_secrets(url),
            advice="download the file and load the copy",
        )
    size = int(found[2])
    wanted = min(count, size - start)
    # No more than was asked for, whatever comes.
    content = await read_at_most(answer, wanted + 1)
    if len(content) != wanted:
        raise CorruptFileError(
            f"the server sent {min(len(content), wanted + 1)} bytes where it said {wanted}",
            path=hide_secrets(url),
            advice="download the file and load the copy",
        )
    return Stretch(content, size, tag, False, read_time(answer))


def read_time(answer: Any) -> float:
    """When a server says that a file was last changed, in seconds since 1970; 0 if it does not."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(answer.headers.get("Last-Modified", "")).timestamp()
    except (ValueError, OverflowError):
        return 0.0


async def read_whole_file(answer: Any, url: str) -> bytes:
    """Read a file whose server sends no stretches."""
    length = answer.content_length
    content = (
        b""
        if length is not None and length > LARGEST_WHOLE_FILE
        else await read_at_most(answer, LARGEST_WHOLE_FILE + 1)
    )
    if len(content) > LARGEST_WHOLE_FILE or (length or 0) > LARGEST_WHOLE_FILE:
        raise FileAccessError(
            f"the server sends whole files only, and this one has more than {LARGEST_WHOLE_FILE >> 20} MB",
            path=hide_secrets(url),
            advice="download the file and load the copy",
        )
    return content


async def read_at_most(answer: Any, most: int) -> bytes:
    """Read an answer up to its end or a number of bytes."""
    content = bytearray()
    async for piece in answer.content.iter_any():
        content += piece
        if len(content) >= most:
            break
    return bytes(content[:most])


def status_error(answer: Any, url: str) -> FileAccessError:
    """The error for an answer without a file."""
    shown, status = hide_secrets(url), answer.status
    if status in {404, 410}:
        return MissingPathError(
            f"there is no such file on the server ({status})", path=shown, advice="check the URL", status=status
        )
    if status in {401, 403, 407}:
        advice = "check your credentials, and that a signed URL has not run out"
        return FileAccessError(f"the server refuses ({status})", path=shown, advice=advice, status=status)
    return FileAccessError(
        f"the server answers {status} instead of the file", path=shown, advice="try again later", status=status
    )
