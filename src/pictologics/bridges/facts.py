"""What an image knows besides numbers and place, as texts that any library's metadata can hold, and back.

The first text is the JSON comment that files carry (:mod:`pictologics.formats.json_comment`): modality, metadata, names
of labels and the type of the voxels. A second one holds the source mask, if there is one, where it lies, and a checksum
of the values of its image: libraries flip and bend voxels and know nothing of the mask, which must not come to lie upon
others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..formats.json_comment import JSON_COMMENT_KEY, ImageFacts, VoxelNote, make_json_comment, read_json_comment
from ..formats.noted_voxels import LoadedVoxels, restore_noted_array
from ..formats.packed_masks import PACKED_MASK_KEY, pack_source_mask, unpack_source_mask
from ..geometry import Grid
from ..image import Image
from ..provenance import Decision, Provenance, give_warnings

__all__ = ["FACTS_KEY", "find_facts", "make_fact_texts", "make_image_of"]

FACTS_KEY = JSON_COMMENT_KEY
"""The key of the facts in the other library's metadata."""

ROUNDING = 1e-9
"""Corner error, in voxels, that taking an affine apart in float64 stays below."""

MASK_IS_ELSEWHERE = Decision(
    "left out",
    "the source mask is that of other voxels, since the image was changed in another library, and was not restored; "
    "where each voxel still is where it was, give it back with with_source_mask",
    None,
    "content",
)
"""Said of images that were cropped, moved or filtered while their source mask was not."""


def make_fact_texts(image: Image, stored: np.dtype[Any]) -> dict[str, str]:
    """The texts that go with an image's voxels, by key.

    Args:
        image: The image, checked.
        stored: The type that its voxels have in the other library.
    """
    # Truth values are no type of a file, and need no note where they stay what they are.
    held = np.dtype(np.uint8) if stored == np.bool_ else stored.newbyteorder("=")
    note = VoxelNote(image.array.dtype.newbyteorder("="), held)
    texts = {FACTS_KEY: make_json_comment(image, note)}
    if image.source_mask is not None:
        texts[PACKED_MASK_KEY] = pack_source_mask(image)
    return texts


def find_facts(texts: Mapping[str, Any], grid: Grid) -> ImageFacts | None:
    """What the text of the facts says, wherever the image lies now; None if there is none.

    Args:
        texts: The other library's metadata.
        grid: Where the image lies now, which is the grid of the result, but for the rounding of an affine.
    """
    text = texts.get(FACTS_KEY)
    facts = read_json_comment(text, grid, even_moved=True) if isinstance(text, str) else None
    if facts is None or facts.grid.corner_error(grid) < ROUNDING:
        return facts
    return replace(facts, grid=grid)


def make_image_of(
    array: npt.NDArray[Any], facts: ImageFacts, texts: Mapping[str, Any], provenance: Provenance
) -> Image:
    """An image of what crossed, with the warnings that are due.

    Args:
        array: Its voxels, (x, y, z), which the image holds itself where they are of the type that they were.
        facts: Where it lies, and what else is known of it.
        texts: The other library's metadata.
        provenance: What it was made of, and what was decided so far.
    """
    voxels = restore_voxels(array, facts.voxels)
    valid, decisions = voxels.source_mask, voxels.decisions
    text = texts.get(PACKED_MASK_KEY)
    if isinstance(text, str):
        valid = unpack_source_mask(text, facts.grid, array)
        decisions += () if valid is not None else (MASK_IS_ELSEWHERE,)
    give_warnings(provenance.source or f"image of {provenance.reader}", (*provenance.decisions, *decisions))
    return Image.from_grid(
        voxels.array,
        facts.grid,
        modality=facts.modality,
        metadata=dict(facts.metadata),
        labels=dict(facts.labels),
        source_mask=valid,
        provenance=provenance.with_decisions(*decisions),
    )


def restore_voxels(array: npt.NDArray[Any], note: VoxelNote | None) -> LoadedVoxels:
    """Voxels in the type that they had, if it holds their values of today; and the source mask of a file of ours."""
    if note is None or array.dtype.newbyteorder("=") != note.stored:
        return LoadedVoxels(array, None, ())
    if note.fill:
        return restore_noted_array(array, note)
    if note.dtype == note.stored:
        return LoadedVoxels(array, None, ())
    if note.dtype == np.bool_ and array.dtype == np.uint8 and array.max() <= 1:
        return LoadedVoxels(array.view(np.bool_), None, ())
    with np.errstate(all="ignore"):
        former = array.astype(note.dtype)
    is_exact = np.array_equal(former, array, equal_nan=array.dtype.kind == "f")
    return LoadedVoxels(former if is_exact else array, None, ())
