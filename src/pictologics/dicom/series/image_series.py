"""Headers -> series -> the frames of one layout: choose, or explain why not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...errors import AmbiguousSeriesError, OptionError, UnsupportedFormatError
from ...provenance import Decision
from ..frames import frames_of
from ..frames.frame import Frame, holds_image, no_pixels
from ..headers import tags
from ..headers.header import Header

__all__ = [
    "FrameLayout",
    "Series",
    "choose_series",
    "group_layouts",
    "group_series",
    "set_aside_localizers",
]

# Cosines that agree to this, and no better, may come from rounding; the corner error decides on the rest.
COSINE_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Series:
    """The image files of one SeriesInstanceUID.

    Attributes:
        uid: SeriesInstanceUID, empty if the files have none.
        headers: The files' headers.
    """

    uid: str
    headers: tuple[Header, ...]

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

    def __str__(self) -> str:
        count = f"{len(self.headers):5} files"
        return f"{self.uid or '(no UID)'}  {self.number or '-':>4}  {self.modality:4}  {count}  {self.description}"


@dataclass(frozen=True)
class FrameLayout:
    """The frames of a series that could be planes of one volume: same orientation, size and frame of reference."""

    frames: tuple[Frame, ...]

    def __str__(self) -> str:
        first = self.frames[0]
        kind = "localizer " if first.is_localizer else ""
        count = len(self.frames)
        return f"{count} {kind}image{'s' * (count != 1)} of {first.columns}x{first.rows}"


def group_series(headers: Iterable[Header]) -> list[Series]:
    """Sort image files into series, in the order in which the series first appear."""
    groups: defaultdict[str, list[Header]] = defaultdict(list)
    for header in headers:
        if not holds_image(header):
            continue
        if header.pixel_tag or header.text(tags.SERIES_INSTANCE_UID):
            groups[header.text(tags.SERIES_INSTANCE_UID)].append(header)
        else:
            raise no_pixels(header)
    return [Series(uid, tuple(members)) for uid, members in groups.items()]


def is_localizer(series: Series) -> bool:
    """Whether a series holds scout views only."""
    return all("LOCALIZER" in header.texts(tags.IMAGE_TYPE) for header in series.headers)


def set_aside_localizers(series: Sequence[Series]) -> tuple[list[Series], list[Decision]]:
    """Leave out series of scout views where others are there."""
    volumes = [one for one in series if not is_localizer(one)]
    if not volumes or len(volumes) == len(series):
        return list(series), []
    count = sum(len(one.headers) for one in series if is_localizer(one))
    text = f"left out {count} localizer image{'s' * (count != 1)} in a series of their own"
    return volumes, [Decision("left out", text, count, "content")]


def choose_series(series: Sequence[Series], series_uid: str | None, path: str) -> Series:
    """The one series that is meant.

    Args:
        series: The candidates.
        series_uid: The UID asked for, or None.
        path: The source, for messages.

    Raises:
        AmbiguousSeriesError: If there are several and none was asked for.
        OptionError: If the one asked for is not there.
        UnsupportedFormatError: If there is none at all.
    """
    table = "\n".join(f"  {one}" for one in series)
    if not series:
        raise UnsupportedFormatError(
            "its DICOM files hold no image (structure sets, reports, segmentations or indices only)",
            path=path,
            advice="pass the folder of an image series",
        )
    if series_uid is not None:
        for one in series:
            if one.uid == series_uid:
                return one
        raise OptionError(
            f"there is no image series {series_uid!r} here, only\n{table}\n",
            path=path,
            advice="pass one of these as series_uid",
            series_uid=series_uid,
        )
    if len(series) > 1:
        raise AmbiguousSeriesError(
            f"there are {len(series)} image series here and one is needed:\n{table}\n",
            path=path,
            advice="pass series_uid= with one of these",
            series=[one.uid for one in series],
        )
    return series[0]


def group_layouts(series: Series, only: frozenset[tuple[str, int]] | None = None) -> list[FrameLayout]:
    """The layouts of a series, or of some of its frames, the one with most frames first and localizers last."""
    groups: defaultdict[tuple[object, ...], list[Frame]] = defaultdict(list)
    for header in series.headers:
        for frame in frames_of(header):
            if only is None or (header.path, frame.number) in only:
                groups[make_layout_key(frame)].append(frame)
    merged: list[list[Frame]] = []
    for frames in groups.values():
        home = next((group for group in merged if is_same_layout(group[0], frames[0])), None)
        if home is None:
            merged.append(frames)
        else:
            home.extend(frames)
    layouts = [FrameLayout(tuple(frames)) for frames in merged]
    return sorted(layouts, key=lambda layout: (layout.frames[0].is_localizer, -len(layout.frames)))


def make_layout_key(frame: Frame) -> tuple[object, ...]:
    """What planes of one volume have in common, as the file writes it."""
    values = frame.header.values
    return (
        frame.rows,
        frame.columns,
        frame.orientation,
        tuple(frame.image_type) if frame.is_localizer else None,
        values.get(tags.FRAME_OF_REFERENCE_UID),
        frame.attributes.text(tags.STACK_ID),
    )


def is_same_layout(one: Frame, other: Frame) -> bool:
    """Whether two layout keys differ by no more than rounded cosines."""
    if one.orientation is None or other.orientation is None:
        return make_layout_key(one) == make_layout_key(other)
    apart = max(abs(a - b) for a, b in zip(one.orientation, other.orientation, strict=True))
    keys = [(*make_layout_key(frame)[:2], *make_layout_key(frame)[3:]) for frame in (one, other)]
    return apart < COSINE_TOLERANCE and keys[0] == keys[1]
