"""Labels -> colors: the same color for the same label in every picture."""

from __future__ import annotations

__all__ = ["Rgb", "color_of_label", "name_of_label"]

from collections.abc import Mapping

Rgb = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

STRONG = ("1f77b4", "ff7f0e", "2ca02c", "d62728", "9467bd", "8c564b", "e377c2", "bcbd22", "17becf")
"""The strong colors of Matplotlib's tab20, which the core install must have without Matplotlib."""

PALE = ("aec7e8", "ffbb78", "98df8a", "ff9896", "c5b0d5", "c49c94", "f7b6d2", "dbdb8d", "9edae5")
"""Its pale ones."""

TAB20: tuple[Rgb, ...] = tuple(
    (int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16)) for code in (*STRONG, *PALE, "7f7f7f", "c7c7c7")
)
"""Colors of labels in their order; the grays come last, as they are hard to tell from the image below them."""


def color_of_label(value: int) -> Rgb:
    """The color of a label; after twenty labels the colors come again.

    Args:
        value: The label, 1 for the first.
    """
    return TAB20[(value - 1) % len(TAB20)]


def name_of_label(value: int, names: Mapping[int, str]) -> str:
    """What a legend calls a label: its name, or its number where it has none."""
    return names.get(value) or f"label {value}"
