"""What ``load_mask`` was asked for, checked and packed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...checks import check_choice, is_whole, option_error
from ...errors import OptionError
from ..protocol import ReadOptions

__all__ = ["MaskGeometry", "MaskOptions", "Segments", "check_geometry", "check_segments"]

MaskGeometry = Literal["file", "reference"]
Segments = str | int | Sequence[str | int] | None


@dataclass(frozen=True)
class MaskOptions:
    """What is wanted of a mask.

    Attributes:
        read: How its file is read, and the image on which it is to be placed.
        segments: Names and numbers of the segments that are wanted; None for all.
        is_single: Whether one was named alone, so that the result is 1 inside and 0 outside.
        geometry: Whether its place is that of its file or of the reference.
        threshold: From which fraction on a voxel belongs to it; None for what the format means by itself.
    """

    read: ReadOptions
    segments: tuple[str | int, ...] | None = None
    is_single: bool = False
    geometry: MaskGeometry = "file"
    threshold: float | None = None


def check_segments(segments: Segments) -> tuple[tuple[str | int, ...] | None, bool]:
    """Check which segments are wanted, and say whether one is named alone.

    Raises:
        OptionError: If they are neither names nor numbers.
    """
    if segments is None:
        return None, False
    is_single = isinstance(segments, str) or is_whole(segments)
    wanted: Any = [segments] if is_single else segments
    required = "a name or a number, or a list of these"
    if not isinstance(wanted, (Sequence, set, frozenset)) or isinstance(wanted, (bytes, bytearray)):
        raise option_error("segments", segments, required)
    if not wanted:
        raise OptionError("segments is empty", advice="name a segment, or leave it out for all")
    if not all(isinstance(name, str) or is_whole(name) for name in wanted):
        raise option_error("segments", segments, required)
    return tuple(name if isinstance(name, str) else int(name) for name in wanted), is_single


def check_geometry(geometry: MaskGeometry, has_reference: bool) -> MaskGeometry:
    """Check whose place the mask has; without a reference there is none to take over."""
    checked = check_choice("geometry", geometry, ("file", "reference"))
    if checked == "reference" and not has_reference:
        raise OptionError(
            'geometry="reference" takes the place of an image over, and no image was given',
            advice="pass the image on which the mask was drawn as reference_image",
        )
    return checked
