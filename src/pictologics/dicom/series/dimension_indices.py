"""The dimension indices of multi-frame objects, one attribute for each dimension, by what its pointer says.

DimensionIndexValues of a frame is a row of numbers. What each means stands at the same place of the
DimensionIndexSequence (DICOM PS3.3 C.7.6.17), and files of one series may order them differently: a dimension is known
by its pointer, standard or private, and by its place only where the file has no such sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...errors import CorruptFileError
from ..frames.frame import Frame
from ..headers import tags
from ..headers.header import Header
from ..headers.sequence_parser import read_items
from .phase_values import Value

__all__ = ["list_dimensions", "make_index_reader", "read_indices"]


def list_dimensions(frames: Sequence[Frame]) -> dict[str, dict[int, int]]:
    """The dimensions of some planes: by what it counts, the place of its index in each file (by header id)."""
    headers = {id(frame.header): frame for frame in frames if tags.DIMENSION_INDEX_VALUES in frame.attributes}
    found: dict[str, dict[int, int]] = {}
    for key, frame in headers.items():
        for place, name in enumerate(name_dimensions(frame)):
            found.setdefault(name, {}).setdefault(key, place)
    return found


def name_dimensions(frame: Frame) -> list[str]:
    """What each index of a file counts, as the name of an attribute."""
    count = len(read_indices(frame))
    names = read_dimension_names(frame.header)
    if len(names) == count:
        return [f"DimensionIndexValues of {name}" for name in names]
    return [f"DimensionIndexValues[{place}]" for place in range(count)]


def read_dimension_names(header: Header) -> list[str]:
    """What each index points at: a keyword, else the writer's own words and the tag; none if damaged."""
    try:
        items = read_items(header, tags.DIMENSION_INDEX_SEQUENCE)
        pointers = [item.numbers(tags.DIMENSION_INDEX_POINTER) or (0.0, 0.0) for item in items]
    except CorruptFileError:
        return []
    names = []
    for item, pointer in zip(items, pointers, strict=True):
        group, element = (int(part) for part in (*pointer, 0.0)[:2])
        tag = group << 16 | element
        label = item.text(tags.DIMENSION_DESCRIPTION_LABEL)
        names.append(tags.KEYWORDS.get(tag) or f"{label} ({group:04X},{element:04X})".strip())
    return names


def make_index_reader(places: dict[int, int]) -> Callable[[Frame], Value | None]:
    """A function that reads a plane's index of one dimension."""

    def read_index(frame: Frame) -> Value | None:
        place, indices = places.get(id(frame.header)), read_indices(frame)
        return indices[place] if place is not None and place < len(indices) else None

    return read_index


def read_indices(frame: Frame) -> tuple[float, ...]:
    """The dimension indices of a plane; none if it has none or they are damaged."""
    return frame.attributes.try_numbers(tags.DIMENSION_INDEX_VALUES) or ()
