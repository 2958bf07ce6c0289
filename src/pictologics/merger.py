"""Several images on one grid into one, voxel by voxel, by a rule for the voxels that more than one image has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .array_types import AnyArray
from .geometry import Box, Grid, find_overlap
from .image import Image
from .interpolation.filled_types import widen_type
from .labels import find_few_values
from .placement import describe_losses, describe_placing, reorder_box
from .provenance import Decision
from .threads import run_in_shares

__all__ = ["Binarize", "ConflictResolution", "Merger"]

ConflictResolution = Literal["max", "min", "first", "last"]

Binarize = bool | int | list[int] | tuple[int, int] | None


CHOICES: dict[str, Callable[[AnyArray, AnyArray], AnyArray]] = {
    "max": np.maximum,
    "min": np.minimum,
    "first": lambda kept, _: kept,
    "last": lambda _, new: new,
}
"""Of two values that are both not background, the one that is kept."""


MOST_VALUES_SHOWN = 10
"""How many values a message lists."""


@dataclass
class Merger:
    """Merges images one after the other into one volume; background is 0, or a voxel without valid data.

    Only the volume and the image that is being added are held. Planes in which an image has background only are read
    and never written.

    Attributes:
        grid: Where the result lies.
        rule: Which value a voxel gets where several images are not background.
        fill_value: Value of the voxels that no image has.
        array: The result so far, None before the first image.
        valid: Where some image had valid data, None as long as no image has a source mask.
        covered: Where some image had a voxel at all; only kept where a fill value needs it.
        conflicts: Voxels at which an image met another's value, counted for each image added.
        counts: How many voxels each image had that was relabeled; 0 for others.
        owners: Which image, from 1, a voxel's value is of, 0 for none; only kept with ``keeps_owners``.
        keeps_owners: Whether somebody will ask for them.
    """

    grid: Grid
    rule: ConflictResolution
    fill_value: float = 0.0
    array: npt.NDArray[Any] | None = None
    valid: npt.NDArray[np.bool_] | None = None
    covered: npt.NDArray[np.bool_] | None = None
    conflicts: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    owners: npt.NDArray[np.uint16] | None = None
    keeps_owners: bool = False

    def add(
        self,
        image: Image,
        value: int | None = None,
        dtype: np.dtype[Any] | None = None,
        covered: npt.NDArray[np.bool_] | None = None,
    ) -> list[Decision]:
        """Merge one more image.

        Args:
            image: An image whose axes and spacing are the grid's; what lies outside is cut off.
            value: What its voxels that are not background become; None leaves them as they are.
            dtype: Type of the result; None for one that holds the image's values and those before it.
            covered: Where it has voxels, an array of its shape; None for everywhere.

        Returns:
            What placing it did.

        Raises:
            GeometryError: If axes or spacing differ.
        """
        lattice = image.grid.lattice_map(self.grid, to_nearest=True)
        source, destination = find_overlap(image.grid, self.grid, lattice)

        def place_array(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
            return array.transpose(lattice.axes)[source]

        kept = self.widen_for(image.array.dtype if dtype is None else dtype)[destination]
        mask = None if image.source_mask is None else place_array(image.source_mask)
        self.note_validity(mask, None if covered is None else place_array(covered), destination)
        new = place_array(image.array)
        self.counts.append(int(np.count_nonzero(new)) if value is not None else 0)
        met, not_numbers = self.merge(kept, new, mask, value, self.find_owners(destination))
        self.conflicts.append(met)
        decisions = report_not_numbers(not_numbers)
        if image.grid.lies_on(self.grid):
            return decisions
        decisions += describe_placing(image.grid, self.grid, lattice, destination)
        losses, _ = describe_losses(image, self.grid, reorder_box(source, lattice), new, 0.0, new.size)
        return decisions + losses

    def find_owners(self, destination: Box) -> npt.NDArray[np.uint16] | None:
        """Which image each voxel of a box is of, to be written to; None if nobody asks."""
        if not self.keeps_owners:
            return None
        if self.owners is None:
            self.owners = np.zeros(self.grid.shape, np.uint16, order="F")
        return self.owners[destination]

    def widen_for(self, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """Make the result's array, or widen it, so that it holds values of a type, and return it."""
        if self.array is None:
            # Zero pages that nothing is written to are never taken from the system.
            self.array = np.zeros(self.grid.shape, dtype, order="F")
        wide = np.result_type(self.array.dtype, dtype)
        if wide != self.array.dtype:
            self.array = self.array.astype(wide, order="F")
        return self.array

    def note_validity(
        self, mask: npt.NDArray[np.bool_] | None, covered: npt.NDArray[np.bool_] | None, destination: Box
    ) -> None:
        """Mark in the result where this image has data."""
        if mask is not None and self.valid is None:
            self.valid = np.zeros(self.grid.shape, np.bool_, order="F")
            # Images before this one had no mask: all that they covered is valid, and so is what nobody covered.
            self.valid[...] = bool(self.conflicts)
        if self.valid is not None:
            self.valid[destination] |= True if mask is None else mask
        if self.fill_value != 0:
            if self.covered is None:
                self.covered = np.zeros(self.grid.shape, np.bool_, order="F")
            self.covered[destination] |= True if covered is None else covered

    def merge(
        self,
        kept: npt.NDArray[Any],
        new: npt.NDArray[Any],
        mask: npt.NDArray[np.bool_] | None,
        value: int | None,
        owners: npt.NDArray[np.uint16] | None,
    ) -> tuple[int, int]:
        """Merge the voxels of one image in place, plane by plane on all threads.

        Returns:
            How many met another's value, and how many are NaN, which is background.
        """
        choose, number = CHOICES[self.rule], len(self.conflicts) + 1
        met, not_numbers = [0] * kept.shape[2], [0] * kept.shape[2]

        def merge_share(share: Iterable[int]) -> None:
            for k in share:
                wanted = new[:, :, k] != 0
                if mask is not None:
                    wanted &= mask[:, :, k]
                if not wanted.any():
                    continue
                rows = np.flatnonzero(wanted.any(axis=0))
                # A mask is small in its plane: the rest of the plane is left alone.
                part = slice(int(rows[0]), int(rows[-1]) + 1)
                wanted, plane, values = wanted[:, part], kept[:, part, k], new[:, part, k]
                if values.dtype.kind in "fc":
                    is_nan = np.isnan(values)
                    not_numbers[k] = int(np.count_nonzero(is_nan & wanted))
                    wanted &= ~is_nan
                if value is not None:
                    values = np.full((1, 1), value, kept.dtype)
                # 0 is background in the result as well: what was there before decides, not which file wrote it.
                taken = wanted & (plane != 0)
                met[k] = int(np.count_nonzero(taken))
                if owners is not None:
                    stays = taken & (choose(plane, values) == plane) if met[k] and self.rule != "last" else False
                    np.copyto(owners[:, part, k], number, where=wanted & ~np.asarray(stays))
                if met[k]:
                    # The cast changes nothing: widen_for gave the result the common type of both.
                    both = choose(plane, values).astype(kept.dtype, copy=False)
                    np.copyto(plane, both, where=taken)
                    wanted ^= taken
                np.copyto(plane, values, where=wanted, casting="unsafe")

        run_in_shares(merge_share, kept.shape[2])
        return sum(met), sum(not_numbers)

    def finish(self) -> npt.NDArray[Any]:
        """Fill the voxels that no image had, and return the result."""
        array = self.widen_for(np.dtype(np.uint8))
        if self.covered is not None:
            array = self.widen_for(widen_type(array, self.fill_value))
            np.copyto(array, array.dtype.type(self.fill_value), where=~self.covered)
        return array

    def binarize(self, rule: Binarize) -> tuple[npt.NDArray[np.uint8], list[Decision]]:
        """Make a mask that is 1 where a voxel's value is meant and 0 elsewhere, uint8 in Fortran order.

        Labels that a file stores with a slope, such as 0.988 for 1, are rounded before they are compared.

        Args:
            rule: True for every value above 0; a whole number for that value; a list for its values; a tuple for the
                values from its first to its second, both included.

        Returns:
            The mask, and the warnings that are due.
        """
        array, decisions = self.finish(), []
        found = None if isinstance(rule, bool) or array.dtype.kind != "f" else find_few_values(array)
        is_rounded = found is not None and bool((np.rint(found) != found).any())
        if found is not None and is_rounded:
            example = found[np.rint(found) != found][0]
            text = (
                f"labels are stored as values that are not whole, such as {example:.6g}, and were rounded before "
                f"binarize={rule!r} compared them"
            )
            decisions.append(Decision("rounded", text, float(example), "content"))
        result = np.zeros(self.grid.shape, np.uint8, order="F")

        def binarize_share(share: Iterable[int]) -> None:
            for k in share:
                plane = array[:, :, k]
                result[:, :, k] = is_meant(np.rint(plane) if is_rounded else plane, rule)

        run_in_shares(binarize_share, self.grid.shape[2])
        if not result.any() and array.any():
            text = f"binarize={rule!r} matches no value, and the mask is empty: {describe_found(array)}"
            decisions.append(Decision("left out", text, 0, "content"))
        return result, decisions

    def find_winners(self) -> dict[int, list[int]]:
        """For each label of the result, in ascending order, the images whose it is."""
        assert self.owners is not None and self.array is not None
        pairs: set[tuple[int, int]] = set()
        for k in range(self.grid.shape[2]):
            owners = self.owners[:, :, k]
            rows = np.flatnonzero(owners.any(axis=0))
            if rows.size:
                part = slice(int(rows[0]), int(rows[-1]) + 1)
                values = self.array[:, part, k].astype(np.int64)
                both = np.unique(values * (len(self.conflicts) + 1) + owners[:, part])
                pairs |= {divmod(int(code), len(self.conflicts) + 1) for code in both}
        winners: dict[int, list[int]] = {}
        for value, owner in sorted(pairs):
            if owner:
                winners.setdefault(value, []).append(owner)
        return winners


def report_not_numbers(count: int) -> list[Decision]:
    """The warning that is due where voxels are NaN, which no rule orders among values."""
    if not count:
        return []
    return [Decision("left out", f"{count} voxels are NaN and count as background", count, "content")]


def describe_found(array: npt.NDArray[Any]) -> str:
    """Which values there are beside 0, for a message."""
    values = find_few_values(array)
    if values is not None:
        shown = [f"{value:g}" for value in values[values != 0][:MOST_VALUES_SHOWN]]
        return f"the values are {', '.join(shown)}{' and more' if values.size > len(shown) + 1 else ''}"
    return f"the values run from {np.fmin.reduce(array, axis=None):g} to {np.fmax.reduce(array, axis=None):g}"


def is_meant(values: npt.NDArray[Any], rule: Binarize) -> npt.NDArray[np.bool_]:
    """Which values a rule of binarizing means."""
    if isinstance(rule, bool):
        return values > 0
    if isinstance(rule, tuple):
        low, high = rule
        return (values >= low) & (values <= high)
    return np.isin(values, rule) if isinstance(rule, list) else values == rule
