"""Images that were computed from a DICOM series, written as a series beside it."""

from __future__ import annotations

from .writing import SavedSeries, save_dicom

__all__ = ["SavedSeries", "save_dicom"]
