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
from .interpolation.sampling import widen_type
from .placement import describe_placing
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
    """

    grid: Grid
    rule: ConflictResolution
    fill_value: float = 0.0
    array: npt.NDArray[Any] | None = None
    valid: npt.NDArray[np.bool_] | None = None
    covered: npt.NDArray[np.bool_] | None = None
    conflicts: list[int] = field(default_factory=list)

    def add(
        self,
        image: Image,
        value: int | None = None,
        dtype: np.dtype[Any] | None = None,
        covered: npt.NDArray[np.bool_] | None = None,
    ) -> list[Decision]:
        """Merge one more image.

        Args:
            image: An image whose lattice meets the grid's; what lies outside is cut off.
            value: What its voxels that are not background become; None leaves them as they are.
            dtype: Type of the result; None for one that holds the image's values and those before it.
            covered: Where it has voxels, an array of its shape; None for everywhere.

        Returns:
            What placing it did.

        Raises:
            GeometryError: If the lattices do not meet.
        """
        lattice = image.grid.lattice_map(self.grid)
        source, destination = find_overlap(image.grid, self.grid, lattice)

        def place_array(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
            return array.transpose(lattice.axes)[source]

        kept = self.widen_for(image.array.dtype if dtype is None else dtype)[destination]
        mask = None if image.source_mask is None else place_array(image.source_mask)
        self.note_validity(mask, None if covered is None else place_array(covered), destination)
        self.conflicts.append(self.merge(kept, place_array(image.array), mask, value))
        return [] if image.grid.lies_on(self.grid) else describe_placing(image.grid, self.grid, lattice, destination)

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
        self, kept: npt.NDArray[Any], new: npt.NDArray[Any], mask: npt.NDArray[np.bool_] | None, value: int | None
    ) -> int:
        """Merge the voxels of one image in place, plane by plane on all threads; counts those that met another's."""
        choose = CHOICES[self.rule]
        met = [0] * kept.shape[2]

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
                if value is not None:
                    values = np.full((1, 1), value, kept.dtype)
                # 0 is background in the result as well: what was there before decides, not which file wrote it.
                taken = wanted & (plane != 0)
                met[k] = int(np.count_nonzero(taken))
                if met[k]:
                    # The cast changes nothing: widen_for gave the result the common type of both.
                    both = choose(plane, values).astype(kept.dtype, copy=False)
                    np.copyto(plane, both, where=taken)
                    wanted ^= taken
                np.copyto(plane, values, where=wanted, casting="unsafe")

        run_in_shares(merge_share, kept.shape[2])
        return sum(met)

    def finish(self) -> npt.NDArray[Any]:
        """Fill the voxels that no image had, and return the result."""
        array = self.widen_for(np.dtype(np.uint8))
        if self.covered is not None:
            array = self.widen_for(widen_type(array.dtype, self.fill_value))
            np.copyto(array, array.dtype.type(self.fill_value), where=~self.covered)
        return array

    def binarize(self, rule: Binarize) -> npt.NDArray[np.uint8]:
        """Make a mask that is 1 where a voxel's value is meant and 0 elsewhere, uint8 in Fortran order.

        Args:
            rule: True for every value above 0; a whole number for that value; a list for its values; a tuple for the
                values from its first to its second, both included.
        """
        array = self.finish()
        result = np.zeros(self.grid.shape, np.uint8, order="F")

        def binarize_share(share: Iterable[int]) -> None:
            for k in share:
                result[:, :, k] = is_meant(array[:, :, k], rule)

        run_in_shares(binarize_share, self.grid.shape[2])
        return result


def is_meant(values: npt.NDArray[Any], rule: Binarize) -> npt.NDArray[np.bool_]:
    """Which values a rule of binarizing means."""
    if isinstance(rule, bool):
        return values > 0
    if isinstance(rule, tuple):
        low, high = rule
        return (values >= low) & (values <= high)
    return np.isin(values, rule) if isinstance(rule, list) else values == rule
