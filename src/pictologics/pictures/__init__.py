"""Pictures of images and masks: panels and files drawn by Pillow, figures by Matplotlib."""

from __future__ import annotations

from .figures import visualize_mask_overlay, visualize_slices
from .plane_files import save_planes
from .slice_files import save_slices

__all__ = ["save_planes", "save_slices", "visualize_mask_overlay", "visualize_slices"]
