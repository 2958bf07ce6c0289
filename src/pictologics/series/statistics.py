"""Statistics of each voxel over volumes that are read one by one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from ..image import Image
from ..provenance import Decision
from .volume_source import VolumeSource

__all__ = ["StatisticName", "compute_statistic"]

StatisticName = Literal["mean", "std", "min", "max", "sum"]


class RunningStatistic:
    """What is known of each voxel after some volumes.

    Attributes:
        counts: How many volumes have a valid voxel there.
        widest: The type that holds the values of all volumes.
    """

    def __init__(self, name: StatisticName, first: Image) -> None:
        self.name = name
        self.first = first
        keeps_type = name in ("min", "max")
        self.dtype = first.array.dtype if keeps_type else np.dtype(np.float64)
        self.value = np.zeros(first.shape, self.dtype, order="F")
        self.squares = np.zeros(first.shape, np.float64, order="F") if name == "std" else None
        self.counts: npt.NDArray[np.int32] | int = 0
        self.widest = first.array.dtype

    def add(self, image: Image) -> None:
        """Take in one more volume."""
        valid = image.source_mask
        if valid is not None and isinstance(self.counts, int):
            self.counts = np.full(self.value.shape, self.counts, np.int32, order="F")
        where: Any = True if valid is None else valid
        is_first = self.counts == 0
        self.counts = self.counts + (1 if valid is None else valid.astype(np.int32))
        array = image.array
        self.widest = np.promote_types(self.widest, array.dtype)
        if self.name in ("min", "max"):
            self.value = self.value.astype(self.widest, copy=False)
            choose = np.minimum if self.name == "min" else np.maximum
            chosen = np.where(is_first, array, choose(self.value, array))
            np.copyto(self.value, chosen, where=where)
        elif self.squares is None:
            np.add(self.value, array, out=self.value, where=where)
        else:
            self.add_to_deviation(array, where, self.squares)

    def add_to_deviation(self, array: npt.NDArray[Any], where: Any, squares: npt.NDArray[np.float64]) -> None:
        """Move the mean towards a volume, and the squares of deviations along, as Welford's algorithm does."""
        # Where no volume is valid, nothing is added, and nothing divides by 0.
        step = np.subtract(array, self.value, dtype=np.float64)
        share = np.divide(step, np.maximum(self.counts, 1))
        np.add(self.value, share, out=self.value, where=where)
        step *= np.subtract(array, self.value, dtype=np.float64)
        np.add(squares, step, out=squares, where=where)

    def finish(self, count: int, over: str) -> Image:
        """The result as an image."""
        value = self.value
        if self.squares is not None:
            value = np.sqrt(self.squares / np.maximum(self.counts, 1))
        elif self.name == "mean":
            value = value / np.maximum(self.counts, 1)
        if self.name in ("mean", "std") and self.widest == np.float32:
            value = value.astype(np.float32)
        valid = None if isinstance(self.counts, int) else self.counts > 0
        if valid is not None and value.dtype.kind == "f":
            value[~valid] = np.nan
        text = f"{STATISTIC_WORDS[self.name]} of {count} volumes over {over}"
        first = self.first
        return replace(
            first,
            array=value,
            direction=np.array(first.direction),
            source_mask=valid,
            metadata={name: fact for name, fact in first.metadata.items() if name != "phase"},
            labels={},
            provenance=first.provenance.with_decisions(Decision("processed", text, count)),
        )


STATISTIC_WORDS: Final = {
    "mean": "mean",
    "std": "standard deviation",
    "min": "minimum",
    "max": "maximum",
    "sum": "sum",
}
"""What each statistic is called in the record of an image."""


def compute_statistic(
    name: StatisticName, source: VolumeSource, groups: npt.NDArray[np.intp], over: str
) -> list[Image]:
    """A statistic of each of several groups of volumes, all of them read in one pass.

    Args:
        name: Which one.
        source: Where the volumes come from.
        groups: (volumes, groups) numbers of volumes; a column is a group. A volume counts as often as it is there.
        over: What is computed over, for the record.
    """
    groups_of: defaultdict[int, list[int]] = defaultdict(list)
    for group, column in enumerate(groups.T):
        for number in column.tolist():
            groups_of[number].append(group)
    running: dict[int, RunningStatistic] = {}
    order = sorted(groups_of)
    for number, image in zip(order, source.iterate(order), strict=True):
        for group in groups_of[number]:
            if group not in running:
                running[group] = RunningStatistic(name, image)
            running[group].add(image)
    return [running[group].finish(len(groups), over) for group in range(groups.shape[1])]
