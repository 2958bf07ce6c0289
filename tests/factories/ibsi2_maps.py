"""The reference response maps of IBSI 2, phase 1: each with its phantom and the call that must agree with it.

``python -m tests.factories.ibsi2_maps FOLDER`` prints the table of the documentation.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from pictologics import Image, filters, load_image

ALLOWED = 0.01
"""Largest difference in any voxel, as a part of the map's range (IBSI 2)."""


@dataclass(frozen=True)
class ReferenceMap:
    """A map and how it came about."""

    name: str
    phantom: str
    filter: str
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)

    def response(self, folder: Path) -> Image:
        """The phantom filtered by us."""
        apply: Callable[..., Image] = getattr(filters, self.filter)
        return apply(phantom(folder, self.phantom), *self.arguments, **self.keywords)

    def worst(self, folder: Path) -> float:
        """The largest difference in any voxel, as a part of the map's range."""
        # Read by nibabel: not all of this truth should pass through the reader under test.
        file = folder / "response_maps" / f"{self.name}-ValidCRM.nii.gz"
        reference = np.asarray(nibabel.load(file).dataobj, dtype=np.float64)
        difference = np.abs(self.response(folder).array - reference)
        return float(difference.max() / np.ptp(reference))

    def call(self) -> str:
        """The call as one would write it."""
        words = ["image", *map(repr, self.arguments), *(f"{name}={value!r}" for name, value in self.keywords.items())]
        return f"{self.filter}({', '.join(words)})"


@cache
def phantom(folder: Path, name: str) -> Image:
    return load_image(folder / "phantoms" / f"{name}.nii.gz")


def maps() -> list[ReferenceMap]:
    found = []
    all_planes = {"rotation_invariance": True, "orthogonal_planes": True, "pooling": "mean"}

    def add(name: str, phantom: str, function: str, *arguments: Any, **keywords: Any) -> None:
        found.append(ReferenceMap(name, phantom, function, arguments, keywords))

    for number, boundary in enumerate(("zero", "nearest", "periodic", "mirror"), 1):
        add(f"1_a_{number}", "checkerboard", "mean_filter", 15, boundary=boundary)
    add("1_b_1", "impulse", "mean_filter", 15, dimensions=2, boundary="zero")

    add("2_a", "impulse", "laplacian_of_gaussian", 3.0, boundary="zero")
    add("2_b", "checkerboard", "laplacian_of_gaussian", 5.0, boundary="mirror")
    add("2_c", "checkerboard", "laplacian_of_gaussian", 5.0, dimensions=2, boundary="mirror")

    turned = {"rotation_invariance": True, "pooling": "max"}
    for group, image, kernels, more in (
        ("3_a", "impulse", "E5L5S5", {"boundary": "zero"}),
        ("3_b", "checkerboard", "E3W5R5", {"boundary": "mirror"}),
        ("3_c", "checkerboard", "L5S5", {"dimensions": 2, "boundary": "mirror"}),
    ):
        add(f"{group}_1", image, "laws_filter", kernels, **more)
        add(f"{group}_2", image, "laws_filter", kernels, **turned, **more)
        add(f"{group}_3", image, "laws_filter", kernels, **turned, energy_distance=7, **more)

    wave = {"gamma": 0.5, "boundary": "zero"}
    add("4_a_1", "impulse", "gabor_filter", 10.0, 4.0, theta=60.0, **wave)
    add("4_a_2", "impulse", "gabor_filter", 10.0, 4.0, theta_step=45.0, **all_planes, **wave)
    wave = {"gamma": 2.5, "boundary": "mirror"}
    add("4_b_1", "sphere", "gabor_filter", 20.0, 8.0, theta=225.0, **wave)
    add("4_b_2", "sphere", "gabor_filter", 20.0, 8.0, theta_step=22.5, **all_planes, **wave)

    mean = {"rotation_invariance": True, "pooling": "mean"}
    for number, more in enumerate(({}, mean), 1):
        add(f"5_a_{number}", "impulse", "wavelet_filter", "db2", "LHL", **more, boundary="zero")
    for number, more in enumerate(({}, mean), 1):
        add(f"6_a_{number}", "sphere", "wavelet_filter", "coif1", "HHL", **more, boundary="periodic")
    for number, band in enumerate(("LLL", "HHH"), 1):
        add(f"7_a_{number}", "checkerboard", "wavelet_filter", "haar", band, level=2, **mean, boundary="mirror")

    for level in (1, 2, 3):
        add(f"8_a_{level}", "checkerboard", "simoncelli_filter", level, boundary="periodic")

    add("9_a", "impulse", "riesz_filter", (1, 0, 0), sigma_mm=3.0, boundary="zero")
    add("9_b_1", "sphere", "riesz_filter", (0, 2, 0), sigma_mm=3.0, boundary="zero")
    add("10_b_1", "pattern_1", "riesz_filter", (0, 2, 0), "simoncelli", boundary="periodic")
    return found


MAPS = maps()


def row(reference: ReferenceMap, worst: float) -> str:
    """The line of a map in the documentation's table."""
    return f"| {reference.name} | {reference.phantom} | `{reference.call()}` | {100 * worst:.2f} |"


if __name__ == "__main__":
    for one in MAPS:
        print(row(one, one.worst(Path(sys.argv[1]))))
