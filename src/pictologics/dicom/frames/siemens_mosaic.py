"""Makes the frames of a Siemens mosaic: the slices of a volume as tiles of one picture."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from ...errors import CorruptFileError, GeometryError
from ..headers import tags
from ..headers.header import Header
from ..headers.siemens_csa import read_csa
from .frame import Frame, check_frame_count, make_frame
from .pixel_spacing import read_pixel_spacing
from .plane_attributes import read_distance, read_orientation, read_plane_size, read_position

__all__ = ["is_mosaic", "make_mosaic_frames"]

LEAST_UPRIGHT: Final = 0.99
"""Cosine between the slice normal that the maker writes and that of the planes: both are rounded, neither is tilted."""


def is_mosaic(header: Header) -> bool:
    """Whether the file's one frame is made of tiles."""
    return "MOSAIC" in header.texts(tags.IMAGE_TYPE)


def make_mosaic_frames(header: Header) -> list[Frame]:
    """One frame for each tile that holds a slice.

    The tiles form a square that is just large enough. The file's position is that of the first pixel of a picture of
    the mosaic's size, centered where the first slice is centered. Slices follow along the CSA header's
    SliceNormalVector, which may run against the cross product of the cosines.
    """
    csa = read_csa(header)
    count = read_mosaic_count(header, csa)
    side = math.ceil(math.sqrt(count))
    rows, columns = read_plane_size(header)
    if rows % side or columns % side:
        # Cut all the same, each tile would begin a little before its slice does.
        raise CorruptFileError(
            f"{columns}x{rows} pixels cannot be cut into {side}x{side} tiles, which this mosaic of {count} slices has",
            path=header.path,
            advice="export the series again",
        )
    height, width = rows // side, columns // side
    position, orientation = read_position(header), read_orientation(header)
    spacing = read_pixel_spacing(header).distances
    step = read_distance(header, tags.SPACING_BETWEEN_SLICES) or read_distance(header, tags.SLICE_THICKNESS)
    first: np.ndarray | None = None
    normal = np.zeros(3)
    if position is not None and orientation is not None and spacing is not None and step:
        row, column = np.array(orientation[:3]), np.array(orientation[3:])
        normal = np.array(csa.get("SliceNormalVector", ()), dtype=float)
        if normal.shape != (3,) or not LEAST_UPRIGHT < abs(float(normal @ np.cross(row, column))) < 2 - LEAST_UPRIGHT:
            # Half of all mosaics run against the cross product of the cosines: a guess would be no better than a coin.
            raise GeometryError(
                f"the slice normal of this mosaic is {normal.tolist()}, and a unit vector perpendicular to its slices "
                "is required to know in which order they are stacked",
                path=header.path,
                advice="export the series again without removing private attributes",
            )
        # The position is that of a single slice of the mosaic's size: half the difference leads to the first tile's.
        first = (
            np.array(position) + row * spacing[1] * (columns - width) / 2 + column * spacing[0] * (rows - height) / 2
        )
    frames = []
    for k in range(count):
        place = None if first is None else tuple((first + k * abs(step) * normal).tolist())
        corner = (k // side * height, k % side * width)
        frames.append(
            make_frame(header, header, 0, size=(height, width), tile=corner, position=place, orientation=orientation)
        )
    return frames


def read_mosaic_count(header: Header, csa: dict[str, list[float]]) -> int:
    """How many tiles hold a slice; the rest of the square is black."""
    counts = csa.get("NumberOfImagesInMosaic") or header.numbers(tags.SIEMENS_SLICES_IN_MOSAIC)
    if not counts or not 1 <= int(counts[0]) <= min(read_plane_size(header)) ** 2:
        raise CorruptFileError(
            "this mosaic does not say how many slices it holds",
            path=header.path,
            advice="export the series again without removing private attributes",
        )
    check_frame_count(header, int(counts[0]))
    return int(counts[0])
