"""A source -> the one DICOM series in it that is meant, its volumes, and what else is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..checks import volume_index_error
from ..dicom.frames.sop_classes import holds_segments, read_sop_class
from ..dicom.headers import tags
from ..dicom.headers.dicomdir import MEDIA_STORAGE_DIRECTORY
from ..dicom.headers.scanning import Scan, list_files, scan_files
from ..dicom.series.image_series import Localizers, Series, choose_series, group_series, set_aside_localizers
from ..dicom.series.phase_info import DicomPhaseInfo
from ..dicom.series.remarks import SeriesRemark
from ..dicom.series.united_series import unite_listed_series, unite_shattered_series
from ..dicom.series.volumes import SeriesVolume, find_volumes, refuse_without_main, warn_of_choice
from ..errors import AmbiguousSeriesError, OptionError, UnsupportedFormatError
from ..provenance import Decision
from ..storage.files import check_content
from ..storage.paths import is_file
from .protocol import MAIN_VOLUME, Source
from .source_content import (
    count_files,
    count_folders_below,
    count_volume_files,
    describe_content,
    find_segment_format,
    join_words,
    name_holder,
)

__all__ = [
    "SourceVolumes",
    "add_scan",
    "choose_volume",
    "find_image_series",
    "find_source_volumes",
    "scan_source",
]

MOST_FILES_NAMED = 3
"""How many files a message names: a folder may hold thousands of stray ones."""


@dataclass(frozen=True)
class SourceVolumes:
    """The volumes of the one series of a source that is meant.

    Attributes:
        series: The series.
        volumes: Its volumes, in the order in which ``dataset_index`` counts them.
        decisions: What of the source is not part of the series, for the record of the image.
    """

    series: Series
    volumes: list[SeriesVolume]
    decisions: tuple[Decision, ...]


def find_source_volumes(source: Source, recursive: bool, series_uid: str | None) -> SourceVolumes:
    """Find the one series that is meant, and its volumes.

    Args:
        source: Where to look.
        recursive: Of a folder, also look into the folders below it.
        series_uid: The series that is asked for; None for the only one.

    Raises:
        AmbiguousSeriesError: If there are several and none was asked for, or no image and several files of segments.
        UnsupportedFormatError: If there is no image.
    """
    scan = scan_source(source, recursive)
    groups, localizers = find_image_series(scan, source, recursive), Localizers()
    if not groups:
        refuse_segmentations(scan, source)
        refuse_index(scan, source)
    if series_uid is None:
        groups, localizers = set_aside_localizers(groups)
    series = choose_series(groups, series_uid, source.path, name_holder(source))
    volumes = find_volumes(series, source.path, source.only, as_listed=source.kind == "list")
    check_what_is_left_out(scan, volumes, [group for group in groups if group is not series])
    if source.phase is not None:
        volumes = [find_phase(volumes, source.phase)]
    # A remark of each volume: an error about missing slices then names the files that may be those slices.
    broken = note_broken_files(scan)
    volumes = [replace(volume, remarks=(*broken, *volume.remarks)) for volume in volumes] if broken else volumes
    return SourceVolumes(series, volumes, describe_rest(scan, series, localizers))


def find_phase(volumes: Sequence[SeriesVolume], wanted: DicomPhaseInfo) -> SeriesVolume:
    """The volume of a phase's files that is the phase: the only one, or the one of its split value, or of its label."""
    if len(volumes) == 1:
        return volumes[0]
    # A value of several numbers is a list after a trip through JSON.
    value = tuple(wanted.split_value) if isinstance(wanted.split_value, list) else wanted.split_value
    same_value = [v for v in volumes if value is not None and (v.phase.tag, v.phase.value) == (wanted.split_tag, value)]
    same_label = [volume for volume in volumes if volume.label == wanted.label]
    for found in (same_value, same_label):
        if len(found) == 1:
            return found[0]
    raise OptionError(
        f"the phase {wanted.label!r} is not among the {len(volumes)} volumes in its files",
        path=wanted.file_paths[0],
        advice="list the phases again with get_dicom_phases",
        labels=[volume.label for volume in volumes],
    )


