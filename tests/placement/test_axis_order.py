"""Axes in another order than the header says: all that the header may mean by it."""

from __future__ import annotations

import numpy as np
import pytest

from pictologics import Grid, Image
from pictologics.placement import place, transpose


@pytest.mark.parametrize("order", [(0, 2, 1), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize("header", ["all of it moved", "spacing moved", "right as it is"])
def test_the_reference_tells_what_moved(order, header):
    grid = Grid((3, 4, 5), (1.0, 2.0, 3.0), (10.0, 20.0, 30.0))
    reference = Image.from_grid(np.arange(60.0).reshape(3, 4, 5), grid)
    back = tuple(np.argsort(order))
    stored = grid.permute(back)
    spacing = grid.spacing if header == "right as it is" else stored.spacing
    direction = stored.direction if header == "all of it moved" else grid.direction
    wrong = Image(reference.array.transpose(back), spacing, grid.origin, direction)
    placed = place(transpose(wrong, order, grid), grid)
    np.testing.assert_array_equal(placed.array, reference.array)
