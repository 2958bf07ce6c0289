"""The way of one image from its files: find the reader, check the options, read, mark, reorder, place.

``load_image`` takes these steps, and ``load_and_merge_images`` takes them for each file.
"""

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
from ..image import Image
from ..image_checks import note_other_frame
from ..interpolation import Interpolation
from ..placement import place_with_report, transpose
from ..sentinels import find_source_mask
from ..storage.files import PathLike
from .protocol import Reader, ReadOptions, SegmentReader, Source
from .region_cutting import cut_region
from .registry import READERS, find_reader

__all__ = [
    "check_options",
    "find_options_of_reader",
    "finish_image",
    "place_on_grid",
    "prepare_for_reference",
    "read_found",
    "read_image",
    "warn_of_ignored_options",
]

SEGMENT_FORMATS = frozenset(reader.segment_format for reader in READERS if isinstance(reader, SegmentReader))
"""Formats whose files hold segments and nothing else, which ``load_seg`` reads too."""

LABEL_ADVICE = "load it with load_mask, or alone and call resample_to(mask, image, mask_threshold=0.5)"
"""For a label map that would be averaged on its way to a reference: loading takes no threshold."""


def read_image(
    path: PathLike | Sequence[PathLike] | DicomPhaseInfo | bytes | BinaryIO, options: ReadOptions
) -> tuple[Image, str]:
    """Do all that comes before an image is placed on a reference.

    Returns:
        The image on its own grid, its axes in the order asked for, and what messages call its source.
    """
    source, reader = find_reader(path, options.recursive, options.series_uid)
    return read_found(source, reader, options), source.path


def read_found(source: Source, reader: Reader, options: ReadOptions) -> Image:
    """Read a source by the reader that was found for it, and do all that comes before placing."""
    check_options(reader, options, source.path)
    image = reader.read(source, find_options_of_reader(reader, options))
    image = finish_image(image, reader, options, source.path)
    return prepare_for_reference(image, reader, options)


def check_options(reader: Reader, options: ReadOptions, path: str) -> None:
    """Refuse options that would mislead for a format, and warn of those that it makes no use of."""
    check_suv_is_offered(reader, options, path)
    warn_of_ignored_options(reader, options, path)


def find_options_of_reader(reader: Reader, options: ReadOptions) -> ReadOptions:
    """The options for the reader, without a region where it must read the whole."""
    return replace(options, region=None) if needs_whole(reader, options) else options


def needs_whole(reader: Reader, options: ReadOptions) -> bool:
    """Whether an image is read as a whole: one value is a sentinel, or none, by all of its voxels."""
    return "region" not in reader.honors or options.source_mask_from not in (None, "padding")


def finish_image(image: Image, reader: Reader, options: ReadOptions, path: str) -> Image:
    """Do what comes after reading: mark sentinels, and cut a region out of what was read as a whole."""
    image = mark_sentinel_voxels(image, reader, options)
    if options.region is not None and needs_whole(reader, options):
        image = cut_region(image, options.region, path)
    return image


def check_suv_is_offered(reader: Reader, options: ReadOptions, path: str) -> None:
    """Refuse uptake values of a format that has no dose and no weight: other values would pass for them."""
    if options.suv is not None and "suv" not in reader.honors:
        raise OptionError(
            f"suv={options.suv!r} needs the dose and the patient's weight that a PET scanner writes, and {reader.name} "
            "files have neither",
            path=path,
            advice="load the DICOM series",
        )


def warn_of_ignored_options(reader: Reader, options: ReadOptions, path: str) -> None:
    """Name the options that differ from their defaults and have no effect on a format."""
    ignored = options.list_changed() - reader.honors
    if options.source_mask_from != "padding":
        # A sentinel is looked for in every format: mark_sentinel_voxels does it where the reader does not.
        ignored -= {"source_mask_from"}
    if options.transpose_axes is not None and reader.needs_reference:
        # What is drawn on the reference has its axes already.
        ignored |= {"transpose_axes"}
    if ignored:
        have = "has" if len(ignored) == 1 else "have"
        warn(f"'{path}': {', '.join(sorted(ignored))} {have} no effect on {reader.name} files", ContentWarning)


def mark_sentinel_voxels(image: Image, reader: Reader, options: ReadOptions) -> Image:
    """Give the image the source mask that a sentinel makes, if one is asked for and the reader has not done so."""
    if options.source_mask_from is None or "source_mask_from" in reader.honors:
        return image
    source_mask, decisions = find_source_mask(
        image.array,
        image.source_mask,
        options.source_mask_from,
        modality=image.modality,
        path=image.provenance.source or None,
    )
    return replace(image, source_mask=source_mask, provenance=image.provenance.with_decisions(*decisions))


def prepare_for_reference(image: Image, reader: Reader, options: ReadOptions) -> Image:
    """Note a frame of reference that is not the reference's, and put the axes in the order asked for."""
    if options.reference is None:
        return image
    image = note_other_frame(image, options.reference)
    if options.transpose_axes is None or reader.needs_reference:
        return image
    return transpose(image, options.transpose_axes, options.reference.grid)


def place_on_grid(
    image: Image, target: Grid, fill_value: float, interpolation: Interpolation | None, path: str
) -> Image:
    """Put the image on a reference's voxels; an error names the file.

    Segments go there as ``load_seg`` puts them: by nearest neighbors, with a warning, where no lattice meets.
    """
    try:
        fallback: Interpolation | None = "nearest" if image.provenance.reader in SEGMENT_FORMATS else None
        return place_with_report(image, target, fill_value, interpolation, fallback=fallback).image
    except GeometryError as error:
        raise GeometryError(error.found, path=path, advice=error.advice, **error.values) from error
    except OptionError as error:
        if "interpolation" not in error.values:
            raise
        raise OptionError(error.found, path=path, advice=LABEL_ADVICE, **error.values) from error
