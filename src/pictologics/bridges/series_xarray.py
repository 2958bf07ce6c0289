"""xarray: a series as an array with the axes x, y and z of an image, and those of the series with their labels."""

from __future__ import annotations

from typing import Any

from ..series.axes import SeriesAxis
from ..series.image_series import ImageSeries
from .libraries import import_library
from .xarray import AXES, make_space_coordinates

__all__ = ["series_to_xarray"]


def series_to_xarray(series: ImageSeries) -> Any:
    """Make a DataArray of all volumes of a series, which are in memory then.

    Space is as in that of an image, so that one volume of it, as ``array.isel(time=3)``, becomes an Image by
    ``Image.from_xarray``. The components of directions are three coordinates, such as ``direction_l``, ``direction_p``
    and ``direction_s``: a label of xarray is one value.

    Args:
        series: The series.

    Returns:
        An ``xarray.DataArray`` with the axes x, y and z, and those of the series.

    Raises:
        OptionError: If xarray is not installed, or there is not enough memory.

    Examples:
        >>> load_series("bold.nii.gz").to_xarray().sel(time=slice(10, 20)).mean("time")  # doctest: +SKIP
    """
    xarray = import_library("xarray")
    coordinates = make_space_coordinates(series.grid)
    for axis in series.axes:
        for name in axis.names:
            coordinates |= make_coordinate(axis, name)
    names = (*AXES, *(axis.name for axis in series.axes))
    return xarray.DataArray(series.to_array(), coordinates, names, attrs={"modality": series.modality})


def make_coordinate(axis: SeriesAxis, name: str) -> dict[str, Any]:
    """The labels of an axis as a coordinate, or one for each component of vectors."""
    values = axis.values(name)
    about = {"units": axis.units} if name == axis.name and axis.units else {}
    if values.ndim == 2:
        ends = "lps" if values.shape[1] == 3 else map(str, range(values.shape[1]))
        return {f"{name}_{end}": (axis.name, column) for end, column in zip(ends, values.T, strict=True)}
    return {name: (axis.name, values, about)}