def check_what_is_left_out(scan: Scan, volumes: Sequence[SeriesVolume], others: Sequence[Series]) -> None:
    """Compare with their checksums the files that are in no main volume of any series: damage may have put them there.

    Args:
        scan: All files.
        volumes: The volumes of the series that is meant, whose files are compared when they are read.
        others: The other series, of which nothing is read: whoever chose one does not wait for a whole archive.
    """
    # A slice whose damaged header says another size or orientation would be of another set than the one that is meant.
    known = {id(frame.header) for volume in volumes if volume.is_main for frame in volume.frames}
    known |= {id(header) for series in others for header in series.headers}
    for header in scan.headers:
        if id(header) not in known:
            check_content(header.file)


def add_scan(source: Source, recursive: bool, *, keeps_unreadable: bool = False) -> Source:
    """Read the headers of all files of a source, and keep them in it for whoever asks next."""
    return replace(source, scan=scan_source(source, recursive, keeps_unreadable=keeps_unreadable))


def scan_source(source: Source, recursive: bool, *, keeps_unreadable: bool = False) -> Scan:
    """Read the headers of all files of a source, unless they have been read."""
    if source.scan is not None:
        return source.scan
    if source.kind == "folder":
        remote = source.remote
        files = list_files(Path(source.path), recursive) if remote is None else remote.list_files(recursive)
        return scan_files(files, keeps_unreadable=keeps_unreadable)
    scan = scan_files(source.files, keeps_unreadable=keeps_unreadable)
    if source.kind == "list" and (scan.others or scan.broken):
        # A folder may hold anything, but every file of a list was named on purpose.
        stranger = (scan.others + scan.broken)[0]
        raise UnsupportedFormatError(
            "this file is not DICOM, and a list must name DICOM files of one series",
            path=stranger,
            advice="load it by its own path, or merge several with load_and_merge_images"
            if count_volume_files([stranger])
            else "take it out of the list",
        )
    return scan


def find_image_series(scan: Scan, source: Source, recursive: bool) -> list[Series]:
    """The image series among the files; of a single DICOM file without an image, that file all the same.

    Raises:
        UnsupportedFormatError: If no file is DICOM.
        PictologicsError: The reason why the first cannot be read, if that is so of all that may be DICOM.
    """
    if not scan.headers:
        if scan.unreadable:
            raise scan.unreadable[0]
        raise no_dicom_error(scan, source, recursive)
    groups = group_series(scan.headers)
    if source.kind == "file" and not groups:
        # What reads its pixels can say what the file is, such as a structure set.
        return [Series(scan.headers[0].text(tags.SERIES_INSTANCE_UID), tuple(scan.headers))]
    return unite_listed_series(groups) if source.kind == "list" else unite_shattered_series(groups)


def no_dicom_error(scan: Scan, source: Source, recursive: bool) -> UnsupportedFormatError:
    """The error for a source without DICOM files: it says what is there instead."""
    # Those that can be loaded come first, as a few are named.
    strangers = sorted(scan.others + scan.broken, key=lambda name: not count_volume_files([name]))
    folders, below = count_folders_below(source, recursive)
    deeper = "pass recursive=True to look into the folders below"
    if not strangers:
        return UnsupportedFormatError(
            f"{name_holder(source)} holds no files{' and ' * bool(below)}{below}, and DICOM files are required",
            path=source.path,
            advice=deeper if folders else "check the path",
            folders=folders,
        )
    names = ", ".join(f"'{name}'" for name in strangers[:MOST_FILES_NAMED])
    more = ", ..." if len(strangers) > MOST_FILES_NAMED else ""
    content = join_words([*describe_content(scan), *filter(None, [below])])
    advice = deeper if folders else "pass the path of the one file that is meant, or another folder"
    if count_volume_files(strangers):
        count = sum(count_volume_files(strangers).values())
        own = "load each by its own path" if count > 1 else f"load it by its own path, '{strangers[0]}'"
        if source.kind == "archive":
            member = next(name for name in strangers if count_volume_files([name]))
            # The path leads into an archive of this machine.
            own = f"load one by its path, '{member}'" if is_file(source.path) else "unpack it, and load each file"
        advice = f"{own}, or {deeper}" if folders else own
    return UnsupportedFormatError(
        "the file is not DICOM"
        if source.kind == "file"
        else f"{name_holder(source)} holds {content}, and none is DICOM ({names}{more})",
        path=source.path,
        advice=advice,
        files=len(strangers),
    )


