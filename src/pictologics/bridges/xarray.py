"""xarray: an array with the axes x, y and z, whose coordinates are millimeters along them.

A voxel lies at ``direction @ (x, y, z)``, LPS mm, of its three coordinates: where the axes are those of the patient,
these are LPS mm themselves. The direction is an attribute of a coordinate without axes, ``lattice``, as climate data
keep their grid mappings, so that slicing, arithmetic and files leave the array where it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import GeometryError, OptionError
from ..formats.header_grids import millimeters_per
from ..formats.json_comment import ImageFacts
from ..geometry import CORNER_ERROR_NOTED, Grid
from ..image import Image
from ..image_checks import check_image
from ..provenance import Provenance
from .facts import FACTS_KEY, find_facts, make_fact_texts, make_image_of
from .libraries import check_type, import_library

__all__ = ["AXES", "from_xarray", "make_space_coordinates", "to_xarray"]

AXES = ("x", "y", "z")
LATTICE = "lattice"
"""The coordinate whose attributes hold direction and spacing."""

MASK = "source_mask"
"""The coordinate that holds the source mask."""


def to_xarray(image: Image) -> Any:
    """Make a DataArray of an image.

    The voxels are shared with the image. Modality, units, metadata and names of labels are attributes, as text and
    numbers that netCDF and Zarr can hold; the source mask is a coordinate along the three axes, so that it is cut and
    turned with the voxels.

    Args:
        image: The image.

    Returns:
        An ``xarray.DataArray`` with the axes x, y and z.

    Raises:
        OptionError: If xarray is not installed, or the voxels are not real numbers.
        GeometryError: If the image has no 3D grid.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> scan = Image(np.zeros((4, 5, 6), np.float32), (0.5, 0.5, 2.0), (10.0, 20.0, 30.0))
        >>> scan.to_xarray().sel(z=35, method="nearest").coords["z"].item()  # doctest: +SKIP
        34.0
    """
    xarray = import_library("xarray")
    sound = check_image(image)
    coordinates = make_space_coordinates(sound.grid)
    if sound.source_mask is not None:
        coordinates[MASK] = (AXES, sound.source_mask)
    units = sound.metadata.get("units")
    attributes = {
        "modality": sound.modality,
        **({"units": units} if units else {}),
        FACTS_KEY: make_fact_texts(sound, sound.dtype)[FACTS_KEY],
    }
    return xarray.DataArray(sound.array, coordinates, AXES, attrs=attributes)


def make_space_coordinates(grid: Grid) -> dict[str, Any]:
    """The coordinates of the axes x, y and z, and the one that says how they run in the patient."""
    first = np.linalg.solve(grid.direction, grid.origin)
    coordinates: dict[str, Any] = {
        axis: (axis, first[k] + grid.spacing[k] * np.arange(grid.shape[k]), {"units": "mm"})
        for k, axis in enumerate(AXES)
    }
    lattice = {"world": "LPS", "direction": grid.direction.ravel().tolist(), "spacing": list(grid.spacing)}
    coordinates[LATTICE] = ((), 0, lattice)
    return coordinates


def from_xarray(array: Any) -> Image:
    """Make an Image of a DataArray.

    The voxels are shared with one that holds a NumPy array; one that Dask computes is computed now. The axes may be in
    any order. Modality and units are those of the attributes, and what :func:`to_xarray` put there besides comes back
    if it is still there.

    Args:
        array: An ``xarray.DataArray`` with the axes x, y and z, made by :func:`to_xarray`, or one that has the same
            coordinates.

    Raises:
        OptionError: If xarray is not installed, or what is passed is no DataArray of real numbers.
        GeometryError: If it has other axes, or its coordinates are uneven, in another unit than mm, or lack a
            direction.

    Examples:
        >>> lower = Image.from_xarray(scan.to_xarray().isel(z=slice(0, 10)) - 1024)  # doctest: +SKIP
    """
    xarray = import_library("xarray")
    check_type(array, xarray.DataArray, "a DataArray of xarray")
    if set(array.dims) != set(AXES):
        raise GeometryError(
            f"the DataArray has the axes {array.dims} and x, y and z are required",
            advice="choose along other axes with isel, and keep single slices as axes, as in isel(z=[5])",
            axes=array.dims,
        )
    ordered = array.transpose(*AXES)
    voxels = ordered.to_numpy()
    if voxels.dtype.kind not in "biuf":
        raise OptionError(f"the voxels of the DataArray are of type {voxels.dtype} and must be real numbers")
    grid = read_lattice(ordered)
    facts = find_facts(ordered.attrs, grid) or ImageFacts(grid)
    modality, units = ordered.attrs.get("modality", facts.modality), ordered.attrs.get("units")
    # Who changes an attribute means it, and who deletes it too.
    metadata = {name: value for name, value in facts.metadata.items() if name != "units"}
    metadata |= {"units": str(units)} if units else {}
    facts = ImageFacts(grid, str(modality), metadata, facts.labels, facts.voxels)
    image = make_image_of(voxels, facts, {}, Provenance(reader="xarray"))
    if MASK in ordered.coords:
        image.source_mask = np.asarray(ordered.coords[MASK].transpose(*AXES).to_numpy() > 0)
    return image


def read_lattice(array: Any) -> Grid:
    """The grid that the coordinates describe."""
    attributes = array.coords[LATTICE].attrs if LATTICE in array.coords else array.attrs
    if "direction" not in attributes:
        raise GeometryError(
            "the DataArray does not say how its axes run in the patient",
            advice=f'give it a coordinate "{LATTICE}" with an attribute "direction" of nine cosines, row by row',
        )
    direction = np.array(attributes["direction"], np.float64).reshape(3, 3)
    spacing, first = [], []
    for k, axis in enumerate(AXES):
        start, step = read_coordinate(array, axis)
        if step is None:
            step = float(np.ravel(attributes.get("spacing", (1.0, 1.0, 1.0)))[k])
        direction[:, k] *= np.sign(step)
        first.append(start * np.sign(step))
        spacing.append(abs(step))
    x, y, z = spacing
    return Grid(array.shape, (x, y, z), tuple(direction @ first), direction)


def read_coordinate(array: Any, axis: str) -> tuple[float, float | None]:
    """The first coordinate along an axis and the step to the next, None along an axis of one voxel."""
    if axis not in array.coords:
        raise GeometryError(f"the DataArray has no coordinates along {axis}", advice="give it those of its voxels, mm")
    unit = array.coords[axis].attrs.get("units", "mm")
    if millimeters_per(str(unit)) != 1.0:
        raise GeometryError(
            f"the coordinates of the DataArray along {axis} are in {unit!r} and must be in mm",
            advice="multiply them, and change their attribute units",
            unit=unit,
        )
    values: npt.NDArray[np.float64] = array.coords[axis].to_numpy().astype(np.float64)
    if len(values) < 2:
        return float(values[0]), None
    step = (values[-1] - values[0]) / (len(values) - 1)
    error = np.abs(values - np.linspace(values[0], values[-1], len(values))).max()
    # "not (a < x)" also refuses NaN.
    if step == 0 or not error < CORNER_ERROR_NOTED * abs(step):
        raise GeometryError(
            f"the coordinates of the DataArray along {axis} are not evenly spaced",
            advice="interpolate it onto even ones, with interp",
        )
    return float(values[0]), float(step)
