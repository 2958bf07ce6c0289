"""The two tolerances of geometry, in one unit.

Every geometric error is measured as **the displacement, in voxels, of the worst corner of the volume** between two
descriptions of where it lies. It means the same for a tilt, a gap, a rounded cosine and a shifted mask, whatever the
spacing and the size.
"""

from __future__ import annotations

__all__ = ["CORNER_ERROR_NOTED", "CORNER_ERROR_REFUSED"]

CORNER_ERROR_NOTED = 0.01
"""Corner error, in voxels, from which a difference is recorded in the provenance.

A header that holds float32 numbers is off by 1e-4 mm at 1000 mm from the origin; that and a
scanner's rounding (1e-3 mm in positions, 1e-6 in cosines) stay below it."""

CORNER_ERROR_REFUSED = 0.1
"""Corner error, in voxels, from which two descriptions of one volume are said to differ.

A tenth of a voxel moves an interpolated value by a tenth of the step to its neighbor: the first
size that a measurement shows."""
