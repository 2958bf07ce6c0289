"""VolumeFile -> its voxels, of the type and with the source mask that a comment of ours keeps of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..geometry import Box
from ..provenance import Decision
from ..rescaling import find_exact_float, rescale_into
from ..storage.kept_stream import KeptStream
from .json_comment import ImageFacts, VoxelNote, parse_value
from .packed_masks import unpack_source_mask
from .volume_layout import CropLayout, VolumeLayout
from .voxel_reading import read_volume

__all__ = ["LoadedVoxels", "find_loaded_type", "read_noted_box", "read_noted_volume", "restore_noted_array"]

NOTE_IS_STALE = Decision(
    "left out",
    "its note of which voxels hold no data does not fit its values any more; the source mask was not restored",
    None,
    "content",
)
"""Said of files whose values other software has changed."""

MASK_IS_STALE = Decision(
    "left out",
    "the source mask in its header does not fit its values any more, or is longer than what is read of a header, and "
    "was not restored",
    None,
    "content",
)
"""Said of files that other software made of an image that had crossed to it."""


@dataclass(frozen=True)
class LoadedVoxels:
    """The voxels of a file.

    Attributes:
        array: Shape (x, y, z), in Fortran order.
        source_mask: True where they hold data; None if the file does not say.
        decisions: What was decided.
    """

    array: npt.NDArray[Any]
    source_mask: npt.NDArray[np.bool_] | None
    decisions: tuple[Decision, ...]

    def take(self, index: Box) -> LoadedVoxels:
        """Some of the voxels, in memory of their own."""
        if all(part == slice(None, None, 1) for part in index):
            return self
        valid = self.source_mask
        return replace(
            self,
            array=np.array(self.array[index], order="F"),
            source_mask=None if valid is None else np.array(valid[index], order="F"),
        )


def read_noted_volume(
    layout: VolumeLayout, facts: ImageFacts, dtype: np.dtype[Any] | None, kept: KeptStream | None = None
) -> LoadedVoxels:
    """Read a volume.

    Args:
        layout: Where its voxels are.
        facts: What is known of the image.
        dtype: Type that is asked for; None for the one that was saved or, where no comment says, the smallest float
            type that holds every stored value.
        kept: Keeps a compressed stream open for the volume that is read next; None closes it.

    Raises:
        CorruptFileError: If the files hold less than their header says, or compressed data is damaged.
        OptionError: If ``dtype`` is an integer type that cannot hold the values.
    """
    note = find_fitting_note(layout, facts)
    target = find_saved_type(layout, facts, note) if dtype is None else dtype
    if note is None or not note.fill:
        is_bool = target == np.bool_
        array, decisions = read_volume(layout, np.dtype(np.uint8) if is_bool else target, kept)
        return add_packed_mask(LoadedVoxels(convert_truth(array) if is_bool else array, None, decisions), facts)
    array, decisions = read_volume(layout, layout.stored.newbyteorder("="), kept)
    valid = find_noted_mask(array, note)
    if valid is None:
        decisions = (*decisions, NOTE_IS_STALE)
    wanted = find_exact_float(layout.stored) if target is None else target
    return LoadedVoxels(convert_valid(array, valid, wanted, note, layout.name), valid, decisions)


def find_loaded_type(layout: VolumeLayout, facts: ImageFacts) -> np.dtype[Any]:
    """The type of the voxels of a volume that is loaded without asking for one."""
    saved = find_saved_type(layout, facts, find_fitting_note(layout, facts))
    return find_exact_float(layout.stored) if saved is None else saved


def read_noted_box(
    layout: VolumeLayout,
    facts: ImageFacts,
    start: Sequence[int],
    shape: Sequence[int],
    crop: CropLayout,
    dtype: np.dtype[Any] | None = None,
    kept: KeptStream | None = None,
) -> LoadedVoxels:
    """Read a box of a volume, and no more of the file than lies between its voxels where that is possible.

    Args:
        layout: Where the volume's voxels are.
        facts: What is known of the image.
        start: First voxel of the box, which lies within the volume, (x, y, z).
        shape: Voxels of the box along (x, y, z).
        crop: Makes the layout of a box out of that of the volume.
        dtype: As for a volume.
        kept: As for a volume.

    Raises:
        CorruptFileError: If the files hold less than their header says, or compressed data is damaged.
        OptionError: If ``dtype`` is an integer type that cannot hold the values.
    """
    note = find_fitting_note(layout, facts)
    if (note is None or not note.fill) and not facts.packed_mask:
        return read_noted_volume(crop(layout, start, shape), facts, dtype, kept)
    # Which voxels hold no data depends on the whole.
    whole = read_noted_volume(layout, facts, dtype, kept)
    x, y, z = (slice(low, low + count) for low, count in zip(start, shape, strict=True))
    return whole.take((x, y, z))


def add_packed_mask(voxels: LoadedVoxels, facts: ImageFacts) -> LoadedVoxels:
    """A whole volume with the source mask that its header holds as text, if it does and the values still fit."""
    if not facts.packed_mask:
        return voxels
    valid = unpack_source_mask(facts.packed_mask, facts.grid, voxels.array)
    decisions = () if valid is not None else (MASK_IS_STALE,)
    return replace(voxels, source_mask=valid, decisions=(*voxels.decisions, *decisions))


def restore_noted_array(array: npt.NDArray[Any], note: VoxelNote) -> LoadedVoxels:
    """An array that is in memory already, with the type and the source mask that its note says.

    Args:
        array: The voxels, of the type that the note has for the file; they are not written to.
        note: What the comment beside them says, also of voxels without data.
    """
    valid = find_noted_mask(array, note)
    decisions = () if valid is not None else (NOTE_IS_STALE,)
    own = array.copy(order="K") if valid is not None and note.invalid else array
    return LoadedVoxels(convert_valid(own, valid if note.invalid else None, note.dtype, note, ""), valid, decisions)


def find_fitting_note(layout: VolumeLayout, facts: ImageFacts) -> VoxelNote | None:
    """What the comment says of the voxels, unless other software has converted them since."""
    note = facts.voxels
    is_plain = (layout.slope, layout.intercept) == (1.0, 0.0)
    return note if note is not None and is_plain and layout.stored.newbyteorder("=") == note.stored else None


def find_saved_type(layout: VolumeLayout, facts: ImageFacts, note: VoxelNote | None) -> np.dtype[Any] | None:
    """The type that voxels had when they were saved, or in which labels are stored; None if no comment says."""
    if note is not None:
        return note.dtype
    is_plain = (layout.slope, layout.intercept) == (1.0, 0.0)
    # Labels are names: one that was saved before comments had types, or was converted since, is still a whole number.
    return layout.stored.newbyteorder("=") if facts.is_label_map and is_plain and layout.stored.kind in "iu" else None


def find_noted_mask(array: npt.NDArray[Any], note: VoxelNote) -> npt.NDArray[np.bool_] | None:
    """Which voxels do not hold the value of those without data; None if there are more or fewer than were saved."""
    if not note.invalid:
        return np.ones(array.shape, np.bool_, order="F")
    value = parse_value(note.fill, array.dtype)
    valid = ~np.isnan(array) if np.isnan(value) else np.asarray(array != array.dtype.type(value))
    return valid if array.size - int(np.count_nonzero(valid)) == note.invalid else None


def convert_valid(
    array: npt.NDArray[Any],
    valid: npt.NDArray[np.bool_] | None,
    dtype: np.dtype[Any],
    note: VoxelNote,
    path: str,
) -> npt.NDArray[Any]:
    """Convert voxels to a type.

    Those without data hold again what they all held, if that was one value; else the stored one, or 0 in a type of
    integers that may not have it.
    """
    if valid is not None and note.held:
        array[~valid] = parse_value(note.held, note.dtype)
    if array.dtype == dtype:
        return array
    if valid is not None and not note.held and dtype.kind != "f":
        array[~valid] = 0
    if dtype == np.bool_:
        return convert_truth(array)
    converted = np.empty(array.shape, dtype, order="F")
    rescale_into(converted, array, 1.0, 0.0, path)
    return converted


def convert_truth(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Zeros and ones as truth values; other numbers, which somebody wrote into the file since, stay what they are."""
    return array.astype(np.bool_) if 0 <= array.min() <= array.max() <= 1 else array
