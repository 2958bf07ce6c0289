"""Load any medical image or mask into one Image, right in the world.

Public names are imported when they are first used, so that ``import pictologics`` costs nothing.
"""

from __future__ import annotations

from .public_names import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
