"""Filters of images: the convolutional filters of IBSI 2, median and gradient magnitude, all aware of a source mask.

Each takes an :class:`~pictologics.Image` and returns one on the same grid. Names are imported when they are first
used, because scipy and PyWavelets take a moment to load.
"""

from __future__ import annotations

from ..public_names import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
