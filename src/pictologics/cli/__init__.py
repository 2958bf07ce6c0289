"""The command line: a thin skin over the public functions."""

from __future__ import annotations

from .app import main

__all__ = ["main"]
