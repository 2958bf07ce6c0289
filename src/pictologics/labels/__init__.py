"""Label maps: arrays whose values are segment numbers; their type, and how segments are painted into them."""

from __future__ import annotations

from .label_like import find_few_values, judge_regions, looks_like_labels
from .label_types import LARGEST_LABEL, choose_label_type, convert_labels, convert_whole_numbers
from .mask_values import convert_mask_values, list_labels
from .painting import Overlaps, find_set_bytes, paint_bits, paint_plane, report_lost_labels, report_overlaps

__all__ = [
    "LARGEST_LABEL",
    "Overlaps",
    "choose_label_type",
    "convert_labels",
    "convert_mask_values",
    "convert_whole_numbers",
    "find_few_values",
    "find_set_bytes",
    "judge_regions",
    "list_labels",
    "looks_like_labels",
    "paint_bits",
    "paint_plane",
    "report_lost_labels",
    "report_overlaps",
]
