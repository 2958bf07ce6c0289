"""Judges the series of some files: what each is, whether it loads, and how."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ...dicom.headers import tags
from ...dicom.headers.header import Header
from ...dicom.studies.pseudonyms import Pseudonyms
from ...dicom.studies.series_kinds import SeriesKind, find_kind
from ...errors import FileAccessError, PictologicsError
from .heads import HeadFile
from .nameless_text import remove_names
from .series_rows import SeriesRows, describe_series_rows

__all__ = ["judge_series"]


def judge_series(key: str, heads: Sequence[HeadFile], names: Pseudonyms) -> Iterator[SeriesRows]:
    """Judge all files of one series.

    Args:
        key: What the tables call it.
        heads: Its files.
        names: What makes pseudonyms.

    Yields:
        What the tables say of it; where files of several kinds claim to be one series, of each kind.
    """
    kinds: defaultdict[SeriesKind, list[Header]] = defaultdict(list)
    for head in heads:
        if head.header is not None:
            kinds[find_kind(head.header)].append(head.header)
        elif head.volume is not None:
            yield head.volume
    for kind, headers in kinds.items():
        description = names.text(headers[0].text(tags.STUDY_DESCRIPTION))
        found = describe_or_refuse(headers, kind, names)
        series = {**found.series, "series_key": key, "study_description": description}
        yield SeriesRows(series, [{**phase, "series_key": key} for phase in found.phases], found.is_final)


def describe_or_refuse(headers: Sequence[Header], kind: SeriesKind, names: Pseudonyms) -> SeriesRows:
    """Describe a series; one that cannot be read, such as one whose files have gone meanwhile, is refused."""
    try:
        return describe_series_rows(headers, names)
    except PictologicsError as error:
        text = remove_names(error.found, [header.path for header in headers], keeps_uids=names.keeps_identifiers)
        refused = {"verdict": "refused", "verdict_text": text, "loads": False}
        is_final = not isinstance(error, FileAccessError)
        return SeriesRows({"kind": kind, "format": "DICOM", "files": len(headers), **refused}, [], is_final)
