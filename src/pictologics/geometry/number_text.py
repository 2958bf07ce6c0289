"""Numbers in messages."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["format_numbers"]


def format_numbers(values: Sequence[float]) -> str:
    """Numbers as a person writes them: six significant digits, comma-separated."""
    return ", ".join(f"{value:.6g}" for value in values)
