"""The masks, structure sets and doses among the files of a source, and the series that each is of."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ..dicom.headers import tags
from ..dicom.headers.header import Header, ParsedFile
from ..dicom.studies.links import Link, LinkedSeries, find_links
from ..dicom.studies.pseudonyms import Pseudonyms
from ..dicom.studies.references import find_references
from ..dicom.studies.series_kinds import SeriesKind, find_kind
from ..errors import PictologicsError
from ..geometry import Grid
from .dicom_selection import find_image_series
from .explanation import LinkedFile
from .protocol import Source, StudyFacts, VolumeInfo
from .registry import describe_stored_file

__all__ = ["add_folders", "add_studies", "find_series_keys", "list_linked_files"]

KINDS_OF_IMAGES = ("SEG", "RTSTRUCT", "dose")
"""What is of an image."""


def find_series_keys(source: Source, volumes: Sequence[VolumeInfo]) -> dict[str, str]:
    """What the volumes of each SeriesInstanceUID are told by, where that is another: several may be united.

    Args:
        source: A source of many files, which has been scanned.
        volumes: What was found of its images.
    """
    if source.scan is None:
        return {}
    images = {header.text(tags.SERIES_INSTANCE_UID) for header in source.scan.headers if find_kind(header) == "image"}
    if images <= {volume.series_uid for volume in volumes}:
        return {}
    groups = find_image_series(source.scan, source, recursive=True)
    return {header.text(tags.SERIES_INSTANCE_UID): series.key for series in groups for header in series.headers}


def list_linked_files(source: Source, volumes: Sequence[VolumeInfo], keys: Mapping[str, str]) -> tuple[LinkedFile, ...]:
    """List the DICOM files of segments and contours and the doses of a source, with the series that each is of.

    Args:
        source: A source of many files, which has been scanned.
        volumes: What was found of its images.
        keys: What ``find_series_keys`` gives.
    """
    headers = [] if source.scan is None else source.scan.headers
    groups: defaultdict[tuple[str, SeriesKind], list[Header]] = defaultdict(list)
    for header in headers:
        kind = find_kind(header)
        # Each file of segments is a mask of its own, even where several are one series.
        uid = header.text(tags.SERIES_INSTANCE_UID)
        groups[header.path if kind in ("SEG", "RTSTRUCT") else keys.get(uid, uid), kind].append(header)
    if not any(kind in KINDS_OF_IMAGES for _, kind in groups):
        return ()
    described = {
        key: describe_mask_file(members[0]) for (key, kind), members in groups.items() if key == members[0].path
    }
    grids = {volume.series_uid: volume.grid for volume in reversed(volumes) if volume.loads}
    links = find_links(
        [
            make_linked_series(key, kind, members, grids.get(key) or find_mask_grid(described.get(key)))
            for (key, kind), members in groups.items()
        ]
    )
    return tuple(
        make_linked_file(kind, members, described.get(key), links.get(key))
        for (key, kind), members in groups.items()
        if kind in KINDS_OF_IMAGES
    )


def describe_mask_file(header: Header) -> VolumeInfo | str:
    """What a file of segments holds, or why it does not load."""
    try:
        described = describe_stored_file(ParsedFile(header))
    except PictologicsError as error:
        return error.found
    return described.volumes[0] if described is not None and described.volumes else ""


def find_mask_grid(described: VolumeInfo | str | None) -> Grid | None:
    """Where a segmentation lies."""
    return described.grid if isinstance(described, VolumeInfo) else None


def make_linked_series(key: str, kind: SeriesKind, headers: Sequence[Header], grid: Grid | None) -> LinkedSeries:
    """What the rule of links asks of a series."""
    first = headers[0]
    named = None if kind == "image" else find_references(headers, kind)
    frame = first.text(tags.FRAME_OF_REFERENCE_UID) or (named.frames[0] if named and named.frames else "")
    patient = first.text(tags.PATIENT_ID)
    return LinkedSeries(
        key,
        kind,
        first.text(tags.STUDY_INSTANCE_UID),
        f"{patient}^^^{first.text(tags.ISSUER_OF_PATIENT_ID)}" if patient else "",
        frame,
        first.text(tags.MODALITY).upper(),
        len(headers),
        grid is not None,
        grid,
        named.series if named else (),
        named.instances if named else (),
        frozenset(header.text(tags.SOP_INSTANCE_UID) for header in headers),
    )


def make_linked_file(
    kind: SeriesKind, headers: Sequence[Header], described: VolumeInfo | str | None, link: Link | None
) -> LinkedFile:
    """What a user is told of a mask, a structure set or a dose."""
    first = headers[0]
    known = described if isinstance(described, VolumeInfo) else None
    notes = (
        (described,) if isinstance(described, str) and described else known.notes if known and not known.loads else ()
    )
    return LinkedFile(
        kind,
        first.path,
        len(headers),
        first.text(tags.SERIES_INSTANCE_UID),
        first.text(tags.SERIES_DESCRIPTION) or first.text(tags.STRUCTURE_SET_LABEL),
        known.labels if known else (),
        link.image if link else None,
        link.how if link else "",
        link.choices if link else 0,
        notes,
    )


def add_folders(source: Source, volumes: Sequence[VolumeInfo], keys: Mapping[str, str]) -> tuple[VolumeInfo, ...]:
    """Say of each series in which folder its files lie; ``keys`` are those of ``find_series_keys``."""
    if source.scan is None or source.kind != "folder":
        return tuple(volumes)
    paths: defaultdict[str, list[str]] = defaultdict(list)
    for header in source.scan.headers:
        uid = header.text(tags.SERIES_INSTANCE_UID)
        paths[keys.get(uid, uid)].append(header.path)
    folders = {uid: find_common_folder(files) for uid, files in paths.items()}
    # Of files of the folder itself it need not be said.
    folders = {uid: folder for uid, folder in folders.items() if folder.rstrip("/") != source.path.rstrip("/")}
    return tuple(replace(volume, folder=folders.get(volume.series_uid or "", "")) for volume in volumes)


def find_common_folder(paths: Iterable[str]) -> str:
    """The folder in or below which all files lie; empty if they have none in common."""
    folders = {os.path.dirname(path) for path in paths}  # noqa: PTH120 - as text, of a URL too
    protocol, mark, _ = min(folders, default="").partition("://")
    if mark:
        # A path has no two slashes in a row; with one at the end, a web server's URL is that of a folder.
        return f"{protocol}{mark}{os.path.commonpath({folder.partition(mark)[2] for folder in folders})}/"
    try:
        return os.path.commonpath(folders)
    except ValueError:
        return ""


def add_studies(
    source: Source,
    volumes: Sequence[VolumeInfo],
    links: Sequence[LinkedFile],
    keys: Mapping[str, str],
    names: Pseudonyms,
) -> tuple[tuple[VolumeInfo, ...], tuple[LinkedFile, ...]]:
    """Say of each series and each mask of which study and patient it is; ``keys`` as for ``add_folders``."""
    headers = [file.header for file in source.files if isinstance(file, ParsedFile)]
    if source.scan is not None:
        headers = source.scan.headers
    facts: dict[str, StudyFacts] = {}
    for header in headers:
        uid = header.text(tags.SERIES_INSTANCE_UID)
        if uid not in facts:
            facts[uid] = describe_study(header, names)
            facts.setdefault(keys.get(uid, uid), facts[uid])
    return (
        tuple(replace(volume, study=facts.get(volume.series_uid or "")) for volume in volumes),
        tuple(replace(link, study=facts.get(link.series_uid)) for link in links),
    )


def describe_study(header: Header, names: Pseudonyms) -> StudyFacts:
    """Date and description as the file has them, and pseudonyms of study and patient."""
    date = header.text(tags.STUDY_DATE).strip()
    return StudyFacts(
        names.patient(header.text(tags.PATIENT_ID), header.text(tags.ISSUER_OF_PATIENT_ID)) or "",
        names.study(header.text(tags.STUDY_INSTANCE_UID)) or "",
        f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 and date.isdigit() else date,
        header.text(tags.STUDY_DESCRIPTION),
    )
