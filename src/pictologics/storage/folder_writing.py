"""Folders written whole or not at all: under a temporary name beside their own, and renamed at the end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import FileAccessError, OptionError
from .file_writing import make_temporary_name, remove_abandoned_files
from .paths import check_writable_name, is_folder, is_there

__all__ = ["replace_folder"]


@contextmanager
def replace_folder(path: Path, marks: Sequence[str]) -> Iterator[Path]:
    """Write a folder under a temporary name beside its own and rename it when it is complete.

    A failure leaves whatever was at the path as it was; what a killed process left is removed by the next writer beside
    it. A folder that is replaced is moved aside first, so that at no
    time the files of both are mixed.

    Args:
        path: Where the folder goes.
        marks: Names of files of which a folder must hold one to be replaced: no other folder is ever removed.

    Yields:
        The temporary path of an empty folder.

    Raises:
        OptionError: If the folder above does not exist, or something else is at the path.
        FileAccessError: If the system refuses.
    """
    check_writable_name(path)
    if not is_folder(path.parent):
        raise OptionError(f"its folder '{path.parent}' does not exist", path=path, advice="create it first")
    if is_there(path) and not (is_folder(path) and may_be_replaced(path, marks)):
        raise OptionError(
            "something else is there, which is not overwritten", path=path, advice="choose another name, or remove it"
        )
    temporary, old = (path.with_name(make_temporary_name(path)) for _ in range(2))
    try:
        remove_abandoned_files(path.parent.absolute())
        temporary.mkdir()
        yield temporary
        if is_there(path):
            path.rename(old)
        temporary.rename(path)
    except FileAccessError:
        raise
    except OSError as error:
        raise FileAccessError(
            f"the folder cannot be written ({error.strerror})", path=path, advice="check the disk and permissions"
        ) from error
    finally:
        if is_there(old) and not is_there(path):
            old.rename(path)
        for left in (temporary, old):
            shutil.rmtree(left, ignore_errors=True)


def may_be_replaced(folder: Path, marks: Sequence[str]) -> bool:
    """Whether a folder is empty, or holds one of the files that mark its format."""
    return any(is_there(folder / mark) for mark in marks) or not any(folder.iterdir())
