"""What a format's writer is."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from ..image import Image

__all__ = ["Writer"]


class Writer(Protocol):
    """Writes one format. A small object without state.

    Attributes:
        name: What messages call the format.
        suffixes: Suffixes of its files, in lower case; of several writers the one with the longest suffix counts.
        types: Types of voxels that the format stores as they are, in the machine's byte order. Besides these, every
            writer takes bool, as uint8, and those that have float32 take float16.
    """

    name: str
    suffixes: tuple[str, ...]
    types: frozenset[np.dtype[np.generic]]

    def write(self, image: Image, path: Path, smallest: bool = False) -> None:
        """Write an image so that loading gives back the same voxels, geometry, modality, metadata and labels.

        Args:
            image: The image.
            path: The file.
            smallest: Whether whole numbers are stored in the smallest type of integers that holds them.

        Raises:
            OptionError: If the folder is missing, or the voxels are of a type that the format cannot store.
            FileAccessError: If the system refuses; nothing is left behind then.
        """
