"""What is known of each label of a mask, and all of it as a table."""

from __future__ import annotations

import html
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..geometry import format_numbers
from ..storage.record_tables import make_data_frame, write_csv_file

if TYPE_CHECKING:
    import pandas

__all__ = ["Measurement", "Measurements"]

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Measurement:
    """One label of a mask on an image.

    Values are those of the voxels that hold valid data; NaN where there are none. Places are of all voxels, in LPS mm.

    Attributes:
        label: Its value in the mask.
        name: What the mask calls it; empty if it has no name.
        voxels: How many voxels it has.
        valid_voxels: How many of them hold valid data in the image.
        milliliters: Volume of all its voxels.
        mean: Mean value.
        sd: Standard deviation of the population: the root of the mean squared distance from the mean.
        minimum: Smallest value.
        maximum: Largest value; of a PET image in SUV the SUVmax.
        peak: Largest mean within a sphere of 1 ml around one of its voxels, which may reach beyond the label; of a PET
            image in SUV the SUVpeak. It is the global intensity peak of the IBSI (0F91). None if not asked for.
        percentiles: Value below which so many percent of the voxels lie, interpolated linearly between two.
        units: Of the values; empty if unknown.
        centroid: Mean position of its voxels.
        low: Lowest coordinates of the box around its voxels, faces included.
        high: Highest coordinates of that box.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image, create_full_mask, measure
        >>> scan = Image(np.full((2, 2, 2), 40.0), (5.0, 5.0, 5.0), (0.0, 0.0, 0.0))
        >>> (part,) = measure(scan, create_full_mask(scan))
        >>> part.voxels, part.milliliters, part.mean, part.low
        (8, 1.0, 40.0, (-2.5, -2.5, -2.5))
    """

    label: int
    name: str
    voxels: int
    valid_voxels: int
    milliliters: float
    mean: float
    sd: float
    minimum: float
    maximum: float
    peak: float | None
    percentiles: Mapping[float, float] = field(hash=False)
    units: str
    centroid: Point
    low: Point
    high: Point

    def to_dict(self) -> dict[str, Any]:
        """All of it flat, as one row of a table: ``p50`` is the median, ``centroid_x`` a coordinate."""
        row: dict[str, Any] = {
            "label": self.label,
            "name": self.name,
            "voxels": self.voxels,
            "valid_voxels": self.valid_voxels,
            "ml": self.milliliters,
            "mean": self.mean,
            "sd": self.sd,
            "min": self.minimum,
            "max": self.maximum,
        }
        if self.peak is not None:
            row["peak"] = self.peak
        row |= {f"p{percent:g}": value for percent, value in self.percentiles.items()}
        row["units"] = self.units
        for name, point in (("centroid", self.centroid), ("low", self.low), ("high", self.high)):
            row |= {f"{name}_{axis}": value for axis, value in zip("xyz", point, strict=True)}
        return row


class Measurements(tuple[Measurement, ...]):
    """The labels of a mask in ascending order, each measured.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image, measure
        >>> scan = Image(np.arange(8.0).reshape(2, 2, 2), (10.0, 10.0, 10.0), (0.0, 0.0, 0.0))
        >>> mask = Image((scan.array > 4).astype(np.uint8), scan.spacing, scan.origin, labels={1: "tumor"})
        >>> found = measure(scan, mask)
        >>> found["tumor"].mean, found[0].milliliters
        (6.0, 3.0)
    """

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        """A measurement by its place or by its name."""
        if not isinstance(key, str):
            return super().__getitem__(key)
        found = [measurement for measurement in self if measurement.name == key]
        if len(found) != 1:
            names = ", ".join(repr(measurement.name) for measurement in self)
            count = f"{len(found)} labels are" if found else "no label is"
            raise KeyError(f"{count} called {key!r}; the names are {names}")
        return found[0]

    def __repr__(self) -> str:
        """A line for each label, as a prompt shows it."""
        return "\n".join(map(describe_measurement, self)) or "no label"

    def to_records(self) -> list[dict[str, Any]]:
        """A flat dict for each label."""
        return [measurement.to_dict() for measurement in self]

    def to_pandas(self) -> pandas.DataFrame:
        """A table of pandas, one row for each label.

        Raises:
            OptionError: If pandas is not installed.
        """
        return make_data_frame(self.to_records())

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write a table as a file of comma-separated values, whole or not at all.

        Raises:
            OptionError: If its folder is not there.
            FileAccessError: If it cannot be written.
        """
        write_csv_file(self.to_records(), path)

    def _repr_html_(self) -> str:
        """The table that a notebook shows."""
        rows = self.to_records()
        names = list(rows[0]) if rows else []
        head = make_row("th", names)
        return f"<table>{head}{''.join(make_row('td', map(show, row.values())) for row in rows)}</table>"


def describe_measurement(part: Measurement) -> str:
    """What is asked of a label most often, in one line."""
    volume, mean, sd, low, high = (
        format_numbers([float(f"{value:.4g}")])
        for value in (part.milliliters, part.mean, part.sd, part.minimum, part.maximum)
    )
    name = f"{part.label} {part.name}".rstrip()
    return f"{name}: {volume} ml, mean {mean}, sd {sd}, {low} to {high} {part.units}".rstrip()


def make_row(tag: str, texts: Iterable[str]) -> str:
    """One row of a table in HTML."""
    return "<tr>" + "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in texts) + "</tr>"


def show(value: object) -> str:
    """A value as a person reads it."""
    return format_numbers([value]) if isinstance(value, float) else str(value)
