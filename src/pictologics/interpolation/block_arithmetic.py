"""Products with a small matrix, and choices between two numbers: the two steps that take the time.

Both are written for what processors and numpy do fast. numpy's masked copies and ``where`` take ten times as long as
arithmetic on whole arrays, so choices are made with bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..array_types import AnyArray, BoolArray

__all__ = ["Scratch", "multiply_columns", "multiply_rows", "select_values"]


PRODUCT_SIZE = 2**18
"""Multiplications up to which OpenBLAS works on the calling thread.

Larger products are shared between threads of its own, which wait for each other while ours do too."""

WORD_TYPES: dict[int, np.dtype[Any]] = {n: np.dtype(f"u{n}") for n in (1, 2, 4, 8)}


class Scratch:
    """Memory that one thread uses again and again; new memory for each plane would cost more than the sums."""

    def __init__(self) -> None:
        self.memory: dict[str, npt.NDArray[np.uint8]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> AnyArray:
        """An array of any content, which is overwritten when the name is asked for again."""
        size = int(np.prod(shape)) * dtype.itemsize
        if name not in self.memory or self.memory[name].size < size:
            self.memory[name] = np.empty(size, np.uint8)
        return self.memory[name][:size].view(dtype).reshape(shape)


def multiply_columns(matrix: AnyArray, columns: AnyArray, made: AnyArray) -> None:
    """Multiply each column: ``made = matrix @ columns``.

    Args:
        matrix: (m, k), small.
        columns: (k, n).
        made: (m, n), the result.
    """
    together, pieces = split_product(matrix, columns.shape[1])
    whole = together * pieces
    if pieces:
        stacked = columns[:, :whole].reshape(columns.shape[0], pieces, together).transpose(1, 0, 2)
        target = made[:, :whole].reshape(made.shape[0], pieces, together).transpose(1, 0, 2)
        np.matmul(matrix, stacked, out=target)
    if whole < columns.shape[1]:
        np.matmul(matrix, columns[:, whole:], out=made[:, whole:])


def multiply_rows(matrix: AnyArray, rows: AnyArray, made: AnyArray) -> None:
    """Multiply each row: ``made = rows @ matrix.T``.

    Args:
        matrix: (m, k), small.
        rows: (n, k).
        made: (n, m), the result.
    """
    together, pieces = split_product(matrix, rows.shape[0])
    whole = together * pieces
    if pieces:
        stacked = rows[:whole].reshape(pieces, together, rows.shape[1])
        np.matmul(stacked, matrix.T, out=made[:whole].reshape(pieces, together, made.shape[1]))
    if whole < rows.shape[0]:
        np.matmul(rows[whole:], matrix.T, out=made[whole:])


def split_product(matrix: AnyArray, count: int) -> tuple[int, int]:
    """How many rows or columns are multiplied at once, and how many times that fits."""
    together = max(1, PRODUCT_SIZE // matrix.size)
    return together, count // together


def select_values(values: AnyArray, chosen: BoolArray, otherwise: float, made: AnyArray, scratch: Scratch) -> None:
    """Take the values that are chosen, and one number elsewhere.

    Nothing is computed with the values, so that NaN, infinity and the sign of zero are left behind as well.

    Args:
        values: Numbers of at most eight bytes.
        chosen: Which of them to take.
        otherwise: The number elsewhere.
        made: The result, may be the values themselves.
        scratch: Memory of this thread.
    """
    word = WORD_TYPES[values.dtype.itemsize]
    all_bits = scratch.array("bits", chosen.shape, word)
    np.copyto(all_bits, chosen)
    np.negative(all_bits, out=all_bits)
    np.bitwise_and(values.view(word), all_bits, out=made.view(word))
    number = values.dtype.type(otherwise).view(word)
    if number:
        np.invert(all_bits, out=all_bits)
        np.bitwise_and(all_bits, number, out=all_bits)
        np.bitwise_or(made.view(word), all_bits, out=made.view(word))
