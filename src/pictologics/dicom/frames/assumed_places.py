"""Places that a file tells in part: what it says is kept, and what is assumed for the rest is put into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ...array_types import FloatArray
from .frame import Frame
from .plane_attributes import AXIAL, Cosines, Position

__all__ = ["Place", "assume_place", "orient_along_positions", "take_orientation"]

USUAL_VIEWS: Final[tuple[tuple[str, Cosines], ...]] = (
    ("sagittal", (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)),
    ("coronal", (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)),
    ("axial", AXIAL),
)
"""Name and cosines of the usual view along the first, second and third axis of the patient."""

EXACT: Final = 1e-9
"""Share of the distance between positions by which they may leave an axis and still run along it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the first plane of a file lies.

    Attributes:
        position: Center of its first pixel, LPS mm.
        orientation: Unit vectors along a row and down a column.
        assumptions: What of it the file does not say, in words.
    """

    position: Position
    orientation: Cosines
    assumptions: tuple[str, ...]


def assume_place(position: Position | None, orientation: Cosines | None) -> Place:
    """A whole place of what a file says of it, for planes whose distances from one another it does say."""
    assumptions = []
    if position is None:
        assumptions.append("the images have no position in the patient; the first was put at zero")
    if orientation is None:
        assumptions.append("the images have no orientation; axial was assumed")
    return Place(position or (0.0, 0.0, 0.0), orientation or AXIAL, tuple(assumptions))


def orient_along_positions(frames: Sequence[Frame]) -> list[Frame]:
    """Planes that have positions and no orientation, with the usual view across the line of their positions."""
    positions = np.array([frame.position for frame in frames], dtype=float)
    extent = np.ptp(positions, axis=0)
    axis = int(extent.argmax()) if extent.any() else 2
    ends = positions[positions[:, axis].argmax()] - positions[positions[:, axis].argmin()]
    name, cosines = USUAL_VIEWS[axis]
    text = f"the images have positions and no orientation; {name} was assumed"
    beside = np.delete(ends, axis)
    if extent.any() and np.abs(beside).max() > EXACT * ends[axis]:
        # The planes stand upright on the line, as they do in every scan but one with a tilted gantry.
        cosines = turn_upright(cosines, ends)
        text = (
            f"the images have positions and no orientation; {name} planes perpendicular to the line of their "
            "positions were assumed"
        )
    return [replace(frame, orientation=cosines, assumptions=(*frame.assumptions, text)) for frame in frames]


def turn_upright(cosines: Cosines, line: FloatArray) -> Cosines:
    """The cosines of a view turned by the least angle that makes its planes perpendicular to a line."""
    row, column = np.array(cosines[:3]), np.array(cosines[3:])
    normal = np.cross(row, column)
    towards = line / np.linalg.norm(line)
    towards *= np.sign(towards @ normal)
    # The rotation from one unit vector to another, by Rodrigues' formula without its angle.
    axis = np.cross(normal, towards)
    cosine = normal @ towards
    turned = [
        vector * cosine + np.cross(axis, vector) + axis * (axis @ vector) / (1 + cosine) for vector in (row, column)
    ]
    a, b, c, d, e, f = np.concatenate(turned).tolist()
    return a, b, c, d, e, f


def take_orientation(frames: Sequence[Frame], donor: Frame, total: int) -> list[Frame]:
    """Planes without an orientation, with that of the rest of their series.

    Args:
        frames: The planes.
        donor: One of the others.
        total: How many planes they are together.
    """
    count = len(frames)
    text = (
        f"{count} of {total} images {'has' if count == 1 else 'have'} no orientation, the first is "
        f"'{frames[0].header.path}'; that of the others was used"
    )
    return [replace(frame, orientation=donor.orientation, assumptions=(*frame.assumptions, text)) for frame in frames]
