"""Keys of a NRRD header -> the segments of a 3D Slicer segmentation, and back.

Rules: "Segmentation labelmap file format (.seg.nrrd)" in 3D Slicer's developer guide. A segment is a value in a layer;
layers are the volumes of a list axis, and segments of one layer cannot overlap.

``Segmentation_ReferenceImageExtentOffset`` says where in its image a cropped segmentation begins, in voxels. The space
origin is already that of the cropped grid, so the offset is not applied once more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...errors import CorruptFileError, OptionError
from ...image import Image
from ...labels import LARGEST_LABEL, label_type

__all__ = ["Segment", "is_segmentation", "segment_keys", "segments_of"]

SEGMENT_KEY = re.compile(r"Segment(\d{1,9})_([A-Za-z]+)")
TERMINOLOGY = "TerminologyEntry"

# Colors that are far apart in hue for label maps that come without any.
GOLDEN_ANGLE = 137.508


@dataclass(frozen=True)
class Segment:
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


def is_segmentation(keys: Mapping[str, str]) -> bool:
    """Whether a header is that of a segmentation."""
    return any(key.startswith("Segmentation_") or SEGMENT_KEY.fullmatch(key) for key in keys)


def segments_of(keys: Mapping[str, str], volumes: int, path: str) -> tuple[Segment, ...]:
    """The segments of a file, in ascending order of their numbers.

    Files of before layers (3D Slicer 4.10 and older) have a volume for each segment, which holds ones.

    Args:
        keys: The key/value pairs of the header.
        volumes: How many volumes the file holds.
        path: The file, for messages.

    Raises:
        CorruptFileError: If there is no segment, or one is in a layer that the file does not have.
    """
    by_place: dict[int, dict[str, str]] = {}
    for key, value in keys.items():
        found = SEGMENT_KEY.fullmatch(key)
        if found:
            by_place.setdefault(int(found.group(1)), {})[found.group(2)] = value
    if not by_place:
        raise CorruptFileError("it is a segmentation and holds no segment", path=path)
    has_layers = any("Layer" in one or "LabelValue" in one for one in by_place.values())
    places = sorted(by_place)
    layers = [whole(by_place[place].get("Layer", "0" if has_layers else str(place)), path) for place in places]
    values = [whole(by_place[place].get("LabelValue", "1"), path) for place in places]
    if not 0 <= min(layers) <= max(layers) < volumes:
        raise CorruptFileError(
            f"its segments are in layers {min(layers)} to {max(layers)}, and it has {volumes}",
            path=path,
            layers=volumes,
        )
    is_unique = len(set(values)) == len(values) and min(values) > 0 and max(values) <= LARGEST_LABEL
    segments = [
        Segment(
            values[k] if is_unique else k + 1,
            by_place[place].get("Name", by_place[place].get("ID", "")),
            by_place[place].get("ID", ""),
            layers[k],
            values[k],
            color_of(by_place[place].get("Color", "")),
            codes_of(by_place[place].get("Tags", "")),
        )
        for k, place in enumerate(places)
    ]
    return tuple(sorted(segments, key=lambda segment: segment.number))


def whole(text: str, path: str) -> int:
    """A whole number that fits a voxel."""
    try:
        number = int(text)
    except ValueError:
        number = -(2**40)
    if abs(number) >= 2**31:
        raise CorruptFileError(f"one of its segments has the layer or value {text[:40]!r}", path=path)
    return number


def color_of(text: str) -> str:
    """Three numbers from 0 to 1 as ``"#rrggbb"``, empty if they are none."""
    try:
        parts = [round(255 * float(one)) for one in text.split()]
    except (ValueError, OverflowError):
        return ""
    if len(parts) != 3 or not all(0 <= one <= 255 for one in parts):
        return ""
    return "#" + "".join(f"{one:02x}" for one in parts)


def codes_of(tags: str) -> dict[str, str]:
    """Category and type from a terminology entry: ``context~category~type~...``, each ``scheme^code^meaning``."""
    for tag in tags.split("|"):
        name, _, entry = tag.partition(":")
        parts = entry.split("~")
        if name.strip() == TERMINOLOGY and len(parts) >= 3:
            found: dict[str, str] = {}
            for what, part in (("category", parts[1]), ("type", parts[2])):
                scheme, _, rest = part.partition("^")
                code, _, meaning = rest.partition("^")
                if scheme and code:
                    found |= {f"{what}_code": f"{code} ({scheme})", f"{what}_meaning": meaning}
            return found
    return {}


def segment_keys(image: Image, path: Path) -> dict[str, str]:
    """The keys that describe a label map.

    Raises:
        OptionError: If the voxels are not labels.
    """
    array = image.array
    if array.dtype.kind not in "bu" or array.dtype.itemsize > 2:
        raise OptionError(
            f"a segmentation holds labels of type bool, uint8 or uint16, and these voxels are {array.dtype}",
            path=path,
            advice="convert the array first, or give the file another suffix",
        )
    label_type(max(image.labels, default=1))
    values = dict(image.labels) or {int(value): f"Segment_{value}" for value in np.unique(array) if value}
    x, y, z = array.shape
    keys = {
        "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
        "Segmentation_MasterRepresentation": "Binary labelmap",
        "Segmentation_ReferenceImageExtentOffset": "0 0 0",
    }
    for place, (value, name) in enumerate(sorted(values.items())):
        keys |= {
            f"Segment{place}_Color": " ".join(f"{part:.6g}" for part in hue(GOLDEN_ANGLE * value)),
            f"Segment{place}_Extent": f"0 {x - 1} 0 {y - 1} 0 {z - 1}",
            f"Segment{place}_ID": f"Segment_{value}",
            f"Segment{place}_LabelValue": str(value),
            f"Segment{place}_Layer": "0",
            f"Segment{place}_Name": name,
            f"Segment{place}_Tags": "|",
        }
    return keys


def hue(degrees: float) -> tuple[float, float, float]:
    """A bright color as red, green and blue from 0 to 1."""
    red, green, blue = (0.55 + 0.45 * np.cos(np.radians(degrees - 120 * k)) for k in range(3))
    return float(red), float(green), float(blue)
