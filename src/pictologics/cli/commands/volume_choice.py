"""Which volume of a file or series a command loads."""

from __future__ import annotations

from ...loaders.protocol import MAIN_VOLUME

__all__ = ["read_dataset_index"]


def read_dataset_index(number: int | None) -> int:
    """The ``dataset_index`` that an option says; the default of ``load_image`` where it was not given."""
    return MAIN_VOLUME if number is None else number
