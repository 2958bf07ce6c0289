"""How much larger than its file a volume may be: one rule against files that say that they hold more than they do."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Final

from ..checks import check_number
from ..errors import CorruptFileError
from .inflation import MOST_DEFLATION

__all__ = ["check_expansion", "find_most_expanded", "get_max_expansion", "set_max_expansion"]

EXPANSION_VARIABLE = "PICTOLOGICS_MAX_EXPANSION"
"""The factor where ``set_max_expansion`` gives none."""

DEFAULT_EXPANSION: Final = float(MOST_DEFLATION)
"""By no more than this factor deflate shrinks anything, and an empty mask shrinks by nearly as much.

RLE shrinks by 64 at most, and images by ten or twenty whatever the codec. bzip2, JPEG-LS, JPEG 2000 and JPEG XL have no
such bound, and their frames without content are small enough to be harmless.
"""

HARMLESS_EXPANSION: Final = 1 << 28
"""Bytes that any file may expand to: an empty mask of 512x512x1024 voxels, by the best of codecs."""


@dataclass
class ExpansionSetting:
    """What ``set_max_expansion`` was last given; one for the process."""

    factor: float | None = None


expansion_setting = ExpansionSetting()
"""The setting that counts."""


def set_max_expansion(factor: float | None) -> None:
    """Bound how much larger than its files what is loaded may be.

    A file of a kilobyte can say that it holds terabytes, and with some compressions it even does. What is larger than
    the files that hold it by more than this factor is refused before memory is taken for it. It counts what is stored,
    before it is converted to the type of the voxels; 256 MB are always allowed.

    Args:
        factor: At least 1; ``math.inf`` for no bound. None goes back to the environment variable
            ``PICTOLOGICS_MAX_EXPANSION``, or to 1032, by which gzip can shrink a file at most.

    Raises:
        OptionError: If the factor is not such a number; the last setting stays.

    Examples:
        >>> import pictologics
        >>> pictologics.set_max_expansion(20_000)
        >>> pictologics.set_max_expansion(None)
    """
    expansion_setting.factor = None if factor is None else check_factor("factor", factor)


def get_max_expansion(default: float = DEFAULT_EXPANSION) -> float:
    """The factor by which what is loaded may be larger than its files.

    Args:
        default: What counts where neither a call nor the environment variable says otherwise.

    Examples:
        >>> import pictologics
        >>> pictologics.get_max_expansion()
        1032.0
    """
    if expansion_setting.factor is not None:
        return expansion_setting.factor
    text = os.environ.get(EXPANSION_VARIABLE, "").strip()
    try:
        return check_factor(EXPANSION_VARIABLE, float(text)) if text else default
    except ValueError:
        return check_factor(EXPANSION_VARIABLE, math.nan)


def check_factor(name: str, factor: float) -> float:
    """Check a factor, which may be infinite."""
    return check_number(name, factor, least=1, finite=False)


def find_most_expanded(size: int, default: float = DEFAULT_EXPANSION) -> float:
    """How many bytes may come out of so many bytes of files; ``default`` is as in ``get_max_expansion``."""
    return max(HARMLESS_EXPANSION, size * get_max_expansion(default))


def check_expansion(path: str, size: int, needed: int, content: str) -> None:
    """Refuse content that is larger than its files by more than the factor, before memory is taken for it.

    Args:
        path: The file, for messages.
        size: Bytes of the files that hold it.
        needed: Bytes that it would take.
        content: What it is, for the message.

    Raises:
        CorruptFileError: If it is larger.
    """
    if needed > find_most_expanded(size):
        raise CorruptFileError(
            f"its {size} bytes should hold {content}, {needed / max(size, 1):.0f} times as many bytes, and "
            f"{get_max_expansion():g} times are allowed",
            path=path,
            advice="if you trust the file, call set_max_expansion with a larger factor",
            needed=needed,
            size=size,
        )
