"""Reads the CSA header: what Siemens writes in a format of its own, in one private attribute."""

from __future__ import annotations

import math
import struct
from typing import Final

from ...errors import CorruptFileError
from . import tags
from .header import Header

__all__ = ["read_csa"]

MAXIMUM_CSA_TAGS: Final = 1000
"""Scanners write about a hundred; more means that this is not a CSA header."""

MAXIMUM_CSA_ITEMS: Final = 200
"""Values of one tag, of which scanners write at most a few dozen."""


def read_csa(header: Header) -> dict[str, list[float]]:
    """The numeric values of the Siemens CSA image header by name; empty if the file has none."""
    if not header.text(tags.SIEMENS_CSA_HEADER).startswith("SIEMENS CSA"):
        return {}
    (content,) = header.read_located(tags.SIEMENS_CSA_IMAGE_HEADER_INFO)
    try:
        return parse_csa(content) if content else {}
    except (struct.error, ValueError) as error:
        raise CorruptFileError(
            "its Siemens CSA header cannot be parsed", path=header.path, advice="export the series again"
        ) from error


def parse_csa(content: bytes) -> dict[str, list[float]]:
    """Numeric values by name, from either version of the format.

    Version 2 begins with the mark ``SV10``. Each tag has a name of 64 bytes, and each of its items four numbers of
    which the second is its length (in version 1, the first, counted from that of the first tag).
    """
    has_mark = content[:4] == b"SV10"
    position = 8 if has_mark else 0
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
            length = item[1] if has_mark else item[0] - first_items
            position += 16
            if not 0 <= length <= len(content) - position:
                if has_mark:
                    raise ValueError(length)
                break
            values.append(content[position : position + length].split(b"\0")[0].strip())
            # Values are padded to whole words of four bytes.
            position += -(-length // 4) * 4
        try:
            numbers = [float(value) for value in values if value]
        except ValueError:
            # Text, such as a date or the name of a protocol.
            continue
        if all(map(math.isfinite, numbers)):
            found[name.split(b"\0")[0].decode("latin-1")] = numbers
    return found
