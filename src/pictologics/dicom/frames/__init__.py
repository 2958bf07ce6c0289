"""Header -> frames, one file for each way in which an object holds its planes. Vendors differ here and nowhere else.

``frame`` holds a plane, ``plane_attributes`` reads what is said of one, ``sop_classes`` tells images from other files,
``file_frames`` chooses who makes the frames of a file: ``plain``, ``enhanced``, ``siemens_mosaic``, ``uih_grid``,
``dose`` or ``nuclear``.
"""

from __future__ import annotations

from .file_frames import list_frames

__all__ = ["list_frames"]
