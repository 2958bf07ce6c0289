"""Frames that imagecodecs does not decode, with whatever decoders pydicom finds installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ....array_types import AnyArray
from ....errors import UnsupportedFormatError
from ...headers.pydicom_edge import list_pydicom_errors
from ...headers.syntax_names import name_syntax
from .frame_format import FrameFormat
from .syntaxes import DECODABLE

if TYPE_CHECKING:
    from pydicom.pixels.decoders.base import Decoder

__all__ = ["decode_with_pydicom", "find_pydicom_decoder"]


def decode_with_pydicom(encoded: bytes, frame: FrameFormat) -> AnyArray:
    """Decode a frame with pydicom.

    Raises:
        UnsupportedFormatError: If no installed decoder knows the transfer syntax.
        CorruptFileError: If the decoders that know it cannot decode the frame.
    """
    from pydicom.encaps import encapsulate

    decoder = find_pydicom_decoder(frame.transfer_syntax, frame.path)
    options: dict[str, Any] = {
        "number_of_frames": 1,
        "rows": frame.rows,
        "columns": frame.columns,
        "samples_per_pixel": frame.samples,
        "photometric_interpretation": frame.photometric,
        "planar_configuration": int(frame.planar),
        "pixel_representation": int(frame.signed),
        "pixel_keyword": "PixelData",
        "bits_allocated": frame.bits_allocated,
        "bits_stored": frame.bits_stored,
    }
    try:
        pixels, _ = decoder.as_array(encapsulate([encoded], has_bot=False), index=0, raw=True, **options)
    except list_pydicom_errors() as error:
        raise frame.corrupt_error(f"cannot be decoded ({' '.join(str(error).split())[:300]})") from error
    return frame.make_stored_numbers(np.asarray(pixels), frame.bits_allocated, frame.bits_stored, signed=frame.signed)


def find_pydicom_decoder(transfer_syntax: str, path: str) -> Decoder:
    """The decoders that pydicom has for a transfer syntax.

    Raises:
        UnsupportedFormatError: If none that is installed knows it.
    """
    from pydicom.pixels.decoders.base import get_decoder

    try:
        decoder = get_decoder(transfer_syntax)
    except NotImplementedError:
        raise unsupported_syntax_error(transfer_syntax, path, ()) from None
    if not decoder.is_available:
        raise unsupported_syntax_error(transfer_syntax, path, decoder.missing_dependencies)
    return decoder


def unsupported_syntax_error(transfer_syntax: str, path: str, missing: Sequence[str]) -> UnsupportedFormatError:
    """Make the error for a transfer syntax that nothing installed decodes.

    Args:
        transfer_syntax: Its UID.
        path: The file.
        missing: Decoders of pydicom that are not installed, and what each requires.
    """
    advice = "convert the file to an uncompressed transfer syntax"
    if transfer_syntax in DECODABLE:
        advice = f"install imagecodecs{', or for pydicom ' if missing else ''}{'; or '.join(missing)}"
    return UnsupportedFormatError(
        f"its pixels are compressed ({name_syntax(transfer_syntax)}), and no installed decoder reads them",
        path=path,
        advice=advice,
        transfer_syntax=transfer_syntax,
    )
