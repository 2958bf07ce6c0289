"""Filters of images: the convolutional filters of IBSI 2, median and gradient magnitude, all aware of a source mask.

Each takes an :class:`~pictologics.Image` and returns one on the same grid, float32 where that holds the image's values
exactly and float64 otherwise. Voxels that are valid in the image are valid in the result, and no others.

All filters have these options:

- ``dimensions``: 3 filters the volume, 2 each slice of the third axis by itself. (The Gabor filter is always 2D.)
- ``boundary``: what lies beyond the image ``a b c``: ``"mirror"`` or ``"symmetric"`` is ``c b``, with the outermost
  voxel twice; ``"nearest"`` is ``c c``; ``"periodic"`` is ``a b``; ``"zero"`` is ``0 0``. It counts as valid.
- ``fill_value``: what voxels that are invalid in the image hold in the result.

Wrong options, and images without a valid voxel, are an ``OptionError``; a filter that reaches farther than a mirrored
or periodic image does is a ``GeometryError``. Voxels that hold NaN or infinity are treated as invalid, with a
``ContentWarning``.

Names are imported when they are first used, because scipy and PyWavelets take a moment to load.
"""

from __future__ import annotations

from ..public_names import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
