"""Masks as a DICOM SEG, in bits or fractions."""

from __future__ import annotations

from .writing import save_seg

__all__ = ["save_seg"]
