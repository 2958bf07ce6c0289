"""What a kind of segmentation file is, for ``load_seg`` and ``get_segment_info``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ...errors import OptionError
from ...image import Image
from ..protocol import Probe, Source

__all__ = ["SegmentFacts", "SegmentOptions", "SegmentationKind", "chosen_numbers"]

SegmentFacts = dict[str, str | int]
"""What is known of one segment. Always there: ``segment_number``, a number, and as text, empty where the file says
nothing, ``segment_label``, ``segment_description``, ``algorithm_type``. A kind may add more, under names that say what
they are."""


@dataclass(frozen=True)
class SegmentOptions:
    """The keywords of ``load_seg`` that concern reading, checked and packed once; see there for their meaning.

    Attributes:
        numbers: The segments that are wanted; None for all.
        combine: Whether they become one label map.
        threshold: From which fraction on a voxel belongs to a segment; None to keep the fractions.
        reference: The image on which the result will be placed, for what the file leaves open; nobody but
            ``load_seg`` does the placing.
    """

    numbers: tuple[int, ...] | None = None
    combine: bool = True
    threshold: float | None = 0.5
    reference: Image | None = None


class SegmentationKind(Protocol):
    """One kind of file that holds segments. A small object without state.

    Attributes:
        name: What messages call it.
    """

    name: str

    def matches(self, probe: Probe) -> bool:
        """Whether the source is of this kind. Never raises and opens nothing."""

    def segments(self, source: Source) -> list[SegmentFacts]:
        """What is known of each segment, in ascending order of their numbers, without reading voxels."""

    def load(self, source: Source, options: SegmentOptions) -> Image | dict[int, Image]:
        """Read segments onto the grid of the file, in LPS; they are not placed on the reference.

        Returns:
            A label map whose ``labels`` name the segments or, where ``options.combine`` is False, a binary mask for
            each number. Of a mask's planes, those that hold nothing have a ``SliceSource`` without a file in the
            provenance, and their memory is never touched.
        """


def chosen_numbers(available: Sequence[int], wanted: Sequence[int] | None, path: str) -> tuple[int, ...]:
    """The segments that are meant, in ascending order.

    Args:
        available: The segments of the file.
        wanted: Those that are asked for; None for all.
        path: The file, for messages.

    Raises:
        OptionError: If one that is asked for is not there; the message lists those that are.
    """
    if wanted is None:
        return tuple(sorted(available))
    missing = sorted(set(wanted) - set(available))
    if missing:
        several = len(missing) > 1
        raise OptionError(
            f"there {'are no segments' if several else 'is no segment'} {listed(missing)}, only {listed(available)}",
            path=path,
            advice="pass segment_numbers that are there, or leave it out for all",
            missing=missing,
            segments=sorted(available),
        )
    return tuple(sorted(set(wanted)))


def listed(numbers: Sequence[int]) -> str:
    """Numbers in words, neighbors as ranges: ``1 to 5, 7``."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(
        str(low) if low == high else f"{low}, {high}" if high == low + 1 else f"{low} to {high}" for low, high in runs
    )
