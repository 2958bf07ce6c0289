"""Copies of DICOM files without identities, by the basic profile."""

from __future__ import annotations

from .writing import AnonymizedFiles, save_anonymized

__all__ = ["AnonymizedFiles", "save_anonymized"]
