"""napari: layers in LPS mm, labels with their names and colors; and the reader that its plugin manifest names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import GeometryError, OptionError, PictologicsError
from ..formats.header_grids import HeaderGrid, fit_grid, millimeters_per
from ..formats.json_comment import ImageFacts
from ..image import Image
from ..image_checks import check_image, check_is_image
from ..labels.label_colors import color_of_label, name_of_label
from ..labels.label_like import looks_like_labels
from ..loader import load_image
from ..loaders.registry import find_reader
from ..pictures.windows import choose_grays
from ..provenance import Provenance
from .facts import find_facts, make_fact_texts, make_image_of
from .libraries import check_type, import_library

__all__ = ["from_napari", "get_reader", "load_layers", "make_layer_data", "to_napari"]

LayerData = tuple[npt.NDArray[Any], dict[str, Any], str]
"""Voxels, the keywords of a layer, and which layer: what napari's readers return."""

REVERSED = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]])
"""From (x, y, z) to napari's order of axes, (z, y, x), and back."""

AXES_KEY = "pictologics_axes"
"""The key of how the axes were turned: which each of the layer's was before, and which of them were turned round."""

UNMOVED = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
"""The first voxel and its neighbors, from whose places an affine follows."""


def to_napari(image: Image, *, name: str | None = None) -> Any:
    """Make a layer of napari.

    Its data is a view of the image's voxels with the axes (z, y, x), as napari shows them, turned so that they run as
    nearly as they can to the patient's superior, posterior and left; :func:`from_napari` turns them back. Its affine
    puts them where they are, in LPS mm: layers of one patient lie upon each other, whatever their grids. Label maps
    become ``Labels``, with a color for each label, the same as in our pictures, and its name beside the cursor;
    everything else becomes an ``Image`` with the window that our pictures have. The rest of what an image knows goes
    into the layer's metadata.

    Args:
        image: The image; one of truth values, of modality ``"SEG"``, with labels, or of an unknown modality whose
            values look like labels, is a label map.
        name: The layer's name; by default that of the file.

    Returns:
        A layer: ``viewer.add_layer`` shows it.

    Raises:
        OptionError: If napari is not installed, or the voxels are not real numbers.
        GeometryError: If the image has no 3D grid.

    Examples:
        >>> import napari  # doctest: +SKIP
        >>> viewer = napari.Viewer()  # doctest: +SKIP
        >>> viewer.add_layer(scan.to_napari())  # doctest: +SKIP
    """
    layers = import_library("napari.layers")
    return layers.Layer.create(*make_layer_data(image, name))


def make_layer_data(image: Image, name: str | None = None) -> LayerData:
    """What :func:`to_napari` makes a layer of: voxels, keywords and the kind of layer."""
    sound = check_image(image)
    is_label_map = sound.dtype == np.bool_ or bool(sound.labels) or sound.modality == "SEG"
    # A mask whose file does not say so; shown as what it looks like.
    is_label_map = is_label_map or (sound.modality == "Unknown" and looks_like_labels(sound.array, sound.source_mask))
    array = make_whole_labels(sound.array) if is_label_map else sound.array
    shown, axes, flips = sound.grid.nearest_lps()
    data = np.flip(array.transpose(axes), flips).T
    source = Path(sound.provenance.source).name if sound.provenance.source else ""
    keywords: dict[str, Any] = {
        "name": name or source or sound.modality,
        "affine": REVERSED @ shown.affine @ REVERSED,
        "axis_labels": ("z", "y", "x"),
        "units": ("mm", "mm", "mm"),
        "metadata": {**make_fact_texts(sound, array.dtype), AXES_KEY: (axes, flips)},
    }
    if is_label_map:
        return data, keywords | describe_label_layer(array, sound.labels), "labels"
    grays = choose_grays(sound, None)
    # Of a flat image napari finds limits itself.
    limits = {"contrast_limits": (grays.low, grays.high)} if grays.low < grays.high else {}
    return data, keywords | limits, "image"


def describe_label_layer(array: npt.NDArray[Any], labels: Mapping[int, str]) -> dict[str, Any]:
    """The keywords of a layer of labels: the color and the name of each that occurs."""
    colormap = import_library("napari.utils.colormaps").DirectLabelColormap
    values = [int(value) for value in np.unique(array) if value]
    clear = (0.0, 0.0, 0.0, 0.0)
    colors: dict[int | None, tuple[float, ...]] = {None: clear, 0: clear}
    for value in values:
        colors[value] = (*(part / 255 for part in color_of_label(value)), 1.0)
    names = ["background", *(name_of_label(value, labels) for value in values)]
    return {
        "colormap": colormap(color_dict=colors),
        "features": {"index": [0, *values], "label": names},
    }


