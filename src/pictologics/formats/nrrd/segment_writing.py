"""Image -> the keys of a NRRD header with which 3D Slicer names the labels of a label map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import OptionError
from ...image import Image
from ...labels import LARGEST_LABEL, choose_label_type, convert_whole_numbers

__all__ = ["LABEL_TYPES", "make_segment_keys", "prepare_labels"]

LABEL_TYPES: frozenset[np.dtype[np.generic]] = frozenset(map(np.dtype, (np.bool_, np.uint8, np.uint16)))
"""Types of voxels that are stored as labels as they are."""

GOLDEN_ANGLE = 137.508
"""Degrees of hue from one label to the next: as far apart as any number of labels can be, for maps without colors."""


def prepare_labels(image: Image, path: Path) -> npt.NDArray[np.unsignedinteger[Any]]:
    """The voxels of a label map as the type that segmentations have.

    Whole numbers of any type are labels: label maps of other formats are loaded as floats.

    Raises:
        OptionError: If they are not whole numbers from 0 to 65,535.
    """
    array = image.array
    if array.dtype.newbyteorder("=") in LABEL_TYPES:
        return array.view(np.uint8) if array.dtype == np.bool_ else array.astype(array.dtype.newbyteorder("<"))
    whole = convert_whole_numbers(array) if array.dtype.kind == "f" else array
    if (
        whole is None
        or whole.dtype.kind not in "iu"
        or (whole.size and not 0 <= whole.min() <= whole.max() <= LARGEST_LABEL)
    ):
        raise OptionError(
            f"a segmentation holds labels, whole numbers from 0 to {LARGEST_LABEL}, and these voxels "
            f"({array.dtype}) are others",
            path=path,
            advice="convert the array first, or give the file another suffix",
        )
    return whole.astype(choose_label_type(int(whole.max()) if whole.size else 0), order="K")


def make_segment_keys(image: Image, stored: npt.NDArray[np.unsignedinteger[Any]]) -> dict[str, str]:
    """Make the keys that describe a label map: a segment for every value that it has or names, but the background.

    Args:
        image: The label map.
        stored: Its voxels as they will be stored.
    """
    choose_label_type(max(image.labels, default=1))
    # Counting takes a tenth of the time of sorting.
    present = np.flatnonzero(np.bincount(stored.ravel(order="K"))).tolist()
    values = {value: f"Segment_{value}" for value in present} | dict(image.labels)
    values.pop(0, None)
    x, y, z = stored.shape
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
