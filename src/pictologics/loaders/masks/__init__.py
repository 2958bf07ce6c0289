"""Masks of every format: read as labels, the segments that are asked for chosen, and put on an image's voxels."""

from __future__ import annotations

from .mask_loading import load_mask

__all__ = ["load_mask"]