def make_whole_labels(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Labels as whole numbers: truth values are seen as uint8, floats are converted.

    Raises:
        OptionError: If they are no whole numbers.
    """
    if array.dtype == np.bool_:
        return array.view(np.uint8)
    if array.dtype.kind != "f":
        return array
    with np.errstate(invalid="ignore"):
        # The first that holds them; what is no whole number comes back as another one.
        for dtype in (np.int32, np.int64):
            whole: npt.NDArray[Any] = array.astype(dtype)
            if np.array_equal(whole, array):
                return whole
    raise OptionError("the labels are not whole numbers", advice="make the mask with a comparison, as array > 0.5")


def from_napari(layer: Any, *, like: Image | None = None) -> Image:
    """Make an Image of a layer of napari, such as labels that somebody drew.

    The voxels are shared with the layer. Names of labels are those of its features. A layer that was drawn on an image
    without its affine lies in pixels: pass that image as ``like``.

    Args:
        layer: An ``Image`` or ``Labels`` layer of three axes, (z, y, x).
        like: The image on whose voxels the layer lies; its place is taken, and the layer's own is not.

    Raises:
        OptionError: If napari is not installed, or the layer is of another kind, such as points, colors or a pyramid.
        GeometryError: If it has not three axes, is sheared, or has units other than mm and there is no ``like``; or if
            ``like`` has another shape.

    Examples:
        >>> liver = Image.from_napari(viewer.layers["liver"])  # doctest: +SKIP
    """
    layers = import_library("napari.layers")
    check_type(layer, (layers.Image, layers.Labels), "an Image or Labels layer of napari", name="layer")
    if layer.multiscale or getattr(layer, "rgb", False):
        raise OptionError("the layer is a pyramid, or in colors", advice="make a layer of one array of numbers")
    if layer.ndim != 3:
        raise GeometryError(f"the layer has {layer.ndim} axes and z, y and x are required", advice="take one volume")
    array, world = find_place(layer, like)
    is_label_map = isinstance(layer, layers.Labels)
    facts = find_facts(layer.metadata, world.grid) or ImageFacts(world.grid, "SEG" if is_label_map else "Unknown")
    if is_label_map:
        facts = replace(facts, labels=find_layer_names(layer, facts.labels))
    return make_image_of(array, facts, layer.metadata, Provenance(reader="napari", decisions=world.decisions))


def find_place(layer: Any, like: Image | None) -> tuple[npt.NDArray[Any], HeaderGrid]:
    """The voxels (x, y, z) of a layer, their axes as they were before :func:`to_napari` turned them, and their grid.

    Those of a layer on the voxels of another image are turned as that one's layer was.
    """
    shown = np.asarray(layer.data).T
    if like is not None:
        check_is_image("like", like)
        turned, axes, flips = like.grid.nearest_lps()
        if shown.shape != turned.shape:
            raise GeometryError(
                f"the layer has the shape {shown.shape[::-1]} and that of the image would have {turned.shape[::-1]}"
            )
        return np.flip(shown, flips).transpose(np.argsort(axes)), HeaderGrid(like.grid)
    world = fit_grid(read_layer_affine(layer), shown.shape, "LPS", "error", layer.name, "resample it")
    axes, flips = layer.metadata.get(AXES_KEY, ((0, 1, 2), ()))
    grid = world.grid
    for axis in flips:
        grid = grid.flip(axis)
    order = [int(axis) for axis in np.argsort(axes)]
    return np.flip(shown, flips).transpose(order), replace(world, grid=grid.permute(order))


def read_layer_affine(layer: Any) -> npt.NDArray[np.float64]:
    """The affine of a layer, from (x, y, z) to LPS mm, of all that napari moves it by."""
    units = [str(unit) for unit in layer.units]
    if any(millimeters_per(unit) != 1.0 for unit in units):
        raise GeometryError(
            f"the layer '{layer.name}' is in {units[0]} and mm are required",
            advice="pass the image on which it was drawn as like, or give the layer an affine and units in mm",
            units=units,
        )
    places = np.array([layer.data_to_world(point) for point in UNMOVED])
    affine = np.eye(4)
    affine[:3, 3] = places[0]
    affine[:3, :3] = (places[1:] - places[0]).T
    return np.asarray(REVERSED @ affine @ REVERSED)


def find_layer_names(layer: Any, known: Mapping[int, str]) -> dict[int, str]:
    """Names of labels from a layer's features, where they have the columns that we write; the known ones of others."""
    features, names = layer.features, dict(known)
    if {"index", "label"} <= set(features.columns):
        for index, name in zip(features["index"].tolist(), features["label"].tolist(), strict=True):
            value = int(index)
            # A label that somebody named, and not the number that stands for one without a name.
            if value and str(name) != name_of_label(value, {}):
                names[value] = str(name)
    return names


def get_reader(path: str | Sequence[str]) -> Callable[[str | Sequence[str]], list[LayerData]] | None:
    """What napari's plugin manifest names: :func:`load_layers`, if the first path is of a format that we read."""
    first = path if isinstance(path, (str, os.PathLike)) else path[0]
    try:
        find_reader(first)
    except PictologicsError:
        return None
    return load_layers


def load_layers(path: str | Sequence[str]) -> list[LayerData]:
    """Load an image or a mask from each path: what napari calls when a file or a folder is opened.

    Args:
        path: A path, or several.

    Raises:
        PictologicsError: If one does not load, with the reason.
    """
    paths = [path] if isinstance(path, (str, os.PathLike)) else path
    return [make_layer_data(load_image(each)) for each in paths]
