"""Phases of a series and pictures under one name; their own rooms are ``loaders`` and ``pictures``."""

from __future__ import annotations

from .dicom.series.phase_info import DicomPhaseInfo
from .loaders.phase_listing import get_dicom_phases
from .pictures import save_planes, save_slices, visualize_mask_overlay, visualize_slices

__all__ = [
    "DicomPhaseInfo",
    "get_dicom_phases",
    "save_planes",
    "save_slices",
    "visualize_mask_overlay",
    "visualize_slices",
]
