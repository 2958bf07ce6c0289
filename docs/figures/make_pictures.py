"""Draw the pictures of the documentation from the demo's made-up patient: ``python docs/figures/make_pictures.py``."""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path

from PIL import Image as PilImage

from pictologics import ContentWarning, Image, load_image
from pictologics.cli.demo_anatomy import ORGAN_NAMES
from pictologics.cli.demo_series import write_demo_series
from pictologics.utilities import save_planes, visualize_mask_overlay

COLORS = 256  # gray and a few colors need no more, and the file is half the size


def make_pictures(folder: Path) -> None:
    """Write every picture into a folder."""
    with tempfile.TemporaryDirectory() as series:
        truth = write_demo_series(series, slices=300)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ContentWarning)  # the localizer beside the slices
            scan = load_image(series)
    organs = Image.from_grid(truth.organs, truth.grid, labels=ORGAN_NAMES)
    save_planes(scan, folder / "demo-planes.png", position=truth.nodule_position, mask=organs)
    overlay = visualize_mask_overlay(scan, organs, slices=[40, 75, 125, 160, 205, 250], window="soft tissue")
    overlay.savefig(folder / "overlay.png", dpi=80)
    for name in ("demo-planes.png", "overlay.png"):
        with PilImage.open(folder / name) as picture:
            # Medians would merge the colors of small organs; coverage keeps them apart.
            small = picture.convert("RGB").quantize(COLORS, PilImage.Quantize.MAXCOVERAGE, dither=PilImage.Dither.NONE)
        small.save(folder / name, optimize=True)


if __name__ == "__main__":
    make_pictures(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "images")
