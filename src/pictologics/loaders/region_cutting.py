"""The region of an image that is asked for: cut out of the whole, where a reader could not read it alone."""

from __future__ import annotations

from ..geometry import Grid, ImageRegion, RegionBox, find_region_box
from ..image import Image
from ..provenance import Decision

__all__ = ["cut_region", "describe_region_read", "note_reach"]


def cut_region(image: Image, region: ImageRegion, path: str) -> Image:
    """Take a region out of an image that was read as a whole."""
    box = find_region_box(region, image.grid, path)
    part = image[box.index]
    part.provenance = part.provenance.with_decisions(*note_reach(box))
    return part


def describe_region_read(box: RegionBox, whole: Grid) -> tuple[Decision, ...]:
    """What the record of an image says of which a region alone was read."""
    text = f"cropped from {whole.shape} to {whole[box.index].shape} voxels as it was read"
    return (Decision("processed", text), *note_reach(box))


def note_reach(box: RegionBox) -> tuple[Decision, ...]:
    """What is said of a box in mm that reaches beyond the image."""
    if not box.beyond:
        return ()
    text = f"the region reaches up to {box.beyond:.4g} mm beyond the image, and what lies within the image was taken"
    return (Decision("left out", text, box.beyond, "geometry"),)
