"""Compressed frames of known values, by encoders of others, and the encapsulation that holds them in a file."""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from collections.abc import Callable, Sequence

import imagecodecs
import jpeg_ls
import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

__all__ = [
    "LOSSLESS",
    "LOSSY",
    "compress",
    "encapsulated",
    "fragment",
    "frame_header",
    "options_of",
    "picture",
    "samples_of",
    "stored_words",
]

PREFIX = "1.2.840.10008.1.2."

#: Called with a frame's words as they are stored and their Bits Stored.
Encoder = Callable[[np.ndarray, int], bytes]


def samples_of(words: np.ndarray) -> int:
    return 1 if words.ndim == 2 else words.shape[2]


def unsigned(words: np.ndarray) -> np.ndarray:
    return words.view(f"u{words.itemsize}")


def masked(words: np.ndarray, bits: int) -> np.ndarray:
    """The lowest bits of each word, unsigned: all that a codec of fewer bits can take."""
    return unsigned(words) & unsigned(words).dtype.type((1 << bits) - 1)


def stored_words(values: np.ndarray, allocated: int, stored: int, above: int = 0) -> np.ndarray:
    """Values as words of the allocated size, of which the stored bits hold the value and ``above`` fills the rest."""
    mask = (1 << stored) - 1
    words = (values.astype(np.int64) & mask) | (above << stored)
    return (words & ((1 << allocated) - 1)).astype(f"u{allocated // 8}")


def rle(words: np.ndarray, stored: int) -> bytes:
    """Byte planes of each sample, the highest first, whose rows are packed one by one (DICOM PS3.5 G.3.1)."""
    planes = words[..., np.newaxis] if words.ndim == 2 else words
    content = (
        np.ascontiguousarray(np.moveaxis(planes, -1, 0)).view(np.uint8).reshape(*planes.shape[2:], *words.shape[:2], -1)
    )
    segments = []
    for sample in content:
        for byte in range(words.itemsize)[::-1]:
            packed = b"".join(imagecodecs.packbits_encode(row.tobytes()) for row in sample[..., byte])
            segments.append(packed + b"\0" * (len(packed) % 2))
    offsets = [64, *(64 + end for end in itertools.accumulate(map(len, segments)))][:-1]
    return struct.pack("<16I", len(segments), *offsets, *[0] * (15 - len(offsets))) + b"".join(segments)


def jpeg_lossless(predictor: int, full_words: bool = False) -> Encoder:
    def encode(words: np.ndarray, stored: int) -> bytes:
        bits = words.itemsize * 8 if full_words else stored
        return imagecodecs.jpeg8_encode(masked(words, bits), lossless=True, predictor=predictor, bitspersample=bits)

    return encode


def jpeg_ls_frame(near: int = 0, planar: bool = False) -> Encoder:
    def encode(words: np.ndarray, stored: int) -> bytes:
        pixels = masked(words, stored)
        if planar:
            pixels = np.moveaxis(pixels, -1, 0)
        return bytes(
            jpeg_ls.encode_pixel_data(
                pixels.tobytes(),
                lossy_error=near,
                rows=words.shape[0],
                columns=words.shape[1],
                samples_per_pixel=samples_of(words),
                bits_stored=stored,
                planar_configuration=int(planar),
            )
        )

    return encode


def jpeg_ls_full(words: np.ndarray, stored: int) -> bytes:
    return imagecodecs.jpegls_encode(unsigned(words))


def jpeg_2000(container: str = "j2k", **options: object) -> Encoder:
    def encode(words: np.ndarray, stored: int) -> bytes:
        bits = None if words.dtype.kind == "i" else stored
        return imagecodecs.jpeg2k_encode(words, bitspersample=bits, codecformat=container, numthreads=1, **options)

    return encode


def jpeg_2000_tiles(words: np.ndarray, stored: int) -> bytes:
    """By Pillow, the only one that writes tiles; those of more than 8 bits it mixes up."""
    file = io.BytesIO()
    Image.fromarray(unsigned(words)).save(file, "JPEG2000", tile_size=(16, 16), no_jp2=True, num_resolutions=3)
    return file.getvalue()


def htj2k(**options: object) -> Encoder:
    return lambda words, stored: imagecodecs.htj2k_encode(words, **options)


def jpeg_xl(**options: object) -> Encoder:
    def encode(words: np.ndarray, stored: int) -> bytes:
        return imagecodecs.jpegxl_encode(masked(words, stored), effort=3, bitspersample=stored, numthreads=1, **options)

    return encode


def deflated(words: np.ndarray, stored: int) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(words.tobytes()) + packer.flush()


def uncompressed(words: np.ndarray, stored: int) -> bytes:
    return words.tobytes()


def jpeg_lossy(words: np.ndarray, stored: int) -> bytes:
    # Colors go in as they are: the frame is of whatever colors it is given.
    colors = {"colorspace": "RGB", "outcolorspace": "RGB"} if samples_of(words) == 3 else {}
    return imagecodecs.jpeg8_encode(words, level=90, bitspersample=stored, **colors)


