"""Boxes of voxels: slices along the three axes."""

from __future__ import annotations

__all__ = ["Box"]

Box = tuple[slice, slice, slice]
"""A block of voxels: its indices along each axis."""
