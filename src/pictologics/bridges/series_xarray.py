"""xarray: a series as an array with the axes x, y and z of an image, and those of the series with their labels."""

from __future__ import annotations

from typing import Any

from ..errors import OptionError
from ..image import Image
from ..series.axes import SeriesAxis
from ..series.image_series import ImageSeries
from .libraries import import_library
from .xarray import AXES, LATTICE, MASK, make_attributes, make_space_coordinates

__all__ = ["series_to_xarray"]


def series_to_xarray(series: ImageSeries) -> Any:
    """Make a DataArray of all volumes of a series, which are in memory then.

    Space is as in that of an image, so that one volume of it, as ``array.isel(time=3)``, becomes an Image by
    ``Image.from_xarray``, with its source mask and with the metadata and names of labels that all volumes have. The
    components of directions are three coordinates, such as ``direction_l``, ``direction_p``
    and ``direction_s``: a label of xarray is one value.

    Args:
        series: The series.

    Returns:
        An ``xarray.DataArray`` with the axes x, y and z, and those of the series.

    Raises:
        OptionError: If xarray is not installed, there is not enough memory, or an axis has a name that xarray would
            mix up with another.

    Examples:
        >>> load_series("bold.nii.gz").to_xarray().sel(time=slice(10, 20)).mean("time")  # doctest: +SKIP
    """
    xarray = import_library("xarray")
    coordinates = make_space_coordinates(series.grid)
    for axis in series.axes:
        for name in axis.names:
            made = make_coordinate(axis, name)
            check_is_free(made, {*coordinates, MASK})
            coordinates |= made
    names = (*AXES, *(axis.name for axis in series.axes))
    whole = series.read_whole()
    if whole.source_mask is not None:
        coordinates[MASK] = (names, whole.source_mask)
    first: Any = (..., *(0,) * len(series.axes))
    facts = Image.from_grid(
        whole.array[first], series.grid, modality=series.modality, metadata=whole.metadata, labels=whole.labels
    )
    return xarray.DataArray(whole.array, coordinates, names, attrs=make_attributes(facts))


def check_is_free(made: dict[str, Any], taken: set[str]) -> None:
    """Refuse names of coordinates that are those of others.

    Raises:
        OptionError: If there are any.
    """
    both = sorted(taken & set(made))
    if both:
        raise OptionError(
            f"the name {both[0]!r} of an axis or of labels stands for something else in a DataArray",
            advice=f"give it another one; {', '.join((*AXES, LATTICE, MASK))} and names that are there are not free",
        )


def make_coordinate(axis: SeriesAxis, name: str) -> dict[str, Any]:
    """The labels of an axis as a coordinate, or one for each component of vectors."""
    values = axis.values(name)
    about = {"units": axis.units} if name == axis.name and axis.units else {}
    if values.ndim == 2:
        ends = "lps" if values.shape[1] == 3 else map(str, range(values.shape[1]))
        return {f"{name}_{end}": (axis.name, column) for end, column in zip(ends, values.T, strict=True)}
    return {name: (axis.name, values, about)}
