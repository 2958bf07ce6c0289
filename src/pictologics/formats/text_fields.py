"""The fields of a text header, as NRRD and MetaImage have them: read as what they must be, or refused with reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ..errors import CorruptFileError

__all__ = [
    "ITK_MODALITY",
    "TextFields",
    "decode_header",
    "is_modality",
    "parse_number",
    "parse_numbers",
    "parse_whole_number",
]

ITK_MODALITY: Final = "0008|0060"
"""The field or key under which ITK keeps the modality of the DICOM files that an image was made of."""


@dataclass(frozen=True)
class TextFields(Mapping[str, str]):
    """The fields of a header by name.

    Attributes:
        format_name: Name of the format, for messages.
        path: The file, for messages.
        by_name: Value of each field.
    """

    format_name: str
    path: str
    by_name: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    def header_error(self, name: str, required: str) -> CorruptFileError:
        """The error for a field that is missing or impossible.

        Args:
            name: The field.
            required: What it must be.
        """
        value = self.get(name)
        # What a field holds in place of what it should may be anything, a patient's name too: it is not quoted.
        found = "is missing" if value is None else f"has {len(value)} characters that are something else"
        return CorruptFileError(
            f"its {self.format_name} field '{name}' {found}, and {required} is required",
            path=self.path,
            field=name,
            length=None if value is None else len(value),
        )

    def read_whole_number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number from ``least`` to ``most``; the default, which need not be one of them, if it is missing.

        Raises:
            CorruptFileError: If the field is anything else.
        """
        try:
            number = parse_whole_number(self[name]) if name in self else default
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise self.header_error(name, f"a whole number from {least} to {most}")
        return number

    def read_numbers(self, name: str, count: int, required: str) -> tuple[float, ...]:
        """So many numbers, which may be NaN or infinite.

        Raises:
            CorruptFileError: If the field holds fewer or more, or anything else, or is missing.
        """
        numbers = parse_numbers(self.get(name, ""))
        if numbers is None or len(numbers) != count:
            raise self.header_error(name, required)
        return numbers


def parse_numbers(text: str) -> tuple[float, ...] | None:
    """The numbers of a text, None if it holds anything else."""
    try:
        return tuple(parse_number(word) for word in text.split())
    except ValueError:
        return None


def parse_number(word: str) -> float:
    """A decimal number.

    Raises:
        ValueError: If it is none, as ``1_0``, which Python alone takes for one, and digits of other scripts.
    """
    if "_" in word or not word.isascii():
        raise ValueError(word)
    return float(word)


def parse_whole_number(word: str) -> int:
    """A whole number.

    Raises:
        ValueError: As for ``parse_number``.
    """
    if "_" in word or not word.isascii():
        raise ValueError(word)
    return int(word)


def is_modality(text: str) -> bool:
    """Whether other software's word for a modality can be that of DICOM: a code of up to 16 characters (PS3.5 6.2)."""
    return len(text) in range(2, 17) and text.isalnum()


def decode_header(text: bytes) -> str:
    """The bytes as UTF-8, or as Latin-1, which takes any byte, where they are not."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")
