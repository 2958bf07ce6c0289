"""TorchIO: its images have one affine, in RAS mm, and a channel first."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..formats.header_grids import fit_grid
from ..formats.json_comment import ImageFacts
from ..image import Image
from ..image_checks import check_image
from ..provenance import Provenance
from .facts import find_facts, make_fact_texts, make_image_of
from .libraries import check_type, import_library
from .tensors import make_array, make_tensor, take_volume

__all__ = ["from_torchio", "to_torchio"]


def to_torchio(image: Image) -> Any:
    """Make an image of TorchIO: a ``LabelMap`` of masks and label maps, a ``ScalarImage`` of all others.

    The voxels are shared with the image as by :func:`pictologics.bridges.torch.to_torch`; truth values are seen as
    uint8. Modality, metadata, names of labels and the source mask are items of it, as texts, which its transforms carry
    along; those that crop and pad do not.

    Args:
        image: The image; one of truth values, of modality ``"SEG"`` or with labels is a label map.

    Returns:
        A ``torchio.LabelMap`` or ``torchio.ScalarImage``.

    Raises:
        OptionError: If TorchIO is not installed, or PyTorch has no type that holds the voxels.
        GeometryError: If the image has no 3D grid.

    Examples:
        >>> import torchio  # doctest: +SKIP
        >>> case = torchio.Subject(scan=scan.to_torchio(), liver=liver.to_torchio())  # doctest: +SKIP
    """
    torchio = import_library("torchio")
    sound = check_image(image)
    is_label_map = sound.dtype == np.bool_ or bool(sound.labels) or sound.modality == "SEG"
    array = sound.array.view(np.uint8) if sound.dtype == np.bool_ else sound.array
    tensor = make_tensor(array)[None]
    kind = torchio.LabelMap if is_label_map else torchio.ScalarImage
    texts = make_fact_texts(sound, make_array(tensor).dtype)
    return kind(tensor=tensor, affine=sound.grid.affine_in("RAS"), **texts)


def from_torchio(image: Any) -> Image:
    """Make an Image of one of TorchIO.

    The voxels are shared with it; one that stands for a file is loaded by TorchIO now. What :func:`to_torchio` put into
    it comes back, wherever transforms have moved the image since; after transforms that change the values it is for you
    to say that their units are others. A source mask comes back only if the voxels are what and where they were; else a
    ContentWarning says so. A ``LabelMap`` that came from elsewhere is of modality ``"SEG"``.

    Args:
        image: A ``torchio.Image`` of one channel.

    Raises:
        OptionError: If TorchIO is not installed, or what is passed is no image of it.
        GeometryError: If it has several channels, or its affine is sheared.

    Examples:
        >>> flipped = Image.from_torchio(torchio.RandomFlip()(scan.to_torchio()))  # doctest: +SKIP
    """
    torchio = import_library("torchio")
    check_type(image, torchio.Image, "an image of TorchIO")
    advice = "make an image of one channel, as torchio.ScalarImage(tensor=image.data[:1], affine=image.affine)"
    array = take_volume(make_array(image.data), "the image of TorchIO", advice)
    world = fit_grid(image.affine, array.shape, "RAS", "error", "image of TorchIO", "resample it with torchio.Resample")
    modality = "SEG" if image.type == torchio.LABEL else "Unknown"
    facts = find_facts(image, world.grid) or ImageFacts(world.grid, modality)
    source = os.fspath(image.path) if isinstance(image.path, os.PathLike) else ""
    return make_image_of(array, facts, image, Provenance(source, "TorchIO", decisions=world.decisions))
