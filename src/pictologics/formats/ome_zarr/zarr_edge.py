"""The edge to the library zarr: the only file here that calls it, and the home of what it raises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from ...errors import CorruptFileError, FileAccessError, OptionError, PictologicsError
from ...silence import silence_this_thread
from ...storage.files import access_error
from ...storage.paths import NOTHING_THERE
from .chunk_files import check_chunk_sizes, check_descriptions

__all__ = ["import_zarr", "open_zarr_array", "open_zarr_group", "refuse_zarr_errors"]

DESCRIPTIONS = ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")
"""Files of JSON that the library looks for, whether they are there or not."""


def import_zarr() -> ModuleType:
    """The library zarr.

    Raises:
        OptionError: If it is not installed.
    """
    try:
        import zarr
    except ModuleNotFoundError as error:
        raise OptionError(
            "OME-Zarr needs the library zarr, version 3.1 or newer, which is not installed",
            advice='run: pip install "zarr>=3.1"',
            library="zarr",
        ) from error
    return zarr


@contextmanager
def refuse_zarr_errors(path: str | Path, found: str) -> Iterator[None]:
    """Turn whatever zarr and its codecs raise on damaged content into our error.

    Raises:
        CorruptFileError: Instead of the errors that they raise.
        FileAccessError: If the system refuses, or there is no memory left.
    """
    try:
        with silence_this_thread():
            yield
    except PictologicsError:
        raise
    except MemoryError as error:
        raise FileAccessError(
            "it cannot be inflated, as there is no memory left",
            path=path,
            advice="close other programs, or load it on a machine with more memory",
        ) from error
    except OSError as error:
        # Codecs raise some of their own, which have no number; a file that is not there belongs to what is damaged.
        if error.errno is None or error.errno in NOTHING_THERE:
            raise CorruptFileError(found, path=path, advice="fetch it again") from error
        raise access_error("it cannot be read", error, path) from error
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        RuntimeError,
        # What numcodecs raises on Python 3.13 where the head of a chunk says a negative size.
        SystemError,
        TypeError,
        ValueError,
    ) as error:
        raise CorruptFileError(found, path=path, advice="fetch it again") from error


def open_zarr_group(path: str) -> dict[str, Any]:
    """The attributes of a group.

    Raises:
        CorruptFileError: If what describes it is damaged.
    """
    zarr = import_zarr()
    check_descriptions(path, DESCRIPTIONS)
    with refuse_zarr_errors(path, "what describes it is no group of Zarr, or is damaged"):
        return dict(zarr.open_group(path, mode="r").attrs)


def open_zarr_array(path: str) -> Any:
    """An array, of which nothing but the description is read.

    Raises:
        CorruptFileError: If that is damaged.
    """
    zarr = import_zarr()
    check_descriptions(path, DESCRIPTIONS)
    check_chunk_sizes(path, ("zarr.json", ".zarray"))
    with refuse_zarr_errors(path, "what describes the array is missing or damaged"):
        return zarr.open_array(path, mode="r")
