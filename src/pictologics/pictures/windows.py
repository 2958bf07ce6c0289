"""Values -> grays: windows as radiologists set them, by center and width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from ..checks import option_error
from ..image import Image

__all__ = ["Grays", "Window", "WindowPreset", "choose_grays"]

WindowPreset = Literal["lung", "bone", "brain", "soft tissue"]
Window = WindowPreset | tuple[float, float]

PRESETS: dict[str, tuple[float, float]] = {
    "lung": (-600.0, 1500.0),
    "bone": (400.0, 1800.0),
    "brain": (40.0, 80.0),
    "soft tissue": (40.0, 400.0),
}
"""Center and width of the usual windows, Hounsfield units."""

PERCENTILES = (0.5, 99.5)
"""Black and white where values are not Hounsfield units: a few extreme voxels would leave the rest without contrast."""

LARGEST_SAMPLE = 250_000
"""Voxels that percentiles are taken from: enough for a picture, and found in milliseconds."""


@dataclass(frozen=True)
class Grays:
    """Which values are black and white.

    Attributes:
        low: Drawn black, as is everything below.
        high: Drawn white, as is everything above.
        text: The window in words.
    """

    low: float
    high: float
    text: str

    def shade(self, values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """Values as 0 (black) to 255 (white); NaN is black."""
        shades = (values.astype(np.float64) - self.low) / (self.high - self.low) * 255.0
        return np.ascontiguousarray(np.nan_to_num(np.clip(shades, 0.0, 255.0)).round().astype(np.uint8))


def choose_grays(image: Image, window: Window | None) -> Grays:
    """Choose the grays of an image.

    Args:
        image: The image.
        window: The name of a preset, or (center, width), which go half the width to either side of the center. By
            default soft tissue for Hounsfield units, and the 0.5th to 99.5th percentile of the valid voxels otherwise.

    Raises:
        OptionError: If it is neither.
    """
    units = image.metadata.get("units", "")
    if window is None:
        if units != "HU":
            low, high = find_middle_values(image)
            return Grays(low, high, f"{low:.4g} to {high:.4g} {units}".rstrip())
        window = "soft tissue"
    name = window if isinstance(window, str) else ""
    center, width = check_window(window)
    text = f"{name} " * bool(name) + f"W {width:g} L {center:g} {units}".rstrip()
    # LINEAR_EXACT of DICOM PS3.3 C.11.2.1.3.2; LINEAR takes half a unit off, which suits only whole numbers.
    return Grays(center - width / 2, center + width / 2, text)


def check_window(window: Window) -> tuple[float, float]:
    """Check a window, and look a preset up: center and width."""
    if isinstance(window, str) and window.lower() in PRESETS:
        return PRESETS[window.lower()]
    try:
        center, width = (float(number) for number in window)
    except (TypeError, ValueError):
        center, width = np.nan, np.nan
    # "not (x > 0)" also refuses NaN.
    if isinstance(window, str) or not (np.isfinite(center) and np.isfinite(width) and width > 0):
        names = ", ".join(f'"{name}"' for name in get_args(WindowPreset))
        required = f"one of {names}, or (center, width) with a width above 0"
        raise option_error("window", window, required, "(40, 400) shows -160 to 240")
    return center, width


def find_middle_values(image: Image) -> tuple[float, float]:
    """Find the range of all but the extreme values, from voxels spread over the image."""
    values = np.asarray(image.array)
    step = max(1, int(np.cbrt(values.size / LARGEST_SAMPLE)))
    thin = (slice(None, None, step),) * 3
    sample = values[thin].astype(np.float64)
    if image.source_mask is not None and image.source_mask[thin].any():
        sample = sample[image.source_mask[thin]]
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(sample, PERCENTILES))
    if low < high:
        return low, high
    # A mask of few voxels, or a constant.
    low, high = float(sample.min()), float(sample.max())
    return (low, high) if low < high else (low - 1.0, high + 1.0)
