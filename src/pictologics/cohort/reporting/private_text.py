"""Messages without the paths of the source: folders of hospital exports are often named after patients."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

__all__ = ["PathRemover"]

HIDDEN = "…"
"""What stands in place of a path."""

FOREIGN_PATH = re.compile(rf"'(?:/|[A-Za-z]:[\\/]|\\\\|~|[a-z0-9+.-]+://|{HIDDEN})(?:[^']|'(?![\s:;,.)]|$))*'")
"""A whole path in quotes, as messages have it; a quote followed by a letter is part of a name such as O'Brien. What was
taken out may have been its beginning only: the archive, or the folder, that the file lies in."""


class PathRemover:
    """Takes paths out of messages: those in the output folder become relative to it, all others go.

    Args:
        out: The output folder, its absolute path or URL.
        inputs: The files of the source, as the manifest has them.
    """

    def __init__(self, out: str, inputs: Iterable[str]) -> None:
        paths = {str(place) for path in inputs for place in (Path(path), Path(path).parent)}
        # The longest first, so that a folder is not taken out of the path of its file. A bare name may be a word of the
        # message, unless it stands in quotes.
        self.inputs = sorted((path if is_nested(path) else f"'{path}'" for path in paths), key=len, reverse=True)
        self.out = [out.rstrip("/\\") + separator for separator in {"/", os.sep}]

    def __call__(self, text: str) -> str:
        """Take the paths out of a text."""
        for path in self.inputs:
            text = text.replace(path, f"'{HIDDEN}'" if path.startswith("'") else HIDDEN)
        for out in self.out:
            text = text.replace(out, "")
        return FOREIGN_PATH.sub(f"'{HIDDEN}'", text)


def is_nested(path: str) -> bool:
    """Whether a path names something in a folder."""
    return len(path) > 1 and ("/" in path or os.sep in path)
