"""Handlers of dicognito for what it leaves as it is, or would make otherwise: UIDs, odd dates, times without a date.

dicognito asks one handler after the other whether it takes an attribute.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

__all__ = ["DateMover", "TimeMover", "UidReplacer"]

REGISTERED: Final = re.compile(r"1\.2\.840\.10008(\.[0-9]{1,4}){1,10}")
"""UIDs that DICOM itself defines (PS3.6 A), which tell nothing of anybody: short numbers below its root. What else
begins with that root may be anything, a number of a patient or a path."""


@dataclass(frozen=True)
class UidReplacer:
    """Replaces UIDs, the same by the same.

    Attributes:
        key: The secret on which the new ones depend.
    """

    key: str = field(repr=False)

    def __call__(self, dataset: Dataset, element: DataElement) -> bool:
        """Replace the values of an attribute, if they are UIDs."""
        if element.VR != "UI" or not element.value:
            return False
        is_single = isinstance(element.value, str)
        fresh = [self.replace(str(uid)) for uid in ([element.value] if is_single else element.value)]
        element.value = fresh[0] if is_single else fresh
        return True

    def replace(self, uid: str) -> str:
        """Find the new UID for one; those of the standard stay."""
        from pydicom.uid import generate_uid

        return uid if not uid or REGISTERED.fullmatch(uid) else str(generate_uid(entropy_srcs=[self.key, uid]))

    def describe_actions(self) -> list[str]:
        """Say what it does; dicognito asks for it."""
        return ["Replace UIDs"]


@dataclass(frozen=True)
class DateMover:
    """Moves dates, with the times that belong to them, as dicognito does; what is no date is left out.

    Attributes:
        mover: dicognito's own handler.
    """

    mover: Any

    def __call__(self, dataset: Dataset, element: DataElement) -> bool:
        """Move a date; whether it was one."""
        try:
            return bool(self.mover(dataset, element))
        except (ValueError, OverflowError):
            element.value = None
            return True

    def describe_actions(self) -> list[str]:
        """Say what it does; dicognito asks for it."""
        return list(self.mover.describe_actions())


@dataclass(frozen=True)
class TimeMover:
    """Moves times of day that have no date of their own, as dicognito moves those that have one.

    Attributes:
        span: How far.
    """

    span: timedelta

    def __call__(self, dataset: Dataset, element: DataElement) -> bool:
        """Move a time; whether it was one."""
        if element.VR != "TM":
            return False
        date = element.keyword.replace("Time", "Date")
        if element.value and not (date != element.keyword and dataset.get(date)):
            times = [element.value] if isinstance(element.value, str) else list(element.value)
            moved = [self.move(str(time)) for time in times]
            element.value = moved if len(moved) > 1 else moved[0]
        return True

    def move(self, time: str) -> str:
        """Move a time within its day; one that is none is left out."""
        digits, _, fraction = time.replace(":", "").partition(".")
        try:
            # As few digits as there are: 10 is ten o'clock.
            found = datetime.strptime(digits.ljust(6, "0"), "%H%M%S")
        except ValueError:
            return ""
        return (found + self.span).strftime("%H%M%S") + (f".{fraction}" if fraction else "")

    def describe_actions(self) -> list[str]:
        """Say what it does; dicognito asks for it."""
        return ["Move times without a date"]
