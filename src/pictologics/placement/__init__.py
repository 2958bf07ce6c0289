"""An image onto another grid: unchanged where possible, else resampled if asked for; and what a user is told of it."""

from __future__ import annotations

from .axis_order import transpose
from .describing import describe_placing, describe_sampling
from .label_guard import guard_labels, is_label_map
from .losses import describe_losses, find_kept_box
from .lost_places import AxisOrder, describe_lost_place, find_axis_orders, looks_lost
from .placing import Placed, move_image, place, place_with_report, reorder_box, resample_onto

__all__ = [
    "AxisOrder",
    "Placed",
    "describe_losses",
    "describe_lost_place",
    "describe_placing",
    "describe_sampling",
    "find_axis_orders",
    "find_kept_box",
    "guard_labels",
    "is_label_map",
    "looks_lost",
    "move_image",
    "place",
    "place_with_report",
    "reorder_box",
    "resample_onto",
    "transpose",
]
