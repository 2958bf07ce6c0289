"""Arrays of voxels and tensors of PyTorch: one memory wherever PyTorch can see it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import GeometryError, OptionError
from .libraries import import_library

__all__ = ["make_array", "make_tensor", "take_volume"]

SIGNED_TYPES: dict[str, np.dtype[Any]] = {"u2": np.dtype(np.int32), "u4": np.dtype(np.int64), "u8": np.dtype(np.int64)}
"""What holds the unsigned integers for which PyTorch has hardly any operations."""


def make_tensor(array: npt.NDArray[Any]) -> Any:
    """A tensor of an array, of the same shape, in the same memory.

    Arrays of another byte order, with axes that run backwards, and arrays that must not be written to are copied;
    uint16 becomes int32, uint32 and uint64 become int64.

    Args:
        array: Real numbers.

    Raises:
        OptionError: If PyTorch is not installed or has no type that holds the values.
    """
    torch = import_library("torch")
    wanted: np.dtype[Any] = SIGNED_TYPES.get(array.dtype.str[1:], array.dtype.newbyteorder("="))
    is_too_large = array.dtype.itemsize == 8 and array.dtype.kind == "u" and array.max() > np.iinfo(np.int64).max
    if is_too_large or wanted.itemsize > 8:
        raise OptionError(
            f"PyTorch has no type that holds these voxels of type {array.dtype}", advice="convert the array first"
        )
    is_shared = array.dtype == wanted and array.flags.writeable and min(array.strides) >= 0
    return torch.from_numpy(array if is_shared else array.astype(wanted, order="K"))


def make_array(tensor: Any) -> npt.NDArray[Any]:
    """The array of a tensor, in the same memory unless that is a graphics card's; bfloat16 becomes float32.

    Raises:
        OptionError: If its numbers are not real, or its layout is sparse.
    """
    torch = import_library("torch")
    if tensor.is_complex() or tensor.layout != torch.strided or tensor.is_quantized:
        raise OptionError(
            f"the tensor is of type {tensor.dtype} and layout {tensor.layout} and must be dense and of real numbers",
            advice="take its magnitude, or call to_dense() or dequantize()",
        )
    plain = tensor.detach().cpu().resolve_conj().resolve_neg()
    return np.asarray((plain.float() if plain.dtype == torch.bfloat16 else plain).numpy())


def take_volume(array: npt.NDArray[Any], what: str, channels_advice: str) -> npt.NDArray[Any]:
    """The volume (x, y, z) of an array that may have axes of one before it, for batch and channel.

    Args:
        array: The voxels.
        what: What it is, for messages.
        channels_advice: What to do with several channels.

    Raises:
        GeometryError: If it is no single volume.
    """
    if array.ndim < 3 or any(size != 1 for size in array.shape[:-3]):
        raise GeometryError(
            f"{what} has shape {tuple(array.shape)} and one volume (x, y, z) is required, or one channel of it",
            advice=channels_advice,
            shape=tuple(array.shape),
        )
    volume: npt.NDArray[Any] = array[(0,) * (array.ndim - 3)]
    return volume
