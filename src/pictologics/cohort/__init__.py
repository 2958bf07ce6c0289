"""Thousands of studies: found, checked, converted, processed and shown."""

from __future__ import annotations

from typing import Any

from ..public_names import attach_stub
from .libraries import name_missing_library

import_name, __dir__, __all__ = attach_stub(__name__)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used.

    Raises:
        OptionError: If a library that it needs is not installed.
    """
    with name_missing_library():
        return import_name(name)
