"""The ``process`` command: a pipeline from a file on an image and its masks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ...errors import OptionError
from ...loader import load_image
from ...preprocessing import Pipeline, PipelineResult
from ...saving import save_image
from ...storage.file_writing import replace_file
from ...storage.urls import hide_secrets
from ..terminal import print_line

__all__ = ["run_pipeline"]

RESULT_SUFFIXES = (".nii.gz", ".nii")
"""What the result may be called: masks and record take the rest of its name."""


def run_pipeline(source: str, pipeline: Path, target: Path, masks: Sequence[str], **keywords: Any) -> None:
    """Apply the steps of a pipeline to an image and its masks, and write what they make.

    Args:
        source: The image.
        pipeline: The file of the steps.
        target: The image to write; masks and record go beside it.
        masks: Masks of the image.
        **keywords: Passed on to ``load_image`` for the image.
    """
    # The steps first: a wrong one is found before a large image is read.
    steps = Pipeline.from_file(pipeline)
    stem = cut_suffix(target)
    paths = name_mask_files(masks)
    check_nothing_is_overwritten(
        # The image may be replaced by what becomes of it, if its name is given again.
        [pipeline, *map(Path, masks), *([] if Path(source) == target else [Path(source)])],
        [target, make_record_path(target, stem), *(make_mask_path(target, stem, name) for name in paths)],
    )
    image = load_image(source, **keywords)
    loaded = {name: load_image(path, reference_image=image) for name, path in paths.items()}
    result = steps.run(image, loaded)
    write_result(result, target, stem)
    print_line(f"{target}: {result.image}")
    for name, mask in result.masks.items():
        print_line(f"{make_mask_path(target, stem, name)}: {mask}")
    print_line(f"{make_record_path(target, stem)}: {len(steps.steps)} step{'s' * (len(steps.steps) != 1)}")


def check_nothing_is_overwritten(inputs: Sequence[Path], outputs: Sequence[Path]) -> None:
    """Refuse an output that is one of the inputs: the record of ``-o steps.nii`` is ``steps.json``.

    Raises:
        OptionError: If a file that is read would be written.
    """
    read = {path.resolve(): path for path in inputs}
    for path in outputs:
        if path.resolve() in read:
            raise OptionError(
                "this file is read, and the result would be written over it", path=path, advice="name another output"
            )


def cut_suffix(target: Path) -> str:
    """The name of the file to write, without its suffix."""
    for suffix in RESULT_SUFFIXES:
        if target.name.lower().endswith(suffix) and len(target.name) > len(suffix):
            return target.name[: -len(suffix)]
    raise OptionError(
        f"the image is written as NIfTI, and its name must end in {' or '.join(RESULT_SUFFIXES)}",
        path=target,
        advice="rename it",
    )


def name_mask_files(paths: Sequence[str]) -> dict[str, str]:
    """Name masks by their files, without suffixes."""
    named: dict[str, str] = {}
    for path in paths:
        file = Path(hide_secrets(path)).name
        name = file.partition(".")[0] or file
        if name in named:
            raise OptionError(
                f"this mask and '{named[name]}' are both named '{name}'", path=path, advice="rename one of the files"
            )
        named[name] = path
    return named


def make_mask_path(target: Path, stem: str, name: str) -> Path:
    """Where a mask goes."""
    return target.with_name(f"{stem}-{name}{target.name[len(stem) :]}")


def make_record_path(target: Path, stem: str) -> Path:
    """Where the record goes."""
    return target.with_name(f"{stem}.json")


def write_result(result: PipelineResult, target: Path, stem: str) -> None:
    """Write image, masks and record, all of them or none."""
    files = {target: result.image} | {make_mask_path(target, stem, name): mask for name, mask in result.masks.items()}
    with ExitStack() as stack:
        # Every file is complete under a temporary name before the first one is renamed.
        for path, image in files.items():
            save_image(image, stack.enter_context(replace_file(path)))
        result.provenance.save(stack.enter_context(replace_file(make_record_path(target, stem))))
