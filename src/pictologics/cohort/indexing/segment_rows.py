"""Series of segments as rows: DICOM SEG and structure sets, each file of which loads by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...dicom.headers.header import Header, ParsedFile
from ...dicom.structures.structure_set import StructureSet
from ...errors import OptionError
from ...loaders.dicom_verdicts import REFUSALS
from ...loaders.protocol import Source, VolumeInfo
from ...loaders.segmentations.dicom_seg import DICOM_SEG, describe_seg
from ...loaders.source_content import count_things
from .grid_columns import make_geometry_columns, make_type_columns
from .image_rows import VolumeRows, choose_worst
from .nameless_text import remove_names

__all__ = ["describe_segmentations", "describe_structure_sets"]


def describe_segmentations(headers: Sequence[Header], *, keeps_uids: bool) -> VolumeRows:
    """Describe the segmentations of a series: each time of each file is a volume.

    Args:
        headers: Its files.
        keeps_uids: Whether UIDs may stand in the tables.
    """
    found = [info for header in headers for info in describe_file(header)]
    phases = [describe_time(info, number, headers, keeps_uids=keeps_uids) for number, info in enumerate(found)]
    columns = {name: value for name, value in phases[0].items() if name not in ("phase", "label", "files")}
    first = found[0]
    columns |= {
        "phases": len(phases),
        **choose_worst(phases),
        "segments": sum(len(info.labels) for info in found if not info.dataset_index),
        "loads": all(row["loads"] for row in phases),
        **make_type_columns(first),
    }
    return VolumeRows(columns, phases)


def describe_file(header: Header) -> list[VolumeInfo]:
    """The times of one segmentation, or why it does not load."""
    source = Source(header.path, "file", (ParsedFile(header),), is_dicom=True)
    try:
        return list(describe_seg(source, DICOM_SEG).volumes)
    except (OptionError, *REFUSALS) as error:
        return [VolumeInfo(DICOM_SEG, notes=(error.found,), loads=False)]


def describe_time(info: VolumeInfo, number: int, headers: Sequence[Header], *, keeps_uids: bool) -> dict[str, Any]:
    """The row of one time of a segmentation."""
    count = 0 if info.shape is None else info.shape[2]
    planes = f"{count_things(count, 'plane')} on a regular grid"
    text = "; ".join([planes] * info.loads + list(info.notes))
    return {
        "phase": number,
        "label": info.phase,
        "files": 1,
        **make_geometry_columns(info.grid),
        "verdict": "regular" if info.loads else "refused",
        "worst_error_voxels": 0.0 if info.loads else None,
        "verdict_text": remove_names(text, [header.path for header in headers], keeps_uids=keeps_uids),
        "loads": info.loads,
        "load_options": json.dumps(dict(info.options)),
    }


def describe_structure_sets(headers: Sequence[Header], *, keeps_uids: bool) -> VolumeRows:
    """Describe the structure sets of a series, which have contours and no voxels to judge.

    Args:
        headers: Its files.
        keeps_uids: Whether UIDs may stand in the tables.
    """
    segments = 0
    for header in headers:
        try:
            segments += len(StructureSet(ParsedFile(header)).rois)
        except REFUSALS as error:
            text = remove_names(error.found, [header.path], keeps_uids=keeps_uids)
            return VolumeRows({"verdict": "refused", "verdict_text": text, "loads": False})
    return VolumeRows({"segments": segments, "loads": True, "load_options": "{}"})
