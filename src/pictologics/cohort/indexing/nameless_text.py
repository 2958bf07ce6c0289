"""Sentences without what tells whose files they are about: the names of the files, and UIDs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["remove_names"]

UID: Final = re.compile(r"(?<!\d)[0-2](?:\.\d+){4,}")

OF_THE_STANDARD: Final = "1.2.840.10008."
"""How the standard's own UIDs begin, which name transfer syntaxes and the like."""


def remove_names(text: str, paths: Iterable[str], *, keeps_uids: bool = False) -> str:
    """A sentence of an error or a decision as it may stand in a table that others see.

    Args:
        text: The sentence.
        paths: The files that it may name.
        keeps_uids: Whether UIDs stand in the tables anyway.
    """
    if "'" in text:
        for path in paths:
            text = text.replace(f"'{path}'", "a file")
    return text if keeps_uids else UID.sub(hide_uid, text)


def hide_uid(found: re.Match[str]) -> str:
    """What stands for a UID that was found."""
    return found[0] if found[0].startswith(OF_THE_STANDARD) else "(a UID)"
