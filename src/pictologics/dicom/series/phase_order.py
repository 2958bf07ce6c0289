"""The order of the volumes of a stack, and the words for what tells them apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set
from typing import Any

import numpy as np

from ..frames.frame import Frame
from ..frames.plane_attributes import read_mapped_unit
from ..headers import tags
from .dimension_indices import read_indices
from .phase_attributes import BY_CSA_DIFFUSION, BY_DIFFUSION, BY_ECHO, BY_IMAGE_TYPE, PhaseAttribute
from .phase_columns import Index
from .phase_pieces import Piece
from .phase_values import Value, read_image_type

__all__ = ["COMPONENTS", "has_maps", "label_kind", "label_piece", "number_ages", "sort_pieces"]

MAP_NAMES = frozenset({"B0", "B1", "ADC", "EADC", "FA", "TRACEW", "TENSOR", "DIFFUSION_ANISO"})
"""Words of an image type for what is calculated from acquired images; any word that ends in MAP is one, too."""

ACQUIRED_MAPS = frozenset({"PHASE MAP", "PHASE_MAP"})
"""What Philips calls the phase of an acquired image."""

FIELD_MAPS = frozenset({"B0", "B0 MAP", "B0_MAP", "FIELD_MAP"})
"""Words of an image type for a map of the field."""

MAGNITUDES = frozenset({"M", "MAGNITUDE", "M_FFE", "M_SE", "M_IR"})
"""Words of an image type for the magnitude."""

TIMES = dict.fromkeys((tags.FRAME_ACQUISITION_DATE_TIME, tags.ACQUISITION_DATE_TIME, tags.ACQUISITION_TIME)).keys()
"""When a plane was acquired: the first of these that it has."""

COMPONENTS = {"M": "MAGNITUDE", "P": "PHASE", "R": "REAL", "I": "IMAGINARY"}
"""Letters of an image type, with the standard's words for them in ComplexImageComponent."""


def is_map(frame: Frame) -> bool:
    """Whether a plane was calculated from others, by its image type (PS3.3 C.7.6.1.1.2 and C.8.13.3.1.1)."""
    words = frame.image_type
    named = {word for word in words[2:] if word in MAP_NAMES or word.endswith("MAP")} - ACQUIRED_MAPS
    return words[0] == "DERIVED" or bool(named)


def has_maps(frames: Sequence[Frame]) -> bool:
    """Whether some planes were acquired and others calculated from them."""
    return len({is_map(frame) for frame in frames}) > 1


def number_ages(frames: Sequence[Frame], differing: Set[int]) -> Index:
    """For each plane its place in the order of acquisition.

    Instance numbers come first, then times, then the dimension indices of multi-frame objects, whose frames may stand
    in any order, and last the order of the files and of the frames in them.

    Args:
        frames: The planes.
        differing: The tags that differ between them; the others put none before another.
    """
    numbers = {id(frame.header): frame.instance_number or 0 for frame in frames}
    columns: list[Sequence[Any]] = [[numbers[id(frame.header)] for frame in frames]]
    if not TIMES.isdisjoint(differing):
        columns.append([next(filter(None, map(frame.attributes.text, TIMES)), "") for frame in frames])
    if tags.DIMENSION_INDEX_VALUES in differing:
        columns.append([read_indices(frame) for frame in frames])
    rows = list(zip(*columns, strict=True))
    ages = np.empty(len(frames), dtype=np.intp)
    # The sort is stable.
    ages[sorted(range(len(frames)), key=rows.__getitem__)] = np.arange(len(frames))
    return ages


def rank_by_age(pieces: Sequence[Piece], slots: Index, ages: Index) -> list[tuple[float, int]]:
    """For each volume what sorts it by acquisition: its usual rank among the images at a position, and its first image.

    The first image alone would mislead where images are numbered slice by slice and the first slice of a volume is
    missing.
    """
    by_slot: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, piece in enumerate(pieces):
        for member in piece.members.tolist():
            by_slot[int(slots[member])].append((int(ages[member]), number))
    ranks: defaultdict[int, list[int]] = defaultdict(list)
    for images in by_slot.values():
        for rank, (_, number) in enumerate(sorted(images)):
            ranks[number].append(rank)
    return [(float(np.median(ranks[k])), int(ages[piece.members].min())) for k, piece in enumerate(pieces)]


