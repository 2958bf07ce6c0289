"""A mask onto the voxels of an image: by the place that its file gives it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from ...errors import GeometryError
from ...image import Image
from ...labels import list_labels, report_lost_labels
from ...placement import Placed, describe_lost_place, find_axis_orders, looks_lost, place_with_report
from ...provenance import Decision

__all__ = ["place_on_image"]

MOSTLY: Final = 0.5
"""Share of a mask's volume, of which less on the image's voxels is worth the question whether it is of this image."""


def place_on_image(mask: Image, reference: Image, path: str) -> Image:
    """Put a mask onto the voxels of an image; labels are never averaged.

    Where the lattices do not meet, the nearest voxel gives the value, with a warning.

    Raises:
        GeometryError: If its shape is the image's, and its place one that files have which lost it.
    """
    target = reference.grid
    if looks_lost(mask.grid, target):
        raise GeometryError(
            describe_lost_place(mask.grid, target),
            path=path,
            advice='pass geometry="reference" to take its voxels for the image\'s, if it was drawn on this image',
        )
    placed = place_with_report(mask, target, 0.0, fallback="nearest")
    if placed.image is mask:
        return mask
    told = [*report_lost_segments(mask, placed), *advise_on_outside(mask, placed)]
    image = placed.image
    return replace(image, provenance=image.provenance.with_decisions(*told))


def report_lost_segments(mask: Image, placed: Placed) -> list[Decision]:
    """The warning of labels of which nothing is left, while something is of others."""
    if placed.is_lost or not placed.inside:
        return []
    lost = set(list_labels(mask.array)) - set(list_labels(placed.image.array))
    return report_lost_labels(sorted(lost), mask.labels)


def advise_on_outside(mask: Image, placed: Placed) -> list[Decision]:
    """What to try, if most of a mask of the image's shape lies outside of it."""
    if not find_axis_orders(mask.shape, placed.image.shape):
        return []
    own, left = (np.count_nonzero(image.array) * np.prod(image.spacing) for image in (mask, placed.image))
    if not own or left >= MOSTLY * own:
        return []
    text = (
        "most of the mask lies outside the image, which has the same shape: if it was drawn on this image and its "
        'place was lost, pass geometry="reference"'
    )
    return [Decision("placed", text, float(left / own), "geometry")]
