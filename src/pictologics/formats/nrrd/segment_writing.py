"""Image -> the keys of a NRRD header with which 3D Slicer names the labels of a label map."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import OptionError
from ...image import Image
from ...labels import choose_label_type

__all__ = ["LABEL_TYPES", "make_segment_keys"]

LABEL_TYPES: frozenset[np.dtype[np.generic]] = frozenset(map(np.dtype, (np.bool_, np.uint8, np.uint16)))
"""Types of voxels that are labels."""

GOLDEN_ANGLE = 137.508
"""Degrees of hue from one label to the next: as far apart as any number of labels can be, for maps without colors."""


def make_segment_keys(image: Image, path: Path) -> dict[str, str]:
    """Make the keys that describe a label map.

    Raises:
        OptionError: If the voxels are not labels.
    """
    array = image.array
    if array.dtype.newbyteorder("=") not in LABEL_TYPES:
        raise OptionError(
            f"a segmentation holds labels of type bool, uint8 or uint16, and these voxels are {array.dtype}",
            path=path,
            advice="convert the array first, or give the file another suffix",
        )
    choose_label_type(max(image.labels, default=1))
    values = dict(image.labels) or {int(value): f"Segment_{value}" for value in np.unique(array) if value}
    x, y, z = array.shape
    keys = {
        "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
        "Segmentation_MasterRepresentation": "Binary labelmap",
        "Segmentation_ReferenceImageExtentOffset": "0 0 0",
    }
    for place, (value, name) in enumerate(sorted(values.items())):
        keys |= {
            f"Segment{place}_Color": " ".join(f"{part:.6g}" for part in make_color(GOLDEN_ANGLE * value)),
            f"Segment{place}_Extent": f"0 {x - 1} 0 {y - 1} 0 {z - 1}",
            f"Segment{place}_ID": f"Segment_{value}",
            f"Segment{place}_LabelValue": str(value),
            f"Segment{place}_Layer": "0",
            f"Segment{place}_Name": name,
            f"Segment{place}_Tags": "|",
        }
    return keys


def make_color(degrees: float) -> tuple[float, float, float]:
    """A bright color of some hue as red, green and blue from 0 to 1."""
    red, green, blue = (0.55 + 0.45 * np.cos(np.radians(degrees - 120 * k)) for k in range(3))
    return float(red), float(green), float(blue)
