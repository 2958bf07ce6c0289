"""A file of a mask to labels on its own grid, whatever the format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

import numpy as np

from ...dicom.series.phase_info import DicomPhaseInfo
from ...errors import OptionError
from ...image import Image
from ...labels import convert_mask_values, list_labels
from ...provenance import Decision
from ...storage.files import PathLike
from ..loading_steps import prepare_for_reference, read_found, warn_of_ignored_options
from ..probing import make_probe
from ..protocol import Reader, SegmentOptions, SegmentReader, Source
from ..registry import find_reader
from ..segmentations.choosing import check_series_uid
from .mask_options import MaskOptions

__all__ = ["read_mask"]

IMAGE_ADVICE = "load it with load_image, if it is an image"
FRACTION_ADVICE = "if these are fractions, pass threshold=0.5: voxels of a half and more are then inside"
MOST_LABELS_LISTED = 20
"""Labels that a message lists."""


def read_mask(
    path: PathLike | Sequence[PathLike] | DicomPhaseInfo | bytes | BinaryIO, options: MaskOptions
) -> tuple[Image, str]:
    """Read the segments that are wanted as a label map on the file's own grid; contours on the reference's.

    Returns:
        The label map, and what messages call its source.
    """
    read = options.read
    source, reader = find_reader(path, read.recursive, read.series_uid, prefers_segments=True)
    segments = as_segment_reader(source, reader)
    if segments is None:
        mask = choose_labels(read_values(source, reader, options), options, source.path)
    else:
        mask = read_segments(source, segments, options)
    if not mask.array.any():
        decision = Decision("assumed", "the mask is empty: no voxel has a label", 0, "content")
        mask = replace(mask, provenance=mask.provenance.with_decisions(decision))
    return (make_binary(mask) if options.is_single else mask), source.path


def as_segment_reader(source: Source, reader: Reader) -> SegmentReader | None:
    """The reader, if the source holds segments that it tells apart."""
    if isinstance(reader, SegmentReader) and reader.holds_segments(make_probe(source)):
        return reader
    return None


def read_segments(source: Source, reader: SegmentReader, options: MaskOptions) -> Image:
    """Read segments, each of which the file knows by number and name."""
    read = options.read
    if reader.needs_reference and options.geometry == "reference":
        raise OptionError(
            f'geometry="reference" is for masks of voxels, and the contours of {reader.name} files lie where their '
            "points say",
            path=source.path,
            advice="leave it out",
        )
    warn_of_ignored_options(reader, read, source.path)
    if "series_uid" in reader.honors:
        check_series_uid(source, read.series_uid)
    chosen = SegmentOptions(
        threshold=0.5 if options.threshold is None else options.threshold,
        reference=read.reference,
        dataset_index=read.dataset_index,
    )
    if options.segments is not None and reader.needs_reference:
        chosen = replace(chosen, roi_names=options.segments)
    elif options.segments is not None:
        names = {int(fact["segment_number"]): str(fact["segment_label"]) for fact in reader.list_segments(source)}
        chosen = replace(chosen, numbers=find_numbers(options.segments, names, source.path))
    image = reader.read_segments(source, chosen)
    assert isinstance(image, Image)  # they are combined
    return prepare_for_reference(image, reader, read)


def read_values(source: Source, reader: Reader, options: MaskOptions) -> Image:
    """Read an image whose values are labels."""
    read = options.read
    if options.geometry == "reference" and "irregular" in reader.honors:
        # Where its slices lie does not matter.
        read = replace(read, irregular="ignore")
    image = read_found(source, reader, read)
    is_marked = image.modality == "SEG" or bool(image.labels)
    array, decisions = convert_mask_values(
        image.array,
        options.threshold,
        path=source.path,
        are_labels=is_marked,
        advice=IMAGE_ADVICE,
        fraction_advice=FRACTION_ADVICE,
    )
    return replace(image, array=array, modality="SEG", provenance=image.provenance.with_decisions(*decisions))


def choose_labels(mask: Image, options: MaskOptions, path: str) -> Image:
    """A label map without the labels that are not wanted."""
    if options.segments is None:
        return mask
    names = dict.fromkeys(list_labels(mask.array), "")
    names |= {value: name for value, name in mask.labels.items() if value > 0}
    kept = find_numbers(options.segments, names, path)
    array = mask.array.copy(order="K")
    np.copyto(array, 0, where=~np.isin(array, kept))
    labels = {value: name for value, name in mask.labels.items() if value in kept}
    left_out = len(names) - len(kept)
    decisions = [Decision("left out", f"{left_out} labels that are not asked for", left_out)] if left_out else []
    return replace(mask, array=array, labels=labels, provenance=mask.provenance.with_decisions(*decisions))


def find_numbers(wanted: Sequence[str | int], names: dict[int, str], path: str) -> tuple[int, ...]:
    """The numbers of the segments that are wanted by name or number.

    Raises:
        OptionError: If there is none of a name or number; the message lists those that are there.
    """
    known = {*names, *filter(None, names.values())}
    missing = [name for name in wanted if name not in known]
    if missing:
        numbers = sorted(names)
        listed = ", ".join(
            f"{number} ({names[number]})" if names[number] else str(number) for number in numbers[:MOST_LABELS_LISTED]
        )
        more = f" and {len(numbers) - MOST_LABELS_LISTED} more" if len(numbers) > MOST_LABELS_LISTED else ""
        raise OptionError(
            f"there is no segment {', '.join(map(repr, missing))}; there {'is' if len(numbers) == 1 else 'are'} "
            f"{listed or 'none at all'}{more}",
            path=path,
            advice="pass names or numbers of these, or leave segments out for all",
            missing=missing,
            segments=numbers,
        )
    return tuple(number for number, name in names.items() if number in wanted or (name and name in wanted))


def make_binary(mask: Image) -> Image:
    """A mask of one segment: 1 inside, 0 outside."""
    name = next(iter(mask.labels.values()), "")
    return replace(mask, array=(mask.array != 0).view(np.uint8), labels={1: name} if name else {})
