"""An image made ready for filtering, and what a filter made of it as an image again.

Inside this room arrays are (z, y, x) in C order, the transposed view of an image's (x, y, z) in Fortran order: the
memory is the same, and scipy walks through it in its natural order. The axes of the options stay x, y, z.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..array_types import BoolArray, FloatingArray
from ..errors import GeometryError, OptionError
from ..image import Image
from ..provenance import Decision, warn_of
from ..rescaling import exact_float
from ..threads import run_in_shares
from .boundary import Boundary
from .options import Dimensions, check_common

__all__ = ["Source", "array_axis", "prepare", "result_image"]


FARTHEST = 1000
"""How far a filter may reach, voxels, if the image is smaller and nothing is copied: a bound for memory."""


@dataclass(frozen=True)
class Source:
    """An image ready for filtering.

    Attributes:
        image: The image as it was passed.
        values: (z, y, x), float32 or float64. What invalid voxels hold is never used.
        valid: Where the values count; None if everywhere.
        boundary: What lies beyond the image.
        dimensions: Whether the volume is filtered, or each slice.
        fill_value: What invalid voxels of the result hold.
        decisions: What was decided so far.
    """

    image: Image
    values: FloatingArray
    valid: BoolArray | None
    boundary: Boundary
    dimensions: Dimensions
    fill_value: float
    decisions: tuple[Decision, ...] = ()

    @property
    def spacing(self) -> tuple[float, ...]:
        """Distance between voxels along each filtered axis, x first, mm."""
        return tuple(float(one) for one in self.image.spacing[: self.dimensions])

    @cached_property
    def middle(self) -> float:
        """The middle between the smallest and the largest valid value; zero without a source mask.

        With a source mask responses are computed of what values differ from it: with less rounding, and with none at
        all where every value is the same.
        """
        if self.valid is None:
            return 0.0
        low = np.min(self.values, where=self.valid, initial=np.inf)
        high = np.max(self.values, where=self.valid, initial=-np.inf)
        return float(self.values.dtype.type(low / 2 + high / 2))

    def check_reach(self, reaches: Sequence[int], filter_name: str) -> None:
        """Refuse a filter that reaches too far for the image.

        That is beyond the copies of the image that a boundary condition makes; and where it makes none, so far that
        there is nothing but the boundary condition to see.

        Args:
            reaches: Voxels to either side that the filter looks at, x first.
            filter_name: For the message.

        Raises:
            GeometryError: If it does along any axis.
        """
        copied = self.boundary in {"periodic", "mirror"}
        for axis, reach in enumerate(reaches):
            size = self.values.shape[array_axis(axis)]
            if reach > (size if copied else max(FARTHEST, size)):
                raise GeometryError(
                    f"the {filter_name} reaches {reach} voxels to either side along {'xyz'[axis]} and the image has "
                    f"{size} there, too few for the boundary condition {self.boundary!r}",
                    advice="make the filter smaller, pass boundary='nearest' or, for slices, dimensions=2",
                    reach=reach,
                    size=size,
                    axis=axis,
                )


def array_axis(axis: int) -> int:
    """The axis of a (z, y, x) array that is axis x, y or z (0, 1 or 2) of the image."""
    return 2 - axis


def prepare(image: Image, dimensions: Dimensions, boundary: Boundary, fill_value: float) -> Source:
    """Check an image and the options that all filters share.

    Voxels that hold NaN or infinity become invalid ones, with a ContentWarning.

    Raises:
        OptionError: If an option is wrong, the values are no real numbers, or no voxel is valid.
        GeometryError: If the image is no 3D grid, or its source mask has another shape.
    """
    check_common(dimensions, boundary, fill_value)
    if not isinstance(image, Image):
        raise OptionError(f"{type(image).__name__} was passed and a filter needs an Image", value=image)
    if np.ndim(image.array) != 3:
        raise GeometryError(
            f"the image has an array of shape {np.shape(image.array)} and a filter needs a 3D one",
            advice="pass an image with axes (x, y, z)",
        )
    shape = image.grid.shape
    array = np.asarray(image.array)
    if array.dtype.kind not in "biuf":
        raise OptionError(f"the image's values are of type {array.dtype} and a filter needs real numbers")
    if image.source_mask is not None and np.shape(image.source_mask) != shape:
        raise GeometryError(
            f"the source mask has shape {np.shape(image.source_mask)} and the image {shape}",
            advice="make it with Image.with_source_mask, which checks it",
        )
    values = np.asarray(array.T, dtype=exact_float(array.dtype), order="C")
    valid, decisions = find_valid(values, image.source_mask)
    source = image.provenance.source or "image"
    if valid is not None:
        if not valid.any():
            raise OptionError(f"'{source}': no voxel of the image is valid", advice="look at its source mask")
        warn_of(source, decisions)
        if valid.all():
            valid = None
    return Source(image, values, valid, boundary, dimensions, float(fill_value), tuple(decisions))


def find_valid(values: FloatingArray, source_mask: npt.NDArray[Any] | None) -> tuple[BoolArray | None, list[Decision]]:
    """Where values are valid and finite, None if everywhere without a doubt, and what to say of those that are not."""
    valid = None if source_mask is None else np.asarray(np.asarray(source_mask).T, dtype=np.bool_, order="C")
    if all_finite(values):
        return valid, []
    finite = np.isfinite(values)
    count = int(np.count_nonzero(~finite if valid is None else valid & ~finite))
    decisions = []
    if count:
        text = f"{count} voxels hold NaN or infinity and were treated as invalid"
        decisions.append(Decision("left out", text, count, "content"))
    return (finite if valid is None else valid & finite), decisions


def all_finite(values: FloatingArray) -> bool:
    """Whether no value is NaN or infinite."""
    found: list[bool] = []

    def look(share: Iterable[int]) -> None:
        for plane in share:
            # A sum shows both, faster than asking each value; one that overflows only asks for a second look.
            with np.errstate(over="ignore", invalid="ignore"):
                total = np.add.reduce(values[plane], axis=None)
            if not np.isfinite(total) and not np.isfinite(values[plane]).all():
                found.append(True)
                return

    run_in_shares(look, values.shape[0])
    return not found


def result_image(source: Source, response: FloatingArray, text: str, *, keeps_units: bool = False) -> Image:
    """The response of a filter as an image on the grid of the source.

    Args:
        source: What was filtered.
        response: (z, y, x); its invalid voxels are filled in place.
        text: The filter and its parameters, for the provenance.
        keeps_units: Whether the response is in the units of the image.
    """
    image = source.image
    mask = image.source_mask
    if source.valid is not None:
        np.copyto(response, source.fill_value, where=~source.valid)
        mask = source.valid.T.copy(order="F")
    elif mask is not None:
        mask = np.array(mask, dtype=np.bool_, order="F")
    kind = f"{text}, {source.dimensions}D, boundary {source.boundary}"
    if source.valid is not None:
        kind += f", valid voxels only, the others hold {source.fill_value:g}"
    kept = {name: value for name, value in image.metadata.items() if keeps_units or name != "units"}
    return replace(
        image,
        array=response.T,
        source_mask=mask,
        metadata=kept,
        labels={},
        provenance=image.provenance.with_decisions(*source.decisions, Decision("converted", kind)),
    )