LOSSLESS: dict[str, tuple[str, Encoder]] = {
    "rle": (PREFIX + "5", rle),
    **{f"jpeg_lossless_{k}": (PREFIX + "4.57", jpeg_lossless(k)) for k in range(1, 8)},
    "jpeg_lossless_sv1": (PREFIX + "4.70", jpeg_lossless(1)),
    "jpeg_lossless_full": (PREFIX + "4.70", jpeg_lossless(1, full_words=True)),
    "jpeg_ls": (PREFIX + "4.80", jpeg_ls_frame()),
    "jpeg_ls_full": (PREFIX + "4.80", jpeg_ls_full),
    "jpeg_2000": (PREFIX + "4.90", jpeg_2000(level=0, reversible=True)),
    "jpeg_2000_file": (PREFIX + "4.90", jpeg_2000("jp2", level=0, reversible=True)),
    "jpeg_2000_tiles": (PREFIX + "4.90", jpeg_2000_tiles),
    "htj2k": (PREFIX + "4.201", htj2k(reversible=True)),
    "htj2k_rpcl": (PREFIX + "4.202", htj2k(reversible=True, resolutions=3)),
    "htj2k_tiles": (PREFIX + "4.201", htj2k(reversible=True, tile=(16, 16))),
    "jpeg_xl": (PREFIX + "4.110", jpeg_xl(lossless=True)),
    "jpeg_xl_file": (PREFIX + "4.110", jpeg_xl(lossless=True, usecontainer=True)),
    "deflated": (PREFIX + "8.1", deflated),
    "uncompressed": (PREFIX + "1.98", uncompressed),
}
"""Transfer syntax and encoder of codecs that give back every bit, by name."""

LOSSY: dict[str, tuple[str, Encoder]] = {
    "jpeg_baseline": (PREFIX + "4.50", jpeg_lossy),
    "jpeg_extended": (PREFIX + "4.51", jpeg_lossy),
    "jpeg_ls_near": (PREFIX + "4.81", jpeg_ls_frame(near=3)),
    "jpeg_2000_lossy": (PREFIX + "4.91", jpeg_2000(level=45, reversible=False)),
    "htj2k_lossy": (PREFIX + "4.203", htj2k(level=0.002, reversible=False)),
    "jpeg_xl_lossy": (PREFIX + "4.112", jpeg_xl(distance=0.5)),
}
"""Transfer syntax and encoder of codecs that do not, by name."""


def compress(ds: Dataset, codec: str) -> str:
    """Compress the pixels of a data set in place, each frame into one fragment.

    Returns:
        The transfer syntax, to be written into the file meta information.
    """
    syntax, encode = {**LOSSLESS, **LOSSY}[codec]
    shape = (ds.Rows, ds.Columns) if ds.SamplesPerPixel == 1 else (ds.Rows, ds.Columns, ds.SamplesPerPixel)
    kind = "ui"[ds.PixelRepresentation]
    words = np.frombuffer(ds.PixelData, f"<{kind}{ds.BitsAllocated // 8}")
    frames = words[: words.size // np.prod(shape) * np.prod(shape)].reshape(-1, *shape)
    ds.PixelData = encapsulate([encode(frame, ds.BitsStored) for frame in frames])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return UID(syntax)


def fragment(content: bytes) -> bytes:
    """An item of encapsulated pixel data."""
    return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(content)) + content


def encapsulated(frames: Sequence[Sequence[bytes]], table: str = "none") -> tuple[bytes, bytes]:
    """The value of encapsulated pixel data.

    Args:
        frames: The fragments of each frame.
        table: Which table of offsets to make: "none", "basic" or "extended".

    Returns:
        The value, and the Extended Offset Table, which is empty unless it is asked for.
    """
    bodies = [b"".join(map(fragment, pieces)) for pieces in frames]
    offsets = [0, *itertools.accumulate(map(len, bodies))][:-1]
    basic = struct.pack(f"<{len(offsets)}I", *offsets) if table == "basic" else b""
    extended = struct.pack(f"<{len(offsets)}Q", *offsets) if table == "extended" else b""
    return fragment(basic) + b"".join(bodies) + b"\xfe\xff\xdd\xe0\0\0\0\0", extended


def options_of(ds: Dataset) -> dict[str, object]:
    """What the decoder is told of a frame."""
    return {
        "rows": ds.Rows,
        "columns": ds.Columns,
        "bits_allocated": ds.BitsAllocated,
        "bits_stored": ds.BitsStored,
        "samples": ds.SamplesPerPixel,
        "photometric": ds.PhotometricInterpretation,
        "pixel_representation": ds.PixelRepresentation,
        "path": "here.dcm",
        "high_bit": ds.HighBit,
        "planar_configuration": ds.get("PlanarConfiguration", 0),
    }


def frame_header(
    words: np.ndarray, stored: int | None = None, signed: bool = False, high_bit: int | None = None
) -> Dataset:
    """The attributes of a frame of words."""
    ds = Dataset()
    ds.Rows, ds.Columns = words.shape[:2]
    ds.SamplesPerPixel = samples_of(words)
    ds.PhotometricInterpretation = "MONOCHROME2" if words.ndim == 2 else "RGB"
    if words.ndim == 3:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = words.itemsize * 8
    ds.BitsStored = stored or ds.BitsAllocated
    ds.HighBit = ds.BitsStored - 1 if high_bit is None else high_bit
    ds.PixelRepresentation = int(signed)
    return ds


def picture(
    low: int, high: int, samples: int = 1, noise: float = 0.02, rows: int = 37, columns: int = 42
) -> np.ndarray:
    """Smooth values with noise, the extremes among them."""
    rng = np.random.default_rng(7)
    y, x, s = np.mgrid[:rows, :columns, :samples]
    wave = np.sin(x / 5 + s) * np.cos(y / 7) / 2 + 0.5 + rng.normal(0, noise, x.shape)
    values = np.rint(low + wave.clip(0, 1) * (high - low)).astype(np.int64)
    values[3, 5], values[20, 30] = low, high
    return values[..., 0] if samples == 1 else values
