"""Laws kernels, plain, in all orientations, and as energy."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from ..checks import check_choice, check_whole, option_error
from ..errors import OptionError
from ..image import Image
from ..interpolation.boundaries import Boundary
from .execution.filter_input import make_result, prepare_input
from .execution.line_kernels import LineKernel
from .execution.orientations import filter_orientations, plan_orientations
from .options import Dimensions, Pooling
from .smoothing import average_box

__all__ = ["laws_filter"]

WEIGHTS = {
    "L3": (1, 2, 1),
    "L5": (1, 4, 6, 4, 1),
    "E3": (-1, 0, 1),
    "E5": (-1, -2, 0, 2, 1),
    "S3": (-1, 2, -1),
    "S5": (-1, 0, 2, 0, -1),
    "W5": (-1, 2, 0, -2, 1),
    "R5": (1, -4, 6, -4, 1),
}
"""Level, edge, spot, wave and ripple, before each is divided by its length (IBSI 2, section 3.3)."""


def laws_filter(
    image: Image,
    kernels: str = "E5L5S5",
    rotation_invariance: bool = False,
    pooling: Pooling = "max",
    energy_distance: int | None = None,
    *,
    dimensions: Dimensions = 3,
    boundary: Boundary = "mirror",
    fill_value: float = 0.0,
) -> Image:
    """Laws kernels (IBSI 2, section 3.3).

    With a source mask an invalid voxel around a voxel counts as the mean of the valid ones, weighted by the absolute
    weights there (normalized convolution). So a constant gives what it gives without a mask, and the border of a mask
    is no edge.

    Args:
        image: The image.
        kernels: A kernel for each axis, x first: of ``L3``, ``L5``, ``E3``, ``E5``, ``S3``, ``S5``, ``W5`` and
            ``R5``; three in 3D and two in 2D.
        rotation_invariance: Pool the responses in all orientations by right angles: 24 in 3D, 4 in 2D.
        pooling: How: ``"max"``, ``"mean"`` or ``"min"``.
        energy_distance: Give the energy instead: the mean absolute response of the voxels within this Chebyshev
            distance, in voxels; of the valid ones if there is a source mask.
        dimensions: 3 for the volume, 2 for each slice; as for all filters (see :mod:`pictologics.filters`).
        boundary: What lies beyond the image; as for all filters. For the energy the same lies
            beyond the response.
        fill_value: What invalid voxels of the result hold; as for all filters.

    Returns:
        The response on the same grid.

    Raises:
        OptionError: If an option is wrong, or no voxel is valid.
        GeometryError: If a kernel reaches farther than a mirrored or periodic image does.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.filters import laws_filter
        >>> edge = np.zeros((8, 8, 1), np.float32, order="F")
        >>> edge[4:] = 1
        >>> image = Image(edge, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> response = laws_filter(image, "E3L3", rotation_invariance=True, dimensions=2).array
        >>> print(response[:, 4, 0].round(2))
        [0.   0.   0.   1.15 1.15 0.   0.   0.  ]
    """
    if not isinstance(kernels, str) or not re.fullmatch("([A-Z][0-9])+", kernels):
        raise option_error("kernels", kernels, "names such as 'E5L5S5'")
    names = re.findall("..", kernels)
    for name in names:
        check_choice("a Laws kernel", name, tuple(WEIGHTS))
    check_choice("pooling", pooling, ("max", "mean", "min"))
    distance = None if energy_distance is None else check_whole("energy_distance", energy_distance, 1)
    source = prepare_input(image, dimensions, boundary, fill_value)
    if len(names) != dimensions:
        raise OptionError(
            f"kernels is {kernels!r}, {len(names)} kernels, and {dimensions}D filters need {dimensions}", value=kernels
        )
    line_kernels = [make_laws_kernel(name) for name in names]
    reach = max(kernel.reach for kernel in line_kernels)
    source.check_reach([max(reach, distance or 0)] * dimensions, "Laws filter")
    response = filter_orientations(source, plan_orientations([line_kernels], rotation_invariance), pooling)
    text = f"Laws kernels {kernels}"
    if rotation_invariance:
        text += f", {pooling} of all right-angle orientations"
    if distance is not None:
        # IBSI 2 pools the orientations first and takes the energy of the pooled response.
        np.abs(response, out=response)
        response = average_box(replace(source, values=response), distance)
        text += f", energy within {distance} voxels"
    return make_result(source, response, text)


def make_laws_kernel(name: str) -> LineKernel:
    """A kernel by its name, of length one."""
    weights = np.array(WEIGHTS[name], dtype=np.float64)
    return LineKernel.convolving((weights / np.sqrt((weights**2).sum())).tolist())
