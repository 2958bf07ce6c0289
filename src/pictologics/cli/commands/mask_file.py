"""A mask for the image of a command."""

from __future__ import annotations

from ...errors import GeometryError
from ...image import Image
from ...loader import load_image

__all__ = ["load_mask_onto"]


def load_mask_onto(path: str, image: Image, nearest: bool) -> Image:
    """Load a mask onto an image's voxels; an error names the option that would help."""
    try:
        return load_image(path, reference_image=image, interpolation="nearest" if nearest else None)
    except GeometryError as error:
        # Nothing helps a mask of another patient.
        if "interpolation" not in dict(error.values.get("way_out", ())):
            raise
        advice = "pass --nearest to take the nearest voxel of the mask"
        raise GeometryError(error.found, path=error.path, advice=advice, **error.values) from error
