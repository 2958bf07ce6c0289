"""Draw every figure of the documentation: ``python docs/figures/make_figures.py [FOLDER]``."""

from __future__ import annotations

import sys
from pathlib import Path

from flow import data_flow
from lattices import lattices
from stacks import corner_error, irregular_stacks, projected_step, resampled_stacks
from world import voxel_grid, world_axes

FIGURES = {
    "world-axes": world_axes,
    "voxel-grid": voxel_grid,
    "projected-step": projected_step,
    "irregular-stacks": irregular_stacks,
    "resampled-stacks": resampled_stacks,
    "corner-error": corner_error,
    "lattices": lattices,
    "data-flow": data_flow,
}


def main(folder: Path) -> None:
    """Write one SVG for each figure."""
    for name, draw in FIGURES.items():
        (folder / f"{name}.svg").write_text(str(draw()), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
