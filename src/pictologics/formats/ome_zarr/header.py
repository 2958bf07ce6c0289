"""The JSON of an OME-Zarr image: axes, the arrays of its resolutions, and where the largest of them lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, prod
from pathlib import PurePosixPath
from typing import Any

from ...errors import CorruptFileError, UnsupportedFormatError
from .zarr_edge import open_zarr_group

__all__ = ["OmeZarrHeader", "ZarrAxis", "read_ome_zarr_header"]


@dataclass(frozen=True)
class ZarrAxis:
    """An axis of the array.

    Attributes:
        name: What it is called.
        kind: ``"space"``, ``"time"``, ``"channel"``, or empty.
        unit: The unit of its steps, may be empty.
    """

    name: str
    kind: str
    unit: str


@dataclass(frozen=True)
class OmeZarrHeader:
    """What the JSON says.

    Attributes:
        path: The folder.
        axes: The axes of the arrays, slowest first.
        array_path: The array of the highest resolution, below the folder.
        levels: How many resolutions there are.
        scale: Step along each axis.
        translation: Where the first element lies on each axis.
        labels: Of a label map, the names of its values.
        is_label_map: Whether the group says that it is one.
        own: What is kept beside it by files written here; empty if there is none.
    """

    path: str
    axes: tuple[ZarrAxis, ...]
    array_path: str
    levels: int
    scale: tuple[float, ...]
    translation: tuple[float, ...]
    labels: Mapping[int, str]
    is_label_map: bool
    own: Mapping[str, Any]


def read_ome_zarr_header(path: str, own_key: str) -> OmeZarrHeader:
    """Read what describes an image.

    Args:
        path: The folder of the group.
        own_key: The attribute that files written here have.

    Raises:
        UnsupportedFormatError: If it is a group without an image.
        CorruptFileError: If what it says makes no sense.
    """
    attributes = open_zarr_group(path)
    ome = attributes.get("ome", attributes)
    images = ome.get("multiscales") if isinstance(ome, dict) else None
    if not images:
        raise UnsupportedFormatError(
            "this is a group of Zarr without an image of OME-Zarr (multiscales)",
            path=path,
            advice="pass the folder inside it that holds the image",
        )
    try:
        return parse_image(path, images[0], ome, attributes.get(own_key))
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise CorruptFileError(
            "its multiscales do not say axes, arrays and transformations as OME-Zarr requires",
            path=path,
            advice="write it again with the software that made it",
        ) from error


def parse_image(path: str, image: Mapping[str, Any], ome: Mapping[str, Any], own: Any) -> OmeZarrHeader:
    """The first image of a group."""
    axes = tuple(
        ZarrAxis(str(axis["name"]), str(axis.get("type", "")), str(axis.get("unit", ""))) for axis in image["axes"]
    )
    datasets = image["datasets"]
    array_path = str(datasets[0]["path"])
    if PurePosixPath(array_path).is_absolute() or ".." in PurePosixPath(array_path).parts or "\\" in array_path:
        raise ValueError("the array lies outside its group")
    # Those of the array come first, those of the whole image after them.
    scale, translation = [1.0] * len(axes), [0.0] * len(axes)
    for transformations in (
        datasets[0].get("coordinateTransformations", []),
        image.get("coordinateTransformations", []),
    ):
        for transformation in transformations:
            apply_transformation(transformation, scale, translation)
    if not all(map(isfinite, [*scale, *translation])) or prod(scale) == 0:
        raise ValueError("a step is no number, or zero")
    label_map = ome.get("image-label")
    return OmeZarrHeader(
        path,
        axes,
        array_path,
        len(datasets),
        tuple(scale),
        tuple(translation),
        read_zarr_labels(label_map),
        isinstance(label_map, dict),
        own if isinstance(own, dict) else {},
    )


def apply_transformation(transformation: Mapping[str, Any], scale: list[float], translation: list[float]) -> None:
    """Add a transformation to those before it."""
    kind = transformation["type"]
    numbers: Sequence[float] = [float(number) for number in transformation[kind]] if kind != "identity" else []
    if kind not in {"identity", "scale", "translation"} or (numbers and len(numbers) != len(scale)):
        raise ValueError("a transformation that is not known, or of another number of axes")
    for axis, number in enumerate(numbers):
        if kind == "scale":
            scale[axis] *= number
            translation[axis] *= number
        else:
            translation[axis] += number


def read_zarr_labels(label_map: Any) -> dict[int, str]:
    """Names of labels, as far as their properties have any."""
    properties = label_map.get("properties") if isinstance(label_map, dict) else None
    return {int(entry["label-value"]): str(entry["name"]) for entry in properties or [] if "name" in entry}
