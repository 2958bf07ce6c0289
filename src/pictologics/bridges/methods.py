"""The methods of an Image that cross to other libraries. Each imports its bridge, and so the library, when called."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import nibabel
    import SimpleITK

__all__ = ["BridgeMethods", "open_bridge"]


def open_bridge(name: str) -> Any:
    """A module of this room, imported now: it imports Image, which is made of what is below."""
    return import_module(f"{__package__}.{name}")


class BridgeMethods:
    """What an Image can become, and what it can be made of. ``pictologics.bridges`` has the same as functions."""

    def to_sitk(self) -> SimpleITK.Image:
        """A copy as an image of SimpleITK; see :func:`pictologics.bridges.sitk.to_sitk`."""
        made: SimpleITK.Image = open_bridge("sitk").to_sitk(self)
        return made

    @classmethod
    def from_sitk(cls, image: SimpleITK.Image) -> Self:
        """A copy of an image of SimpleITK; see :func:`pictologics.bridges.sitk.from_sitk`."""
        made: Self = open_bridge("sitk").from_sitk(image)
        return made

    def to_nibabel(self) -> nibabel.Nifti1Image:
        """The image as one of nibabel, voxels shared; see :func:`pictologics.bridges.nibabel.to_nibabel`."""
        made: nibabel.Nifti1Image = open_bridge("nibabel").to_nibabel(self)
        return made

    @classmethod
    def from_nibabel(cls, image: nibabel.spatialimages.SpatialImage) -> Self:
        """An image of nibabel, voxels shared; see :func:`pictologics.bridges.nibabel.from_nibabel`."""
        made: Self = open_bridge("nibabel").from_nibabel(image)
        return made
