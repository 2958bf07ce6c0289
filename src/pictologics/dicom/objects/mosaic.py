"""Siemens mosaics: the slices of a volume as tiles of one picture."""

from __future__ import annotations

import math
import struct

import numpy as np

from ...errors import CorruptFileError, GeometryError
from .. import tags
from ..frames import Frame, make_frame, orientation_of, pixel_spacing_of, position_of
from ..header import Header
from ..located import located_bytes
from .plain import stored_size

__all__ = ["is_mosaic", "mosaic_frames"]

MAXIMUM_CSA_TAGS = 1000
MAXIMUM_CSA_ITEMS = 200


def is_mosaic(header: Header) -> bool:
    """Whether the file's one frame is made of tiles."""
    return "MOSAIC" in header.texts(tags.IMAGE_TYPE)


def mosaic_frames(header: Header) -> list[Frame]:
    """One frame for each tile that holds a slice.

    The tiles form a square that is just large enough. The file's position is that of the first pixel of a picture of
    the mosaic's size, centred where the first slice is centred. Slices follow along the CSA header's
    SliceNormalVector, which may run against the cross product of the cosines.
    """
    csa = read_csa(header)
    count = number_of_slices(header, csa)
    side = math.ceil(math.sqrt(count))
    rows, columns = stored_size(header)
    height, width = rows // side, columns // side
    position, orientation = position_of(header), orientation_of(header)
    spacing, _ = pixel_spacing_of(header)
    step = header.number(tags.SPACING_BETWEEN_SLICES) or header.number(tags.SLICE_THICKNESS)
    first: np.ndarray | None = None
    normal = np.zeros(3)
    if position is not None and orientation is not None and spacing is not None and step:
        row, column = np.array(orientation[:3]), np.array(orientation[3:])
        normal = np.array(csa.get("SliceNormalVector", ()), dtype=float)
        if normal.shape != (3,) or not abs(float(normal @ np.cross(row, column))) > 0.99:
            # Half of all mosaics run against the cross product of the cosines: a guess would be no better than a coin.
            raise GeometryError(
                f"the slice normal of this mosaic is {normal.tolist()}, and a unit vector that stands on its slices is "
                "required to know which way they follow each other",
                path=header.path,
                advice="export the series again without removing private attributes",
            )
        first = (
            np.array(position) + row * spacing[1] * (columns - width) / 2 + column * spacing[0] * (rows - height) / 2
        )
    frames = []
    for k in range(count):
        place = None if first is None else tuple((first + k * abs(step or 0) * normal).tolist())
        corner = (k // side * height, k % side * width)
        frames.append(
            make_frame(header, header, 0, size=(height, width), tile=corner, position=place, orientation=orientation)
        )
    return frames


def number_of_slices(header: Header, csa: dict[str, list[float]]) -> int:
    """How many tiles hold a slice; the rest of the square is black."""
    said = csa.get("NumberOfImagesInMosaic") or header.numbers(tags.SIEMENS_SLICES_IN_MOSAIC)
    if not said or not 1 <= int(said[0]) <= min(stored_size(header)) ** 2:
        raise CorruptFileError(
            "this mosaic does not say how many slices it holds",
            path=header.path,
            advice="export the series again without removing private attributes",
        )
    return int(said[0])


def read_csa(header: Header) -> dict[str, list[float]]:
    """The numeric values of the Siemens CSA image header by name; empty if the file has none."""
    if not header.text(tags.SIEMENS_CSA_HEADER).startswith("SIEMENS CSA"):
        return {}
    content = located_bytes(header, tags.SIEMENS_CSA_IMAGE_HEADER_INFO)
    try:
        return parse_csa(content) if content else {}
    except (struct.error, ValueError) as error:
        raise CorruptFileError(
            "its Siemens CSA header cannot be followed", path=header.path, advice="export the series again"
        ) from error


def parse_csa(content: bytes) -> dict[str, list[float]]:
    """Numeric values by name, from either version of the format.

    Version 2 begins with the mark ``SV10``. Each tag has a name of 64 bytes, and each of its items four numbers of
    which the second is its length (in version 1, the first, counted from that of the first tag).
    """
    is_second = content[:4] == b"SV10"
    position = 8 if is_second else 0
    (count,) = struct.unpack_from("<I", content, position)
    if not 1 <= count <= MAXIMUM_CSA_TAGS:
        raise ValueError(count)
    position += 8
    first_items = 0
    found: dict[str, list[float]] = {}
    for index in range(count):
        name, _, _, _, items, _ = struct.unpack_from("<64si4siii", content, position)
        position += 84
        if not 0 <= items <= MAXIMUM_CSA_ITEMS:
            raise ValueError(items)
        first_items = items if index == 0 else first_items
        values = []
        for _ in range(items):
            item = struct.unpack_from("<4i", content, position)
            length = item[1] if is_second else item[0] - first_items
            position += 16
            if not 0 <= length <= len(content) - position:
                if is_second:
                    raise ValueError(length)
                break
            values.append(content[position : position + length].split(b"\0")[0].strip())
            position += -(-length // 4) * 4
        try:
            numbers = [float(value) for value in values if value]
        except ValueError:
            continue
        if all(map(math.isfinite, numbers)):
            found[name.split(b"\0")[0].decode("latin-1")] = numbers
    return found
