"""A folder of compressed CT slices into one volume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import imagecodecs
import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders.base import RLELosslessEncoder
from pydicom.uid import UID, JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless

from . import ct_readers as ct
from .checking import check_same_voxels
from .data import BenchmarkData, made, warm
from .timing import Benchmark, Contender, Target, measure

__all__ = ["BENCHMARKS", "CODECS", "Codec", "run"]

BITS = 12
"""What the slices store, of 16."""


@dataclass(frozen=True)
class Codec:
    """One way to compress a slice.

    Attributes:
        name: As the table shows it.
        syntax: Its transfer syntax.
        encode: From stored values to bytes.
        than_simpleitk: How many times as fast as SimpleITK we promise to be.
    """

    name: str
    syntax: UID
    encode: Callable[[npt.NDArray[np.uint16]], bytes]
    than_simpleitk: float


def jpeg_2000(stored: npt.NDArray[np.uint16]) -> bytes:
    return imagecodecs.jpeg2k_encode(stored, level=0, reversible=True, codecformat="j2k", bitspersample=BITS)


def jpeg_lossless(stored: npt.NDArray[np.uint16]) -> bytes:
    return imagecodecs.jpeg8_encode(stored, lossless=True, predictor=1, bitspersample=BITS)


def rle(stored: npt.NDArray[np.uint16]) -> bytes:
    return bytes(
        RLELosslessEncoder.encode(
            stored.tobytes(),
            rows=stored.shape[0],
            columns=stored.shape[1],
            samples_per_pixel=1,
            bits_allocated=16,
            bits_stored=BITS,
            pixel_representation=0,
            photometric_interpretation="MONOCHROME2",
            number_of_frames=1,
        )
    )


CODECS = {
    "j2k": Codec("JPEG 2000 lossless", JPEG2000Lossless, jpeg_2000, than_simpleitk=1.3),
    "jls": Codec("JPEG-LS lossless", JPEGLSLossless, imagecodecs.jpegls_encode, than_simpleitk=2.3),
    "ljpeg": Codec("JPEG lossless", JPEGLosslessSV1, jpeg_lossless, than_simpleitk=2.5),
    "rle": Codec("RLE lossless", RLELossless, rle, than_simpleitk=8.0),
}


def compress(source: Path, codec: Codec, folder: Path) -> None:
    """Write the slices of a series anew, compressed."""
    for path in sorted(source.iterdir()):
        ds = pydicom.dcmread(path)
        stored = np.frombuffer(ds.PixelData, np.uint16).reshape(ds.Rows, ds.Columns)
        ds.PixelData = encapsulate([codec.encode(stored)])
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
        ds.file_meta.TransferSyntaxUID = codec.syntax
        ds.save_as(folder / path.name, enforce_file_format=True)


def run(key: str, data: BenchmarkData, rounds: int) -> Benchmark:
    codec, size = CODECS[key], data.size
    folder = made(data.folder / f"ct_{key}", partial(compress, data.ct_folder, codec))
    warm(folder)
    readers = ct.readers(folder, size.matrix)
    del readers[ct.FLOOR], readers[ct.TOUCH]
    same = check_same_voxels(readers)
    race = measure([Contender(name, run) for name, run in readers.items()], rounds)
    result = Benchmark(
        f"{codec.name}: {size.slices} slices of {size.matrix}×{size.matrix}, {BITS} of 16 bits, into one volume",
        "ms",
        race.rows,
        disturbed=race.disturbed,
    )
    result.targets = [
        Target("times as fast as SimpleITK", result.ratio(ct.SIMPLEITK, ct.OURS), at_least=codec.than_simpleitk),
        Target("times as fast as dicomsdl", result.ratio(ct.DICOMSDL, ct.OURS), at_least=1.2),
        Target("times as fast as dicomsdl on 2 threads", result.ratio(ct.DICOMSDL_THREADS, ct.OURS), at_least=1.2),
    ]
    result.notes = [race.note, same]
    return result


BENCHMARKS: dict[str, Callable[[BenchmarkData, int], Benchmark]] = {key: partial(run, key) for key in CODECS}
"""One for each codec, by the name that asks for it."""
