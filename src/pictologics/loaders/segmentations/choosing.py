"""Which segments of a file are meant, and whether the file is of the series that is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from ...dicom.headers import tags
from ...dicom.headers.header import ParsedFile
from ...errors import OptionError
from ..protocol import Source

__all__ = ["check_series_uid", "choose_numbers"]


def choose_numbers(available: Sequence[int], wanted: Sequence[int] | None, path: str) -> tuple[int, ...]:
    """The segments that are meant, in ascending order.

    Args:
        available: The segments of the file.
        wanted: Those that are asked for; None for all.
        path: The file, for messages.

    Raises:
        OptionError: If one that is asked for is not there; the message lists those that are.
    """
    if wanted is None:
        return tuple(sorted(available))
    missing = sorted(set(wanted) - set(available))
    if missing:
        several = len(missing) > 1
        raise OptionError(
            f"there {'are no segments' if several else 'is no segment'} {list_ranges(missing)}, "
            f"only {list_ranges(available)}",
            path=path,
            advice="pass existing segment_numbers, or leave it out for all",
            missing=missing,
            segments=sorted(available),
        )
    return tuple(sorted(set(wanted)))


def list_ranges(numbers: Sequence[int]) -> str:
    """Numbers in words, neighbors as ranges: ``1 to 5, 7``."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(
        str(low) if low == high else f"{low}, {high}" if high == low + 1 else f"{low} to {high}" for low, high in runs
    )


def check_series_uid(source: Source, series_uid: str | None) -> None:
    """Check that a file is of the series that is asked for, if one is.

    Raises:
        OptionError: If it is of another one.
    """
    file = source.files[0]
    own = file.header.text(tags.SERIES_INSTANCE_UID) if isinstance(file, ParsedFile) else ""
    if series_uid is not None and own != series_uid:
        raise OptionError(
            f"series_uid is {series_uid!r} and this file is of the series {own!r}",
            path=source.path,
            advice="leave series_uid out",
        )
