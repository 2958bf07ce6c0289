"""The Header: what the head of one DICOM file says."""

from __future__ import annotations

from typing import Final

from ...storage.files import OpenFile, StoredFile
from .attributes import Attributes

__all__ = ["DEFLATED_LITTLE", "EXPLICIT_BIG", "EXPLICIT_LITTLE", "IMPLICIT_LITTLE", "Header", "ParsedFile"]

IMPLICIT_LITTLE: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE: Final = "1.2.840.10008.1.2.1"
DEFLATED_LITTLE: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG: Final = "1.2.840.10008.1.2.2"
NATIVE_SYNTAXES: Final = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, DEFLATED_LITTLE, EXPLICIT_BIG})


class Header(Attributes):
    """What the head of one DICOM file says.

    Attributes:
        file: The file.
        file_size: Bytes of the file.
        transfer_syntax: Transfer syntax UID; a guess from the bytes if the file has none.
        explicit: Whether the data set's elements name their value representation.
        dataset_offset: Offset of the data set in the file, where deflated bytes begin.
        located: Offset and length of each attribute of ``pictologics.dicom.headers.tags.LOCATED`` that was found;
            offsets count as those of the pixels do.
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
        "found",
        "located",
        "pixel_length",
        "pixel_offset",
        "pixel_tag",
        "pixel_vr",
        "transfer_syntax",
    )

    def __init__(self, file: StoredFile, file_size: int) -> None:
        #: The same dictionary as ``values``, to be filled by the parser.
        self.found: dict[int, bytes] = {}
        super().__init__(file.name, self.found)
        self.file = file
        self.file_size = file_size
        self.transfer_syntax = ""
        self.explicit = True
        self.dataset_offset = 0
        self.located: dict[int, tuple[int, int]] = {}
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
        """Whether the pixels are compressed frame by frame."""
        return self.transfer_syntax not in NATIVE_SYNTAXES


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
