"""Files and folders that something went wrong with."""

from __future__ import annotations

import os
import tracemalloc
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from pictologics import PictologicsError, load_image

__all__ = ["broken_link", "cut", "ends_at_last", "fifo", "garbage", "refused_at_last", "survive", "unreadable"]


def cut(path: Path, size: int) -> Path:
    """Keep the first ``size`` bytes of a file; a negative size counts from its end."""
    content = path.read_bytes()
    path.write_bytes(content[:size])
    return path


def garbage(path: Path, size: int, seed: int = 0, head: bytes = b"") -> Path:
    """A file of random bytes, which may begin as a true one does."""
    path.write_bytes(head + np.random.default_rng(seed).bytes(size))
    return path


def fifo(path: Path) -> Path:
    """A named pipe that nobody writes to: opening it the plain way waits forever."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(path)
    return path


def broken_link(path: Path) -> Path:
    """A symbolic link to nothing."""
    try:
        path.symlink_to(path.parent / "gone")
    except OSError as error:
        pytest.skip(f"this system makes no symbolic links ({error})")
    return path


def unreadable(path: Path) -> Path:
    """Take every permission from a file or a folder."""
    path.chmod(0)
    if os.access(path, os.R_OK):
        path.chmod(0o755)
        pytest.skip("this user may read everything")
    return path


LONGEST_WAIT = 120
"""Seconds after which a block is taken to hang: hundreds of times what any needs, however busy the machine is."""


@contextmanager
def ends_at_last():
    """End a block that hangs for good with an error; how long it takes is not measured."""
    import signal

    def give_up(*_: object) -> None:
        raise TimeoutError(f"still not done after {LONGEST_WAIT} s")

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    previous = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LONGEST_WAIT)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


@contextmanager
def refused_at_last(kind: type[PictologicsError] = PictologicsError, *, match: str | None = None):
    """What stands in the block raises an error of ours, which is a ValueError, and does not hang."""
    with ends_at_last(), pytest.raises(kind, match=match) as caught:
        yield caught
    assert isinstance(caught.value, ValueError)


def survive(given: Path | bytes, most_memory: int = 100_000_000) -> None:
    """Load or be refused, with a warning or without, without hanging or taking memory that the file does not fill."""
    tracemalloc.start()
    try:
        with ends_at_last(), warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", UserWarning)
            try:
                load_image(given)
            except PictologicsError as error:
                assert isinstance(error, ValueError)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < most_memory
