"""Masks as the contours of an RTSTRUCT."""

from __future__ import annotations

from .writing import save_rtstruct

__all__ = ["save_rtstruct"]
