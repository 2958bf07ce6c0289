"""Files behind a URL, read by stretches: the head once, pixels in large pieces, several of them at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy.typing as npt

from ..errors import CorruptFileError, FileAccessError, MissingPathError
from ..threads import map_ahead
from .files import ClosesOnExit, MemoryFile, StoredFile, early_end_error
from .http_ranges import Stretch, fetch_http_range
from .remote_systems import RemoteSystem, changed_file_error, find_remote_system, refuse_remote_errors
from .urls import hide_secrets, join_url

__all__ = [
    "LISTED_HEAD",
    "OpenRemoteFile",
    "RemoteFile",
    "fetch_whole_file",
    "find_neighbor",
    "find_remote_file",
    "is_remote",
]

USUAL_HEAD: Final = 1 << 16
"""Bytes of the first request: what recognizing a file asks for."""

LISTED_HEAD: Final = 1 << 14
"""Bytes of the first request for one of many files: more than the header of a common slice."""

READ_AHEAD: Final = 1 << 18
"""Bytes of a request for few bytes: a request takes as long as half a megabyte on a common line, and a compressed
slice is shorter."""

LARGEST_REQUEST: Final = 1 << 23
"""Bytes of one request; more are asked for in several, at the same time."""

REQUESTS_OF_ONE_READ: Final = 4
"""How many."""

LARGEST_IN_MEMORY: Final = 1 << 33
"""Bytes of an archive that is fetched whole."""


class RemoteFile:
    """A file behind a URL. It knows what it has fetched of its beginning, and its size as soon as anything has come.

    It can be sent to other processes, also by fork; there it makes connections of their own.

    Args:
        url: As fsspec takes it.
        options: For its file system, such as an endpoint.
        size: In bytes, if a listing has told it.
        head_size: Bytes of the first request.

    Attributes:
        name: What messages call it: the URL without what may be secret in it.
        url: The URL itself.
        changed: When it was last changed, in seconds since 1970; 0 as long as that is not known.
    """

    __slots__ = ("changed", "head", "head_size", "name", "options", "size", "tag", "url", "whole")

    def __init__(
        self,
        url: str,
        options: Mapping[str, Any] | None = None,
        size: int | None = None,
        head_size: int = USUAL_HEAD,
    ) -> None:
        self.url = url
        self.name = hide_secrets(url)
        self.options = dict(options or {})
        self.size = size
        self.head_size = head_size
        self.tag = ""
        self.changed = 0.0
        self.head: bytes | None = None
        self.whole: bytes | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """What was fetched stays here: the file may be another one where it is opened next."""
        return RemoteFile, (self.url, self.options, None, self.head_size)

    def open(self) -> OpenRemoteFile:
        """Open the file: nothing is asked for unless its beginning has not come yet.

        Raises:
            MissingPathError: If there is nothing.
            FileAccessError: If it cannot be reached, or the server refuses.
        """
        if self.head is None:
            self.fetch_head()
        return OpenRemoteFile(self)

    def fetch_head(self) -> None:
        """Fetch the beginning and the size, in one request where the protocol allows."""
        stretch = self.fetch(0, self.head_size)
        self.head = stretch.content

    def fetch(self, start: int, count: int) -> Stretch:
        """Fetch a stretch; the file must be the one that it was.

        Raises:
            CorruptFileError: If its size or version is another than before.
        """
        if self.whole is not None:
            return Stretch(self.whole[start : start + count], len(self.whole), self.tag)
        system, path = find_remote_system(self.url, self.options)
        with refuse_remote_errors("the file cannot be read", self.url):
            fetch = fetch_http if system.is_http else fetch_stretch
            stretch = fetch(system, path, start, count, self)
        if self.head is not None and (stretch.size, stretch.tag) != (self.size, self.tag):
            raise changed_file_error(self.url)
        self.size, self.tag, self.changed = stretch.size, stretch.tag, stretch.changed
        if stretch.is_whole:
            self.whole = stretch.content
            stretch = Stretch(stretch.content[start : start + count], stretch.size, stretch.tag)
        return stretch


def fetch_http(system: RemoteSystem, path: str, start: int, count: int, file: RemoteFile) -> Stretch:
    """Fetch a stretch from a web server, whose answer tells the size too."""
    from fsspec.asyn import sync

    with system.turn():
        stretch: Stretch = sync(system.filesystem.loop, fetch_http_range, system.filesystem, path, start, count)
    return stretch


def fetch_stretch(system: RemoteSystem, path: str, start: int, count: int, file: RemoteFile) -> Stretch:
    """Fetch a stretch by any other protocol: the size is asked for first, unless it is known."""
    size, tag = file.size, file.tag
    with system.turn() as limits:
        if size is None:
            # What an earlier listing said may be out of date.
            system.filesystem.invalidate_cache(path)
            facts = system.filesystem.info(path, **limits)
            if facts.get("type") == "directory":
                raise IsADirectoryError(path)
            size, tag = facts.get("size"), str(facts.get("ETag") or "")
        if size is None:
            # What has no size, such as a file that is made as it is read, has no stretches either.
            content = bytes(system.filesystem.cat_file(path, **limits))
            return Stretch(content, len(content), tag, is_whole=True)
        end = min(start + count, size)
        content = bytes(system.filesystem.cat_file(path, start=start, end=end, **limits)) if start < end else b""
    if len(content) != max(0, end - start):
        raise CorruptFileError(
            f"{len(content)} bytes came where {end - start} were asked for",
            path=file.name,
            advice="the file changed while it was read; load it again",
        )
    return Stretch(content, int(size), tag)


class OpenRemoteFile(ClosesOnExit):
    """The bytes of a file behind a URL. Reads that go on where the last one ended are answered ahead.

    Attributes:
        size: In bytes.
    """

    __slots__ = ("ahead", "ahead_start", "file", "size", "step")

    def __init__(self, file: RemoteFile) -> None:
        self.file = file
        self.size = file.size or 0
        self.ahead = b""
        self.ahead_start = 0
        self.step = READ_AHEAD

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""
        count = max(0, min(count, self.size - offset))
        kept = self.find_kept(offset, count)
        if kept is not None:
            return kept
        if count > LARGEST_REQUEST:
            content = bytearray(count)
            self.fetch_into(offset, memoryview(content))
            return bytes(content)
        follows = offset == self.ahead_start + len(self.ahead)
        self.step = min(LARGEST_REQUEST, self.step * 4) if follows and self.ahead else READ_AHEAD
        self.ahead = self.file.fetch(offset, min(max(count, self.step), self.size - offset)).content
        self.ahead_start = offset
        return self.ahead[:count]

    def find_kept(self, offset: int, count: int) -> bytes | None:
        """The bytes of a stretch that are here already; None unless all are."""
        for start, content in ((0, self.file.head or b""), (self.ahead_start, self.ahead)):
            if start <= offset and offset + count <= start + len(content):
                return content[offset - start : offset - start + count]
        return b"" if count == 0 else None

    def fill(self, offset: int, buffer: npt.NDArray[Any]) -> None:
        """Read as many bytes as the buffer has, straight into it."""
        view = memoryview(buffer.data).cast("B")
        if offset + len(view) > self.size:
            raise early_end_error(self.file.name, offset + len(view) - self.size)
        kept = self.find_kept(offset, len(view))
        if kept is not None:
            view[:] = kept
        else:
            self.fetch_into(offset, view)

    def fetch_into(self, offset: int, view: memoryview) -> None:
        """Fetch a stretch of any length in requests that are answered at the same time."""

        def fetch_piece(start: int) -> None:
            piece = view[start : start + LARGEST_REQUEST]
            piece[:] = self.file.fetch(offset + start, len(piece)).content

        if len(view) <= LARGEST_REQUEST:
            fetch_piece(0)
            return
        for _ in map_ahead(fetch_piece, range(0, len(view), LARGEST_REQUEST), REQUESTS_OF_ONE_READ):
            pass


def find_remote_file(file: StoredFile) -> RemoteFile | None:
    """The file behind a URL that this is, whatever else is known of it; None if it is none."""
    inner: Any = file
    while inner is not None and not isinstance(inner, RemoteFile):
        # What knows more of a file holds it: its beginning, or its header.
        inner = getattr(getattr(inner, "header", inner), "file", None)
    return inner


def is_remote(file: StoredFile) -> bool:
    """Whether reading a file waits for a server, so that more threads than cores pay."""
    return find_remote_file(file) is not None


def fetch_whole_file(file: RemoteFile) -> MemoryFile:
    """Fetch all of a file.

    Raises:
        FileAccessError: If it is too large to be kept in memory.
    """
    with file.open() as opened:
        if opened.size > LARGEST_IN_MEMORY:
            raise FileAccessError(
                f"the archive has {opened.size} bytes, and one behind a URL may have {LARGEST_IN_MEMORY >> 30} GB",
                path=file.name,
                advice="download it and load the copy",
            )
        return MemoryFile(file.name, opened.read_at(0, opened.size))


def find_neighbor(file: RemoteFile, name: str) -> RemoteFile | None:
    """A file in the same folder or below; None if it is not there, or the name leads elsewhere."""
    url = join_url(file.url, name)
    if url is None:
        return None
    neighbor = RemoteFile(url, file.options)
    try:
        neighbor.fetch_head()
    except MissingPathError:
        return None
    return neighbor