def sort_pieces(frames: Sequence[Frame], pieces: Sequence[Piece], slots: Index, ages: Index) -> list[Piece]:
    """Volumes in their order.

    Acquired ones come before maps that were calculated from them. Diffusion comes as it was acquired, as the tables of
    b-values and directions have it; any other value that has an order in its ascending order, the first attribute
    first; names, again, as they were acquired.
    """
    moments = rank_by_age(pieces, slots, ages)
    has_diffusion = any(
        attribute in (BY_DIFFUSION, BY_CSA_DIFFUSION) for piece in pieces for attribute, _ in piece.values
    )
    first_moments: dict[tuple[str, Value | None], tuple[float, int]] = {}
    for piece, moment in zip(pieces, moments, strict=True):
        for attribute, value in piece.values:
            key = (attribute.keyword, value)
            first_moments[key] = min(moment, first_moments.get(key, moment))

    def make_key(number: int) -> tuple[Any, ...]:
        piece = pieces[number]
        parts = [
            make_value_key(attribute, value, first_moments[attribute.keyword, value])
            for attribute, value in piece.values
            # A diffusion scan of magnitude and phase is two such scans.
            if not has_diffusion or attribute is BY_IMAGE_TYPE
        ]
        rank = -1 if piece.rank is None or has_diffusion else piece.rank.number
        return is_map(frames[piece.members[0]]), *parts, (rank,), moments[number]

    return [pieces[number] for number in sorted(range(len(pieces)), key=make_key)]


def make_value_key(attribute: PhaseAttribute, value: Value | None, moment: tuple[float, int]) -> tuple[Any, ...]:
    """What sorts a value among those of its attribute; planes without one come first."""
    if value is None:
        return (0,)
    if not attribute.has_order:
        return (1, moment)
    if attribute is BY_IMAGE_TYPE and isinstance(value, tuple):
        return (1, not MAGNITUDES & set(value), value)
    return (1, value)


def label_piece(frames: Sequence[Frame], piece: Piece, pieces: Sequence[Piece]) -> str:
    """What a person calls a volume."""
    first = frames[piece.members[0]]
    labels = []
    if is_map(first) and BY_IMAGE_TYPE not in dict(piece.values):
        # Whatever tells a map from what was acquired, such as no echo time: it is a map that it is called.
        kinds = {read_image_type(frames[other.members[0]]) for other in pieces}
        labels.append(label_kind(read_image_type(first), list(kinds), first) if len(kinds) > 1 else "")
    for place, (attribute, value) in enumerate(piece.values):
        siblings = [
            other.values[place][1]
            for other in pieces
            if other.values[:place] == piece.values[:place] and other.values[place : place + 1]
        ]
        labels.append(label_value(attribute, value, siblings, first))
    if piece.rank is not None:
        labels.append(f"Volume {piece.rank.number + 1}")
    return ", ".join(label for label in labels if label)


def label_value(attribute: PhaseAttribute, value: Value | None, siblings: Sequence[Value | None], first: Frame) -> str:
    """One value in words."""
    if value is None:
        return f"no {attribute.keyword}"
    if attribute is BY_IMAGE_TYPE:
        return label_kind(value, siblings, first)
    if attribute is BY_ECHO and value == 0 and is_map(first):
        # A map of several echoes has no echo time, and programs write 0.
        return ""
    return attribute.label_value(value, first) if attribute.label_value else str(value)


def label_kind(value: Value | None, siblings: Sequence[Value | None], first: Frame) -> str:
    """The parts of an image type that not all volumes have in common; of a map, with its unit."""
    parts = value if isinstance(value, tuple) else (value,)
    common = set.intersection(*(set(other) for other in siblings if isinstance(other, tuple)))
    # One thing is often said twice, by a letter of the image type and by the complex component.
    common |= {letter for letter, word in COMPONENTS.items() if word in parts and word not in common}
    words = " ".join(str(part) for part in parts if part not in common) or "other"
    if not is_map(first):
        return words
    unit = read_mapped_unit(first.attributes)
    name = "B0 map" if FIELD_MAPS & set(parts) else words
    return f"{name} ({unit})" if unit else name
