"""The files that the benchmarks read, made once and kept.

One body, scanned with noise, at the size that the targets speak of; written as a DICOM series with the
headers of a real scanner, as NIfTI, and as many small DICOM files that are all header.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt

from pictologics.cli.demo_anatomy import ScannedBody
from pictologics.cli.demo_series import make_scanner_noise, make_slice_grid
from pictologics.geometry import Grid

from .scanner_headers import SeriesWriter

__all__ = ["BenchmarkData", "Size"]


@dataclass(frozen=True)
class Size:
    """How much data there is.

    Attributes:
        name: Its folder.
        slices: Slices of the series and of the NIfTI volume.
        matrix: Rows and columns of a slice.
        headers: Number of files whose headers are scanned.
    """

    name: str
    slices: int
    matrix: int
    headers: int


FULL = Size("full", slices=300, matrix=512, headers=3000)
QUICK = Size("quick", slices=40, matrix=256, headers=300)


class BenchmarkData:
    """The files of one size, made when they are first asked for.

    Args:
        folder: Where all sizes are kept.
        size: Which one.
    """

    def __init__(self, folder: Path, size: Size) -> None:
        self.size = size
        self.folder = folder / size.name
        self.grid: Grid = make_slice_grid(size.slices, size.matrix)

    @property
    def voxels(self) -> int:
        return self.size.slices * self.size.matrix**2

    @property
    def ct_folder(self) -> Path:
        """A CT series, one uncompressed 16-bit file for each slice."""
        return made(self.folder / "ct", self.write_series)

    @property
    def header_folder(self) -> Path:
        """A series of many files that are all header: 16×16 pixels each."""
        return made(self.folder / "headers", self.write_headers)

    @property
    def nifti(self) -> Path:
        """The CT as an int16 NIfTI file."""
        return made(self.folder / "nii", self.write_nifti) / "ct.nii"

    @property
    def nifti_gz(self) -> Path:
        """The same file, compressed as most tools do (level 6).

        It lies in a folder of its own: asked for ``ct.nii.gz``, ITK opens a ``ct.nii`` that lies beside it,
        and would be timed without inflating anything.
        """
        return made(self.folder / "nii_gz", self.write_nifti_gz) / "ct.nii.gz"

    @property
    def nrrd(self) -> Path:
        """The CT as a compressed int16 NRRD file, by SimpleITK."""
        return made(self.folder / "nrrd", lambda folder: self.write_itk(folder / "ct.nrrd")) / "ct.nrrd"

    @property
    def metaimage(self) -> Path:
        """The CT as a compressed int16 MetaImage file, by SimpleITK."""
        return made(self.folder / "mha", lambda folder: self.write_itk(folder / "ct.mha")) / "ct.mha"

    @property
    def small_ct_folder(self) -> Path:
        """Four slices: enough to make a reader import whatever it needs."""
        return made(self.folder / "small", self.write_small)

    def planes(self) -> Iterator[npt.NDArray[np.int16]]:
        """Slices in ascending order, (rows, columns) of stored values, which are HU + 1024."""
        scene, rng = ScannedBody(self.grid), np.random.default_rng(20)
        for k in range(self.size.slices):
            hu = scene.plane(k) + make_scanner_noise(rng, self.size.matrix)
            yield np.clip(np.rint(hu) + 1024, 0, 4095).astype("<i2")

    def write_series(self, folder: Path) -> None:
        writer = SeriesWriter(folder, self.grid)
        for k, stored in enumerate(self.planes()):
            writer.write(k, stored)

    def write_headers(self, folder: Path) -> None:
        writer = SeriesWriter(folder, make_slice_grid(self.size.headers, 16))
        for k in range(self.size.headers):
            writer.write(k, np.full((16, 16), k, dtype="<i2"))

    def write_small(self, folder: Path) -> None:
        writer = SeriesWriter(folder, make_slice_grid(4, 16))
        for k in range(4):
            writer.write(k, np.full((16, 16), k, dtype="<i2"))

    def write_nifti(self, folder: Path) -> None:
        hu = np.stack([plane.T - np.int16(1024) for plane in self.planes()], axis=2)
        nib.save(nib.Nifti1Image(hu, self.grid.affine_in("RAS")), folder / "ct.nii")

    def write_itk(self, file: Path) -> None:
        import SimpleITK

        image = SimpleITK.ReadImage(str(self.nifti))
        for key in image.GetMetaDataKeys():
            # NIfTI's own fields are no part of another format.
            image.EraseMetaData(key)
        SimpleITK.WriteImage(image, file, useCompression=True)

    def write_nifti_gz(self, folder: Path) -> None:
        with self.nifti.open("rb") as plain, gzip.open(folder / "ct.nii.gz", "wb", 6) as packed:
            shutil.copyfileobj(plain, packed, 1 << 20)


def made(folder: Path, make: Callable[[Path], None]) -> Path:
    """Make a folder's files unless they are there; half-made ones never count."""
    if not folder.exists():
        unfinished = folder.with_name(folder.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        make(unfinished)
        unfinished.rename(folder)
    return folder


def warm(path: Path) -> None:
    """Read files once, so that they are in the page cache."""
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        file.read_bytes()
