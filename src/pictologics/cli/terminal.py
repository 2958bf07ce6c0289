"""What is printed, without anything that a terminal would obey: names, labels and paths come from others' files."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

__all__ = ["escape_controls", "print_as_json", "print_line"]

OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that move the cursor, turn the writing direction or end a line, or are none at all."""

JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Of these categories, but letters of Persian and Indian scripts depend on them."""


def escape_controls(text: str, kept: str = "\n") -> str:
    r"""Write control characters as Python does, such as ``\x1b``.

    Args:
        text: What is to be printed.
        kept: Those that stay; by default the line ends of messages of several lines.
    """
    if text.isprintable():
        return text
    return "".join(repr(letter)[1:-1] if is_obeyed(letter) and letter not in kept else letter for letter in text)


def is_obeyed(letter: str) -> bool:
    """Whether a terminal does something else with a character than show it."""
    return unicodedata.category(letter) in OBEYED and letter not in JOINERS


def print_line(text: str) -> None:
    """Print a line or several."""
    print(escape_controls(text))


def print_as_json(value: Any) -> None:
    """Print JSON; its own escapes leave out what lies beyond ASCII, such as the one-byte escape sequences."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if not text.isascii() or "\x7f" in text:
        text = "".join(
            json.dumps(letter)[1:-1].replace("\x7f", r"\u007f") if is_obeyed(letter) and letter != "\n" else letter
            for letter in text
        )
    print(text)
