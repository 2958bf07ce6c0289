"""The volumes of an image series as rows: the verdict of loading on each, from the headers alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Final

from ...dicom.series.image_series import Series
from ...dicom.series.volumes import SeriesVolume, find_volumes
from ...dicom.stacks.lattices import find_lattice
from ...dicom.suv.uptake import convert_to_uptake
from ...errors import OptionError
from ...loaders.dicom_verdicts import REFUSALS, VolumeVerdict, judge_volume
from ...loaders.source_content import count_things
from .grid_columns import make_geometry_columns
from .nameless_text import remove_names

__all__ = ["VolumeRows", "choose_worst", "describe_image_series"]

SEVERITY: Final = {"regular": 0, "irregular": 1, "refused": 2}

FREE_TEXT: Final = (
    "SeriesDescription",
    "ImageComments",
    "DerivationDescription",
    "FrameLabel",
    "SequenceName",
    "StackID",
    "ContrastBolusAgent",
)
"""Attributes that may tell volumes apart and hold whatever a person typed: their values are in no label."""

MOMENTS: Final = ("AcquisitionTime", "ContentTime")
"""Those that hold a date, or the time of day of an examination: in a label only where identifiers are."""

WORST_COLUMNS: Final = ("verdict", "finding", "worst_error_voxels", "verdict_text")


@dataclass(frozen=True)
class VolumeRows:
    """What the tables say of the volumes of a series.

    Attributes:
        series: Columns of the table of series.
        phases: Rows of the table of phases.
    """

    series: dict[str, Any]
    phases: list[dict[str, Any]] = field(default_factory=list)


def describe_image_series(series: Series, *, keeps_text: bool, keeps_uids: bool) -> VolumeRows:
    """Describe the volumes of a series as ``load_image`` would load them from the list of its files.

    Args:
        series: The series.
        keeps_text: Whether free text may stand in the tables.
        keeps_uids: Whether UIDs may.
    """
    path, paths = series.headers[0].path, [header.path for header in series.headers]
    try:
        volumes = find_volumes(series, path, as_listed=len(series.headers) > 1)
    except REFUSALS as error:
        text = remove_names(error.found, paths, keeps_uids=keeps_uids)
        return VolumeRows({"verdict": "refused", "verdict_text": text, "loads": False, "phases": 0})
    verdicts = [judge_volume(volume, path) for volume in volumes]
    phases = [
        describe_phase(volume, verdict, index, keeps_text=keeps_text, keeps_uids=keeps_uids)
        for index, (volume, verdict) in enumerate(zip(volumes, verdicts, strict=True))
    ]
    for phase in phases:
        phase["verdict_text"] = remove_names(phase["verdict_text"], paths, keeps_uids=keeps_uids)
    has_main = any(volume.is_main for volume in volumes)
    meant = [row for row, volume in zip(phases, volumes, strict=True) if volume.is_main or not has_main]
    columns = {name: value for name, value in phases[0].items() if name not in ("phase", "label", "split_tag", "files")}
    columns |= {"phases": len(phases), **describe_memory(verdicts[0]), **choose_worst(meant)}
    columns["missing_slices"] = sum(count_missing(verdict) for verdict in verdicts)
    if series.modality == "PT":
        columns |= describe_uptake(volumes[0], paths, path)
    return VolumeRows(columns, phases)


def describe_phase(
    volume: SeriesVolume, verdict: VolumeVerdict, index: int, *, keeps_text: bool, keeps_uids: bool
) -> dict[str, Any]:
    """The row of one volume."""
    chosen = (("dataset_index", index),) if index or not volume.is_main else ()
    plan, findings = verdict.plan, verdict.findings
    kind = "refused" if plan is None else "irregular" if findings else "regular"
    if verdict.errors:
        text = "; ".join(error.found for error in verdict.errors)
    else:
        assert plan is not None  # what has no plan has an error
        text = "; ".join([describe_stack(verdict), *(decision.text for decision in plan.planes.assumptions)])
    return {
        "phase": index,
        "label": describe_label(volume, index, keeps_text=keeps_text, keeps_uids=keeps_uids),
        "split_tag": volume.phase.tag or None,
        "files": len({id(frame.header) for frame in volume.frames}),
        **make_geometry_columns(None if plan is None else plan.grid),
        "verdict": kind,
        "finding": max(findings, key=findings.__getitem__) if findings else None,
        "worst_error_voxels": max(findings.values()) if findings else None if plan is None else 0.0,
        "verdict_text": text,
        "loads": plan is not None,
        "load_options": json.dumps(dict((*chosen, *verdict.options))),
    }


def describe_label(volume: SeriesVolume, index: int, *, keeps_text: bool, keeps_uids: bool) -> str:
    """What a person calls a volume, without what the tables must not hold."""
    hidden = (*(() if keeps_text else FREE_TEXT), *(() if keeps_uids else MOMENTS))
    # The label of volumes that lie elsewhere names the attribute itself.
    if any(name in f"{volume.phase.tag} {volume.label}" for name in hidden):
        return f"Volume {index + 1}"
    return remove_names(volume.label, (), keeps_uids=keeps_uids)


def describe_stack(verdict: VolumeVerdict) -> str:
    """A regular volume in words."""
    assert verdict.plan is not None  # it is regular
    grid = verdict.plan.grid
    count = grid.shape[2]
    apart = f" {grid.spacing[2]:.6g} mm apart" if count > 1 else ""
    return f"{count_things(count, 'slice')}{apart} on a regular grid"


def describe_memory(verdict: VolumeVerdict) -> dict[str, Any]:
    """How the voxels of a volume are stored, and what they take in memory."""
    if verdict.plan is None:
        return {}
    voxels = verdict.plan.voxels
    return {"stored_type": voxels.stored_type, "voxel_bytes": prod(verdict.plan.grid.shape) * voxels.dtype.itemsize}


def count_missing(verdict: VolumeVerdict) -> int:
    """How many slices are missing from an otherwise even stack."""
    stack = None if verdict.plan is None else verdict.plan.planes.irregular_stack
    if stack is None or "slices missing" not in verdict.findings:
        return 0
    lattice = find_lattice(stack.offsets[:, 2])
    return 0 if lattice is None else int(lattice.empty.size)


def choose_worst(phases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The verdict on several volumes: that on the worst of them."""
    worst = max(phases, key=lambda row: (SEVERITY[row["verdict"]], row["worst_error_voxels"] or 0.0))
    return {name: worst.get(name) for name in WORST_COLUMNS}


def describe_uptake(volume: SeriesVolume, paths: Sequence[str], path: str) -> dict[str, Any]:
    """Whether uptake values of a PET volume can be computed, and if not, why."""
    try:
        convert_to_uptake(volume.frames, "bw", path)
    except (OptionError, *REFUSALS) as error:
        return {"suv_computable": False, "suv_text": remove_names(error.found, paths)}
    return {"suv_computable": True}
