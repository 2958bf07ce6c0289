"""The ``merge`` command: several masks into one file."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import OptionError
from ..loader import load_and_merge_images, load_image
from ..merger import Binarize
from ..saving import save_image

__all__ = ["InterpolationChoice", "merge"]

RANGE = re.compile(r"(-?\d+)-(-?\d+)")


class RuleChoice(StrEnum):
    """Which value a voxel gets where several files have one."""

    MAX = "max"
    MIN = "min"
    FIRST = "first"
    LAST = "last"


class InterpolationChoice(StrEnum):
    """How to make voxels where two lattices do not meet."""

    NEAREST = "nearest"
    LINEAR = "linear"
    CUBIC = "cubic"


def merge(
    sources: Annotated[list[Path], typer.Argument(help="What to merge: files or DICOM folders.")],
    target: Annotated[Path, typer.Option("--output", "-o", help="The file to write: .nii or .nii.gz.")],
    reference: Annotated[
        Path | None, typer.Option(help="The image on whose voxels every file is put; without it all must share theirs.")
    ] = None,
    rule: Annotated[RuleChoice, typer.Option(help="The value kept where several files have one.")] = RuleChoice.MAX,
    relabel: Annotated[bool, typer.Option("--relabel", help="Label the masks 1, 2, 3 in their order.")] = False,
    binarize: Annotated[
        str | None, typer.Option(help="Make a mask: all, or values such as 3 or 1,4,7 or the range 2-5.")
    ] = None,
    interpolation: Annotated[
        InterpolationChoice | None, typer.Option(help="Resample files whose lattice does not meet the reference's.")
    ] = None,
    dtype: Annotated[str | None, typer.Option(help="Type of the voxels, such as uint8.")] = None,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Look into the folders below, too.")] = False,
) -> None:
    """Merge several masks, or parts of a scan, into one file."""
    image = load_and_merge_images(
        sources,
        None if reference is None else load_image(reference, recursive=recursive),
        rule.value,
        recursive=recursive,
        binarize=parse_binarize(binarize),
        reposition_to_reference=reference is not None,
        relabel_masks=relabel,
        dtype=dtype,
        interpolation=None if interpolation is None else interpolation.value,
    )
    save_image(image, target)
    print(f"{target}: {image}")
    for value, name in image.labels.items():
        print(f"{value:>5}  {name}")


def parse_binarize(text: str | None) -> Binarize:
    """The rule that a text names."""
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
