"""What ``explain`` says of DICOM files: every volume, from the headers alone, and what else is there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from ..dicom.frames.sop_classes import holds_image
from ..dicom.headers import tags
from ..dicom.headers.scanning import Scan
from ..dicom.series.image_series import Series, set_aside_localizers
from ..dicom.series.volumes import SeriesVolume, find_volumes
from .dicom_selection import find_image_series
from .dicom_verdicts import REFUSALS, judge_volume
from .protocol import Description, Source, VolumeInfo, describe_grid
from .source_content import count_files, find_segment_format

__all__ = ["describe_scan", "list_unread_files"]

FORMAT = "DICOM"

MAY_LACK_A_SLICE: Final = "a file beside it cannot be read and may be a slice of it"
"""Why a volume does not load from its folder."""


def describe_scan(scan: Scan, source: Source, recursive: bool) -> Description:
    """Every volume of every image series among the files, and what else is there."""
    groups = find_image_series(scan, source, recursive)
    meant, localizers = set_aside_localizers(groups)
    below = (("recursive", True),) if recursive and source.kind == "folder" else ()
    volumes = []
    for series in groups:
        needs_uid = len(groups) > 1 if series not in meant else len(meant) > 1
        selected = (("series_uid", series.key),) if needs_uid else ()
        for info in describe_series(series, source):
            is_default = info.loads and not selected and not info.options
            chosen = replace(info, options=(*selected, *info.options, *below), is_default=is_default)
            volumes.append(note_unreadable(chosen, source) if scan.unreadable else chosen)
    left_out = (*(decision.text for decision in localizers.decisions), *list_others(scan), *list_unread_files(scan))
    return Description(tuple(volumes), left_out)


def note_unreadable(info: VolumeInfo, source: Source) -> VolumeInfo:
    """A volume beside a file that cannot be read: ``load_image`` refuses all of them."""
    # A list names files, and no entries of an archive.
    way_out = "" if source.kind == "archive" else "; a list of the others loads"
    return replace(info, loads=False, is_default=False, notes=(*info.notes, MAY_LACK_A_SLICE + way_out))


def list_unread_files(scan: Scan) -> list[str]:
    """The files that cannot be read, and why."""
    return [f"'{error.path}': {error.found}" for error in scan.unreadable]


def list_others(scan: Scan) -> list[str]:
    """What among the files cannot be loaded as an image or a mask, in words."""
    others = [header for header in scan.headers if not holds_image(header)]
    kinds = Counter(header.text(tags.MODALITY) or "no modality" for header in others if not find_segment_format(header))
    found = [
        f"{count} DICOM file{'s' * (count != 1)} without an image that can be loaded ({kind})"
        for kind, count in sorted(kinds.items())
    ]
    if scan.broken:
        found.append(f"{count_files(scan.broken)} with a DICOM suffix and not DICOM, such as '{scan.broken[0]}'")
    if scan.others:
        found.append(f"{count_files(scan.others)} of other formats, such as '{scan.others[0]}'")
    return found


def describe_series(series: Series, source: Source) -> list[VolumeInfo]:
    """Each volume of a series, with the words of the error where one does not load."""
    common = VolumeInfo(
        FORMAT,
        series.modality,
        series.description,
        series.key,
        series.number,
        files=len(series.headers),
    )
    try:
        volumes = find_volumes(series, source.path, as_listed=source.kind == "list")
    except REFUSALS as error:
        return [replace(common, notes=(error.found,), loads=False)]
    return [describe_volume(common, volume, index, source.path) for index, volume in enumerate(volumes)]


def describe_volume(common: VolumeInfo, volume: SeriesVolume, index: int, path: str) -> VolumeInfo:
    """One volume of a series: its shape and spacing, or why it does not load."""
    verdict = judge_volume(volume, path)
    chosen = (("dataset_index", index),) if index or not volume.is_main else ()
    info = replace(
        common,
        phase=volume.label,
        files=len({id(frame.header) for frame in volume.frames}),
        dataset_index=index,
        options=(*chosen, *verdict.options),
        findings=tuple(verdict.findings.items()),
        loads=verdict.plan is not None,
    )
    if verdict.plan is None or verdict.errors:
        # What needs a keyword is described by what is wrong with it.
        return replace(info, notes=tuple(error.found for error in verdict.errors))
    notes = [decision.text for decision in (*volume.decisions, *verdict.plan.planes.assumptions)]
    voxels = verdict.plan.voxels
    return replace(
        info,
        notes=tuple(notes),
        stored_type=voxels.stored_type,
        loaded_type=voxels.dtype.name,
        **describe_grid(verdict.plan.grid),
    )
