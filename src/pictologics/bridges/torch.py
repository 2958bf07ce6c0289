"""PyTorch: a tensor is voxels without a place, so coming back takes an image that has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import GeometryError
from ..image import Image
from ..image_checks import check_image, check_is_image
from ..provenance import Provenance
from .libraries import check_type, import_library
from .tensors import make_array, make_tensor, take_volume

__all__ = ["from_torch", "to_torch"]


def to_torch(image: Image) -> Any:
    """Make a tensor of an image's voxels.

    It has the axes (x, y, z), and shares the voxels with the image unless their byte order is not the machine's, an
    axis runs backwards in memory, or they must not be written to. uint16 becomes int32, uint32 and uint64 become int64,
    for which PyTorch has all its operations. ``image.to_torch()[None]`` has a channel before them.

    Args:
        image: The image.

    Returns:
        A ``torch.Tensor``.

    Raises:
        OptionError: If PyTorch is not installed, or has no type that holds the voxels.
        GeometryError: If the image has no 3D grid.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> scan = Image(np.zeros((4, 5, 6), np.float32), (0.5, 0.5, 2.0), (10.0, 20.0, 30.0))
        >>> scan.to_torch().shape  # doctest: +SKIP
        torch.Size([4, 5, 6])
    """
    return make_tensor(check_image(image).array)


def from_torch(
    tensor: Any, like: Image, *, modality: str = "Unknown", labels: Mapping[int, str] | None = None
) -> Image:
    """Make an Image of a tensor, such as what a network made of an image, at the place of that image.

    The voxels are shared with a tensor in main memory. Nothing else is taken over from the other image but the UID of
    its frame of reference: whether the tensor still has its modality and units, only the caller knows.

    Args:
        tensor: Real numbers, (x, y, z); axes of one before them, for batch and channel, are left out.
        like: The image on whose voxels the tensor lies.
        modality: DICOM modality of the new image, ``"SEG"`` for a mask.
        labels: What its values stand for: value to name.

    Raises:
        OptionError: If PyTorch is not installed, or what is passed is no dense tensor of real numbers.
        GeometryError: If the tensor has another shape than the image.

    Examples:
        >>> found = network(scan.to_torch()[None, None]).argmax(1)  # doctest: +SKIP
        >>> liver = Image.from_torch(found, like=scan, modality="SEG", labels={1: "liver"})  # doctest: +SKIP
    """
    torch = import_library("torch")
    check_type(tensor, torch.Tensor, "a tensor of PyTorch", name="tensor")
    check_is_image("like", like)
    array = take_volume(make_array(tensor), "the tensor", "take one of its channels, such as tensor[:1]")
    if array.shape != like.shape:
        raise GeometryError(
            f"the tensor has the shape {array.shape} and the image {like.shape}",
            advice="pass the image from which it was made, or one of the same grid",
            tensor_shape=array.shape,
            image_shape=like.shape,
        )
    frame = {name: uid for name, uid in like.metadata.items() if name == "frame_of_reference_uid"}
    return Image.from_grid(
        array,
        like.grid,
        modality=modality,
        labels=dict(labels or {}),
        metadata=frame,
        provenance=Provenance(reader="PyTorch"),
    )
