"""Makes the frames of a United Imaging grid: slices as tiles of one picture, each with a position of its own."""

from __future__ import annotations

import math

from ...errors import CorruptFileError, GeometryError
from ..headers import tags
from ..headers.header import Header
from ..headers.sequence_parser import read_items
from .frame import Frame, check_frame_count, make_frame
from .plane_attributes import Position, read_orientation, read_plane_size, read_position

__all__ = ["is_uih_grid", "make_uih_grid_frames"]


def is_uih_grid(header: Header) -> bool:
    """Whether the file's one frame is made of tiles: the maker writes VFRAME into their image type."""
    return "VFRAME" in header.texts(tags.IMAGE_TYPE) or (
        header.text(tags.UIH_IMAGE_HEADER) == tags.UIH_CREATOR and tags.UIH_SLICES_IN_GRID in header
    )


def make_uih_grid_frames(header: Header) -> list[Frame]:
    """One frame for each tile that holds a slice.

    The maker's own rule: a grid of n slices has ceil(sqrt(n)) tiles side by side and as many rows of them as are
    needed. An item of a private sequence names the position of each slice; that of the file is not corrected for the
    size of the picture, as that of a mosaic would be.
    """
    count = read_grid_count(header)
    across = math.ceil(math.sqrt(count))
    down = -(-count // across)
    rows, columns = read_plane_size(header)
    if rows % down or columns % across:
        raise CorruptFileError(
            f"{columns}x{rows} pixels cannot be cut into {across}x{down} tiles, which this grid of {count} slices has",
            path=header.path,
            advice="export the series again",
        )
    height, width = rows // down, columns // across
    frames = []
    for k, position in enumerate(read_grid_positions(header, count)):
        corner = (k // across * height, k % across * width)
        frames.append(
            make_frame(
                header,
                header,
                0,
                size=(height, width),
                tile=corner,
                position=position,
                orientation=read_orientation(header),
            )
        )
    return frames


def read_grid_count(header: Header) -> int:
    """How many tiles hold a slice; the rest of the grid is black."""
    count = header.number(tags.UIH_SLICES_IN_GRID)
    if count is None or count != int(count) or not 1 <= count <= min(read_plane_size(header)) ** 2:
        raise CorruptFileError(
            "this grid of slices does not say how many it holds",
            path=header.path,
            advice="export the series again without removing private attributes",
        )
    check_frame_count(header, int(count))
    return int(count)


def read_grid_positions(header: Header, count: int) -> list[Position | None]:
    """The position of each slice, LPS mm."""
    positions = [read_position(item) for item in read_items(header, tags.UIH_SLICE_SEQUENCE)]
    if len(positions) != count or None in positions:
        # The way in which slices follow each other stands nowhere else: a guess would be no better than a coin.
        known = sum(position is not None for position in positions)
        raise GeometryError(
            f"this grid holds {count} slices, and positions are given for {known} of them",
            path=header.path,
            advice="export the series again without removing private attributes",
        )
    return positions
