"""Layers of chunks, inflated: shared by all threads that read an array, and bounded in memory."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from ...threads import renew_in_child

__all__ = ["SlabShelf"]

MOST_BYTES: Final = 1 << 29
"""Bytes of the layers of one array that are kept at once, unless a single one is larger."""


class SlabShelf:
    """Layers of chunks that are in memory.

    Whoever reads from a layer has taken it, and gives it back before taking another. Where all that there is room for
    are taken, the next one waits: planes are read in order, so that a layer that was dropped too early would be
    inflated again for every piece of it.

    Args:
        inflate: Gives the bytes of a layer by its volume and its number.
        slab_bytes: Bytes of a layer.
    """

    def __init__(self, inflate: Callable[[int, int], npt.NDArray[np.uint8]], slab_bytes: int) -> None:
        self.inflate = inflate
        self.most = max(1, MOST_BYTES // max(slab_bytes, 1))
        self.renew()

    def renew(self) -> None:
        """Begin with nothing: in a process that was forked, nobody gives back what another thread had taken."""
        self.slabs: OrderedDict[tuple[int, int], npt.NDArray[np.uint8]] = OrderedDict()
        self.taken: Counter[tuple[int, int]] = Counter()
        self.readers = 0
        self.changed = threading.Condition()
        renew_in_child(self)

    def enter(self) -> None:
        """One more reads."""
        with self.changed:
            self.readers += 1

    def leave(self) -> None:
        """One less reads; after the last one, nothing is kept."""
        with self.changed:
            self.readers -= 1
            if not self.readers:
                self.slabs.clear()

    def take(self, key: tuple[int, int]) -> npt.NDArray[np.uint8]:
        """The bytes of a layer, inflated if they are not there."""
        with self.changed:
            self.changed.wait_for(lambda: key in self.slabs or self.makes_room())
            if key not in self.slabs:
                self.slabs[key] = self.inflate(*key)
            self.slabs.move_to_end(key)
            self.taken[key] += 1
            return self.slabs[key]

    def give_back(self, key: tuple[int, int]) -> None:
        """Say that a layer that was taken is read no longer."""
        with self.changed:
            self.taken[key] -= 1
            self.changed.notify_all()

    def makes_room(self) -> bool:
        """Drop the layers that were taken longest ago; whether there is room for another."""
        for key in list(self.slabs):
            if len(self.slabs) < self.most:
                break
            if not self.taken[key]:
                del self.slabs[key]
        return len(self.slabs) < self.most
