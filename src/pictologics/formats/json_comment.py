"""A comment in a file's header that carries, as JSON, what the format has no field for.

A NIfTI-1 header holds geometry as float32, other formats round the steps between voxels, and none knows modality,
units and the names of labels, nor which voxels hold data and what type they were of. Files written here carry the exact
grid and these facts as one line of JSON. Where the header's own geometry is no longer what the comment was written
with, other software has changed the image: the comment is out of date and not used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ..errors import GeometryError
from ..geometry import CORNER_ERROR_NOTED, Grid
from ..image import Image
from ..series.axes import AxisLabel, SeriesAxis

__all__ = ["JSON_COMMENT_KEY", "ImageFacts", "VoxelNote", "make_json_comment", "parse_value", "read_json_comment"]

JSON_COMMENT_KEY = "pictologics"
"""What tells our comment from other JSON; where a header has named fields, the name of its field."""


@dataclass(frozen=True)
class VoxelNote:
    """What a comment says of the voxels beside it.

    Attributes:
        dtype: Their type in memory.
        stored: Their type in the file. If it is another one now, other software has converted them.
        fill: The value that invalid voxels hold, as Python writes it; empty if there is no source mask.
        invalid: How many voxels hold it.
        held: The value that all of them held in memory; empty if they held several.
    """

    dtype: np.dtype[Any]
    stored: np.dtype[Any]
    fill: str = ""
    invalid: int = 0
    held: str = ""


@dataclass(frozen=True)
class ImageFacts:
    """What is known of an image besides its voxels.

    Attributes:
        grid: Where it lies; exact where a comment says so.
        modality: DICOM modality or ``"Unknown"``.
        metadata: Facts about the image by name.
        labels: Names of the values of a label map.
        voxels: What the comment says of them; None if there is none, or it says nothing.
        is_saved_here: Whether a comment that still holds says all this.
        axes: Of several volumes, the axes along which they lie, the last one fastest; empty if no comment says.
        phases: Of several volumes, what each is called; empty if no comment says.
        packed_mask: The text of a source mask that another library wrote; see ``packed_masks``. Empty for none.
    """

    grid: Grid
    modality: str = "Unknown"
    metadata: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[int, str] = field(default_factory=dict)
    voxels: VoxelNote | None = None
    is_saved_here: bool = False
    axes: tuple[SeriesAxis, ...] = ()
    phases: tuple[str, ...] = ()
    packed_mask: str = ""

    @property
    def is_label_map(self) -> bool:
        """Whether the file marks its values as labels."""
        return bool(self.labels) or self.modality == "SEG"


def make_json_comment(
    image: Image, voxels: VoxelNote, axes: Sequence[SeriesAxis] = (), phases: Sequence[str] = ()
) -> str:
    """The comment for an image and its stored voxels, or for several along some axes, one line of ASCII."""
    grid = image.grid
    content = {
        JSON_COMMENT_KEY: 1,
        "spacing": grid.spacing,
        "origin": grid.origin,
        "direction": grid.direction.tolist(),
        "modality": image.modality,
        # What one of several volumes is called is not what the others are.
        "metadata": {name: fact for name, fact in image.metadata.items() if not axes or name != "phase"},
        "dtype": voxels.dtype.name,
        "stored": voxels.stored.name,
    }
    if voxels.fill:
        content |= {"fill": voxels.fill, "invalid": voxels.invalid, "held": voxels.held}
    if image.labels:
        content["labels"] = {str(value): name for value, name in image.labels.items()}
    if axes:
        content["axes"] = [asdict(axis) for axis in axes]
        content["phases"] = list(phases)
    return json.dumps(content)


def read_json_comment(text: str | bytes, grid: Grid, *, even_moved: bool = False) -> ImageFacts | None:
    """Read a comment.

    Args:
        text: Any text.
        grid: The grid that the header's own fields describe.
        even_moved: Whether what it says beside the grid counts wherever the image lies now, as for an image that
            another library holds in memory.

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
        voxels = read_voxel_note(content)
        axes = tuple(map(read_axis, content.get("axes", [])))
        phases = tuple(map(str, content.get("phases", [])))
    except (GeometryError, AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return ImageFacts(grid)
    # Within this, float32 explains the difference; beyond it, the image was resampled or moved.
    is_moved = exact.corner_error(grid) >= CORNER_ERROR_NOTED
    if is_moved and not even_moved:
        return ImageFacts(grid)
    return ImageFacts(grid if is_moved else exact, modality, metadata, labels, voxels, True, axes, phases)


def read_axis(content: Mapping[str, Any]) -> SeriesAxis:
    """An axis along which volumes lie."""
    coordinates = {str(name): read_axis_labels(values) for name, values in content["coordinates"].items()}
    return SeriesAxis(str(content["name"]), read_axis_labels(content["labels"]), str(content["units"]), coordinates)


def read_axis_labels(values: Sequence[Any]) -> tuple[AxisLabel, ...]:
    """What stands at each place of an axis; JSON has lists for tuples."""
    labels: list[AxisLabel] = []
    for value in values:
        if isinstance(value, list):
            labels.append(tuple(float(number) for number in value))
        else:
            labels.append(value if value is None or isinstance(value, str) else float(value))
    return tuple(labels)


def read_voxel_note(content: Mapping[str, Any]) -> VoxelNote | None:
    """What a comment says of the voxels; None for comments written before they said anything of them."""
    if "dtype" not in content:
        return None
    dtype, stored = np.dtype(str(content["dtype"])), np.dtype(str(content["stored"]))
    if dtype.kind not in "biuf" or stored.kind not in "iuf":
        raise ValueError("no type of voxels")
    fill, held = str(content.get("fill", "")), str(content.get("held", ""))
    for text, kind in ((fill, stored), (held, dtype)):
        if text:
            # Raises here, where it makes the comment none, and not later.
            parse_value(text, kind)
    return VoxelNote(dtype, stored, fill, int(content.get("invalid", 0)), held)


def parse_value(text: str, dtype: np.dtype[Any]) -> float | int:
    """A value of some type, as Python writes it."""
    if dtype.kind == "f":
        return float(text)
    if dtype.kind == "b":
        return {"True": 1, "False": 0}[text]
    number, limits = int(text), np.iinfo(dtype)
    # NumPy before 2.0 would wrap it round.
    if not limits.min <= number <= limits.max:
        raise OverflowError
    return number
