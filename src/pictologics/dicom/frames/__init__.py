"""Header -> frames: one file for each way in which an object holds its planes. Vendors differ here and nowhere else."""

from __future__ import annotations

from .choosing import frames_of

__all__ = ["frames_of"]
