"""Every exception and warning that pictologics raises.

The tree, with the built-ins that each class also is::

    PictologicsError
    ├── UnsupportedFormatError   (ValueError)       not a format, or a variety of one, that is read
    ├── CorruptFileError         (ValueError)       the file contradicts itself or ends too early
    ├── GeometryError            (ValueError)       no regular grid, or two grids that do not meet
    ├── AmbiguousSeriesError     (ValueError)       several candidates, and nothing says which one
    ├── OptionError              (ValueError)       a parameter that cannot be honored
    └── FileAccessError          (ValueError, OSError)             it is there but cannot be opened
        └── MissingPathError     (ValueError, FileNotFoundError)   it is not there

    UserWarning
    ├── GeometryWarning          something about the position in the world was assumed
    └── ContentWarning           something in the source was left out or not used

A message is one sentence: *the path in quotes: what was found and what is required; what to do*.
The path and the numbers of the sentence are attributes as well. No message carries a patient's name.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

__all__ = [
    "AmbiguousSeriesError",
    "ContentWarning",
    "CorruptFileError",
    "FileAccessError",
    "GeometryError",
    "GeometryWarning",
    "MissingPathError",
    "OptionError",
    "PictologicsError",
    "UnsupportedFormatError",
]

PACKAGE_FOLDER = str(Path(__file__).parent) + os.sep


class PictologicsError(Exception):
    """Base class of all errors raised on purpose.

    Args:
        found: What was found and what is required.
        path: The file or folder at fault, if there is one.
        advice: What the caller can do about it.
        **values: The facts of the message, kept in ``values`` for programs.

    Attributes:
        path: The file or folder at fault as text, or None.
        found: The first half of the message.
        advice: The second half of the message, may be empty.
        values: The facts of the message by name.
    """

    def __init__(
        self, found: str, *, path: str | os.PathLike[str] | None = None, advice: str = "", **values: Any
    ) -> None:
        self.path = None if path is None else os.fspath(path)
        self.found = found
        self.advice = advice
        self.values = values
        where = "" if self.path is None else f"'{self.path}': "
        super().__init__(f"{where}{found}" + (f"; {advice}" if advice else ""))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with the keywords, so that an error survives the trip from a worker process."""
        return rebuild_error, (type(self), self.found, self.path, self.advice, self.values)


def rebuild_error(
    kind: type[PictologicsError], found: str, path: str | None, advice: str, values: dict[str, Any]
) -> PictologicsError:
    """Make an error anew from its parts; what unpickling calls."""
    return kind(found, path=path, advice=advice, **values)


class UnsupportedFormatError(PictologicsError, ValueError):
    """The file is of no format that is read, or of a variety that is not read."""


class CorruptFileError(PictologicsError, ValueError):
    """The file contradicts itself or ends before its content does."""


class GeometryError(PictologicsError, ValueError):
    """The planes do not form a regular grid, or two grids do not meet."""


class AmbiguousSeriesError(PictologicsError, ValueError):
    """Several candidates could be meant, and nothing says which one."""


class OptionError(PictologicsError, ValueError):
    """A parameter has a value that cannot be honored."""


class FileAccessError(PictologicsError, ValueError, OSError):
    """The file is there but the system does not let it be read or written."""


class MissingPathError(FileAccessError, FileNotFoundError):
    """There is nothing at the given path."""


class GeometryWarning(UserWarning):
    """Something about the position in the world was assumed."""


class ContentWarning(UserWarning):
    """Something in the source was left out or not used."""


def warn(message: str, category: type[UserWarning]) -> None:
    """Issue a warning that points at the line outside the package that led here.

    Args:
        message: The whole sentence.
        category: ``GeometryWarning`` or ``ContentWarning``.
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE_FOLDER):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
