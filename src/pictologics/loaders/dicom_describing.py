"""What the headers of DICOM files say of every volume, and of what is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..dicom.frames.frame import holds_image
from ..dicom.headers import tags
from ..dicom.headers.scanning import Scan
from ..dicom.pixels.color import check_colors
from ..dicom.pixels.pixel_format import check_pixels_present, read_pixel_format
from ..dicom.series.image_series import Series, group_series, set_aside_localizers
from ..dicom.series.volumes import SeriesVolume, find_volumes, stack_volume
from ..errors import (
    AmbiguousSeriesError,
    CorruptFileError,
    GeometryError,
    PictologicsError,
    UnsupportedFormatError,
)
from .protocol import Description, Source, VolumeInfo

__all__ = ["count_files", "describe_scan", "group_or_refuse"]

FORMAT = "DICOM"

# A folder may hold thousands of stray files; a message names a few.
MOST_FILES_NAMED = 3

REFUSALS = (AmbiguousSeriesError, CorruptFileError, GeometryError, UnsupportedFormatError)


def describe_scan(scan: Scan, source: Source, recursive: bool) -> Description:
    """Every volume of every image series among the files, and what else is there."""
    groups = group_or_refuse(scan, source)
    meant, localizers = set_aside_localizers(groups)
    below = (("recursive", True),) if recursive and source.kind == "folder" else ()
    volumes = []
    for series in groups:
        needs_uid = len(groups) > 1 if series not in meant else len(meant) > 1
        selected = (("series_uid", series.uid),) if needs_uid else ()
        for info in describe_series(series, source):
            is_default = info.loads and not selected and not info.options
            volumes.append(replace(info, options=(*selected, *info.options, *below), is_default=is_default))
    return Description(tuple(volumes), (*(one.text for one in localizers), *list_others(scan)))


def group_or_refuse(scan: Scan, source: Source) -> list[Series]:
    """The image series among the files, or the error that says what is there instead."""
    if scan.headers:
        groups = group_series(scan.headers)
        if source.kind == "file" and not groups:
            # Of a single file, the error can say what it is.
            return [Series(scan.headers[0].text(tags.SERIES_INSTANCE_UID), tuple(scan.headers))]
        return groups
    strangers = scan.others + scan.broken
    if strangers:
        names = ", ".join(f"'{name}'" for name in strangers[:MOST_FILES_NAMED])
        more = ", ..." if len(strangers) > MOST_FILES_NAMED else ""
        raise UnsupportedFormatError(
            f"the {source.kind} holds {count_files(strangers)} and none is DICOM ({names}{more})",
            path=source.path,
            advice="pass the path of the one file that is meant, or another folder",
            files=len(strangers),
        )
    folders = sum(1 for entry in Path(source.path).iterdir() if entry.is_dir()) if source.kind == "folder" else 0
    raise UnsupportedFormatError(
        f"the {source.kind} holds no files{f' and {folders} folders' if folders else ''}, and DICOM files are required",
        path=source.path,
        advice="pass recursive=True to look into its folders" if folders else "check the path",
        folders=folders,
    )


def list_others(scan: Scan) -> list[str]:
    """What among the files is no image, in words."""
    kinds = Counter(header.text(tags.MODALITY) or "no modality" for header in scan.headers if not holds_image(header))
    found = [
        f"{count} DICOM file{'s' * (count != 1)} without an image that can be loaded ({kind})"
        for kind, count in sorted(kinds.items())
    ]
    if scan.broken:
        found.append(f"{count_files(scan.broken)} named as DICOM, not DICOM inside, such as '{scan.broken[0]}'")
    if scan.others:
        found.append(f"{count_files(scan.others)} of other formats, such as '{scan.others[0]}'")
    return found


def count_files(names: Sequence[str]) -> str:
    """How many files, in words."""
    return f"{len(names)} file{'s' * (len(names) != 1)}"


def describe_series(series: Series, source: Source) -> list[VolumeInfo]:
    """What the headers of one series say, with the error in words where something does not load."""
    common = VolumeInfo(
        FORMAT,
        series.modality,
        series.description,
        series.uid or None,
        series.number,
        files=len(series.headers),
    )
    try:
        volumes = find_volumes(series, source.path)
    except REFUSALS as error:
        return [describe_refusal(common, error)]
    return [describe_volume(common, volume, index, source.path) for index, volume in enumerate(volumes)]


def describe_volume(common: VolumeInfo, volume: SeriesVolume, index: int, path: str) -> VolumeInfo:
    """One volume of a series."""
    info = replace(
        common,
        phase=volume.label,
        files=len({id(frame.header) for frame in volume.frames}),
        dataset_index=index,
        options=(("dataset_index", index),) if index else (),
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
    notes = [one.text for one in (*volume.decisions, *planes.decisions) if one.kind != "sorted"]
    return replace(info, shape=grid.shape, spacing=grid.spacing, orientation=grid.orientation, notes=tuple(notes))


def describe_refusal(info: VolumeInfo, error: PictologicsError) -> VolumeInfo:
    """A volume that no keyword loads, or only the one that the error names."""
    way_out = error.values.get("way_out")
    if way_out:
        return replace(info, options=(*info.options, *way_out), notes=(error.found,))
    return replace(info, notes=(error.found,), loads=False)
