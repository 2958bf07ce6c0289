"""An image made ready for filtering, and what a filter made of it as an image again.

Inside this room arrays are (z, y, x) in C order, the transposed view of an image's (x, y, z) in Fortran order: the
memory is the same, and scipy walks through it in its natural order. The axes of the options stay x, y, z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...array_types import BoolArray, FloatingArray
from ...errors import GeometryError, OptionError
from ...image import Image, copy_image
from ...image_checks import check_image, name_of
from ...interpolation.boundaries import FILTER_BOUNDARIES, IBSI_NAMES, Boundary, Extension
from ...interpolation.filled_types import widen_type
from ...provenance import Decision, give_warnings
from ...rescaling import find_exact_float
from ...validity import find_valid
from ..options import Dimensions, check_common

__all__ = ["FilterInput", "array_axis", "make_result", "prepare_input"]


FARTHEST = 1000
"""How far a filter may reach, voxels, if the image is smaller and nothing is copied: a bound for memory."""


@dataclass(frozen=True)
class FilterInput:
    """An image ready for filtering.

    Attributes:
        image: The image as it was passed.
        values: (z, y, x), float32 or float64. What invalid voxels hold is never used.
        valid: Where the values count; None if everywhere.
        extension: What lies beyond the image.
        dimensions: Whether the volume is filtered, or each slice.
        fill_value: What invalid voxels of the result hold.
        decisions: What was decided so far.
    """

    image: Image
    values: FloatingArray
    valid: BoolArray | None
    extension: Extension
    dimensions: Dimensions
    fill_value: float
    decisions: tuple[Decision, ...] = ()

    @property
    def spacing(self) -> tuple[float, ...]:
        """Distance between voxels along each filtered axis, x first, mm."""
        return tuple(float(step) for step in self.image.spacing[: self.dimensions])

    @cached_property
    def middle(self) -> float:
        """The middle between the smallest and the largest valid value; zero without a source mask.

        With a source mask values are filtered as differences from it: that rounds less, and not at all where every
        value is the same.
        """
        if self.valid is None:
            return 0.0
        low = np.min(self.values, where=self.valid, initial=np.inf)
        high = np.max(self.values, where=self.valid, initial=-np.inf)
        # Halved first, so that the sum of the largest floats does not overflow; half the smallest would be zero.
        return float(low) if low == high else float(self.values.dtype.type(low / 2 + high / 2))

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
        copied = self.extension in {"periodic", "symmetric"}
        for axis, reach in enumerate(reaches):
            size = self.values.shape[array_axis(axis)]
            if reach > (size if copied else max(FARTHEST, size)):
                raise GeometryError(
                    f"the {filter_name} reaches {reach} voxels to either side along {'xyz'[axis]} and the image has "
                    f"{size} there, too few for the boundary condition {IBSI_NAMES[self.extension]!r}",
                    advice="make the filter smaller, pass boundary='nearest' or, for slices, dimensions=2",
                    reach=reach,
                    size=size,
                    axis=axis,
                )


def array_axis(axis: int) -> int:
    """The axis of a (z, y, x) array that is axis x, y or z (0, 1 or 2) of the image."""
    return 2 - axis


def prepare_input(image: Image, dimensions: Dimensions, boundary: Boundary, fill_value: float) -> FilterInput:
    """Check an image and the options that all filters share, and make it ready.

    Voxels that hold NaN or infinity become invalid ones, with a ContentWarning.

    Raises:
        OptionError: If an option is wrong, the values are not real numbers, or no voxel is valid.
        GeometryError: If the image has no 3D grid, or its source mask has another shape.
    """
    check_common(dimensions, boundary, fill_value)
    image = check_image(image)
    array = np.asarray(image.array)
    values = np.asarray(array.T, dtype=find_exact_float(array.dtype), order="C")
    mask = image.source_mask
    validity = find_valid(values, None if mask is None else np.asarray(mask.T, order="C"))
    valid = validity.mask
    if valid is not None:
        if not valid.any():
            raise OptionError("the image has no valid voxel", path=name_of(image), advice="check its source mask")
        give_warnings(name_of(image) or "image", validity.decisions)
        if valid.all():
            valid = None
    extension = FILTER_BOUNDARIES[boundary]
    return FilterInput(image, values, valid, extension, dimensions, float(fill_value), validity.decisions)


def make_result(source: FilterInput, response: FloatingArray, text: str, *, keeps_units: bool = False) -> Image:
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
        response = response.astype(widen_type(response, source.fill_value), copy=False)
        np.copyto(response, source.fill_value, where=~source.valid)
        mask = source.valid.T.copy(order="F")
    elif mask is not None:
        mask = np.array(mask, order="F")
    kind = f"{text}, {source.dimensions}D, boundary {IBSI_NAMES[source.extension]}"
    if source.valid is not None:
        kind += f", valid voxels only, the others hold {source.fill_value:g}"
    kept = {name: value for name, value in image.metadata.items() if keeps_units or name != "units"}
    return copy_image(
        image,
        array=response.T,
        source_mask=mask,
        metadata=kept,
        labels={},
        provenance=image.provenance.with_decisions(*source.decisions, Decision("converted", kind)),
    )
