"""Where fuzzing begins: small valid files of every kind, made by the factories of the tests."""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

from pydicom import dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from tests.factories.compressed import LOSSLESS, LOSSY, compress, picture
from tests.factories.dicom_series import slice_dataset, write_dataset
from tests.factories.enhanced import planes_of, write_enhanced
from tests.factories.mosaics import write_mosaic
from tests.factories.multiframe import write_capture, write_dose, write_nuclear, write_ultrasound
from tests.factories.phantom import PHANTOM
from tests.factories.segmentations import balls, highdicom_seg
from tests.factories.structure_sets import GRID, RoiTruth, circle, on_plane, write_structures
from tests.factories.variants import VARIANTS

from fuzz.comparing_dicom import SLICE_MARK

__all__ = ["make_seeds"]

READER_OF_VARIANT = {
    "nifti": "nifti",
    "nrrd": "nrrd",
    "itk-nrrd": "nrrd",
    "metaimage": "metaimage",
    "itk-mha": "metaimage",
    "dicom": "dicom",
    "seg": "segments",
}
"""Which target takes the phantom in which formats, by how their names begin."""

OF_8_BITS = frozenset({"jpeg_baseline", "jpeg_extended", "jpeg_2000_tiles"})
"""Encoders that take no more."""


def make_seeds(target: str) -> list[bytes]:
    """Valid files for a target, the smallest first."""
    makers = {
        "frames": make_frames,
        "structures": make_structures,
        "archives": make_archives,
        "dicom": make_objects,
        "series": make_series,
        "segments": make_segmentations,
    }
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {*walk_variants(target, Path(folder)), *makers.get(target, lambda folder: ())(Path(folder))}
    return sorted(found, key=lambda content: (len(content), content))


def walk_variants(target: str, folder: Path) -> Iterator[bytes]:
    """The phantom in all formats of a target, of those that are one file, or several of which each is an image."""
    for number, (name, write) in enumerate(VARIANTS.items()):
        begin = max((key for key in READER_OF_VARIANT if name.startswith(key)), key=len, default="")
        if READER_OF_VARIANT.get(begin) != target:
            continue
        home = folder / str(number)
        home.mkdir()
        written = write(home)
        first = written[0] if isinstance(written, list) else written
        if first.is_dir():
            first = min(first.iterdir())
        # Headers of several files cannot be read from memory; their text is as good a beginning.
        yield first.read_bytes()


def make_objects(folder: Path) -> Iterator[bytes]:
    """DICOM objects of several frames, and mosaics."""
    yield write_enhanced(folder / "enhanced.dcm", planes_of()).read_bytes()
    yield write_mosaic(folder / "mosaic.dcm", PHANTOM).read_bytes()
    yield write_dose(folder / "dose.dcm").read_bytes()
    yield write_nuclear(folder / "nuclear.dcm").read_bytes()
    yield write_capture(folder / "capture.dcm").read_bytes()
    yield write_ultrasound(folder / "ultrasound.dcm", color=True).read_bytes()


def make_series(folder: Path) -> Iterator[bytes]:
    """Series of three slices, one after another in one input."""
    for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian):
        slices = [write_dataset(folder / f"{k}.dcm", slice_dataset(k), syntax=syntax).read_bytes() for k in range(3)]
        yield SLICE_MARK.join(slices)
        yield SLICE_MARK.join(slices[::-1])


def make_segmentations(folder: Path) -> Iterator[bytes]:
    """Segmentations that highdicom wrote, which has more of the standard's attributes than the others."""
    masks = balls((16, 12, 2), {1: (5, 5, 0), 2: (11, 7, 1)}, 3.0)
    for kind in ("BINARY", "FRACTIONAL"):
        home = folder / kind
        home.mkdir()
        yield highdicom_seg(home, masks, kind=kind).read_bytes()
    home = folder / "LABELMAP"
    home.mkdir()
    yield highdicom_seg(home, masks[1] + 2 * masks[2] * (1 - masks[1]), kind="LABELMAP").read_bytes()


def make_frames(folder: Path) -> Iterator[bytes]:
    """One slice by every encoder."""
    for number, codec in enumerate({**LOSSLESS, **LOSSY}):
        bits = 8 if codec in OF_8_BITS else 16
        ds = slice_dataset(0, bits_allocated=bits, signed=False)
        words = picture(0, (1 << bits) - 1).astype(f"<u{bits // 8}")
        ds.Rows, ds.Columns = words.shape
        ds.PixelData = words.tobytes()
        syntax = compress(ds, codec)
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID, ds.file_meta.MediaStorageSOPClassUID = syntax, ds.SOPClassUID
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.preamble = bytes(128)
        path = folder / f"{number}.dcm"
        # pydicom does not know the transfer syntaxes of JPEG XL.
        dcmwrite(path, ds, implicit_vr=False, little_endian=True, force_encoding=True)
        yield path.read_bytes()


def make_structures(folder: Path) -> Iterator[bytes]:
    """Structure sets of a few contours."""
    for number, count in enumerate((4, 30)):
        rois = [
            RoiTruth(name, [on_plane(GRID, circle((9.0, 9.0), radius, count), k) for k in (1, 2, 3)], kind=kind)
            for name, radius, kind in (("one", 3.0, "CLOSED_PLANAR"), ("two", 2.0, "OPEN_PLANAR"), ("x", 1.0, "POINT"))
        ]
        for syntax in ("explicit", "implicit"):
            yield write_structures(folder / f"{number}{syntax}.dcm", rois, syntax=syntax).read_bytes()


def make_archives(folder: Path) -> Iterator[bytes]:
    """A series of three slices as zip, stored and deflated, and as tar, packed and not."""
    slices = [
        write_dataset(folder / f"{k}.dcm", slice_dataset(k), syntax=ExplicitVRLittleEndian).read_bytes()
        for k in range(3)
    ]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for k, content in enumerate(slices):
                archive.writestr(f"series/{k}.dcm", content)
        yield buffer.getvalue()
    for form in (tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
            for k, content in enumerate(slices):
                info = tarfile.TarInfo(f"{'long' * 30}/{k}.dcm")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        yield buffer.getvalue()
    yield gzip.compress(buffer.getvalue())
