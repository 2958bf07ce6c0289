"""Gabor filters: the strength of a wave of one length and direction, in planes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft

from ..array_types import FloatingArray
from ..checks import check_choice, check_number
from ..errors import OptionError
from ..image import Image
from ..interpolation.boundaries import Boundary, extend_array
from ..threads import run_in_shares
from .execution.filter_input import FilterInput, array_axis, make_result, prepare_input
from .execution.line_kernels import gaussian_radius
from .execution.orientations import Pool
from .options import Pooling

__all__ = ["gabor_filter"]

Complex = npt.NDArray[np.complex128]

SHORTEST_WAVE = 0.01
"""Share of a voxel. Waves shorter than two voxels are aliased; shorter than this they are a mistake in the unit."""


def gabor_filter(
    image: Image,
    sigma_mm: float,
    wavelength_mm: float,
    gamma: float = 1.0,
    theta: float = 0.0,
    rotation_invariance: bool = False,
    theta_step: float = 45.0,
    orthogonal_planes: bool = False,
    pooling: Pooling = "mean",
    truncate: float = 4.0,
    *,
    boundary: Boundary = "mirror",
    fill_value: float = 0.0,
) -> Image:
    """The modulus of the response to a Gabor filter (IBSI 2, section 3.4), in each slice or in three planes.

    The kernel is exp(-(u² + gamma² v²) / (2 sigma²) + 2 pi i u / wavelength), where u runs along theta and v across
    it, both in mm. It is applied by Fourier transform in double precision, which equals direct convolution to rounding.

    With a source mask an invalid voxel around a voxel counts as the mean of the valid ones, weighted by the modulus
    of the kernel there (normalized convolution). So a constant gives what it gives without a mask.

    Args:
        image: The image.
        sigma_mm: Standard deviation of the Gaussian along theta, mm.
        wavelength_mm: Length of the wave, mm.
        gamma: Standard deviation along theta divided by that across it.
        theta: Direction in which the wave runs, degrees, from the first axis of a plane towards its second.
        rotation_invariance: Pool the responses in the directions theta, theta + theta_step and so on, all the way
            round.
        theta_step: Degrees between them, 1 or more; a whole number of steps must make a full turn.
        orthogonal_planes: Also filter the planes (x, z) and (y, z), and pool the responses of all three.
        pooling: How responses become one: ``"mean"``, ``"max"`` or ``"min"``.
        truncate: Where the kernel ends along each axis, in its larger standard deviation.
        boundary: What lies beyond the image; as for all filters (see :mod:`pictologics.filters`).
        fill_value: What invalid voxels of the result hold; as for all filters.

    Returns:
        The response on the same grid.

    Raises:
        OptionError: If an option is wrong, or no voxel is valid.
        GeometryError: If the kernel reaches farther than a mirrored or periodic image does.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.filters import gabor_filter
        >>> wave = np.cos(np.arange(64) * np.pi / 2).astype(np.float32)  # along x, 4 voxels long
        >>> image = Image(np.tile(wave, (1, 64, 1)).T, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> along, across = (gabor_filter(image, 4.0, 4.0, theta=angle).array[32, 32, 0] for angle in (0, 90))
        >>> bool(along > 1000 * across)
        True
    """
    waves = Waves(
        check_number("sigma_mm", sigma_mm, "mm", above=0),
        check_number("wavelength_mm", wavelength_mm, "mm", above=0),
        check_number("gamma", gamma, above=0),
        list_directions(theta, theta_step if rotation_invariance else None),
        check_number("truncate", truncate, "sigma", above=0),
    )
    check_choice("pooling", pooling, ("mean", "max", "min"))
    source = prepare_input(image, 3 if orthogonal_planes else 2, boundary, fill_value)
    planes = [(0, 1), (0, 2), (1, 2)] if orthogonal_planes else [(0, 1)]
    steps = [float(step) for step in image.spacing]
    reaches = [waves.reach(step) for step in steps]
    source.check_reach(reaches[: source.dimensions], "Gabor filter")
    waves.check_spacing(steps[: source.dimensions])
    pool = Pool(pooling)
    for axes in planes:
        plane_waves = PlaneWaves.make(waves, [steps[axis] for axis in axes])
        pool.add(filter_planes(source, axes, plane_waves, pooling), {1: 1})
    text = f"Gabor modulus, sigma {sigma_mm:g} mm, wavelength {wavelength_mm:g} mm, gamma {gamma:g}, theta {theta:g}°"
    if rotation_invariance:
        text += f" and in steps of {theta_step:g}°"
    if rotation_invariance or orthogonal_planes:
        text += f", {pooling} of all"
    text += ", in three orthogonal planes" if orthogonal_planes else ", in slices"
    return make_result(source, pool.result(), text)


def list_directions(theta: float, step: float | None) -> Mapping[float, int]:
    """The angles to filter at, radians, and how often each counts.

    Raises:
        OptionError: If steps do not make a full turn.
    """
    start = check_number("theta", theta, "degrees")
    if step is None:
        return {math.radians(start): 1}
    turns = 360 / check_number("theta_step", step, "degrees", above=0)
    count = round(turns)
    if count < 1 or count > 360 or abs(turns - count) > 1e-6 * count:
        raise OptionError(
            f"theta_step is {step:g}° and a whole number of steps, 360 at most, must make a full turn",
            advice="pass for example 45 or 22.5",
            value=step,
        )
    # The kernel of the opposite direction is the complex conjugate, and its response has the same modulus.
    return Counter(math.radians(round((start + 360 / count * k) % 180, 9) % 180) for k in range(count))


@dataclass(frozen=True)
class Waves:
    """The waves that a Gabor filter responds to.

    Attributes:
        sigma: Standard deviation along the wave, mm.
        wavelength: In mm.
        gamma: Standard deviation along the wave divided by that across it.
        angles: Directions, radians, and how often each counts.
        truncate: Where the kernel ends, in the larger standard deviation.
    """

    sigma: float
    wavelength: float
    gamma: float
    angles: Mapping[float, int]
    truncate: float

    def reach(self, step: float) -> int:
        """Voxels of a spacing to either side that a kernel covers."""
        return gaussian_radius(max(self.sigma, self.sigma / self.gamma) / step, self.truncate)

    def check_spacing(self, steps: Sequence[float]) -> None:
        """Refuse kernels of a single voxel and waves far shorter than one, for voxels of these spacings, mm.

        Raises:
            OptionError: If the kernel does not reach a neighbor, or the wave is far shorter than a voxel.
        """
        if min(self.reach(step) for step in steps) == 0:
            raise OptionError(
                f"sigma_mm is {self.sigma:g} and the kernel ends before the next voxel", advice="pass a larger sigma_mm"
            )
        if self.wavelength < SHORTEST_WAVE * min(steps):
            raise OptionError(
                f"wavelength_mm is {self.wavelength:g} and the voxels are {min(steps):g} mm apart",
                advice="pass a wavelength of two voxels or more",
                wavelength_mm=self.wavelength,
            )

    def make_kernel(self, angle: float, steps: Sequence[float]) -> tuple[Complex, FloatingArray]:
        """A kernel and its modulus, sampled on a plane's voxels; the plane's second axis comes first."""
        first, second = (np.arange(-self.reach(step), self.reach(step) + 1) * step for step in steps)
        along = first[None, :] * math.cos(angle) + second[:, None] * math.sin(angle)
        across = second[:, None] * math.cos(angle) - first[None, :] * math.sin(angle)
        # In mm, so that the wave keeps its direction on voxels that are not square.
        with np.errstate(over="ignore"):  # a huge gamma makes the kernel a line, and its square infinite
            envelope = np.exp(-((along / self.sigma) ** 2 + (self.gamma * (across / self.sigma)) ** 2) / 2)
        return envelope * np.exp(2j * math.pi / self.wavelength * along), envelope


@dataclass(frozen=True)
class PlaneWaves:
    """The kernels for planes of one spacing.

    Attributes:
        kernels: Each kernel, its modulus, and how often its response counts.
        reaches: Voxels to either side along the rows and the columns of the arrays.
    """

    kernels: Sequence[tuple[Complex, FloatingArray, int]]
    reaches: tuple[int, int]

    @classmethod
    def make(cls, waves: Waves, steps: Sequence[float]) -> PlaneWaves:
        """Sample the kernels; ``steps`` are the spacings along the plane's first and second axis, mm."""
        kernels = [(*waves.make_kernel(angle, steps), often) for angle, often in waves.angles.items()]
        return cls(kernels, (waves.reach(steps[1]), waves.reach(steps[0])))


def filter_planes(source: FilterInput, axes: Sequence[int], waves: PlaneWaves, pooling: Pooling) -> FloatingArray:
    """The responses in all planes along two axes of the image, pooled over the directions; (z, y, x)."""
    across = array_axis(next(axis for axis in range(3) if axis not in axes))
    values = np.moveaxis(source.values, across, 0)
    valid = None if source.valid is None else np.moveaxis(source.valid, across, 0)
    output = np.empty_like(source.values)
    planes = np.moveaxis(output, across, 0)
    height, width = values.shape[1:]
    # The plane with its margins has n + 2 reach samples. A cyclic convolution of that length only spoils the first
    # 2 reach of the result, and those are cut off: no more zeros are needed.
    size = [fft.next_fast_len(n + 2 * reach) for n, reach in zip((height, width), waves.reaches, strict=True)]
    inner = tuple(slice(2 * reach, 2 * reach + n) for n, reach in zip((height, width), waves.reaches, strict=True))
    spectra = [
        (fft.fft2(kernel, size), fft.fft2(modulus, size) if valid is not None else None, complex(kernel.sum()), often)
        for kernel, modulus, often in waves.kernels
    ]
    margins = [(reach, reach) for reach in waves.reaches]

    def transform(plane: npt.NDArray[Any], outside: float) -> Complex:
        return np.asarray(fft.fft2(extend_array(plane.astype(np.float64), margins, source.extension, outside), size))

    def convolve(first: Complex, second: Complex) -> Complex:
        return np.asarray(fft.ifft2(first * second)[inner])

    def filter_share(share: Iterable[int]) -> None:
        for index in share:
            pool = Pool(pooling)
            if valid is None:
                seen = transform(values[index], 0.0)
                for kernel, _, _, often in spectra:
                    pool.add(np.abs(convolve(seen, kernel)), {1: often})
            elif valid[index].any():
                counts = valid[index]
                seen = transform(np.where(counts, values[index], source.middle) - source.middle, -source.middle)
                known = transform(counts, 1.0)
                for kernel, modulus, total, often in spectra:
                    assert modulus is not None
                    weights = convolve(known, modulus).real
                    mean = np.divide(convolve(seen, modulus).real, weights, out=np.zeros(counts.shape), where=counts)
                    rest = total - convolve(known, kernel)
                    response = convolve(seen, kernel) + mean * rest + source.middle * total
                    pool.add(np.abs(response), {1: often})
            else:
                # Not left as it is: uninitialized memory may hold NaN, of which pooling the planes would warn.
                planes[index] = 0
                continue
            planes[index] = pool.result()

    run_in_shares(filter_share, len(values))
    return output
