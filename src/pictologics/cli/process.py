"""The ``process`` command: a pipeline from a file on an image and its masks."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from ..errors import OptionError
from ..loader import load_image
from ..preprocessing import Pipeline, PipelineResult
from ..saving import save_image
from ..storage.files import replacing

__all__ = ["process"]

SUFFIXES = (".nii.gz", ".nii")


def process(
    source: Annotated[Path, typer.Argument(metavar="IMAGE", help="The image: a file, or a folder of DICOM files.")],
    pipeline: Annotated[Path, typer.Option("--pipeline", "-p", help="The steps: a .yaml or .json file.")],
    target: Annotated[Path, typer.Option("--out", "-o", help="The image to write: .nii or .nii.gz.")],
    mask: Annotated[
        list[Path] | None, typer.Option("--mask", "-m", help="A mask of the image; may be given again.")
    ] = None,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Look into the folders below, too.")] = False,
    series_uid: Annotated[str | None, typer.Option(help="The series to load from a folder that holds several.")] = None,
    dataset_index: Annotated[int, typer.Option(min=0, help="The volume to load from a file that holds several.")] = 0,
) -> None:
    """Apply the steps of a pipeline to an image and its masks.

    The masks are written beside the image under their own names, and the record of what was done as .json.
    """
    # The steps first: a wrong one is found before a large image is read.
    steps = Pipeline.from_file(pipeline)
    stem = stem_of(target)
    masks = mask_names(mask or [])
    image = load_image(source, dataset_index, recursive, series_uid=series_uid)
    loaded = {name: load_image(path, reference_image=image) for name, path in masks.items()}
    result = steps.run(image, loaded)
    write_result(result, target, stem)
    print(f"{target}: {result.image}")
    for name, made in result.masks.items():
        print(f"{mask_file(target, stem, name)}: {made}")
    print(f"{record_file(target, stem)}: {len(steps.steps)} step{'s' * (len(steps.steps) != 1)}")


def stem_of(target: Path) -> str:
    """The name of the file to write without its suffix."""
    for suffix in SUFFIXES:
        if target.name.lower().endswith(suffix) and len(target.name) > len(suffix):
            return target.name[: -len(suffix)]
    raise OptionError(
        f"the image is written as NIfTI, and its name ends in {' or '.join(SUFFIXES)}", path=target, advice="rename it"
    )


def mask_names(paths: list[Path]) -> dict[str, Path]:
    """Masks by the names of their files, without suffixes."""
    named: dict[str, Path] = {}
    for path in paths:
        name = path.name.partition(".")[0] or path.name
        if name in named:
            raise OptionError(
                f"this mask and '{named[name]}' are both named '{name}'", path=path, advice="rename one of the files"
            )
        named[name] = path
    return named


def mask_file(target: Path, stem: str, name: str) -> Path:
    """Where a mask goes."""
    return target.with_name(f"{stem}-{name}{target.name[len(stem) :]}")


def record_file(target: Path, stem: str) -> Path:
    """Where the record goes."""
    return target.with_name(f"{stem}.json")


def write_result(result: PipelineResult, target: Path, stem: str) -> None:
    """Write image, masks and record, all of them or none."""
    files = {target: result.image} | {mask_file(target, stem, name): one for name, one in result.masks.items()}
    with ExitStack() as stack:
        # Every file is complete under a temporary name before the first one is renamed.
        for path, image in files.items():
            save_image(image, stack.enter_context(replacing(path)))
        result.provenance.save(stack.enter_context(replacing(record_file(target, stem))))
