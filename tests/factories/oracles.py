"""What SimpleITK makes of a file, beside what we make of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from pictologics import Grid, Image

__all__ = ["assert_is_as_in_simpleitk"]


def assert_is_as_in_simpleitk(path: Path, image: Image, index: int = 0, *, values: bool = True) -> None:
    """Same voxels, at the same place to a ten-thousandth of a voxel at the worst corner.

    Args:
        path: The file.
        image: What we made of it.
        index: Which of its volumes that is; ITK has them as components of a voxel or along a fourth axis.
        values: Whether values are compared.
    """
    other = sitk.ReadImage(str(path))
    array = sitk.GetArrayFromImage(other)
    if other.GetNumberOfComponentsPerPixel() > 1:
        array = array[..., index]
    elif other.GetDimension() == 4:
        array = array[index]
    array = array.T.reshape(image.array.shape)
    if values:
        np.testing.assert_array_equal(image.array, array)
    axes = min(other.GetDimension(), 3)
    direction = np.eye(3)
    direction[:axes, :axes] = np.reshape(other.GetDirection(), (other.GetDimension(),) * 2)[:axes, :axes]
    spacing = (*other.GetSpacing()[:3], 1.0)[:3]
    origin = (*other.GetOrigin()[:3], 0.0)[:3]
    assert image.grid.corner_error(Grid(image.array.shape, spacing, origin, direction)) < 1e-4
