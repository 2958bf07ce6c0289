"""NiiVue: an image and its masks in a notebook, by the widget of ipyniivue."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..checks import check_number, option_error
from ..errors import OptionError
from ..image import Image
from ..image_checks import check_image, check_is_image, name_of
from ..labels.label_colors import color_of_label, name_of_label
from ..pictures.windows import Window, choose_grays
from ..saving import save_image
from .libraries import import_library

__all__ = ["view"]


def view(
    image: Image,
    masks: Image | Sequence[Image] | Mapping[str, Image] | None = None,
    *,
    window: Window | None = None,
    opacity: float = 0.5,
) -> Any:
    """Show an image in a notebook, with masks over it: planes and a rendering, turned and scrolled with the mouse.

    Everything lies where it is in the patient, so that masks may be on other grids. Each label has the color and the
    name that it has in our pictures. The voxels go to the browser as NIfTI files in memory; nothing is written.

    Args:
        image: The image.
        masks: A mask or label map, several, or several by name.
        window: As for ``visualize_slices``: the name of a preset, or (center, width).
        opacity: Of the masks, 0 to 1.

    Returns:
        An ``ipyniivue.NiiVue`` widget, to which more can be added.

    Raises:
        OptionError: If ipyniivue is not installed, a mask is none of whole numbers, or another parameter cannot be
            honored.
        GeometryError: If an image has no 3D grid.

    Examples:
        >>> scan.view(masks={"liver": liver})  # doctest: +SKIP
    """
    ipyniivue = import_library("ipyniivue")
    sound = check_image(image)
    check_number("opacity", opacity, least=0, most=1)
    named = name_masks(masks)
    grays = choose_grays(sound, window)
    volumes = [
        ipyniivue.Volume(
            name="image.nii.gz",
            data=make_nifti_bytes(sound),
            colormap="gray",
            cal_min=grays.low,
            cal_max=grays.high,
        )
    ]
    for name, mask in named.items():
        labels = convert_mask(name, mask)
        volume = ipyniivue.Volume(name=f"{name}.nii.gz", data=make_nifti_bytes(labels), opacity=opacity)
        volume.set_colormap_label(make_label_colors(labels, name if len(labels.labels) == 0 else ""))
        volumes.append(volume)
    widget = ipyniivue.NiiVue()
    widget.load_volumes(volumes)
    return widget


def name_masks(masks: Image | Sequence[Image] | Mapping[str, Image] | None) -> dict[str, Image]:
    """Masks by name, whatever way they were given; numbered where they have none."""
    if masks is None:
        return {}
    if isinstance(masks, Image):
        return {"mask": masks}
    if isinstance(masks, Mapping):
        named = dict(masks)
    elif isinstance(masks, Sequence) and not isinstance(masks, (str, bytes)):
        named = {f"mask {number}": mask for number, mask in enumerate(masks, 1)}
    else:
        raise option_error("masks", type(masks).__name__, "an Image, several, or a dict of them")
    for name, mask in named.items():
        check_is_image(f"masks[{name!r}]", mask)
    return named


def convert_mask(name: str, mask: Image) -> Image:
    """A mask of whole numbers, in the type that its labels need.

    Raises:
        OptionError: If its values are none.
    """
    sound = check_image(mask, name)
    array = sound.array
    if array.dtype.kind == "f" and not (np.isfinite(array).all() and np.array_equal(array, np.rint(array))):
        raise OptionError(
            f"the values of mask '{name}' are not whole numbers",
            path=name_of(mask),
            advice="make a mask with a comparison, such as array > 0.5",
        )
    low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
    if low < 0 or high > np.iinfo(np.int16).max:
        raise OptionError(f"the values of mask '{name}' are {low} to {high} and must be 0 to 32767", path=name_of(mask))
    return replace(sound, array=array.astype(np.uint8 if high < 256 else np.int16), source_mask=None)


def make_label_colors(mask: Image, name: str) -> dict[str, list[Any]]:
    """The table of colors that NiiVue takes, with a name for each label."""
    values = [int(value) for value in np.unique(mask.array) if value]
    colors = [(0, 0, 0), *(color_of_label(value) for value in values)]
    names = {values[0]: name} if name and len(values) == 1 else mask.labels
    return {
        "R": [red for red, _, _ in colors],
        "G": [green for _, green, _ in colors],
        "B": [blue for _, _, blue in colors],
        "A": [0, *[255] * len(values)],
        "I": [0, *values],
        "labels": ["background", *(name_of_label(value, names) for value in values)],
    }


def make_nifti_bytes(image: Image) -> bytes:
    """An image as a file of NIfTI in memory, in types that NiiVue draws."""
    array: npt.NDArray[Any] = image.array
    if array.dtype.itemsize > 4 or array.dtype == np.uint32:
        # For the screen, float32 is more than enough; beyond it lies what is as white, or as black, as can be.
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)
    file = io.BytesIO()
    save_image(replace(image, array=array, source_mask=None), file, format=".nii.gz")
    return file.getvalue()
