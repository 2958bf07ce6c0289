"""What helps around loading: the volumes of a multi-phase series, and pictures."""

from __future__ import annotations

from ..dicom.phase_info import DicomPhaseInfo
from ..loaders.phase_listing import get_dicom_phases
from .pictures import save_planes

__all__ = ["DicomPhaseInfo", "get_dicom_phases", "save_planes"]
