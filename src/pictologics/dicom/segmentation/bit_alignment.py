"""Where each frame of single bits begins in the pixel data.

Frames of bits follow one another without a gap (DICOM PS3.5 8.1.1, A.4.1). Some programs pad each frame, or each
segment, to whole bytes instead; only the length of the pixel data shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from ...array_types import IntArray
from ...errors import CorruptFileError
from ...provenance import Decision
from ..headers.header import Header

__all__ = ["BitAlignment", "find_bit_alignment"]


@dataclass(frozen=True)
class BitAlignment:
    """How frames of bits are laid out.

    Attributes:
        starts: The first bit of each frame; None for frames without gaps.
        decisions: What to say of it.
    """

    starts: IntArray | None = None
    decisions: tuple[Decision, ...] = ()


def find_bit_alignment(header: Header, pixels: int, segments: Sequence[int]) -> BitAlignment:
    """Find the one alignment that fits the length of the pixel data.

    Args:
        header: A file of packed bits that is not compressed.
        pixels: Pixels of a frame.
        segments: The segment of each frame, in the order of the file.

    Raises:
        CorruptFileError: If the pixel data is longer than it may be, and no alignment fits it, or several do.
    """
    count, length = len(segments), header.pixel_length
    needed = -(-count * pixels // 8)
    if length is None or length <= needed + needed % 2:
        # Too little is found where pixels are read.
        return BitAlignment()
    plain = np.arange(count) * pixels
    found: dict[str, IntArray] = {}
    for name, starts, size in list_padded_layouts(pixels, segments):
        if size <= length <= size + size % 2 and not any(np.array_equal(starts, other) for other in found.values()):
            found[name] = starts
    too_long = f"its pixel data has {length} bytes, and {count} frames of {pixels} bits without gaps need {needed}"
    if len(found) == 1:
        ((name, starts),) = found.items()
        if np.array_equal(starts, plain):
            return BitAlignment(None, (Decision("left out", f"{too_long}; the rest was not read", None, "content"),))
        text = f"{too_long}; that is their length with {name} padded to whole bytes, as which they were read"
        return BitAlignment(starts, (Decision("assumed", text, length, "content"),))
    if not found and pixels % 8 == 0:
        # Padding would change nothing: something stands behind the frames.
        return BitAlignment(None, (Decision("left out", f"{too_long}; the rest was not read", None, "content"),))
    why = f"and so are {' and '.join(f'{name} padded' for name in found)}" if found else "no padding explains the rest"
    raise CorruptFileError(
        f"{too_long}; {why}, and where frames begin cannot be told",
        path=header.path,
        advice="export the file again",
        bytes=length,
        needed=needed,
    )


def list_padded_layouts(pixels: int, segments: Sequence[int]) -> list[tuple[str, IntArray, int]]:
    """List how programs pad bits: what is padded, the first bit of each frame, and the length of all in bytes."""
    count = len(segments)
    step = -(-pixels // 8) * 8
    # Frames of a segment follow one another where a program wrote segment after segment.
    lengths = [len(list(run)) for _, run in groupby(segments)]
    sizes = [-(-frames * pixels // 8) * 8 for frames in lengths]
    begins = np.repeat(np.concatenate([[0], np.cumsum(sizes)[:-1]]), lengths)
    within = np.concatenate([np.arange(frames) for frames in lengths]) * pixels
    return [
        ("each frame", np.arange(count) * step, count * step // 8),
        ("each segment", begins + within, sum(sizes) // 8),
    ]
