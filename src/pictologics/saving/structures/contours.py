"""The voxels of a ROI -> its contours as a DICOM file has them.

A structure set of thirty organs has some ten thousand contours of a million numbers. So the sequence of contours is put
together here, as the bytes of an implicit VR file, and not as an object for each.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from ...array_types import FloatArray, IntArray
from ...dicom.headers import tags
from ...rasterizing.outlines import trace_outlines
from ..source_series import ImageReference, SourceSeries
from .decimal_text import choose_decimals, write_decimals
from .mask_regions import SegmentRegion

__all__ = ["ContourWriter"]

ITEM: Final = 0xFFFEE000
REFERENCED_SOP_CLASS_UID: Final = 0x00081150
CONTOUR_NUMBER: Final = 0x30060048

TO_EDGE: Final = 0.5
"""Voxels begin so far before their centers, in voxels."""


def encode(tag: int, value: bytes) -> bytes:
    """Encode an element, or an item, of implicit VR, little endian; the value is of even length."""
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value


def encode_text(tag: int, text: str | bytes, padding: bytes = b" ") -> bytes:
    """Encode an element of text."""
    value = text if isinstance(text, bytes) else text.encode("ascii")
    return encode(tag, value + padding * (len(value) % 2))


@dataclass(frozen=True)
class ContourWriter:
    """Writes contours on the planes of one series.

    Attributes:
        positions: (planes, 3) center of the first voxel of each plane, LPS mm.
        steps: (2, 3) from one column to the next, and from one row to the next, mm.
        images: The sequence that names the image of each plane, encoded.
        decimals: Decimals of coordinates.
    """

    positions: FloatArray
    steps: FloatArray
    images: list[bytes]
    decimals: int

    @classmethod
    def of_series(cls, series: SourceSeries) -> ContourWriter:
        """The writer for a series.

        Raises:
            GeometryError: If its coordinates do not fit into decimal strings.
        """
        grid = series.planes.grid
        corners = np.abs(grid.bounds)
        return cls(
            series.plane_positions,
            (grid.direction[:, :2] * np.asarray(grid.spacing)[:2]).T,
            [encode_image(reference) for reference in series.references],
            choose_decimals(min(grid.spacing), float(corners.max())),
        )

    def write(self, region: SegmentRegion) -> bytes:
        """Write the contours of a ROI: the items of its ContourSequence."""
        outlines = trace_outlines(region.voxels)
        planes = outlines.planes + region.first[0]
        counts = np.diff(outlines.starts)
        columns = outlines.corners[:, 0] + (region.first[2] - TO_EDGE)
        rows = outlines.corners[:, 1] + (region.first[1] - TO_EDGE)
        points = self.positions[np.repeat(planes, counts)]
        points += columns[:, None] * self.steps[0] + rows[:, None] * self.steps[1]
        text, begins = write_decimals(points.ravel(), self.decimals)
        bounds = begins[outlines.starts * 3].tolist()
        return self.encode_contours(text, bounds, planes, counts)

    def encode_contours(self, text: bytes, bounds: list[int], planes: IntArray, counts: IntArray) -> bytes:
        """Encode contours as items.

        Args:
            text: The coordinates of all, each with a backslash behind it.
            bounds: Where those of each contour begin in the text, and its length.
            planes: The plane of each contour.
            counts: How many points each has.
        """
        kind = encode_text(tags.CONTOUR_GEOMETRIC_TYPE, "CLOSED_PLANAR")
        items = []
        for number, ((begin, end), plane, count) in enumerate(
            zip(pairwise(bounds), planes.tolist(), counts.tolist(), strict=True), 1
        ):
            body = (
                self.images[plane],
                kind,
                encode_text(tags.NUMBER_OF_CONTOUR_POINTS, str(count)),
                encode_text(CONTOUR_NUMBER, str(number)),
                encode_text(tags.CONTOUR_DATA, text[begin : end - 1]),
            )
            items.append(encode(ITEM, b"".join(body)))
        return b"".join(items)


def encode_image(reference: ImageReference) -> bytes:
    """Encode the sequence that names the image of a contour."""
    body = encode_text(REFERENCED_SOP_CLASS_UID, reference.sop_class_uid, b"\0")
    body += encode_text(tags.REFERENCED_SOP_INSTANCE_UID, reference.sop_instance_uid, b"\0")
    if reference.frame is not None:
        body += encode_text(tags.REFERENCED_FRAME_NUMBER, str(reference.frame))
    return encode(tags.CONTOUR_IMAGE_SEQUENCE, encode(ITEM, body))
