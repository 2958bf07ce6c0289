"""What is wrong with one series, from its row, those of its volumes and that of its image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ..series_sources import FIND_SCATTERED
from .check_report import CheckedSeries
from .mask_meeting import Meeting, meet_grids, read_grid

__all__ = ["FIND_SERIES", "add_meeting", "check_row"]

GRID_COLUMNS: Final = ("origin", "direction", *(f"{name}_{axis}" for name in ("size", "spacing") for axis in "xyz"))
IMAGE_COLUMNS: Final = ("patient_key", "verdict", "loads", "load_options", "frame_of_reference_key", *GRID_COLUMNS)

FIND_SERIES: Final = f"""
    SELECT s.* EXCLUDE (referenced_series_keys, referenced_instance_keys),
        l.image_key, l.how, l.choices, v.fewest, v.most, c.conflicts, a.series_key AS scattered,
        {", ".join(f"i.{name} AS image_{name}" for name in IMAGE_COLUMNS)}
    FROM series s LEFT JOIN links l USING (series_key)
    LEFT JOIN series i ON i.series_key = l.image_key AND i.kind = 'image'
    LEFT JOIN (
        SELECT series_key, min(size_z) AS fewest, max(size_z) AS most FROM phases
        WHERE label NOT LIKE 'Set %' GROUP BY ALL
    ) v ON v.series_key = s.series_key
    LEFT JOIN (
        SELECT series_key, any_value(text) AS conflicts FROM problems WHERE kind = 'conflict' GROUP BY ALL
    ) c ON c.series_key = s.series_key
    LEFT JOIN ({FIND_SCATTERED}) a ON a.series_key = s.series_key
"""
"""Each series with its image and the sizes of its volumes."""

MASK_KINDS: Final = ("SEG", "RTSTRUCT", "dose")


def check_row(row: Mapping[str, Any]) -> CheckedSeries:
    """Judge a series by what the tables say.

    Args:
        row: A row that ``FIND_SERIES`` finds.
    """
    found = CheckedSeries(
        row["series_key"],
        row["kind"],
        row["modality"] or "",
        tuple(list_faults(row)),
        row["worst_error_voxels"],
        row["image_key"] or "",
        row["load_options"] or "{}",
    )
    mask, image = read_grid(row), read_grid(row, "image_")
    if row["kind"] in ("SEG", "dose") and mask is not None and image is not None and can_compare(row):
        return add_meeting(found, meet_grids(mask, image, needs_lattice=row["kind"] == "SEG"))
    return found


def can_compare(row: Mapping[str, Any]) -> bool:
    """Whether positions of a mask and its image are in one frame of reference, as far as they say."""
    frames = {row["frame_of_reference_key"], row["image_frame_of_reference_key"]} - {None}
    # One that was linked by its study although the frames differ has the planes of its image.
    return len(frames) < 2 or row["how"] == "study"


def add_meeting(series: CheckedSeries, meeting: Meeting) -> CheckedSeries:
    """A mask with how far it is from its image."""
    faults = (*series.faults, *filter(None, [meeting.fault]))
    return replace(series, faults=faults, error_voxels=max(meeting.voxels, series.error_voxels or 0.0))


def list_faults(row: Mapping[str, Any]) -> Sequence[str]:
    """What is wrong, in sentences."""
    faults = []
    if row["verdict"] in ("irregular", "refused"):
        faults.append(row["verdict_text"])
    if row["conflicts"]:
        faults.append(row["conflicts"])
    if row["kind"] == "image" and row["verdict"] == "regular" and row["fewest"] != row["most"]:
        faults.append(f"its volumes have {row['fewest']} to {row['most']} slices, and some are not complete")
    if row["scattered"]:
        faults.append("its files lie in several archives, or in one and beside it, and an archive loads by itself only")
    if row["suv_computable"] is False:
        faults.append(f"uptake values cannot be computed: {row['suv_text']}")
    if row["kind"] in MASK_KINDS:
        faults += list_link_faults(row)
    return faults


def list_link_faults(row: Mapping[str, Any]) -> Sequence[str]:
    """What is wrong between a mask and its image."""
    if row["image_key"] is None:
        return ["its image is not there"]
    faults = []
    if row["choices"] > 1:
        faults.append(f"{row['choices']} images fit it equally well, by {row['how']}")
    if None not in (patients := {row["patient_key"], row["image_patient_key"]}) and len(patients) > 1:
        faults.append("its image is of another patient")
    if not can_compare(row):
        faults.append("its frame of reference is not that of its image, so that their positions do not compare")
    if row["image_verdict"] == "refused":
        faults.append("its image does not load")
    return faults
