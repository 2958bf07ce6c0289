"""A mask for the image of a command."""

from __future__ import annotations

from ...image import Image
from ...loaders import load_mask
from ..options import GeometryChoice

__all__ = ["load_mask_onto"]


def load_mask_onto(path: str, image: Image, geometry: GeometryChoice) -> Image:
    """Load a mask onto an image's voxels, by its file's place or by the image's."""
    return load_mask(path, image, geometry="reference" if geometry is GeometryChoice.REFERENCE else "file")
