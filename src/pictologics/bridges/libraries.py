"""The libraries across the bridges: imported when they are needed, and a missing one is named."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..checks import option_error
from ..errors import OptionError

__all__ = ["check_type", "import_library"]


def import_library(name: str) -> Any:
    """Import a library.

    Args:
        name: Of the library or of a module of it, as it is imported.

    Raises:
        OptionError: If it, or a library that it needs itself, is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or name).partition(".")[0]
        raise OptionError(
            f"this needs the library {missing}, which is not installed",
            advice=f"run: pip install {missing}",
            library=missing,
        ) from error


def check_type(value: object, required: Any, text: str, *, name: str = "image", advice: str = "") -> None:
    """Check that what is to become an Image is of the library's type.

    Args:
        value: What was passed.
        required: The type, or several.
        text: What it must be, for the message.
        name: The parameter.
        advice: What to do instead.

    Raises:
        OptionError: If it is of another.
    """
    if not isinstance(value, required):
        raise option_error(name, type(value).__name__, text, advice)
