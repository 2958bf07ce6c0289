"""Sentinels: one value that fills the voxels where there is no data, such as -2048 around an exported lesion."""

from __future__ import annotations

from .evidence import SentinelEvidence, detect_sentinel_value, find_sentinel
from .marking import create_source_mask_from_sentinel, find_source_mask, mark_sentinel

__all__ = [
    "SentinelEvidence",
    "create_source_mask_from_sentinel",
    "detect_sentinel_value",
    "find_sentinel",
    "find_source_mask",
    "mark_sentinel",
]
