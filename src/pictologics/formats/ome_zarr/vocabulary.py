"""The words of OME-Zarr: its version, the names of axes, and units of length."""

from __future__ import annotations

from typing import Final

__all__ = ["MILLIMETERS", "OWN_KEY", "PATIENT_AXES", "SECONDS_OF", "VERSION", "ZARR_MARKS"]

VERSION: Final = "0.5"
"""What is written."""

ZARR_MARKS: Final = ("zarr.json", ".zgroup")
"""The file that makes a folder a group of Zarr, in its versions 3 and 2."""

OWN_KEY: Final = "pictologics"
"""Where, beside the key ``ome``, the exact grid and what OME-Zarr has no field for is kept."""

PATIENT_AXES: Final = "xyz"
"""The names of the axes of space, as both versions recommend."""

SECONDS_OF: Final = {"microsecond": 1e-6, "millisecond": 1e-3, "second": 1.0, "minute": 60.0, "hour": 3600.0}
"""Units of time that the standard lists and a scan may have, in s."""

MILLIMETERS: Final = {
    "angstrom": 1e-7,
    "nanometer": 1e-6,
    "micrometer": 1e-3,
    "millimeter": 1.0,
    "centimeter": 10.0,
    "decimeter": 100.0,
    "meter": 1000.0,
    "inch": 25.4,
    "foot": 304.8,
}
"""Units of length that the standard lists and an image of a patient may have, in mm."""
