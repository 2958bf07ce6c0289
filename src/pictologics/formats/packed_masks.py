"""A source mask as one line of text, for headers and metadata that hold nothing else.

It says where the mask lies and has a checksum of the values of its image: other software crops, flips and bends voxels
and knows nothing of the mask, which must not come to lie upon others.
"""

from __future__ import annotations

import base64
import json
import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from ..geometry import CORNER_ERROR_NOTED, Grid
from ..image import Image
from ..storage.inflation import INFLATE_ERRORS

__all__ = ["PACKED_MASK_KEY", "pack_source_mask", "unpack_source_mask"]

PACKED_MASK_KEY: Final = "pictologics_source_mask"
"""The key of the text, in whatever holds it."""

MASK_ERRORS: tuple[type[Exception], ...] = (*INFLATE_ERRORS, KeyError, OverflowError, TypeError, ValueError)
"""What a damaged text raises."""


def pack_source_mask(image: Image) -> str:
    """The text for the source mask of an image, which has one; one line of ASCII."""
    grid, mask = image.grid, np.asarray(image.source_mask, np.bool_)
    bits = np.packbits(mask.ravel(order="F")).tobytes()
    content = {
        "shape": grid.shape,
        "spacing": grid.spacing,
        "origin": grid.origin,
        "direction": grid.direction.tolist(),
        "checksum": sum_up(image.array),
        "bits": base64.b64encode(isal_zlib.compress(bits)).decode(),
    }
    return json.dumps(content)


def sum_up(array: npt.NDArray[Any]) -> int:
    """A checksum of values, the same whatever their type and order of memory."""
    total = 0
    for k in range(array.shape[2]):
        # Adding zero turns -0.0 into 0.0.
        total = isal_zlib.crc32(np.ascontiguousarray(array[:, :, k], np.float64) + 0.0, total)
    return total


def unpack_source_mask(text: str, grid: Grid, array: npt.NDArray[Any]) -> npt.NDArray[np.bool_] | None:
    """A source mask from its text; None if it is not that of these voxels at this place, or the text is damaged."""
    count = math.prod(grid.shape)
    size = -(-count // 8)
    try:
        content = json.loads(text)
        own = Grid(content["shape"], content["spacing"], content["origin"], np.array(content["direction"]))
        packed = base64.b64decode(content["bits"])
        # Never more than it should be, whatever the text says.
        bits = isal_zlib.decompressobj().decompress(packed, max_length=size + 1)
        is_same = own.shape == grid.shape and content["checksum"] == sum_up(array)
    except MASK_ERRORS:
        return None
    if not is_same or grid.corner_error(own) >= CORNER_ERROR_NOTED or len(bits) != size:
        return None
    flags = np.unpackbits(np.frombuffer(bits, np.uint8), count=count).view(np.bool_)
    return flags.reshape(grid.shape, order="F")
