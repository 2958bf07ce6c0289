"""Made-up scans: what a radiologist sees on a screen, as arrays."""

from __future__ import annotations

import numpy as np

from pictologics import Image

__all__ = ["box_filled_with", "ct_of_a_body", "mr_of_a_head", "on_grid", "round_body"]

SHAPE = (40, 36, 12)


def on_grid(array: np.ndarray, spacing=(0.8, 0.9, 2.5), **fields) -> Image:
    return Image(np.asfortranarray(array), spacing, (-12.5, 30.0, -410.0), **fields)


def round_body(scale: float) -> np.ndarray:
    """How far inside an ellipse voxels are, 0 on its edge, in voxels."""
    x, y, _ = np.indices(SHAPE)
    return 14 * scale - np.hypot((x - 19.5) / 1.1, y - 17.5)


def ct_of_a_body(seed: int = 1, noise: float = 12.0, clip: float = -1024.0) -> np.ndarray:
    """HU of soft tissue in air: smooth skin, noise everywhere, clipped where the scanner clips."""
    rng = np.random.default_rng(seed)
    tissue = 40 - 120 * np.exp(-np.clip(round_body(1.0), 0, None) / 2)
    weight = np.clip(round_body(1.0) + 0.5, 0, 1)
    values = -1000 + weight * (tissue + 1000) + rng.normal(0, noise, SHAPE)
    return np.clip(np.round(values), clip, 3071).astype(np.float32)


def mr_of_a_head(seed: int = 2, noise: float = 4.0) -> np.ndarray:
    """Magnitudes: Rician noise around, dark fluid and bright tissue within."""
    rng = np.random.default_rng(seed)
    signal = np.clip(round_body(1.0) / 3, 0, 1) * (400 + 300 * np.cos(round_body(1.0)))
    return np.round(np.hypot(signal + rng.normal(0, noise, SHAPE), rng.normal(0, noise, SHAPE))).astype(np.float32)


def box_filled_with(value: float, values: np.ndarray, scale: float = 0.6) -> np.ndarray:
    """What lies outside an organ replaced by one value, as an exported lesion is."""
    filled = values.copy()
    filled[round_body(scale) < 0] = value
    return filled
