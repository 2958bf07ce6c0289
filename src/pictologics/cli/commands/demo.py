"""The ``demo`` command: the main job from beginning to end, on data it writes itself."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.text import Text

from ...errors import FileAccessError
from ...geometry import format_numbers
from ...image import Image
from ...loader import load_image
from ...pictures.plane_files import save_planes
from ...saving import save_image
from ..demo_anatomy import ORGAN_NAMES
from ..demo_series import DemoTruth, write_demo_series

__all__ = ["run_demo"]


def run_demo(folder: Path, slices: int) -> None:
    """Write a made-up CT series, load it and its organs, compare it with the truth and save what came out.

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
    console.print(Text(f"load_image({str(series)!r})", "bold"), f" took {seconds * 1000:.0f} ms and returned")
    for name, text in image.summary():
        console.print(f"  {name or 'values':<12}{text}", markup=False)
    console.print(f"  {'origin':<12}({format_numbers(image.origin)}) mm LPS")
    for decision in image.provenance.decisions:
        console.print(f"  {'':<12}{decision.text}", markup=False)

    show_nodule(console, image, truth)
    organs = Image.from_grid(truth.organs, truth.grid, modality="SEG", labels=ORGAN_NAMES)
    nifti, mask = folder / "scan.nii.gz", folder / "organs.nii.gz"
    save_image(image, nifti)
    save_image(organs, mask)
    show_organs(console, image, mask)
    plain, overlay = folder / "planes.png", folder / "overlay.png"
    save_planes(image, plain, position=truth.nodule_position)
    save_planes(image, overlay, position=truth.nodule_position, mask=organs)
    console.print()
    saved = (
        (nifti, "the volume"),
        (mask, "its organs"),
        (plain, "three planes through the nodule"),
        (overlay, "the organs on them"),
    )
    longest = max(len(str(file)) for file, _ in saved)
    for k, (file, description) in enumerate(saved):
        console.print("Saved " if k == 0 else "      ", Text(str(file).ljust(longest), "bold"), f" {description}")


def show_nodule(console: Console, image: Image, truth: DemoTruth) -> None:
    """Say where the finding came to lie, and how far that is from the truth."""
    x, y, z = (int(k) for k in np.round(image.grid.world_to_index(truth.nodule_position)))
    console.print(
        f"\nThe nodule at ({format_numbers(truth.nodule_position)}) mm is voxel ({x}, {y}, {z}): "
        f"{image.array[x, y, z]:.0f} HU, as made; the worst corner is "
        f"{image.grid.corner_error(truth.grid):.1e} voxels off"
    )


def show_organs(console: Console, image: Image, file: Path) -> None:
    """Load the label map onto the scan, and say how large and how dense each organ is."""
    organs = load_image(file, reference_image=image)
    milliliters = float(np.prod(image.spacing)) / 1000
    counts = np.bincount(organs.array.astype(np.uint8).ravel(order="K"))
    sums = np.bincount(organs.array.astype(np.uint8).ravel(order="K"), image.array.ravel(order="K"))
    console.print()
    console.print(Text(f"load_image({str(file)!r}, reference_image=image)", "bold"), " put the organs on its voxels")
    for value, name in ORGAN_NAMES.items():
        if value < len(counts) and counts[value]:
            volume, mean = counts[value] * milliliters, sums[value] / counts[value]
            console.print(f"  {name:<14}{volume:7.1f} ml {mean:6.0f} HU")
