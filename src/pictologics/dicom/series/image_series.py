"""The headers of image files -> series, and the one series that is meant, or why none can be chosen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...errors import AmbiguousSeriesError, OptionError, UnsupportedFormatError
from ...provenance import Decision
from ..frames.sop_classes import holds_image, missing_pixels_error
from ..headers import tags
from ..headers.header import Header
from .remarks import SeriesRemark

__all__ = ["Localizers", "Series", "choose_series", "group_series", "set_aside_localizers"]


@dataclass(frozen=True)
class Series:
    """The image files of one SeriesInstanceUID, or of several that were united.

    Attributes:
        uid: SeriesInstanceUID, empty if the files have none or several.
        headers: The files' headers.
        members: The series that were united, each of one UID; none as a rule.
        remarks: What is said of that.
    """

    uid: str
    headers: tuple[Header, ...]
    members: tuple[Series, ...] = ()
    remarks: tuple[SeriesRemark, ...] = ()

    @property
    def number(self) -> str:
        """SeriesNumber as text."""
        return self.headers[0].text(tags.SERIES_NUMBER)

    @property
    def modality(self) -> str:
        """Modality, ``"Unknown"`` if the files have none."""
        return self.headers[0].text(tags.MODALITY) or "Unknown"

    @property
    def description(self) -> str:
        """SeriesDescription."""
        return self.headers[0].text(tags.SERIES_DESCRIPTION)

    @property
    def key(self) -> str:
        """What ``series_uid`` asks for it by: its UID, or of united series the first and how many others there are."""
        return f"{self.members[0].uid}+{len(self.members) - 1}" if self.members else self.uid

    def find_member(self, key: str) -> Series | None:
        """The series of that key, which may be one of those that were united."""
        return next((member for member in (self, *self.members) if member.key == key), None)

    def __str__(self) -> str:
        count = f"{len(self.headers)} file{'s' * (len(self.headers) != 1)}"
        parts = [f"series {self.number}" if self.number else "", self.modality, count, self.description]
        return f"{self.key or '(no UID)'}  {', '.join(filter(None, parts))}"


@dataclass(frozen=True)
class Localizers:
    """Scout views that stand in series of their own and are left out, because other series are there.

    Attributes:
        count: How many images they are.
    """

    count: int = 0

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What a person is told of them; nothing if there are none."""
        if not self.count:
            return ()
        text = f"left out {self.count} localizer image{'s' * (self.count != 1)} in a series of their own"
        return (Decision("left out", text, self.count, "content"),)


def group_series(headers: Iterable[Header]) -> list[Series]:
    """Sort image files into series, in the order in which the series first appear.

    Raises:
        CorruptFileError: If a file without pixels does not say to which series it belongs: any could lack it.
    """
    groups: defaultdict[str, list[Header]] = defaultdict(list)
    for header in headers:
        if not holds_image(header):
            continue
        if header.pixel_tag or header.text(tags.SERIES_INSTANCE_UID):
            groups[header.text(tags.SERIES_INSTANCE_UID)].append(header)
        else:
            raise missing_pixels_error(header)
    return [Series(uid, tuple(members)) for uid, members in groups.items()]


def is_localizer(series: Series) -> bool:
    """Whether a series holds scout views only."""
    return all("LOCALIZER" in header.texts(tags.IMAGE_TYPE) for header in series.headers)


def set_aside_localizers(series: Sequence[Series]) -> tuple[list[Series], Localizers]:
    """Part the series of scout views from the others; if all are scout views, they are what is meant and stay."""
    others = [candidate for candidate in series if not is_localizer(candidate)]
    if not others:
        return list(series), Localizers()
    counts = [len(candidate.headers) for candidate in series]
    return others, Localizers(sum(counts) - sum(len(candidate.headers) for candidate in others))


def choose_series(
    series: Sequence[Series],
    series_uid: str | None,
    path: str,
    holder: str = "the source",
    advice: str = "pass series_uid= with one of these",
) -> Series:
    """The one series that is meant.

    Args:
        series: The candidates.
        series_uid: The UID asked for, or None.
        path: The source, for messages.
        holder: What messages call it: the path of a list is that of its first file.
        advice: What chooses one of several.

    Raises:
        AmbiguousSeriesError: If there are several and none was asked for.
        OptionError: If the one asked for is not there.
        UnsupportedFormatError: If there is none at all.
    """
    table = "\n".join(f"  {candidate}" for candidate in series)
    if not series:
        raise UnsupportedFormatError(
            "its DICOM files hold no image (structure sets, reports, segmentations or indices only)",
            path=path,
            advice="pass the folder of an image series",
        )
    if series_uid is not None:
        for candidate in series:
            member = candidate.find_member(series_uid)
            if member is not None:
                return member
        raise OptionError(
            f"{holder} holds no image series {series_uid!r}, only\n{table}\n",
            path=path,
            advice="pass one of these as series_uid",
            series_uid=series_uid,
        )
    if len(series) > 1:
        raise AmbiguousSeriesError(
            f"{holder} holds {len(series)} image series and one is needed:\n{table}\n",
            path=path,
            advice=advice,
            series=[candidate.key for candidate in series],
        )
    return series[0]
