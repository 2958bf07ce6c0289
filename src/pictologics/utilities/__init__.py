"""Pictures of images."""

from __future__ import annotations

from .pictures import save_planes

__all__ = ["save_planes"]
