"""What is checked of a call before anything is written: texts for attributes, and the folder that files go to."""

from __future__ import annotations

from pathlib import Path

from ..errors import OptionError
from ..storage.files import PathLike
from ..storage.paths import check_is_path, expand_home
from ..storage.urls import find_url, hide_secrets, local_path_of

__all__ = ["check_text", "find_folder"]


def check_text(what: str, text: object, longest: int) -> str:
    """Check that a text fits into its attribute.

    Raises:
        OptionError: If it is none, too long, or holds a backslash, which separates values.
    """
    if not isinstance(text, str) or len(text) > longest or "\\" in text or not text.isprintable():
        raise OptionError(
            f"{what} is {text!r} and must be a text of at most {longest} characters on one line, without backslashes",
            advice="shorten it" if isinstance(text, str) and len(text) > longest else "change it",
        )
    return text


def find_folder(folder: PathLike) -> Path:
    """The folder to write to, on this machine.

    Raises:
        OptionError: If it is no path, or behind a URL.
    """
    url = find_url(folder)
    local = None if url is None else local_path_of(url)
    if url is not None and local is None:
        raise OptionError(
            "a series is a folder of files, which is not sent to a URL",
            path=hide_secrets(url),
            advice="save it to a folder of this machine, and copy that",
        )
    if local is None:
        check_is_path(folder)
    return expand_home(folder) if local is None else local
