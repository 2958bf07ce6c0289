"""The raw values of a PET file: from its header, or through pydicom where the header does not have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from ...errors import CorruptFileError
from ..headers import tag_kinds, tags
from ..headers.full_dataset import get_raw_values, get_sequence, read_dataset
from ..headers.header import Header
from ..headers.sequence_parser import read_items

__all__ = ["RawValues", "read_pet_values"]

RawValues: TypeAlias = Mapping[int, bytes]

TRACERS = tags.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE


def read_pet_values(header: Header) -> tuple[RawValues, list[RawValues]]:
    """Those of the file itself, and those of each radiopharmaceutical that it names.

    Raises:
        CorruptFileError: If pydicom cannot follow the file either.
    """
    if header.keeps_pet:
        try:
            return header.values, [item.values for item in read_items(header, TRACERS)]
        except CorruptFileError:
            # Nothing is lost yet: pydicom follows more than our own parser.
            pass
    dataset = read_dataset(header)
    items = get_sequence(header, dataset, TRACERS)
    wanted = tag_kinds.WANTED | tag_kinds.OF_PET
    return get_raw_values(dataset, wanted), [get_raw_values(item, wanted) for item in items]
