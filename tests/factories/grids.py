"""Random grids, for properties that hold for all of them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from pictologics.geometry import Grid

__all__ = ["directions", "grids", "rotations"]

lengths = st.integers(1, 40)
spacings = st.floats(0.05, 20.0)
coordinates = st.floats(-2000.0, 2000.0)


@st.composite
def rotations(draw) -> np.ndarray:
    """A rotation from a random unit quaternion.

    A cosine at the end of what float64 holds is 0: of some of those, ITK's inverse of a matrix is wrong. Ours has a
    test of its own.
    """
    w, x, y, z = draw(st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: sum(v * v for v in q) > 0.01))
    norm = np.sqrt(w * w + x * x + y * y + z * z)
    w, x, y, z = w / norm, x / norm, y / norm, z / norm
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    return np.where(np.abs(rotation) < 1e-300, 0.0, rotation)


@st.composite
def directions(draw) -> np.ndarray:
    """Oblique or straight axes in any order, each either way: right- and left-handed."""
    rotation = draw(st.one_of(st.just(np.eye(3)), rotations()))
    order = draw(st.permutations(range(3)))
    signs = draw(st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3))
    return rotation[:, order] * np.array(signs)


@st.composite
def grids(draw, shapes=None) -> Grid:
    """A grid of any shape, spacing, place and orientation."""
    return Grid(
        draw(shapes if shapes is not None else st.tuples(lengths, lengths, lengths)),
        draw(st.tuples(spacings, spacings, spacings)),
        draw(st.tuples(coordinates, coordinates, coordinates)),
        draw(directions()),
    )
