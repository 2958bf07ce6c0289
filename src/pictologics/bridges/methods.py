"""The methods of an Image that cross to other libraries. Each imports its bridge, and so the library, when called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import ipyniivue
    import napari
    import nibabel
    import SimpleITK
    import torch
    import torchio
    import xarray
    from monai.data import MetaTensor

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

    def to_torch(self) -> torch.Tensor:
        """The voxels as a tensor, shared; see :func:`pictologics.bridges.torch.to_torch`."""
        made: torch.Tensor = open_bridge("torch").to_torch(self)
        return made

    @classmethod
    def from_torch(
        cls, tensor: torch.Tensor, like: Self, *, modality: str = "Unknown", labels: Mapping[int, str] | None = None
    ) -> Self:
        """A tensor, shared, at the place of an image; see :func:`pictologics.bridges.torch.from_torch`."""
        made: Self = open_bridge("torch").from_torch(tensor, like, modality=modality, labels=labels)
        return made

    def to_monai(self) -> MetaTensor:
        """The image as a MetaTensor, voxels shared; see :func:`pictologics.bridges.monai.to_monai`."""
        made: MetaTensor = open_bridge("monai").to_monai(self)
        return made

    @classmethod
    def from_monai(cls, tensor: MetaTensor) -> Self:
        """A MetaTensor as an image, voxels shared; see :func:`pictologics.bridges.monai.from_monai`."""
        made: Self = open_bridge("monai").from_monai(tensor)
        return made

    def to_torchio(self) -> torchio.Image:
        """The image as one of TorchIO, voxels shared; see :func:`pictologics.bridges.torchio.to_torchio`."""
        made: torchio.Image = open_bridge("torchio").to_torchio(self)
        return made

    @classmethod
    def from_torchio(cls, image: torchio.Image) -> Self:
        """An image of TorchIO, voxels shared; see :func:`pictologics.bridges.torchio.from_torchio`."""
        made: Self = open_bridge("torchio").from_torchio(image)
        return made

    def to_xarray(self) -> xarray.DataArray:
        """The image as a DataArray, voxels shared; see :func:`pictologics.bridges.xarray.to_xarray`."""
        made: xarray.DataArray = open_bridge("xarray").to_xarray(self)
        return made

    @classmethod
    def from_xarray(cls, array: xarray.DataArray) -> Self:
        """A DataArray as an image, voxels shared; see :func:`pictologics.bridges.xarray.from_xarray`."""
        made: Self = open_bridge("xarray").from_xarray(array)
        return made

    def to_napari(self, *, name: str | None = None) -> napari.layers.Layer:
        """The image as a layer, voxels shared; see :func:`pictologics.bridges.napari.to_napari`."""
        made: napari.layers.Layer = open_bridge("napari").to_napari(self, name=name)
        return made

    @classmethod
    def from_napari(cls, layer: napari.layers.Layer, *, like: Self | None = None) -> Self:
        """A layer as an image, voxels shared; see :func:`pictologics.bridges.napari.from_napari`."""
        made: Self = open_bridge("napari").from_napari(layer, like=like)
        return made

    def view(
        self,
        masks: Self | Sequence[Self] | Mapping[str, Self] | None = None,
        *,
        window: str | tuple[float, float] | None = None,
        opacity: float = 0.5,
    ) -> ipyniivue.NiiVue:
        """The image in a notebook, with masks over it; see :func:`pictologics.bridges.niivue.view`."""
        widget: ipyniivue.NiiVue = open_bridge("niivue").view(self, masks, window=window, opacity=opacity)
        return widget
