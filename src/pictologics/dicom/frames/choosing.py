"""Which kind of object a file is."""

from __future__ import annotations

from ...errors import CorruptFileError, UnsupportedFormatError
from ...storage.inflation import MOST_DEFLATION
from ..headers import tags
from ..headers.header import Header
from .dose import dose_frames
from .enhanced import enhanced_frames
from .frame import Frame, holds_image, no_pixels
from .mosaic import is_mosaic, mosaic_frames
from .nuclear import nuclear_frames
from .plain import plain_frames
from .uih_grid import is_uih_grid, uih_grid_frames

__all__ = ["frames_of"]


def frames_of(header: Header) -> list[Frame]:
    """The planes of one file.

    Raises:
        UnsupportedFormatError: If the file holds no image.
        CorruptFileError: If an attribute cannot be what it says.
    """
    refuse_other_content(header)
    if not header.short(tags.ROWS) or not header.short(tags.COLUMNS):
        raise CorruptFileError(
            f"its image has {header.short(tags.ROWS)} rows and {header.short(tags.COLUMNS)} columns",
            path=header.path,
            advice="export the file again",
        )
    count = header.integer(tags.NUMBER_OF_FRAMES)
    if count is not None and count < 1:
        raise header.malformed(tags.NUMBER_OF_FRAMES)
    if count is not None and count > 1:
        refuse_absurd_count(header, count)
    if {tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE} & header.located.keys():
        return enhanced_frames(header)
    if is_mosaic(header):
        return mosaic_frames(header)
    if is_uih_grid(header):
        return uih_grid_frames(header)
    if tags.GRID_FRAME_OFFSET_VECTOR in header and (count or 1) > 1:
        return dose_frames(header)
    if header.text(tags.MODALITY) in {"NM", "PT"} and (count or 1) > 1:
        return nuclear_frames(header)
    return plain_frames(header)


def refuse_other_content(header: Header) -> None:
    """Raise for files that hold no image."""
    if not holds_image(header):
        kind = header.text(tags.MODALITY) or "unknown modality"
        raise UnsupportedFormatError(
            f"this DICOM file ({kind}, SOP class {header.text(tags.SOP_CLASS_UID) or 'missing'}) holds no image "
            "that can be loaded",
            path=header.path,
            advice="pass an image file or the folder of a series",
        )
    if not header.pixel_tag:
        raise no_pixels(header)


def refuse_absurd_count(header: Header, count: int) -> None:
    """Raise if the file cannot hold as many frames as it says, before any of them is made.

    An encapsulated frame takes at least the 8 bytes of an item's head; any other takes a bit for each pixel.
    """
    pixels = (header.short(tags.ROWS) or 0) * (header.short(tags.COLUMNS) or 0)
    room = header.file_size * (MOST_DEFLATION if header.is_deflated else 1)
    if count * (8 if header.is_encapsulated else pixels / 8) > room:
        raise CorruptFileError(
            f"it says that it holds {count} frames, and its {header.file_size} bytes are too few for them",
            path=header.path,
            advice="export the file again",
            frames=count,
        )
