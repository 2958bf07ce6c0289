"""The masks of a case: those segments that are asked for, as label maps on the voxels of its first image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...errors import ContentWarning, warn
from ...image import Image
from ...image_checks import note_other_frame
from ...loader import load_image
from ...loaders.probing import make_probe
from ...loaders.protocol import SegmentOptions, SegmentReader, Source
from ...loaders.registry import find_reader
from ...placement import place_with_report
from ...provenance import give_warnings
from ..cases.case import Case, SeriesChoice
from .mask_merging import make_label_map
from .segment_choice import SegmentChoice, keep_segments, name_few_segments, note_unwanted_segments

__all__ = ["give_files", "load_case_masks"]

ImageLoader = Callable[[SeriesChoice], Image]
"""Loads another image of the case."""


def load_case_masks(case: Case, reference: Image, wanted: SegmentChoice, load_choice: ImageLoader) -> dict[str, Image]:
    """Load the masks of a case, and warn if none of them holds a segment that is asked for.

    Args:
        case: The case.
        reference: Its first image, on whose voxels they are placed.
        wanted: Which segments are kept; others are not even drawn where the format has them apart.
        load_choice: Loads another image of the case, on which contours are drawn.

    Returns:
        Label maps by name, none for a mask of which nothing is kept.
    """
    masks: dict[str, Image] = {}
    others: dict[str, None] = {}
    for choice in case.masks:
        mask, names = load_case_mask(choice, reference, case, wanted, load_choice)
        others |= dict.fromkeys(names)
        if mask is not None:
            masks[choice.name] = mask
    if case.masks and not masks:
        listed = name_few_segments(list(others)) or "without names"
        warn(f"the case has no segment that is asked for, and so no mask; its segments are {listed}", ContentWarning)
    return masks


def load_case_mask(
    choice: SeriesChoice, reference: Image, case: Case, wanted: SegmentChoice, load_choice: ImageLoader
) -> tuple[Image | None, list[str]]:
    """Load a mask as a label map, onto the voxels of the first image; None, and its names, if nothing of it is kept."""
    source, reader = find_reader(
        give_files(choice), bool(choice.options.get("recursive")), choice.options.get("series_uid")
    )
    # Contours lie in the planes of their own image only.
    drawn_on = case.images.get(choice.drawn_on) if reader.needs_reference else None
    own = reference if drawn_on is None else load_choice(drawn_on)
    if wanted.keeps_all or not isinstance(reader, SegmentReader) or not reader.holds_segments(make_probe(source)):
        on_own = {"reference_image": own} if reader.needs_reference else {}
        mask: Image | None = load_image(give_files(choice), **{**choice.options, **on_own})
        names: list[str] = []
    else:
        mask, names = read_wanted(choice, source, reader, own, wanted)
    if mask is None:
        return None, names
    if not reader.needs_reference or drawn_on is not None:
        mask = put_on_voxels(mask, reference)
    labeled = make_label_map(mask, choice.name)
    return keep_segments(labeled, wanted), list(labeled.labels.values())


def read_wanted(
    choice: SeriesChoice, source: Source, reader: SegmentReader, own: Image, wanted: SegmentChoice
) -> tuple[Image | None, list[str]]:
    """Read the segments of a file that are kept; gives None if there are none, and the names of all."""
    facts = reader.list_segments(source)
    names = {int(fact["segment_number"]): str(fact["segment_label"] or choice.name) for fact in facts}
    kept = tuple(number for number, name in names.items() if wanted.keeps(name))
    if not kept:
        return None, list(names.values())
    options = SegmentOptions(
        kept,
        reference=own if reader.needs_reference else None,
        dataset_index=int(choice.options.get("dataset_index") or 0),
    )
    mask = reader.read_segments(source, options)
    assert isinstance(mask, Image)  # they are combined
    give_warnings(source.path, mask.provenance.decisions)
    left_out = [name for number, name in names.items() if number not in kept]
    provenance = mask.provenance.with_decisions(*note_unwanted_segments(left_out))
    labels = {value: name or choice.name for value, name in mask.labels.items()}
    return replace(mask, labels=labels, provenance=provenance), list(names.values())


def put_on_voxels(mask: Image, reference: Image) -> Image:
    """Put a mask onto the voxels of an image, as ``load_seg`` does: to the nearest, with a warning unless they meet."""
    placed = place_with_report(note_other_frame(mask, reference), reference.grid, 0.0, fallback="nearest")
    give_warnings(mask.provenance.source, [*placed.decisions, *placed.losses])
    return placed.image


def give_files(choice: SeriesChoice) -> str | list[str]:
    """What ``load_image`` takes: a path, or a list of several."""
    return choice.files[0] if len(choice.files) == 1 else list(choice.files)
