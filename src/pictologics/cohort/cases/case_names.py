"""Names of cases and of their masks: short, unique, and safe as names of files."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ...dicom.studies.pseudonyms import PSEUDONYM

__all__ = ["name_cases", "number_alike"]

UNSAFE_IN_NAMES = re.compile(r"[^\w.-]+", re.ASCII)

SHORT = 8
"""Characters of a key in a name: of a pseudonym, six letters of base 32, which are a thousand million."""

LONGEST_PART = 60
"""Characters that a key may have in a name."""


def name_cases(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name a case after its first image: patient, study and series.

    Args:
        rows: The rows of the series.

    Returns:
        A name for each, no two of them equal, also where upper and lower case count as one.
    """
    short = [
        join_parts(clean_key(row["patient_key"]), shorten_key(row["study_key"]), shorten_key(row["series_key"]))
        for row in rows
    ]
    count = Counter(name.casefold() for name in short)
    return [
        f"{name}-{hash_key(row['series_key'])}" if count[name.casefold()] > 1 else name
        for name, row in zip(short, rows, strict=True)
    ]


def number_alike(names: Sequence[str]) -> list[str]:
    """The same names, with a number behind those that are there several times."""
    count, seen, apart = Counter(names), Counter[str](), []
    for name in names:
        seen[name] += 1
        apart.append(f"{name}{seen[name]}" if count[name] > 1 else name)
    return apart


def join_parts(*parts: str) -> str:
    """Parts of a name that are not empty."""
    return "_".join(filter(None, parts)) or "case"


def shorten_key(key: str | None) -> str:
    """A few characters of a key: the first of a pseudonym, and of an identifier a hash, as UIDs all begin alike."""
    if not key:
        return ""
    return key[:SHORT] if PSEUDONYM.fullmatch(key) else hash_key(key)


def clean_key(key: str | None) -> str:
    """A key as a part of a name."""
    clean = UNSAFE_IN_NAMES.sub("-", key or "").strip(".-_")[:LONGEST_PART]
    return clean if clean or not key else hash_key(key)


def hash_key(key: str | None) -> str:
    """Eight characters that are the same for the same key."""
    return hashlib.sha256((key or "").encode("utf-8", "surrogateescape")).hexdigest()[:SHORT]
