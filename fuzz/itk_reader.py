"""Reads files with SimpleITK in a process of its own, which damaged files bring down now and then."""

from __future__ import annotations

import atexit
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["ItkImage", "read_with_itk"]


class ItkImage(NamedTuple):
    """What SimpleITK reads.

    Attributes:
        values: Voxels, (x, y, z).
        affine: Index to world, LPS.
    """

    values: npt.NDArray[np.generic]
    affine: npt.NDArray[np.float64]


class ItkProcess:
    """The process, started when it is first needed and again after each crash."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.process: subprocess.Popen[str] | None = None

    def read(self, path: Path) -> ItkImage | None:
        """Read a file or the series in a folder.

        Returns:
            None if SimpleITK refuses it, crashes, or finds no image of three axes and one number each.
        """
        if self.process is None or self.process.poll() is not None:
            command = [sys.executable, "-m", "fuzz.itk_reader"]
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        result = self.folder / "result.npz"
        assert self.process.stdin is not None and self.process.stdout is not None  # both are pipes
        try:
            self.process.stdin.write(f"{path}\n{result}\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().strip()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self.close()
        if answer != "read":
            return None
        with np.load(result) as found:
            return ItkImage(found["values"], found["affine"])

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            # Waits for it, and closes the pipes.
            self.process.communicate()


shared: list[ItkProcess] = []
"""The one process of this one."""


def read_with_itk(path: Path) -> ItkImage | None:
    """Read a file or folder with SimpleITK; see ``ItkProcess.read``."""
    if not shared:
        shared.append(ItkProcess())
        atexit.register(shared[0].close)
    return shared[0].read(path)


def serve() -> None:
    """Read the files and folders that lines of the standard input name, and write each to the file of the next line."""
    import SimpleITK as sitk  # noqa: N813 - as everybody calls it

    while path := sys.stdin.readline().strip():
        result = sys.stdin.readline().strip()
        try:
            names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(path) if Path(path).is_dir() else path
            image = sitk.ReadImage(names)
        except RuntimeError:
            print("refused", flush=True)
            continue
        if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
            print("other", flush=True)
            continue
        affine = np.eye(4)
        affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
        affine[:3, 3] = image.GetOrigin()
        np.savez(result, values=sitk.GetArrayFromImage(image).T, affine=affine)
        print("read", flush=True)


if __name__ == "__main__":
    serve()
