"""Holds a Header: what the head of one DICOM file says, and where the long values and the pixels are."""

from __future__ import annotations

from typing import Final

from ...errors import CorruptFileError
from ...storage.files import ByteSource, OpenFile, StoredFile
from ...storage.inflation import DeflatedBytes
from . import tags
from .attributes import Attributes

__all__ = [
    "DEFLATED_LITTLE",
    "EXPLICIT_BIG",
    "EXPLICIT_LITTLE",
    "GE_BIG_PIXELS",
    "IMPLICIT_LITTLE",
    "UNKNOWN_PLACE",
    "Header",
    "ParsedFile",
]

IMPLICIT_LITTLE: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE: Final = "1.2.840.10008.1.2.1"
DEFLATED_LITTLE: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG: Final = "1.2.840.10008.1.2.2"
GE_BIG_PIXELS: Final = "1.2.840.113619.5.2"
"""A private transfer syntax of GE: implicit VR little endian, but for pixels of 16 bits, whose bytes are swapped."""

NATIVE_SYNTAXES: Final = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, DEFLATED_LITTLE, EXPLICIT_BIG, GE_BIG_PIXELS})
"""Transfer syntaxes whose pixels are not compressed (PS3.5 chapter 10)."""

UNKNOWN_PLACE: Final = (0, 0)
"""In place of offset and length: the attribute is there, and only pydicom knows where."""

LONGEST_LOCATED_VALUE: Final = 1 << 30
"""Bytes; a file of 20,000 frames with long functional groups has a few tens of megabytes of them."""


class Header(Attributes):
    """What the head of one DICOM file says.

    Attributes:
        file: The file.
        file_size: Bytes of the file.
        transfer_syntax: Transfer syntax UID; a guess from the bytes if the file has none.
        explicit: Whether the data set's elements name their value representation.
        dataset_offset: Offset of the data set in the file, where deflated bytes begin.
        located: Offset and length of each attribute of ``pictologics.dicom.headers.tag_kinds.LOCATED`` that was found;
            offsets count as those of the pixels do. ``UNKNOWN_PLACE`` if pydicom read the header.
        keeps_pet: Whether it keeps the attributes of ``tag_kinds.OF_PET`` that the file has.
        pixel_tag: The attribute that holds the pixels, 0 if there is none.
        pixel_offset: Offset of the pixel values; in a deflated file, within the inflated data set.
        pixel_length: Length of the pixel values in bytes as the header says, None for encapsulated ones.
        pixel_vr: Value representation of the pixels, empty in implicit VR.
    """

    __slots__ = (
        "dataset_offset",
        "explicit",
        "file",
        "file_size",
        "keeps_pet",
        "located",
        "pixel_length",
        "pixel_offset",
        "pixel_tag",
        "pixel_vr",
        "transfer_syntax",
    )

    values: dict[int, bytes]

    def __init__(self, file: StoredFile, file_size: int) -> None:
        super().__init__(file.name, {})
        self.file = file
        self.file_size = file_size
        self.transfer_syntax = ""
        self.explicit = True
        self.dataset_offset = 0
        self.located: dict[int, tuple[int, int]] = {}
        self.keeps_pet = False
        self.pixel_tag = 0
        self.pixel_offset = 0
        self.pixel_length: int | None = None
        self.pixel_vr = ""

    @property
    def is_deflated(self) -> bool:
        """Whether the data set is deflated as a whole."""
        return self.transfer_syntax == DEFLATED_LITTLE

    @property
    def is_encapsulated(self) -> bool:
        """Whether the pixels are stored as items, one or more for each frame.

        Such pixels have no length, and any others have one, whatever the transfer syntax says (DICOM PS3.5 A.4):
        programs decompress pixels and leave it as it was.
        """
        return self.transfer_syntax not in NATIVE_SYNTAXES and self.pixel_length is None

    def read_located(self, *wanted: int) -> list[bytes]:
        """Read some attributes of ``tag_kinds.LOCATED``; the file is opened once for all of them, or not at all.

        Returns:
            The value of each; empty if the file does not have it.

        Raises:
            CorruptFileError: If the file ends within one.
        """
        found = [self.values.get(tag) for tag in wanted]
        places = [self.located.get(tag, UNKNOWN_PLACE) for tag in wanted]
        if all(value is not None or not place[1] for value, place in zip(found, places, strict=True)):
            return [value or b"" for value in found]
        with self.file.open() as file:
            source: ByteSource = file
            if self.is_deflated:
                source = DeflatedBytes(self.path, file.read_at(self.dataset_offset, self.file_size))
            return [
                value if value is not None else self.read_place(tag, source, *place)
                for tag, value, place in zip(wanted, found, places, strict=True)
            ]

    def read_place(self, tag: int, source: ByteSource, offset: int, length: int) -> bytes:
        """Read one value from its place; empty where that is none, or absurd."""
        if not 0 < length <= LONGEST_LOCATED_VALUE:
            return b""
        content = source.read_at(offset, length)
        if len(content) < length:
            raise CorruptFileError(
                f"the file ends in the middle of its {tags.KEYWORDS[tag]}",
                path=self.path,
                advice="fetch the file again",
            )
        return content


class ParsedFile:
    """A file whose header is known: it goes wherever a file goes, and ``read_header`` does not parse it again.

    Attributes:
        name: What messages call it.
        header: Its header.
    """

    __slots__ = ("header", "name")

    def __init__(self, header: Header) -> None:
        self.name = header.file.name
        self.header = header

    def open(self) -> OpenFile:
        """Open the file itself for reading."""
        return self.header.file.open()
