"""The central phantom in every format and variant that is read; each entry writes it and returns what to load.

A new format adds its writers here and inherits every test of the central phantom.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from tests.factories.dicom_series import (
    SYNTAXES,
    UNCOMPRESSED,
    add_long_junk,
    add_overlay_bits,
    add_private_block,
    add_undefined_length_sequences,
    write_series,
)
from tests.factories.metaimage_files import write_metaimage
from tests.factories.nifti_files import write_nifti
from tests.factories.nrrd_files import write_nrrd
from tests.factories.ome_zarr_files import write_ome_zarr
from tests.factories.phantom import PHANTOM
from tests.factories.segmentations import frames_of, write_seg

__all__ = ["VARIANTS", "Variant"]

#: Writes the phantom below a folder; returns what is passed to ``load_image``.
Variant = Callable[[Path], Path | list[Path]]


def dicom(*changes, phantom=PHANTOM, **options) -> Variant:
    def write(folder: Path) -> Path:
        write_series(folder / "series", phantom, *changes, **options)
        return folder / "series"

    return write


def dicom_list(folder: Path) -> list[Path]:
    files = write_series(folder / "series")
    return files[::-1]


def dicom_power_slopes(folder: Path) -> Path:
    """Another slope and intercept for each slice, all powers of two, so that the values come out exactly."""
    slopes = [2.0 ** -(k + 1) for k in range(PHANTOM.shape[2])]
    intercepts = [-8.0 * k for k in range(PHANTOM.shape[2])]
    stored = (PHANTOM.array - np.array(intercepts)) / np.array(slopes)
    write_series(folder / "pet", PHANTOM.with_array(stored), slope=slopes, intercept=intercepts, modality="PT")
    return folder / "pet"


def nifti(name: str, *edits, array=None, **options) -> Variant:
    def write(folder: Path) -> Path:
        return write_nifti(folder / name, PHANTOM, *edits, array=array, **options)

    return write


def nifti_gap(header) -> None:
    header["vox_offset"] = 1024


def nrrd(name: str, **options) -> Variant:
    def write(folder: Path) -> Path:
        return write_nrrd(folder / name, PHANTOM, **options)

    return write


def metaimage(name: str, **options) -> Variant:
    def write(folder: Path) -> Path:
        return write_metaimage(folder / name, PHANTOM, **options)

    return write


def by_simpleitk(name: str, *, compressed: bool = False) -> Variant:
    def write(folder: Path) -> Path:
        image = sitk.GetImageFromArray(PHANTOM.array.T)
        image.SetSpacing(PHANTOM.spacing)
        image.SetOrigin(PHANTOM.origin)
        image.SetDirection(PHANTOM.direction.ravel().tolist())
        sitk.WriteImage(image, folder / name, useCompression=compressed)
        return folder / name

    return write


def ome_zarr(**options) -> Variant:
    def write(folder: Path) -> Path:
        return write_ome_zarr(folder / "scan.ome.zarr", PHANTOM, **options)

    return write


def seg(kind: str, **options) -> Variant:
    """A segmentation whose 210 segments are the phantom's voxels."""

    def write(folder: Path) -> Path:
        content = {None: PHANTOM.array}
        if kind != "LABELMAP":
            full = 255 if kind == "FRACTIONAL" else 1
            content = {int(v): (PHANTOM.array == v) * full for v in np.unique(PHANTOM.array)}
        return write_seg(folder / "seg.dcm", frames_of(content), kind=kind, **options)

    return write


SHUFFLED = [3, 0, 4, 2, 1]

