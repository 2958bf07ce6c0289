"""Flattens the functional groups of an enhanced object: for each frame, the attributes that hold for it.

An attribute may stand in the group of the frame, in the group that all frames share, or at the top level of the data
set; the first of these that has it counts (DICOM PS3.3 C.7.6.16). What a group says, in sequences within sequences,
becomes one dictionary from tag to raw value, read with the same accessors as the top level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat

from ...errors import CorruptFileError
from . import tag_kinds, tags
from .header import Header
from .sequence_parser import Item, walk_items

__all__ = ["read_frame_values"]


def read_frame_values(header: Header) -> Iterable[dict[int, bytes]]:
    """For each frame, what its own groups, the shared groups and the top level say, flattened.

    One frame at a time: thousands of them, each with all that they share, would take more memory than some volumes.

    Raises:
        CorruptFileError: If the groups are damaged or not as many as the frames.
    """
    both = (tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    shared, own = (
        [flatten(item) for item in walk_items(header, tag, content, tag_kinds.GROUP_SEQUENCES)]
        for tag, content in zip(both, header.read_located(*both), strict=True)
    )
    common = {**header.values, **(shared[0] if shared else {})}
    count = header.integer(tags.NUMBER_OF_FRAMES) or 1
    if not own:
        return repeat(common, count)
    if len(own) != count:
        raise CorruptFileError(
            f"it has {count} frames and functional groups for {len(own)}",
            path=header.path,
            advice="export the file again",
        )
    return ({**common, **values} for values in own)


def flatten(item: Item) -> Mapping[int, bytes]:
    """The attributes of an item and of the sequences inside it; the first item that has one counts."""
    if not item.sequences:
        return item.values
    flat = dict(item.values)
    for tag, items in item.sequences.items():
        if tag == tags.REAL_WORLD_VALUE_MAPPING_SEQUENCE:
            # Not setdefault: code values may stand in other groups as well, and the units are these.
            flat.update(flatten_mappings(items))
            continue
        for nested in items:
            flat = {**flatten(nested), **flat}
    return flat


def flatten_mappings(items: Sequence[Item]) -> dict[int, bytes]:
    """The real world value mapping; of several with other units the first counts (PS3.3 C.7.6.16.2.11)."""
    mappings = [flatten(item) for item in items]
    first: dict[int, bytes] = {}
    for mapping in mappings:
        first = {**mapping, **first}
    codes = (tags.CODE_VALUE, tags.LONG_CODE_VALUE)
    pieces = [mapping for mapping in mappings if all(mapping.get(code) == first.get(code) for code in codes)]
    line = (tags.REAL_WORLD_VALUE_SLOPE, tags.REAL_WORLD_VALUE_INTERCEPT)
    if len({tuple(map(piece.get, line)) for piece in pieces}) > 1:
        # Several lines for one quantity, each over a range of stored values, are a table.
        first.pop(tags.REAL_WORLD_VALUE_SLOPE, None)
        first[tags.REAL_WORLD_VALUE_LUT_DATA] = b""
    return first
