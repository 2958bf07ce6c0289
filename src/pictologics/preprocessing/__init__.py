"""Preprocessing: sentinels, intensities and masks, one step after the other."""

from __future__ import annotations

from .intensity import clip_intensities, discretise_image, normalise_image, round_intensities
from .masks import crop_to_mask, filter_outliers, grow_mask, keep_largest_component, resegment_mask
from .sentinels import (
    SentinelEvidence,
    create_source_mask_from_sentinel,
    detect_sentinel_value,
    find_sentinel,
    mark_sentinel,
)

__all__ = [
    "SentinelEvidence",
    "clip_intensities",
    "create_source_mask_from_sentinel",
    "crop_to_mask",
    "detect_sentinel_value",
    "discretise_image",
    "filter_outliers",
    "find_sentinel",
    "grow_mask",
    "keep_largest_component",
    "mark_sentinel",
    "normalise_image",
    "resegment_mask",
    "round_intensities",
]
