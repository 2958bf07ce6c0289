"""One file for each format, each a reader; the registry asks them in order.

``load_seg``, ``load_rtstruct`` and ``get_segment_info`` are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_imports import lazy_names

if TYPE_CHECKING:
    from .rtstruct_loader import load_rtstruct
    from .seg_loader import get_segment_info, load_seg

_HOME = {
    "get_segment_info": "seg_loader",
    "load_rtstruct": "rtstruct_loader",
    "load_seg": "seg_loader",
}

__all__ = ["get_segment_info", "load_rtstruct", "load_seg"]

__getattr__, __dir__ = lazy_names(__name__, _HOME)
