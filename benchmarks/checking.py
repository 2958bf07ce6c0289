"""Only readers that agree may race."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .ct_readers import as_xyz

__all__ = ["check_same_voxels"]


def check_same_voxels(readers: Mapping[str, Callable[[], Any]]) -> str:
    """Compare what every reader makes with what the first one makes.

    Returns:
        A sentence for the report.

    Raises:
        AssertionError: If a volume differs from the first one in shape or in any value.
    """
    names = list(readers)
    expected = as_xyz(readers[names[0]]())
    for name in names[1:]:
        found = as_xyz(readers[name]())
        if not np.array_equal(found, expected):
            raise AssertionError(f"{name} and {names[0]} read different voxels: {found.shape} and {expected.shape}")
    return f"All give the same voxels: {', '.join(names)}."
