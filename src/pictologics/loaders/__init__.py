"""One file for each format, each a reader; the registry asks them in order.

``load_seg``, ``load_rtstruct`` and ``get_segment_info`` are imported when they are first used.
"""

from __future__ import annotations

from ..public_names import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