def refuse_segmentations(scan: Scan, source: Source) -> None:
    """Raise if there are several files of segments and no image: nothing says which of the files is meant."""
    found = [header for header in scan.headers if find_segment_format(header)]
    if found:
        listed = ", ".join(
            f"'{header.path}' ({find_segment_format(header)})" for header in found[:MOST_FILES_NAMED]
        ) + (", ..." if len(found) > MOST_FILES_NAMED else "")
        raise AmbiguousSeriesError(
            f"the {source.kind} holds no image and {len(found)} files of segments: {listed}",
            path=source.path,
            advice="pass the path of the one that is meant",
            files=[header.path for header in found],
        )


def refuse_index(scan: Scan, source: Source) -> None:
    """Raise if a folder holds the index of a medium and no image, as a CD does: its files lie in folders below."""
    found = [header.path for header in scan.headers if read_sop_class(header) == MEDIA_STORAGE_DIRECTORY]
    if found and source.kind == "folder":
        raise UnsupportedFormatError(
            f"the folder holds no image, but an index of files (DICOMDIR): '{found[0]}'",
            path=source.path,
            advice="pass the path of the index, or recursive=True to look into the folders below",
        )


def choose_volume(volumes: Sequence[SeriesVolume], index: int, path: str) -> SeriesVolume:
    """The volume that ``dataset_index`` counts.

    Raises:
        AmbiguousSeriesError: If no volume is the main one and the caller wrote no index.
        OptionError: If there are fewer volumes.
    """
    if index is MAIN_VOLUME:
        refuse_without_main(volumes, path)
        return warn_of_choice(volumes[0])
    if index >= len(volumes):
        raise volume_index_error(index, len(volumes), "the series", path)
    return volumes[index]


def note_broken_files(scan: Scan) -> tuple[SeriesRemark, ...]:
    """Name files whose suffix promises DICOM and whose content is none, such as damaged slices."""
    if not scan.broken:
        return ()
    count = len(scan.broken)
    names = ", ".join(f"'{name}'" for name in scan.broken[:MOST_FILES_NAMED]) + ", ..." * (count > MOST_FILES_NAMED)
    verb = "is" if count == 1 else "are"
    text = f"left out {count_files(scan.broken)} with a DICOM suffix that {verb} not DICOM: {names}"
    return (SeriesRemark(count, text, is_warning=True),)


def describe_rest(scan: Scan, series: Series, localizers: Localizers) -> tuple[Decision, ...]:
    """What of a source is not part of the series that is meant: a warning where it could be, else a note."""
    decisions = [*localizers.decisions]
    own = set(map(id, series.headers))
    others = [header for header in scan.headers if id(header) not in own]
    segments = [header.path for header in others if holds_segments(header)]
    if segments:
        names = ", ".join(f"'{name}'" for name in segments[:MOST_FILES_NAMED])
        more = ", ..." if len(segments) > MOST_FILES_NAMED else ""
        text = f"left out {count_files(segments)} of segments (DICOM SEG) beside the images, {names}{more}: load_seg"
        decisions.append(Decision("left out", f"{text} loads them", len(segments), "content"))
    contours = [header.path for header in others if find_segment_format(header) == "RTSTRUCT"]
    if contours:
        text = f"left out {count_files(contours)} of contours (RTSTRUCT), such as '{contours[0]}'"
        decisions.append(Decision("left out", f"{text}: load_rtstruct draws them", len(contours)))
    elsewhere = len(others) - localizers.count - len(segments) - len(contours)
    for count, kind in (
        (len(scan.others), "not DICOM"),
        (elsewhere, "DICOM of another series or without an image"),
    ):
        if count:
            text = f"left out {count} file{'s' * (count != 1)}: {kind}"
            decisions.append(Decision("left out", text, count))
    return tuple(decisions)
