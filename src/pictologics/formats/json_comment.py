"""A comment in a file's header that carries, as JSON, what the format has no field for.

A NIfTI-1 header holds geometry as float32, other formats round the steps between voxels, and none knows modality,
units and the names of labels. Files written here carry the exact grid and these facts as one line of JSON. When the
header's own geometry is no longer what the comment was written with, other software has changed the image: the
comment is out of date and not used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import GeometryError
from ..geometry import CORNER_ERROR_NOTED, Grid
from ..image import Image

__all__ = ["JSON_COMMENT_KEY", "ImageFacts", "make_json_comment", "read_json_comment"]

JSON_COMMENT_KEY = "pictologics"
"""What tells our comment from other JSON; where a header has named fields, the name of its field."""


@dataclass(frozen=True)
class ImageFacts:
    """What is known of an image besides its voxels.

    Attributes:
        grid: Where it lies; exact where a comment says so.
        modality: DICOM modality or ``"Unknown"``.
        metadata: Facts about the image by name.
        labels: Names of the values of a label map.
    """

    grid: Grid
    modality: str = "Unknown"
    metadata: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[int, str] = field(default_factory=dict)


def make_json_comment(image: Image) -> str:
    """The comment for an image, one line of ASCII."""
    grid = image.grid
    content = {
        JSON_COMMENT_KEY: 1,
        "spacing": grid.spacing,
        "origin": grid.origin,
        "direction": grid.direction.tolist(),
        "modality": image.modality,
        "metadata": dict(image.metadata),
    }
    if image.labels:
        content["labels"] = {str(value): name for value, name in image.labels.items()}
    return json.dumps(content)


def read_json_comment(text: str | bytes, grid: Grid) -> ImageFacts | None:
    """Read a comment.

    Args:
        text: Any text.
        grid: The grid that the header's own fields describe.

    Returns:
        The facts, of which only the grid is known where the comment contradicts it; None if the text is no such
        comment.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get(JSON_COMMENT_KEY) != 1:
        return None
    try:
        exact = Grid(grid.shape, tuple(content["spacing"]), tuple(content["origin"]), np.array(content["direction"]))
        metadata = {str(key): str(value) for key, value in content["metadata"].items()}
        labels = {int(value): str(name) for value, name in content.get("labels", {}).items()}
        modality = str(content["modality"])
    except (GeometryError, AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return ImageFacts(grid)
    # Within this, float32 explains the difference; beyond it, the image was resampled or moved.
    if exact.corner_error(grid) >= CORNER_ERROR_NOTED:
        return ImageFacts(grid)
    return ImageFacts(exact, modality, metadata, labels)
