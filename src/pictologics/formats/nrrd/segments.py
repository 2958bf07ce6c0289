"""Keys of a NRRD header -> the segments of a 3D Slicer segmentation.

Rules: "Segmentation labelmap file format (.seg.nrrd)" in 3D Slicer's developer guide. A segment is a value in a layer;
layers are the volumes of a list axis, and segments of one layer cannot overlap.

``Segmentation_ReferenceImageExtentOffset`` says where in its image a cropped segmentation begins, in voxels. The space
origin is already that of the cropped grid, so the offset is not applied once more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...errors import CorruptFileError
from ...labels import LARGEST_LABEL
from ..text_fields import parse_whole_number

__all__ = ["SlicerSegment", "has_segments", "list_segments"]

SLICER_KEY = re.compile(r"Segment(\d{1,9})_([A-Za-z]+)")
"""A key that says something of a segment: its place in the file, and what is said."""

TERMINOLOGY = "TerminologyEntry"
"""The tag that names a segment's category and type by codes."""

SLICER_NUMBER_LIMIT = 2**31
"""Layers and values are below this: larger ones fit no voxel."""

NO_NUMBER = -SLICER_NUMBER_LIMIT
"""Stands for a text that is not a number, and is refused as too large ones are."""


@dataclass(frozen=True)
class SlicerSegment:
    """One segment.

    Attributes:
        number: What it is called by here: its value, or its place in the file from 1 on where values repeat.
        name: Its name.
        identifier: What identifies it in the file.
        layer: Which volume of the file it is in.
        value: Its value there.
        color: As ``"#rrggbb"``, may be empty.
        codes: Code and meaning of its category and type, by name; those that the file has.
    """

    number: int
    name: str
    identifier: str
    layer: int
    value: int
    color: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, str | int]:
        """What is known of it, for ``get_segment_info``."""
        facts: dict[str, str | int] = {
            "segment_number": self.number,
            "segment_label": self.name,
            "segment_description": "",
            "algorithm_type": "",
            "segment_id": self.identifier,
            "layer": self.layer,
            "label_value": self.value,
            **self.codes,
        }
        return facts | ({"recommended_color": self.color} if self.color else {})


def has_segments(keys: Mapping[str, str]) -> bool:
    """Whether the keys of a header describe segments."""
    return any(key.startswith("Segmentation_") or SLICER_KEY.fullmatch(key) for key in keys)


def list_segments(
    keys: Mapping[str, str], volumes: int, path: str, *, may_be_empty: bool = False
) -> tuple[SlicerSegment, ...]:
    """List the segments of a file, in ascending order of their numbers.

    Files of before layers (3D Slicer 4.10 and older) have a volume for each segment, which holds ones.

    Args:
        keys: The key/value pairs of the header.
        volumes: How many volumes the file holds.
        path: The file, for messages.
        may_be_empty: Whether there may be no segment.

    Raises:
        CorruptFileError: If there is no segment and must be one, or one is in a layer that the file does not have.
    """
    by_place: dict[int, dict[str, str]] = {}
    for key, value in keys.items():
        found = SLICER_KEY.fullmatch(key)
        if found:
            by_place.setdefault(int(found.group(1)), {})[found.group(2)] = value
    if not by_place and may_be_empty:
        return ()
    if not by_place:
        raise CorruptFileError("it is a segmentation without segments", path=path)
    has_layers = any("Layer" in about or "LabelValue" in about for about in by_place.values())
    places = sorted(by_place)
    abouts = [by_place[place] for place in places]
    layers = [
        read_slicer_number(about.get("Layer", "0" if has_layers else str(place)), path)
        for place, about in zip(places, abouts, strict=True)
    ]
    values = [read_slicer_number(about.get("LabelValue", "1"), path) for about in abouts]
    if not 0 <= min(layers) <= max(layers) < volumes:
        raise CorruptFileError(
            f"its segments are in layers {min(layers)} to {max(layers)}, and it has {volumes}",
            path=path,
            layers=volumes,
        )
    # Values name segments only where no two segments share one: layers may use the same values again.
    is_unique = len(set(values)) == len(values) and min(values) > 0 and max(values) <= LARGEST_LABEL
    segments = [
        SlicerSegment(
            values[k] if is_unique else k + 1,
            about.get("Name", about.get("ID", "")),
            about.get("ID", ""),
            layers[k],
            values[k],
            format_color(about.get("Color", "")),
            read_terminology(about.get("Tags", "")),
        )
        for k, about in enumerate(abouts)
    ]
    return tuple(sorted(segments, key=lambda segment: segment.number))


def read_slicer_number(text: str, path: str) -> int:
    """A layer or value of a segment."""
    try:
        number = parse_whole_number(text)
    except ValueError:
        number = NO_NUMBER
    if abs(number) >= SLICER_NUMBER_LIMIT:
        raise CorruptFileError(
            f"one of its segments has a layer or value, of length {len(text)}, that is not a whole number below "
            f"{SLICER_NUMBER_LIMIT}",
            path=path,
        )
    return number


def format_color(text: str) -> str:
    """Three numbers from 0 to 1 as ``"#rrggbb"``, empty if the text is anything else."""
    try:
        parts = [round(255 * float(part)) for part in text.split()]
    except (ValueError, OverflowError):
        return ""
    if len(parts) != 3 or not all(0 <= part <= 255 for part in parts):
        return ""
    return "#" + "".join(f"{part:02x}" for part in parts)


def read_terminology(tags: str) -> dict[str, str]:
    """Category and type from a terminology entry: ``context~category~type~...``, each ``scheme^code^meaning``."""
    for tag in tags.split("|"):
        kind, _, entry = tag.partition(":")
        parts = entry.split("~")
        if kind.strip() == TERMINOLOGY and len(parts) >= 3:
            found: dict[str, str] = {}
            for name, part in (("category", parts[1]), ("type", parts[2])):
                scheme, _, rest = part.partition("^")
                code, _, meaning = rest.partition("^")
                if scheme and code:
                    found |= {f"{name}_code": f"{code} ({scheme})", f"{name}_meaning": meaning}
            return found
    return {}
