"""Several volumes on one grid: their axes, one of them at a time, and what is computed of all of them."""

from __future__ import annotations

from ..public_names import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
