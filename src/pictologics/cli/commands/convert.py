"""The ``convert`` command: an image in another format."""

from __future__ import annotations

from typing import Any

from ...loader import load_image
from ...saving import save_image
from ...storage.urls import hide_secrets
from ..terminal import print_line

__all__ = ["convert_image"]


def convert_image(source: str, target: str, reference: str | None, recursive: bool, **keywords: Any) -> None:
    """Load an image, onto the voxels of a reference if there is one, and write it.

    Args:
        source: What to load.
        target: The file to write.
        reference: The image on whose voxels the result is put.
        recursive: Look into the folders below source and reference.
        **keywords: Passed on to ``load_image``.
    """
    reference_image = None if reference is None else load_image(reference, recursive=recursive)
    image = load_image(source, recursive=recursive, reference_image=reference_image, **keywords)
    save_image(image, target)
    print_line(f"{hide_secrets(target)}: {image}")
