"""xarray: an array with the axes x, y and z, whose coordinates are millimeters along them.

A voxel lies at ``direction @ (x, y, z)``, LPS mm, of its three coordinates: where the axes are those of the patient,
these are LPS mm themselves. The direction is an attribute of a coordinate without axes, ``lattice``, as climate data
keep their grid mappings, so that slicing, arithmetic and files leave the array where it is. Beside it stand spacing and
origin, of which the coordinates are the rounded sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import GeometryError, OptionError
from ..formats.header_grids import millimeters_per
from ..formats.json_comment import ImageFacts
from ..geometry import CORNER_ERROR_NOTED, Grid
from ..image import Image
from ..image_checks import check_image
from ..provenance import Decision, Provenance
from .facts import FACTS_KEY, find_facts, make_fact_texts, make_image_of
from .libraries import check_type, import_library

__all__ = ["AXES", "LATTICE", "MASK", "from_xarray", "make_attributes", "make_space_coordinates", "to_xarray"]

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
    return xarray.DataArray(sound.array, coordinates, AXES, attrs=make_attributes(sound))


def make_attributes(image: Image) -> dict[str, str]:
    """Modality, units, and as one text all that an image knows besides its voxels and its source mask."""
    units = image.metadata.get("units")
    # The source mask is a coordinate, and need not be packed.
    texts = make_fact_texts(replace(image, source_mask=None), image.dtype)
    return {"modality": image.modality, **({"units": units} if units else {}), FACTS_KEY: texts[FACTS_KEY]}


def make_space_coordinates(grid: Grid) -> dict[str, Any]:
    """The coordinates of the axes x, y and z, and the one that says how they run in the patient."""
    firsts = find_first_coordinates(grid)
    coordinates: dict[str, Any] = {
        axis: (axis, place_along(firsts[k], grid.spacing[k], np.arange(grid.shape[k])), {"units": "mm"})
        for k, axis in enumerate(AXES)
    }
    lattice = {
        "world": "LPS",
        "direction": grid.direction.ravel().tolist(),
        "spacing": list(grid.spacing),
        "origin": list(grid.origin),
    }
    coordinates[LATTICE] = ((), 0, lattice)
    return coordinates


def find_first_coordinates(grid: Grid) -> npt.NDArray[np.float64]:
    """The coordinate of the first voxel along each axis, rounded: the origin in terms of the direction."""
    return np.asarray(np.linalg.solve(grid.direction, grid.origin))


def place_along(first: float, step: float, numbers: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """The coordinates of voxels along an axis by their numbers."""
    return np.asarray(first + step * numbers)


def from_xarray(array: Any) -> Image:
    """Make an Image of a DataArray.

    The voxels are shared with one that holds a NumPy array; one that Dask computes is computed now. The axes may be in
    any order. Coordinates say where the voxels lie; where they are still those that :func:`to_xarray` made, or every
    n-th of them, the place is that of the image to the last bit. Modality and units are those of the attributes, and
    what :func:`to_xarray` put there besides comes back if it is still there. An axis of one voxel has the spacing that
    the attributes say; where they say none, 1 mm is assumed, with a GeometryWarning.

    Args:
        array: An ``xarray.DataArray`` with the axes x, y and z, made by :func:`to_xarray`, or one that has the same
            coordinates.

    Raises:
        OptionError: If xarray is not installed, or what is passed is no DataArray of real numbers.
        GeometryError: If it has other axes or one without a voxel, or its coordinates are uneven, no numbers, in
            another unit than mm, or lack a direction.

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
    grid, decisions = read_lattice(ordered)
    facts = find_facts(ordered.attrs, grid) or ImageFacts(grid)
    modality, units = ordered.attrs.get("modality", facts.modality), ordered.attrs.get("units")
    # Who changes an attribute means it, and who deletes it too.
    metadata = {name: value for name, value in facts.metadata.items() if name != "units"}
    metadata |= {"units": str(units)} if units else {}
    facts = ImageFacts(grid, str(modality), metadata, facts.labels, facts.voxels)
    image = make_image_of(voxels, facts, {}, Provenance(reader="xarray", decisions=decisions))
    if MASK in ordered.coords:
        image.source_mask = np.asarray(ordered.coords[MASK].transpose(*AXES).to_numpy() > 0)
    return image


