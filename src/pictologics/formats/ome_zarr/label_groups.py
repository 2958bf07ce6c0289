"""The label maps of an OME-Zarr image: groups in its folder ``labels``, which lists them (OME-Zarr 0.5, "labels")."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import CorruptFileError, OptionError
from ...image import Image
from ...storage.file_writing import replace_file
from ...storage.paths import is_file, refuse_system_errors
from .vocabulary import VERSION, ZARR_MARKS

__all__ = ["add_label_group", "describe_label_group", "is_label_group", "make_labels_folder"]

LABELS_FOLDER = "labels"
"""Where an image keeps them."""


def is_label_group(path: Path) -> bool:
    """Whether a path lies where an image of Zarr 3 keeps its label maps."""
    return path.parent.name == LABELS_FOLDER and is_file(path.parent.parent / ZARR_MARKS[0])


def describe_label_group(image: Image, path: Path) -> dict[str, Any]:
    """What a group of labels says of its values.

    Raises:
        OptionError: If the image holds other than whole numbers, which the standard requires of labels.
    """
    if image.array.dtype != np.bool_ and image.array.dtype.kind not in "iu":
        raise OptionError(
            f"a label map of whole numbers is required there, and the array is {image.array.dtype}",
            path=path,
            advice="convert the array, or save the image under a path of its own",
        )
    names = [{"label-value": int(value), "name": name} for value, name in image.labels.items()]
    return {"version": VERSION, **({"properties": names} if names else {}), "source": {"image": "../../"}}


def make_labels_folder(path: Path) -> None:
    """Make the folder of label maps."""
    with refuse_system_errors("the folder cannot be made", path.parent):
        path.parent.mkdir(exist_ok=True)


def add_label_group(path: Path) -> None:
    """Name a label map, once it is there, in the list of its folder.

    Raises:
        CorruptFileError: If that list is damaged.
    """
    listing = path.parent / ZARR_MARKS[0]
    content: Mapping[str, Any] = {}
    if is_file(listing):
        try:
            with refuse_system_errors("it cannot be read", listing):
                content = json.loads(listing.read_text(encoding="utf-8"))
            named = list(content["attributes"]["ome"]["labels"])
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise CorruptFileError("it does not list label maps", path=listing, advice="remove it") from error
    else:
        named = []
    names = [*named, *([path.name] if path.name not in named else [])]
    group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": VERSION, "labels": names}}}
    with replace_file(listing) as temporary:
        temporary.write_text(json.dumps(group, indent=2), encoding="utf-8")
