"""The ``merge`` command: several masks into one file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ...errors import OptionError
from ...loader import load_and_merge_images, load_image
from ...merger import Binarize
from ...saving import save_image
from ...storage.urls import hide_secrets
from ..terminal import print_line

__all__ = ["merge_masks"]

RANGE = re.compile(r"(-?\d+)-(-?\d+)")
"""The first and the last value, which may be negative."""


def merge_masks(
    sources: Sequence[str],
    target: str,
    reference: str | None,
    recursive: bool,
    binarize: str | None,
    **keywords: Any,
) -> None:
    """Merge files, on the voxels of a reference if there is one, and write the result.

    Args:
        sources: What to merge.
        target: The file to write.
        reference: The image on whose voxels every file is put.
        recursive: Look into the folders below.
        binarize: Which values make a mask, as they are typed.
        **keywords: Passed on to ``load_and_merge_images``.
    """
    image = load_and_merge_images(
        sources,
        None if reference is None else load_image(reference, recursive=recursive),
        recursive=recursive,
        binarize=parse_binarize(binarize),
        reposition_to_reference=reference is not None,
        **keywords,
    )
    save_image(image, target)
    print_line(f"{hide_secrets(target)}: {image}")
    for value, name in image.labels.items():
        print_line(f"{value:>5}  {name}")


def parse_binarize(text: str | None) -> Binarize:
    """Read which values make a mask, as ``load_and_merge_images`` takes them."""
    if text is None:
        return None
    if text == "all":
        return True
    values = [part.strip() for part in text.split(",")]
    span = RANGE.fullmatch(text.strip())
    if span:
        return int(span[1]), int(span[2])
    if not all(re.fullmatch(r"-?\d+", value) for value in values):
        raise OptionError(
            f"--binarize is {text!r} and must be all, a value, values with commas between, or a range such as 2-5"
        )
    numbers = [int(value) for value in values]
    return numbers if len(numbers) > 1 else numbers[0]