def read_lattice(array: Any) -> tuple[Grid, tuple[Decision, ...]]:
    """The grid that the coordinates describe, and what was assumed of it."""
    attributes = array.coords[LATTICE].attrs if LATTICE in array.coords else array.attrs
    cosines = read_numeric_attribute(attributes, "direction", 9)
    if cosines is None:
        raise GeometryError(
            "the DataArray does not say how its axes run in the patient",
            advice=f'give it a coordinate "{LATTICE}" with an attribute "direction" of nine cosines, row by row',
        )
    direction = cosines.reshape(3, 3)
    noted, origin = (read_numeric_attribute(attributes, name, 3) for name in ("spacing", "origin"))
    coordinates = [read_coordinate(array, axis) for axis in AXES]
    if noted is not None and origin is not None:
        exact = find_exact_grid(coordinates, Grid((1, 1, 1), tuple(noted), tuple(origin), direction))
        if exact is not None:
            return exact, ()
    spacing, first, decisions = [], [], []
    for k, values in enumerate(coordinates):
        step = measure_step(values, AXES[k])
        if step is None and noted is None:
            text = f"the DataArray has one voxel along {AXES[k]} and no spacing; 1 mm was assumed"
            decisions.append(Decision("assumed", text, 1.0, "geometry"))
        if step is None:
            step = 1.0 if noted is None else float(noted[k])
        direction[:, k] *= np.sign(step)
        first.append(float(values[0]) * np.sign(step))
        spacing.append(abs(step))
    x, y, z = spacing
    return Grid(array.shape, (x, y, z), tuple(direction @ first), direction), tuple(decisions)


def read_numeric_attribute(attributes: Mapping[str, Any], name: str, count: int) -> npt.NDArray[np.float64] | None:
    """So many numbers of an attribute, None where it is not there.

    Raises:
        GeometryError: If it holds anything else.
    """
    if name not in attributes:
        return None
    try:
        numbers = np.array(attributes[name], np.float64).ravel()
    except (TypeError, ValueError):
        numbers = np.empty(0)
    if numbers.size != count or not np.isfinite(numbers).all():
        raise GeometryError(
            f"the attribute {name} of the DataArray is {attributes[name]!r}, and {count} numbers are required",
            advice="correct it, or remove it" if name != "direction" else "give the cosines row by row",
        )
    return numbers


def find_exact_grid(coordinates: Sequence[npt.NDArray[Any]], first_voxel: Grid) -> Grid | None:
    """The grid of which the coordinates are a part but for rounding; None if they are of another.

    Args:
        coordinates: Along each axis.
        first_voxel: The grid of the first voxel of the image that the array was made of.
    """
    firsts, index, sizes = find_first_coordinates(first_voxel), [], []
    for values, first, spacing in zip(coordinates, firsts.tolist(), first_voxel.spacing, strict=True):
        numbers = np.rint((values - first) / spacing)
        # What four operations round, in the type in which the coordinates are kept.
        kind = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
        rounding = 4 * np.finfo(kind).eps * max(np.abs(values).max(), abs(first))
        if not np.abs(values - place_along(first, spacing, numbers)).max() <= rounding or numbers.min() < 0:
            return None
        start, step = int(numbers[0]), int(numbers[1] - numbers[0]) if numbers.size > 1 else 1
        if step == 0 or not np.array_equal(numbers, start + step * np.arange(numbers.size)):
            return None
        stop = start + step * numbers.size
        index.append(slice(start, stop if stop >= 0 else None, step))
        sizes.append(int(numbers.max()) + 1)
    return first_voxel.crop((0, 0, 0), sizes)[tuple(index)]


def read_coordinate(array: Any, axis: str) -> npt.NDArray[Any]:
    """The coordinates along an axis, mm.

    Raises:
        GeometryError: If there are none, or they are no numbers of mm.
    """
    if axis not in array.coords:
        raise GeometryError(f"the DataArray has no coordinates along {axis}", advice="give it those of its voxels, mm")
    unit = array.coords[axis].attrs.get("units", "mm")
    if millimeters_per(str(unit)) != 1.0:
        raise GeometryError(
            f"the coordinates of the DataArray along {axis} are in {unit!r} and must be in mm",
            advice="multiply them, and change their attribute units",
            unit=unit,
        )
    values: npt.NDArray[Any] = array.coords[axis].to_numpy()
    if not values.size:
        raise GeometryError(f"the DataArray has no voxel along {axis}", advice="take one at least")
    if values.dtype.kind not in "iuf" or not np.isfinite(values).all():
        found = "not all finite" if values.dtype.kind in "iuf" else f"of type {values.dtype}"
        raise GeometryError(
            f"the coordinates of the DataArray along {axis} are {found} and must be finite numbers of mm",
            advice="give it those of its voxels",
        )
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def measure_step(values: npt.NDArray[Any], axis: str) -> float | None:
    """The step from a coordinate to the next, None where there is one alone.

    Raises:
        GeometryError: If they are uneven.
    """
    places = values.astype(np.float64)
    if places.size < 2:
        return None
    step = (places[-1] - places[0]) / (places.size - 1)
    error = np.abs(places - np.linspace(places[0], places[-1], places.size)).max()
    if step == 0 or not error < CORNER_ERROR_NOTED * abs(step):
        raise GeometryError(
            f"the coordinates of the DataArray along {axis} are not evenly spaced",
            advice="interpolate it onto even ones, with interp",
        )
    return float(step)
