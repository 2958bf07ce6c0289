"""How large the labels of a mask are, where they lie, and what values the image has there."""

from __future__ import annotations

from .measurements import Measurement, Measurements
from .measuring import measure

__all__ = ["Measurement", "Measurements", "measure"]
