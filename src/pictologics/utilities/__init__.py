"""What helps around loading: the volumes of a multi-phase series, and pictures."""

from __future__ import annotations

from ..dicom.phase_info import DicomPhaseInfo
from ..loaders.phase_listing import get_dicom_phases
from .figures import visualize_mask_overlay, visualize_slices
from .pictures import save_planes
from .slice_files import save_slices

__all__ = [
    "DicomPhaseInfo",
    "get_dicom_phases",
    "save_planes",
    "save_slices",
    "visualize_mask_overlay",
    "visualize_slices",
]
