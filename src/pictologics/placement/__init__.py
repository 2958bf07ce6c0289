"""An image onto another grid: unchanged where possible, else resampled if asked for; and what a user is told of it."""

from __future__ import annotations

from .axis_order import transpose
from .describing import describe_placing, describe_sampling
from .label_guard import guard_labels, is_label_map
from .losses import describe_losses, find_kept_box
from .placing import Placed, move_image, place, place_with_report, reorder_box, resample_onto

__all__ = [
    "Placed",
    "describe_losses",
    "describe_placing",
    "describe_sampling",
    "find_kept_box",
    "guard_labels",
    "is_label_map",
    "move_image",
    "place",
    "place_with_report",
    "reorder_box",
    "resample_onto",
    "transpose",
]
