"""What ``explain`` says of DICOM files: every volume, from the headers alone, and what else is there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ..dicom.frames.sop_classes import holds_image
from ..dicom.headers import tags
from ..dicom.headers.scanning import Scan
from ..dicom.pixels.color import check_colors
from ..dicom.pixels.pixel_format import check_pixels_present, read_pixel_format
from ..dicom.series.image_series import Series, set_aside_localizers
from ..dicom.series.volumes import SeriesVolume, find_volumes, stack_volume
from ..errors import (
    AmbiguousSeriesError,
    CorruptFileError,
    GeometryError,
    PictologicsError,
    UnsupportedFormatError,
)
from .dicom_selection import find_image_series
from .protocol import Description, Source, VolumeInfo
from .source_content import count_files, find_segment_format

__all__ = ["describe_scan"]

FORMAT = "DICOM"

REFUSALS = (AmbiguousSeriesError, CorruptFileError, GeometryError, UnsupportedFormatError)
"""Errors that are the answer to what a volume is; any other is a fault and passes."""


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
            volumes.append(replace(info, options=(*selected, *info.options, *below), is_default=is_default))
    return Description(tuple(volumes), (*(decision.text for decision in localizers.decisions), *list_others(scan)))


def list_others(scan: Scan) -> list[str]:
    """What among the files cannot be loaded as an image, in words."""
    others = [header for header in scan.headers if not holds_image(header)]
    kinds = Counter(header.text(tags.MODALITY) or "no modality" for header in others if not find_segment_format(header))
    found = [
        f"'{header.path}' holds segments ({kind}): load_{'rtstruct' if kind == 'RTSTRUCT' else 'seg'} loads them"
        for header in others
        if (kind := find_segment_format(header))
    ]
    found += [
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
        series.uid or None,
        series.number,
        files=len(series.headers),
    )
    try:
        volumes = find_volumes(series, source.path, as_listed=source.kind == "list")
    except REFUSALS as error:
        return [describe_refusal(common, error)]
    return [describe_volume(common, volume, index, source.path) for index, volume in enumerate(volumes)]


def describe_volume(common: VolumeInfo, volume: SeriesVolume, index: int, path: str) -> VolumeInfo:
    """One volume of a series: its shape and spacing, or why it does not load."""
    info = replace(
        common,
        phase=volume.label,
        files=len({id(frame.header) for frame in volume.frames}),
        dataset_index=index,
        options=(("dataset_index", index),) if index or not volume.is_main else (),
    )
    try:
        check_colors([frame.header for frame in volume.frames], luminance=False)
        for frame in volume.frames:
            check_pixels_present(frame, read_pixel_format(frame.header))
        planes = stack_volume(volume, volume.frames, "error", path)
    except GeometryError as error:
        findings = error.values.get("findings")
        if not findings:
            return describe_refusal(info, error)
        options = (*info.options, *error.values["way_out"])
        return replace(info, options=options, findings=tuple(findings.items()), notes=(error.found,))
    except REFUSALS as error:
        return describe_refusal(info, error)
    grid = planes.grid
    notes = [decision.text for decision in (*volume.decisions, *planes.assumptions)]
    return replace(info, shape=grid.shape, spacing=grid.spacing, orientation=grid.orientation, notes=tuple(notes))


def describe_refusal(info: VolumeInfo, error: PictologicsError) -> VolumeInfo:
    """A volume that no keyword loads, or only the one that the error names."""
    way_out = error.values.get("way_out")
    if way_out:
        return replace(info, options=(*info.options, *way_out), notes=(error.found,))
    return replace(info, notes=(error.found,), loads=False)
