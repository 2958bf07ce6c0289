"""Files that hold segments, whatever their format: one file for each kind, chosen by what the file is."""

from __future__ import annotations

from .kinds import KINDS, select_kind
from .protocol import (
    SegmentationKind,
    SegmentFacts,
    SegmentOptions,
    chosen_numbers,
)

__all__ = ["KINDS", "SegmentFacts", "SegmentOptions", "SegmentationKind", "chosen_numbers", "select_kind"]
