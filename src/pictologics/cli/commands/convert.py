"""The ``convert`` command: an image in another format, or as a derived DICOM series."""

from __future__ import annotations

from typing import Any

from ...errors import OptionError
from ...loader import load_image
from ...loaders import load_series
from ...saving import save_dicom, save_image, save_series
from ...storage.urls import hide_secrets
from ..terminal import print_line

__all__ = ["convert_image", "convert_series", "refuse_beside_all_volumes"]


def convert_image(
    source: str, target: str, reference: str | None, like: str | None, recursive: bool, **keywords: Any
) -> None:
    """Load an image, onto the voxels of a reference if there is one, and write it.

    Args:
        source: What to load.
        target: The file to write; a folder, if it is to be a DICOM series.
        reference: The image on whose voxels the result is put.
        like: The DICOM series of which the image is written as a derived one.
        recursive: Look into the folders below source and reference.
        **keywords: Passed on to ``load_image``.
    """
    reference_image = None if reference is None else load_image(reference, recursive=recursive)
    image = load_image(source, recursive=recursive, reference_image=reference_image, **keywords)
    if like is not None:
        # Of one and the same series, the volume that was loaded is the one that is derived from.
        own_volume = keywords["dataset_index"] if like == source else None
        saved = save_dicom(image, target, like=like, dataset_index=own_volume)
        off = f", values within {saved.largest_error:.2g}" if saved.largest_error else ""
        print_line(f"{target}: {len(saved.files)} files{off}: {image}")
        return
    save_image(image, target)
    print_line(f"{hide_secrets(target)}: {image}")


def convert_series(source: str, target: str, recursive: bool, **keywords: Any) -> None:
    """Load all volumes of a series and write them into one file, whole numbers in the smallest type.

    Args:
        source: What to load.
        target: The file to write.
        recursive: Look into the folders below the source.
        **keywords: Passed on to ``load_series``.
    """
    with load_series(source, recursive, **keywords) as series:
        save_series(series, target, dtype="smallest" if keywords["dtype"] is None else "own")
        print_line(f"{hide_secrets(target)}: {series}")


def refuse_beside_all_volumes(dataset_index: object, reference: object, interpolation: object, like: object) -> None:
    """Refuse options that are about one volume.

    Raises:
        OptionError: If one was given.
    """
    given = {
        "--dataset-index": dataset_index,
        "--reference": reference,
        "--interpolation": interpolation,
        "--like": like,
    }
    names = [name for name, value in given.items() if value is not None]
    if names:
        raise OptionError(
            f"{' and '.join(names)} cannot be used together with --all-volumes", advice="leave out one or the other"
        )
