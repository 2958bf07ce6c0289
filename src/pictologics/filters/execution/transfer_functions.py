"""What multiplies a spectrum: Simoncelli's bands and the Riesz transform, plane by plane."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import fft

from ...array_types import FloatingArray
from ...threads import get_num_threads, run_in_shares
from ..options import Dimensions

__all__ = ["RieszTransfer", "SimoncelliBand", "Transfer", "multiply_spectrum"]


class Transfer(Protocol):
    """A function of the frequency along (z, y, x)."""

    def plane(self, index: int) -> npt.NDArray[Any]:
        """Its values for one sample along z and all along y and x, of x only those from zero up."""


def multiply_spectrum(array: FloatingArray, transfer: Transfer, dimensions: Dimensions) -> FloatingArray:
    """Filter a periodic array by what its spectrum is multiplied with.

    Args:
        array: (z, y, x).
        transfer: The function; its values at opposite frequencies are each other's complex conjugates.
        dimensions: 3 for the volume, 2 for each plane along the first axis.
    """
    axes = (0, 1, 2)[3 - dimensions :]
    workers = get_num_threads()
    shape, dtype = [array.shape[axis] for axis in axes], array.dtype
    spectrum = fft.rfftn(array, axes=axes, workers=workers)
    del array  # the caller may have left it to us, and then its memory is free
    in_plane = transfer.plane(0) if dimensions == 2 else None

    def multiply(share: Iterable[int]) -> None:
        for index in share:
            spectrum[index] *= transfer.plane(index) if in_plane is None else in_plane

    run_in_shares(multiply, len(spectrum))
    return np.asarray(fft.irfftn(spectrum, shape, axes=axes, workers=workers, overwrite_x=True), dtype=dtype)


class SimoncelliBand:
    """One band of Simoncelli's wavelets, the same for all directions.

    Its frequencies run in even steps from -1 to 1. With an even number of samples none of them is zero, and no two
    are opposite: the real part of the result is that of the mean of the band at the frequencies that should be.

    Args:
        shape: Of the array whose spectrum it is, (z, y, x).
        level: From 1.
        dimensions: 2 leaves z out.
    """

    def __init__(self, shape: Sequence[int], level: int, dimensions: Dimensions) -> None:
        self.level = level
        # The squares of the frequencies of each axis, and of those that stand for the opposite ones.
        self.squares = [spread_frequencies(size) ** 2 for size in shape]
        if dimensions == 2:
            self.squares[0] = np.zeros(shape[0])
        self.opposite = [squares[-np.arange(len(squares))] for squares in self.squares]
        self.half = shape[2] // 2 + 1

    def plane(self, index: int) -> npt.NDArray[np.float64]:
        """The band for one sample along z."""
        total: npt.NDArray[np.float64] | float = 0.0
        for z, y, x in (self.squares, self.opposite):
            total = total + self.band(np.sqrt(z[index] + y[:, None] + x[None, : self.half]))
        return np.asarray(total / 2)

    def band(self, frequency: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The band at frequencies from 0, 1 being the highest along an axis."""
        scaled = frequency * 2.0 ** (self.level - 1)
        # An octave to either side of the peak at 1/2; neighboring levels' squares sum to one (IBSI 2, section 3.6).
        inside = (scaled > 0.25) & (scaled <= 1)
        values = np.zeros_like(scaled)
        values[inside] = np.cos(np.pi / 2 * np.log2(2 * scaled[inside]))
        return values


def spread_frequencies(size: int) -> npt.NDArray[np.float64]:
    """Even steps from -1 to 1, in the order of a discrete Fourier transform; zero for a single sample."""
    return np.asarray(fft.ifftshift(np.linspace(-1, 1, size))) if size > 1 else np.zeros(1)


class RieszTransfer:
    """The Riesz transform of an order, possibly times a band.

    Args:
        shape: Of the array whose spectrum it is, (z, y, x).
        orders: Along x, y and, in 3D, z.
        spacing: Along x, y and, in 3D, z; mm.
        band: What else to multiply with.
    """

    def __init__(
        self, shape: Sequence[int], orders: Sequence[int], spacing: Sequence[float], band: SimoncelliBand | None = None
    ) -> None:
        self.band = band
        self.total = sum(orders)
        ways = math.factorial(self.total) / math.prod(math.factorial(order) for order in orders)
        # The squared magnitudes of all transforms of one total order add up to one (IBSI 2, section 3.7).
        self.factor = (-1j) ** self.total * math.sqrt(ways)
        self.squares, self.powers = [np.zeros(shape[0])], [np.ones(shape[0])]
        if len(orders) == 3:
            self.squares, self.powers = [], []
        for order, step, size in zip(reversed(orders), reversed(spacing), shape[-len(orders) :], strict=True):
            frequency = fft.fftfreq(size, step)
            power = frequency**order
            if order % 2 and size % 2 == 0:
                # The highest frequency of an even number of samples is its own opposite; an odd function is zero there.
                power[size // 2] = 0
            self.squares.append(frequency**2)
            self.powers.append(power)
        half = shape[2] // 2 + 1
        self.squares[2], self.powers[2] = self.squares[2][:half], self.powers[2][:half]

    def plane(self, index: int) -> npt.NDArray[np.complex128]:
        """The transform for one sample along z."""
        # At frequency zero the direction is undefined; the transform has no constant part.
        square = self.squares[0][index] + self.squares[1][:, None] + self.squares[2][None, :]
        power = self.powers[0][index] * self.powers[1][:, None] * self.powers[2][None, :]
        length = square ** (self.total / 2)
        values = self.factor * np.divide(power, length, out=np.zeros_like(power), where=square > 0)
        return np.asarray(values if self.band is None else values * self.band.plane(index))