VARIANTS: dict[str, Variant] = {
    **{f"dicom-{name}": dicom(syntax=syntax) for name, syntax in SYNTAXES.items()},
    **{
        f"dicom-{name}-nested": dicom(add_undefined_length_sequences, add_private_block, add_long_junk, syntax=syntax)
        for name, syntax in SYNTAXES.items()
    },
    **{
        f"dicom-{name}-bare": dicom(syntax=UNCOMPRESSED[name], file_meta=False)
        for name in ("implicit", "explicit", "big_endian")
    },
    "dicom-no-preamble": dicom(preamble=False),
    "dicom-unsigned": dicom(signed=False),
    "dicom-8-bit": dicom(bits_allocated=8, signed=False),
    "dicom-8-bit-signed-values": dicom(
        bits_allocated=8, signed=True, phantom=PHANTOM.with_array(PHANTOM.array - 105), intercept=105.0
    ),
    "dicom-8-bit-big-endian": dicom(bits_allocated=8, signed=False, syntax=UNCOMPRESSED["big_endian"]),
    "dicom-32-bit": dicom(bits_allocated=32, bits_stored=20),
    "dicom-12-bit-overlay": dicom(add_overlay_bits, bits_stored=12),
    "dicom-12-bit-overlay-unsigned": dicom(add_overlay_bits, bits_stored=12, signed=False),
    "dicom-12-bit-overlay-big-endian": dicom(add_overlay_bits, bits_stored=12, syntax=UNCOMPRESSED["big_endian"]),
    "dicom-no-rescale": dicom(slope=None, modality="MR"),
    "dicom-intercept": dicom(phantom=PHANTOM.with_array(PHANTOM.array + 1024), intercept=-1024.0),
    "dicom-slope-per-slice": dicom_power_slopes,
    "dicom-no-extension": dicom(name="IM{:05d}".format),
    "dicom-shuffled-names": dicom(name=lambda k: f"{SHUFFLED[k]}.ima"),
    "dicom-shuffled-numbers": dicom(instance_numbers=SHUFFLED),
    "dicom-reversed-numbers": dicom(instance_numbers=[5, 4, 3, 2, 1]),
    "dicom-list": dicom_list,
    "nifti": nifti("scan.nii"),
    "nifti-gz": nifti("scan.nii.gz"),
    "nifti-pair": nifti("scan.hdr"),
    "nifti-pair-by-img": nifti("scan.img"),
    "nifti-pair-gz": nifti("scan.hdr.gz"),
    "nifti-pair-gz-by-img": nifti("scan.img.gz"),
    "nifti-any-name": nifti("scan.dat"),
    "nifti-qform": nifti("scan.nii", sform=0, qform=1),
    "nifti-both-forms": nifti("scan.nii", qform=1, sform=2),
    "nifti-gap-before-voxels": nifti("scan.nii", nifti_gap),
    "nifti-big-endian": nifti("scan.nii", big_endian=True),
    "nifti2": nifti("scan.nii", version=2),
    "nifti2-gz-big-endian": nifti("scan.nii.gz", version=2, big_endian=True),
    "nifti2-pair": nifti("scan.hdr", version=2),
    "nifti-slope": nifti("scan.nii", array=(PHANTOM.array - 3) * 4, slope=0.25, inter=3.0),
    "nifti-4d-of-one": nifti("scan.nii", array=PHANTOM.array[..., None]),
    **{
        f"nifti-{dtype}": nifti("scan.nii", dtype=dtype)
        for dtype in ("uint8", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")
    },
    "nifti-int8": nifti("scan.nii", dtype="int8", array=PHANTOM.array - 105, slope=1.0, inter=105.0),
    **{
        f"itk-{kind}{'-compressed' * compressed}": by_simpleitk(f"scan.{kind}", compressed=compressed)
        for kind in ("nrrd", "nhdr", "mha", "mhd")
        for compressed in (False, True)
    },
    **{
        f"nrrd-{encoding}": nrrd("scan.nrrd", encoding=encoding) for encoding in ("raw", "gzip", "bzip2", "text", "hex")
    },
    "nrrd-big-endian": nrrd("scan.nrrd", dtype=">i2", space="RAS", extra={"byte skip": "-1"}),
    "nrrd-las-crlf": nrrd("scan.nrrd", encoding="gz", space="LAS", line_end="\r\n"),
    "nrrd-float64": nrrd("scan.nrrd", dtype="<f8", encoding="bz2"),
    "nrrd-detached": nrrd("scan.nhdr"),
    "nrrd-list": nrrd("scan.nhdr", files=5),
    "nrrd-list-gzip": nrrd("scan.nhdr", files=5, encoding="gzip"),
    "nrrd-list-axis-of-one": nrrd("scan.nrrd", array=PHANTOM.array[None], leading=1),
    "metaimage-big-endian": metaimage("scan.mha", dtype=">i2", line_end="\r\n"),
    "metaimage-text": metaimage("scan.mha", text=True),
    "metaimage-float64": metaimage("scan.mha", dtype="<f8", compressed=True),
    "metaimage-list": metaimage("scan.mhd", files=5),
    "metaimage-pattern-compressed": metaimage("scan.mhd", files=5, pattern="slice%03d.zraw", compressed=True),
    "metaimage-data-at-the-end": metaimage("scan.mhd", before=b"what", extra={"HeaderSize": "-1"}),
    "ome-zarr": ome_zarr(),
    "ome-zarr-4": ome_zarr(version="0.4"),
    "ome-zarr-one-chunk-uncompressed": ome_zarr(chunks=PHANTOM.shape[::-1], compressors=None),
    "ome-zarr-float64": ome_zarr(dtype="float64", chunks=(2, 4, 5)),
    "ome-zarr-big-endian": ome_zarr(dtype=">i2"),
    "ome-zarr-shards": ome_zarr(chunks=(1, 2, 2), shards=(2, 4, 4)),
    "ome-zarr-levels": ome_zarr(levels=2),
    "ome-zarr-5d-of-one": ome_zarr(
        array=PHANTOM.array.T[None, None],
        axes=[{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}]
        + [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"],
    ),
    "seg-bits": seg("BINARY"),
    "seg-fractions": seg("FRACTIONAL", undefined_lengths=True),
    "seg-label-map": seg("LABELMAP"),
    "seg-label-map-big-endian": seg("LABELMAP", syntax=UNCOMPRESSED["big_endian"], bits=16),
}
