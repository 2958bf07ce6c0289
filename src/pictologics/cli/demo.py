"""The ``demo`` command: the main job from beginning to end, on data it writes itself."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.text import Text

from ..errors import FileAccessError
from ..geometry import format_numbers
from ..loader import load_image
from ..saving import save_image
from ..utilities.pictures import save_planes
from .demo_series import write_demo_series

__all__ = ["run_demo"]


def run_demo(folder: Path, slices: int) -> None:
    """Write a made-up CT series, load it, compare it with the truth and save what came out.

    Args:
        folder: Where everything goes; made if it is not there.
        slices: Number of slices.
    """
    console = Console(highlight=False, soft_wrap=True)
    # Named by its size: the same series is written over itself, and another one beside it.
    series = folder / f"ct-{slices}-slices"
    try:
        series.mkdir(parents=True, exist_ok=True)
        with console.status(f"Writing {slices} slices of a made-up patient ..."):
            truth = write_demo_series(series, slices=slices)
    except OSError as error:
        raise FileAccessError(
            f"the demo cannot be written there ({error.strerror})",
            path=folder,
            advice="pass another --folder",
        ) from error
    console.print(f"Wrote {slices} shuffled DICOM slices and a localizer to", Text(str(series), "bold"))

    start = time.perf_counter()
    image = load_image(series)
    seconds = time.perf_counter() - start
    console.print()
    console.print(Text(f"load_image({str(series)!r})", "bold"), f" took {seconds * 1000:.0f} ms and gave")
    for name, text in image.summary():
        console.print(f"  {name or 'values':<12}{text}", markup=False)
    console.print(f"  {'origin':<12}({format_numbers(image.origin)}) mm LPS")
    for decision in image.provenance.decisions:
        console.print(f"  {'':<12}{decision.text}", markup=False)

    nodule = image.grid.world_to_index(truth.nodule_position)
    x, y, z = (int(k) for k in np.round(nodule))
    console.print(
        f"\nThe nodule at ({format_numbers(truth.nodule_position)}) mm is voxel ({x}, {y}, {z}): "
        f"{image.array[x, y, z]:.0f} HU, as it was made; the worst corner is "
        f"{image.grid.corner_error(truth.grid):.1e} voxels off"
    )
    nifti, picture = folder / "scan.nii.gz", folder / "planes.png"
    save_image(image, nifti)
    save_planes(image, picture, position=truth.nodule_position)
    console.print()
    console.print("Saved ", Text(str(nifti), "bold"), "  the volume")
    console.print("      ", Text(str(picture), "bold"), "   three planes through the nodule")
