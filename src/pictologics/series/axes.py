"""Axes along which the volumes of a series lie, and the labels that say where along them."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..errors import OptionError

__all__ = [
    "LABEL_LISTS",
    "MOST_AXIS_LABELS_NAMED",
    "AxisLabel",
    "SeriesAxis",
    "arrange_axes",
    "check_axis_names",
    "format_label",
    "number_axis",
]

AxisLabel = float | str | tuple[float, ...] | None
"""What stands at a place of an axis: a number, a word, a vector, or nothing where the files do not say."""

SAME_NUMBER = 1e-5
"""Relative difference up to which two numbers are one label: files round theirs to six digits and more."""

SAME_VECTOR = 1e-3
"""Difference up to which the components of two vectors are one label: tables have three or four digits."""

LABEL_LISTS: Final = (list, set, frozenset)
"""What holds several labels; a tuple is one of several numbers."""

MOST_AXIS_LABELS_NAMED = 12
"""How many labels a message names."""


@dataclass(frozen=True)
class SeriesAxis:
    """An axis along which the volumes of a series lie.

    Attributes:
        name: ``"time"``, ``"echo"``, ``"b_value"``, ``"direction"``, ``"phase"``, ``"component"`` and others; or
            ``"volume"`` where the files do not say what tells the volumes apart.
        labels: What stands at each place: seconds, milliseconds, words; directions are unit vectors in the patient's
            coordinates (LPS), None where there is none. NaN becomes None, so that an axis can be made of ``values``.
        units: Of the labels, such as ``"s"``; may be empty.
        coordinates: What else is known at each place, by name, such as the ``"b_value"`` of each direction.

    Examples:
        >>> from pictologics import SeriesAxis
        >>> len(SeriesAxis("time", (0.0, 2.5, 5.0), "s"))
        3
    """

    name: str
    labels: tuple[AxisLabel, ...]
    units: str = ""
    coordinates: Mapping[str, tuple[AxisLabel, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Frozen, so that a hash stays what it is; numbers of NumPy and lists have none, and are no JSON.
        object.__setattr__(self, "labels", tuple(map(make_axis_label, self.labels)))
        own = {name: tuple(map(make_axis_label, values)) for name, values in self.coordinates.items()}
        object.__setattr__(self, "coordinates", own)
        for name, values in self.coordinates.items():
            if len(values) != len(self.labels):
                raise OptionError(
                    f"the axis {self.name} has {len(self.labels)} labels and {len(values)} of {name}",
                    advice="give one for each place",
                )

    def __len__(self) -> int:
        return len(self.labels)

    def __hash__(self) -> int:
        return hash((self.name, self.labels, self.units))

    @property
    def names(self) -> tuple[str, ...]:
        """The names by which places are found: its own and those of its coordinates."""
        return (self.name, *(name for name in self.coordinates if name != self.name))

    def column(self, name: str) -> tuple[AxisLabel, ...]:
        """What stands at each place under one of its names."""
        return self.labels if name == self.name else self.coordinates[name]

    def values(self, name: str) -> npt.NDArray[Any]:
        """What stands at each place under one of its names, as an array.

        Returns:
            Numbers, of which those that are not known are NaN, or text; vectors as rows, NaN where there is none.
        """
        column = self.column(name)
        width = max((len(label) for label in column if isinstance(label, tuple)), default=0)
        if width:
            rows = (label if isinstance(label, tuple) else () for label in column)
            return np.array([(*row, *(np.nan,) * (width - len(row))) for row in rows])
        if any(isinstance(label, str) for label in column):
            return np.array(["" if label is None else str(label) for label in column])
        return np.array([np.nan if label is None else label for label in column], np.float64)

    def take(self, places: Sequence[int]) -> SeriesAxis:
        """Some places of the axis."""
        coordinates = {name: tuple(values[k] for k in places) for name, values in self.coordinates.items()}
        return replace(self, labels=tuple(self.labels[k] for k in places), coordinates=coordinates)

    def find(self, name: str, wanted: Any) -> list[int]:
        """The places where a label stands, one of a list of labels, or one within a slice from first to last.

        Raises:
            OptionError: If there is none.
        """
        if isinstance(wanted, slice):
            check_label_slice(wanted, name)
        column = self.column(name)
        found = [k for k, label in enumerate(column) if is_wanted(label, wanted)]
        if not found:
            listed = ", ".join(dict.fromkeys(format_label(label) for label in column[:MOST_AXIS_LABELS_NAMED]))
            more = ", ..." * (len(column) > MOST_AXIS_LABELS_NAMED)
            raise OptionError(
                f"no volume has the {name} {wanted!r}: there are {listed}{more}",
                advice="choose one of these, or volumes by their number with pick()",
            )
        return found


def make_axis_label(given: Any) -> AxisLabel:
    """A label as Python has it, of one that may be of NumPy or a list; nothing where all of it is NaN."""
    plain = given.tolist() if isinstance(given, (np.generic, np.ndarray)) else given
    parts = plain if isinstance(plain, (list, tuple)) else [plain]
    if parts and all(isinstance(part, float) and math.isnan(part) for part in parts):
        return None
    return tuple(plain) if isinstance(plain, list) else plain


def check_axis_names(axes: Sequence[SeriesAxis]) -> None:
    """Check that each name stands for one thing.

    Raises:
        OptionError: If two axes, or labels of two axes, have one name.
    """
    names = [name for axis in axes for name in axis.names]
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise OptionError(f"two axes have the name {doubles[0]!r}, their own or that of labels", advice="rename one")


def check_label_slice(wanted: slice, name: str) -> None:
    """Check that a slice of labels goes from a number to a number.

    Raises:
        OptionError: If it does not, or has a step.
    """
    ends = [end for end in (wanted.start, wanted.stop) if end is not None]
    if wanted.step is not None or not all(isinstance(end, numbers.Real) for end in ends):
        raise OptionError(
            f"the slice of {name} is {wanted!r}, and slices of labels go from a number to a number, without a step",
            advice="pass a list of labels, or take volumes by their numbers with pick()",
        )


def is_wanted(label: AxisLabel, wanted: Any) -> bool:
    """Whether a label is the one that is asked for, one of several, or lies between two."""
    if isinstance(wanted, slice):
        low = -math.inf if wanted.start is None else wanted.start
        high = math.inf if wanted.stop is None else wanted.stop
        return isinstance(label, (int, float)) and (low <= label <= high or is_same(label, low) or is_same(label, high))
    if isinstance(wanted, LABEL_LISTS):
        return any(is_same(label, choice) for choice in wanted)
    return is_same(label, wanted)


def is_same(label: AxisLabel, wanted: Any) -> bool:
    """Whether two labels are one, but for the digits that files round."""
    if label is None or wanted is None:
        return label is wanted
    if isinstance(label, str) or isinstance(wanted, str):
        return str(label).casefold() == str(wanted).casefold()
    try:
        numbers = np.asarray(wanted, np.float64)
    except (TypeError, ValueError):
        return False
    if isinstance(label, tuple):
        return numbers.shape == (len(label),) and bool(np.allclose(label, numbers, rtol=0, atol=SAME_VECTOR))
    return numbers.shape == () and bool(np.isclose(label, numbers, rtol=SAME_NUMBER, atol=0.0))


def format_label(label: AxisLabel) -> str:
    """A label as a person writes it."""
    if isinstance(label, tuple):
        return f"({', '.join(f'{number:.3g}' for number in label)})"
    return f"{label:.6g}" if isinstance(label, float) else str(label)


def number_axis(name: str, count: int) -> SeriesAxis:
    """An axis of which only the number of places is known."""
    return SeriesAxis(name, tuple(float(k) for k in range(count)))


def arrange_axes(axes: Sequence[SeriesAxis]) -> tuple[tuple[SeriesAxis, ...], npt.NDArray[np.intp]]:
    """Lay volumes out along several axes, if there is one volume for each combination of their labels.

    Args:
        axes: For each attribute, its label of every volume.

    Returns:
        The axes, and the number of the volume at each place. Where combinations are missing or repeat, the volumes lie
        along one axis, of which the attributes are coordinates.
    """
    count = len(axes[0]) if axes else 0
    numbers = np.arange(count, dtype=np.intp)
    if len(axes) == 1:
        return tuple(axes), numbers
    # Labels alone are not enough: one direction with two b-values is two places.
    codes, distinct = zip(*(number_places(join_columns(axis)) for axis in axes), strict=True)
    lengths = tuple(len(firsts) for firsts in distinct)
    if math.prod(lengths) == count and len(set(zip(*codes, strict=True))) == count:
        laid = np.empty(lengths, np.intp)
        laid[tuple(np.array(column) for column in codes)] = numbers
        return tuple(axis.take(firsts) for axis, firsts in zip(axes, distinct, strict=True)), laid
    # A coordinate has no units: times that are only counted must not pass for seconds.
    coordinates = {
        "time_number" if name == "time" and axis.units != "s" else name: axis.column(name)
        for axis in axes
        for name in axis.names
    }
    return (replace(number_axis("volume", count), coordinates=coordinates),), numbers


def join_columns(axis: SeriesAxis) -> Iterable[tuple[AxisLabel, ...]]:
    """All that stands at each place of an axis."""
    return zip(*map(axis.column, axis.names), strict=True)


def number_places(labels: Iterable[tuple[AxisLabel, ...]]) -> tuple[list[int], list[int]]:
    """For each volume the number of its labels among the different ones, and where each of those first stands."""
    places: dict[tuple[AxisLabel, ...], int] = {}
    firsts: list[int] = []
    codes = []
    for k, label in enumerate(labels):
        if label not in places:
            places[label] = len(places)
            firsts.append(k)
        codes.append(places[label])
    return codes, firsts
