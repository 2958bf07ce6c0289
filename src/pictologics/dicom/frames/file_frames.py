"""Lists the frames of a file: which kind of object it is, and so which of the other files makes them."""

from __future__ import annotations

from ...errors import CorruptFileError, UnsupportedFormatError
from ...storage.inflation import MOST_DEFLATION
from ..headers import tags
from ..headers.header import Header
from .dose import make_dose_frames
from .enhanced import make_enhanced_frames
from .frame import Frame, check_frame_count
from .nuclear import make_nuclear_frames
from .plain import make_plain_frames
from .siemens_mosaic import is_mosaic, make_mosaic_frames
from .sop_classes import holds_image, missing_pixels_error
from .uih_grid import is_uih_grid, make_uih_grid_frames

__all__ = ["list_frames", "refuse_absurd_count"]


def list_frames(header: Header) -> list[Frame]:
    """The planes of one file.

    Raises:
        UnsupportedFormatError: If the file holds no image.
        CorruptFileError: If an attribute has a value that it cannot have.
    """
    refuse_other_content(header)
    if not header.short(tags.ROWS) or not header.short(tags.COLUMNS):
        raise CorruptFileError(
            f"its image has {header.short(tags.ROWS)} rows and {header.short(tags.COLUMNS)} columns",
            path=header.path,
            advice="export the file again",
        )
    refuse_tiles(header)
    count = header.integer(tags.NUMBER_OF_FRAMES)
    if count is not None and count < 1:
        raise header.malformed_error(tags.NUMBER_OF_FRAMES)
    if count is not None and count > 1:
        refuse_absurd_count(header, count)
    # The most specific kind first: an enhanced object may also say MOSAIC or have a grid vector.
    if {tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE} & header.located.keys():
        return make_enhanced_frames(header)
    if is_mosaic(header):
        return make_mosaic_frames(header)
    if is_uih_grid(header):
        return make_uih_grid_frames(header)
    if tags.GRID_FRAME_OFFSET_VECTOR in header and (count or 1) > 1:
        return make_dose_frames(header)
    if header.text(tags.MODALITY) in {"NM", "PT"} and (count or 1) > 1:
        return make_nuclear_frames(header)
    return make_plain_frames(header)


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
        raise missing_pixels_error(header)


def refuse_tiles(header: Header) -> None:
    """Raise for frames that are tiles of one large picture, as of a whole slide (DICOM PS3.3 C.8.12.4, C.7.6.17.3).

    A picture of one tile, such as the label of a slide, is an image like any other.
    """
    total = header.integer(tags.TOTAL_PIXEL_MATRIX_COLUMNS), header.integer(tags.TOTAL_PIXEL_MATRIX_ROWS)
    if tags.TOTAL_PIXEL_MATRIX_COLUMNS in header and total != (header.short(tags.COLUMNS), header.short(tags.ROWS)):
        raise UnsupportedFormatError(
            f"this is a slide of {total[0]}x{total[1]} pixels, whose frames are tiles of one large picture, and planes "
            "in a patient are required",
            path=header.path,
            advice="read it with a library for slides, such as highdicom",
        )


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
    check_frame_count(header, count)
