"""The names of the labels of a map: those that it carries, and those of values without a name."""

from __future__ import annotations

import numpy as np

from ...image import Image

__all__ = ["find_label_names"]


def find_label_names(mask: Image) -> dict[int, str]:
    """The name of every label of a map, by its value, in ascending order.

    Named labels are there also if no voxel has them: an organ that was looked for and not found is one. A value without
    a name, as masks in NIfTI have, is called after its number.

    Args:
        mask: A label map or a mask; 0 is the background.
    """
    names = {int(value): name for value, name in mask.labels.items() if value}
    values = np.unique(mask.array).tolist()
    names |= {int(value): f"label {int(value)}" for value in values if value and int(value) not in names}
    return dict(sorted(names.items()))
