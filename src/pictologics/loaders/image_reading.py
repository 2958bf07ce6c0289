"""Probe, select, read, place: the way of one image from its files, the same for one and for many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

from ..dicom.series.phase_info import DicomPhaseInfo
from ..errors import (
    ContentWarning,
    GeometryError,
    OptionError,
    warn,
)
from ..geometry import Grid
from ..image import Image, noting_other_frame
from ..interpolation import Interpolation
from ..placement import place, transpose
from ..sentinels import marked_as_asked
from ..storage.files import PathLike
from .protocol import (
    ReadOptions,
    SourceMaskFrom,
)
from .registry import find_reader

__all__ = ["on_grid", "read_image"]


def read_image(
    path: PathLike | Sequence[PathLike] | DicomPhaseInfo | bytes | BinaryIO, options: ReadOptions
) -> tuple[Image, str]:
    """Probe, select and read: the image, its axes in the order asked for, and what messages call the source."""
    source, reader = find_reader(path)
    if options.suv is not None and "suv" not in reader.honors:
        raise OptionError(
            f"suv={options.suv!r} needs what a PET scanner wrote of dose and patient, and {reader.name} holds none",
            path=source.path,
            advice="load the DICOM series",
        )
    if reader.needs_reference and options.reference is None:
        raise OptionError(
            f"{reader.name} files hold contours and no voxels, and an image to draw them on is required",
            path=source.path,
            advice="load the image that they belong to and pass it as reference_image",
        )
    ignored = options.changed() - reader.honors
    moved = options.transpose_axes if options.reference is not None else None
    if moved is not None and reader.needs_reference:
        # Drawn on the reference's own axes.
        ignored |= {"transpose_axes"}
        moved = None
    if options.source_mask_from != "padding":
        # Readers that do not look for a sentinel themselves have it done here.
        ignored -= {"source_mask_from"}
    if ignored:
        warn(
            f"'{source.path}': {', '.join(sorted(ignored))} means nothing for {reader.name} files",
            ContentWarning,
        )
    image = reader.read(source, options)
    if "source_mask_from" not in reader.honors:
        image = with_sentinel_marked(image, options.source_mask_from)
    if options.reference is not None:
        image = noting_other_frame(image, options.reference)
        if moved is not None:
            image = transpose(image, moved, options.reference.grid)
    return image, source.path


def with_sentinel_marked(image: Image, source_mask_from: SourceMaskFrom | None) -> Image:
    """The image with the source mask that a sentinel makes, if one is asked for."""
    source_mask, decisions = marked_as_asked(image, source_mask_from)
    provenance = image.provenance.with_decisions(*decisions)
    return replace(image, source_mask=source_mask, provenance=provenance) if decisions else image


def on_grid(image: Image, target: Grid, fill_value: float, method: Interpolation | None, path: str) -> Image:
    """The image on a reference's voxels; an error names the file."""
    try:
        return place(image, target, fill_value, method)
    except GeometryError as error:
        raise GeometryError(error.found, path=path, advice=error.advice, **error.values) from error
