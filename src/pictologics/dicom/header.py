"""The Header: what the head of one DICOM file says, with its values read when they are asked for."""

from __future__ import annotations

from functools import lru_cache
from math import isfinite
from typing import Final

from ..errors import CorruptFileError
from . import tags

__all__ = ["DEFLATED_LITTLE", "EXPLICIT_BIG", "EXPLICIT_LITTLE", "IMPLICIT_LITTLE", "Header"]

IMPLICIT_LITTLE: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE: Final = "1.2.840.10008.1.2.1"
DEFLATED_LITTLE: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG: Final = "1.2.840.10008.1.2.2"
NATIVE_SYNTAXES: Final = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, DEFLATED_LITTLE, EXPLICIT_BIG})


@lru_cache(maxsize=4096)
def parse_numbers(raw: bytes) -> tuple[float, ...] | None:
    """The numbers of a decimal string; None if it is empty. Most repeat from slice to slice."""
    raw = raw.rstrip(b" \0")
    if not raw:
        return None
    numbers = tuple(map(float, raw.split(b"\\")))
    if not all(map(isfinite, numbers)):
        raise ValueError(raw)
    return numbers


class Header:
    """What the head of one DICOM file says.

    Attributes:
        path: The file.
        transfer_syntax: Transfer syntax UID; a guess from the bytes if the file has none.
        little_endian: Byte order of the data set.
        values: Raw value of each attribute of :data:`~pictologics.dicom.tags.WANTED` that was found.
        pixel_tag: The attribute that holds the pixels, 0 if there is none.
        pixel_offset: Offset of the pixel values; in a deflated file, within the inflated data set.
        pixel_length: Length of the pixel values in bytes as the header says, None for encapsulated ones.
        pixel_vr: Value representation of the pixels, empty in implicit VR.
        dataset_offset: Offset of the data set in the file, where deflated bytes begin.
        file_size: Bytes of the file.
    """

    __slots__ = (
        "dataset_offset",
        "file_size",
        "little_endian",
        "path",
        "pixel_length",
        "pixel_offset",
        "pixel_tag",
        "pixel_vr",
        "transfer_syntax",
        "values",
    )

    def __init__(self, path: str) -> None:
        self.path = path
        self.transfer_syntax = ""
        self.little_endian = True
        self.values: dict[int, bytes] = {}
        self.pixel_tag = 0
        self.pixel_offset = 0
        self.pixel_length: int | None = None
        self.pixel_vr = ""
        self.dataset_offset = 0
        self.file_size = 0

    def text(self, tag: int) -> str:
        """An attribute as text, without padding; empty if it is missing or empty."""
        raw = self.values.get(tag, b"").rstrip(b" \0")
        if raw.isascii():
            return raw.decode("ascii").strip()
        return self.decoded(raw).strip()

    def decoded(self, raw: bytes) -> str:
        """Text in the file's own character set (DICOM PS3.5 6.1)."""
        from pydicom.charset import convert_encodings, decode_bytes
        from pydicom.valuerep import TEXT_VR_DELIMS

        declared = self.text(tags.SPECIFIC_CHARACTER_SET).split("\\")
        try:
            return decode_bytes(raw, convert_encodings(declared), set(TEXT_VR_DELIMS))
        except (LookupError, UnicodeError):
            return raw.decode("latin-1")

    def numbers(self, tag: int) -> tuple[float, ...] | None:
        """A decimal string attribute; None if it is missing or empty."""
        raw = self.values.get(tag)
        if raw is None:
            return None
        try:
            return parse_numbers(raw)
        except ValueError:
            raise self.malformed(tag, raw) from None

    def number(self, tag: int) -> float | None:
        """The first value of a decimal string attribute; None if it is missing or empty."""
        numbers = self.numbers(tag)
        return None if numbers is None else numbers[0]

    def integer(self, tag: int) -> int | None:
        """An integer string attribute; None if it is missing or empty."""
        number = self.number(tag)
        # Some writers put a decimal point into integer strings.
        if number is None:
            return None
        return int(number)

    def short(self, tag: int) -> int | None:
        """An unsigned 16-bit attribute; None if it is missing or empty."""
        raw = self.values.get(tag)
        if not raw:
            return None
        if len(raw) < 2:
            raise self.malformed(tag, raw)
        return int.from_bytes(raw[:2], "little" if self.little_endian else "big")

    def malformed(self, tag: int, raw: bytes) -> CorruptFileError:
        """The error for a value that is not what its attribute must hold."""
        return CorruptFileError(
            f"its {tags.NAMES[tag]} is {raw[:40]!r}, which is not what that attribute holds",
            path=self.path,
            advice="export the file again or correct the attribute",
            attribute=tags.NAMES[tag],
        )

    @property
    def is_deflated(self) -> bool:
        """Whether the data set is deflated as a whole."""
        return self.transfer_syntax == DEFLATED_LITTLE

    @property
    def is_encapsulated(self) -> bool:
        """Whether the pixels are compressed frame by frame."""
        return self.transfer_syntax not in NATIVE_SYNTAXES
