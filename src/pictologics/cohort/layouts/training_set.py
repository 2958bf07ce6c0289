"""What the layouts of training sets share: the label map of each case, and which numbers the whole set gave before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...errors import CorruptFileError, OptionError
from ...image import Image
from .label_numbers import LabelNumbers, check_same_voxels
from .protocol import OutputFolder

__all__ = ["check_label_numbers", "check_one_grid", "read_list"]


def read_list(folder: OutputFolder, path: str) -> dict[str, Any]:
    """Read the JSON file that describes a data set; empty if it is not there yet.

    Raises:
        CorruptFileError: If it is none.
    """
    text = folder.read_text(path)
    if text is None:
        return {}
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CorruptFileError("it is no JSON", path=path, advice="remove it and run again") from error
    if not isinstance(content, dict) or not isinstance(content.get("labels", {}), dict):
        raise CorruptFileError("it describes no data set", path=path, advice="remove it and run again")
    return content


def check_label_numbers(labels: Mapping[str, int] | None) -> LabelNumbers | None:
    """The numbers that somebody chose for the labels; None if nobody did.

    Raises:
        OptionError: If they do not count from 1 on without gaps, beside a background of 0.
    """
    if labels is None:
        return None
    numbers = {value: name for name, value in labels.items() if value != 0}
    if sorted(numbers) != list(range(1, len(labels) + 1 - (0 in labels.values()))):
        raise OptionError(
            "the numbers of labels are not 1, 2, 3, ... without gaps, each for one name",
            advice='pass labels={"liver": 1, "spleen": 2}',
        )
    return LabelNumbers(dict(sorted(numbers.items())))


def check_one_grid(images: Mapping[str, Image], united: Image | None) -> None:
    """Refuse images that do not lie on the voxels of the first, or a label map that does not.

    Raises:
        GeometryError: If they do not.
    """
    first, *others = [*images.values(), *([united] if united is not None else [])]
    for image in others:
        check_same_voxels(first, image)
