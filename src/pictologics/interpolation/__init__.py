"""Values between voxel centres: one array sampled on the voxels of another grid."""

from __future__ import annotations

from typing import Literal

__all__ = ["Interpolation"]

Interpolation = Literal["nearest", "linear", "cubic"]
