"""Steps between loading an image and measuring it; each takes an Image and returns a new one."""

from __future__ import annotations

from .resampling import resample_image, resample_to

__all__ = ["resample_image", "resample_to"]
