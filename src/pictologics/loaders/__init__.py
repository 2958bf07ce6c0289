"""One file for each format, each a reader; the registry asks them in order.

``load_seg``, ``load_rtstruct`` and ``get_segment_info`` are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "get_segment_info": "seg_loader",
    "load_rtstruct": "rtstruct_loader",
    "load_seg": "seg_loader",
}

__all__ = ["get_segment_info", "load_rtstruct", "load_seg"]


def __getattr__(name: str) -> Any:
    """Import a public name's module when the name is first asked for (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
