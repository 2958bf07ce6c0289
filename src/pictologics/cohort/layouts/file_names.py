"""Names of files, from templates and from texts that were not made to be names."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from ...errors import OptionError
from ..cases.case import RESERVED_NAME, Case, SeriesChoice

__all__ = ["TEMPLATE_FIELDS", "clean_name", "fill_template", "fold_path", "list_fields", "list_values"]

TEMPLATE_FIELDS = (
    "case_id",
    "patient_key",
    "study_key",
    "series_key",
    "modality",
    "name",
    "phase",
    "segment",
    "suffix",
)
"""What a template may name, each in braces."""

UNSAFE = re.compile(r"[^\w.-]+")
"""What some file system or shell gives a meaning of its own: spaces, slashes, colons, quotes, stars, ..."""

LONGEST_NAME_PART = 120
"""Characters."""

MOST_NAME_BYTES = 200
"""In UTF-8, in which a letter may have four: with a name and a suffix they fit into the 255 that file systems allow."""


def clean_name(text: str) -> str:
    """A text as a part of a file's name: letters, digits, ``_``, ``-`` and dots, never hidden, empty or reserved."""
    whole = UNSAFE.sub("_", text).strip("._")[:LONGEST_NAME_PART]
    name = whole.encode()[:MOST_NAME_BYTES].decode("utf-8", "ignore").rstrip(".") or "none"
    return f"_{name}" if RESERVED_NAME.match(name) else name


def fold_path(path: str) -> str:
    """A path as the least careful file systems compare it: without case, and letters with accents in one spelling."""
    return unicodedata.normalize("NFC", path).casefold()


def list_fields(template: str) -> set[str]:
    """The names in braces of a template.

    Raises:
        OptionError: If it is no template, or holds a name that is not known.
    """
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError as error:
        raise template_error(template, f"a brace is missing ({error})") from error
    fields = {field for _, field, _, _ in parsed if field is not None}
    unknown = sorted(fields.difference(TEMPLATE_FIELDS))
    if unknown:
        raise template_error(template, f"{{{unknown[0]}}} is no name that is known")
    if any(conversion for _, _, _, conversion in parsed):
        raise template_error(template, "it has a '!', which means nothing here")
    return fields


def list_values(case: Case, choice: SeriesChoice, suffix: str) -> dict[str, str | int]:
    """What the names in a template stand for."""
    return {
        "case_id": case.case_id,
        "patient_key": choice.patient_key,
        "study_key": choice.study_key,
        "series_key": choice.series_key,
        "modality": choice.modality,
        "name": choice.name,
        "phase": choice.phase,
        "suffix": suffix,
    }


def fill_template(template: str, values: Mapping[str, Any]) -> str:
    """The path of a file below the output folder, with forward slashes.

    Args:
        template: The template. A value's text becomes a part of a name, so that no value makes a folder.
        values: What its names stand for.

    Raises:
        OptionError: If it is no template, or leads out of the folder.
    """
    list_fields(template)
    clean = {
        key: clean_name(text) if isinstance(text, str) and key != "suffix" else text for key, text in values.items()
    }
    try:
        path = template.format_map(clean)
    except (ValueError, TypeError) as error:
        raise template_error(template, f"a value does not fit into it ({error})") from error
    parts = path.split("/")
    is_rooted = PureWindowsPath(path).anchor or PurePosixPath(path).is_absolute()
    if is_rooted or "\\" in path or any(part.strip(" .") == "" for part in parts):
        raise template_error(template, "it does not lead to a file below the output folder")
    return path


def template_error(template: str, found: str) -> OptionError:
    """What to say of a template that is none."""
    known = ", ".join(f"{{{field}}}" for field in TEMPLATE_FIELDS)
    return OptionError(f"the template {template!r} cannot be used: {found}", advice=f"names are {known}")
