"""ImageSeries: several volumes on one grid, of which one is in memory at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, overload

import numpy as np
import numpy.typing as npt

from ..bridges.methods import open_bridge
from ..checks import is_whole
from ..errors import OptionError
from ..geometry import Grid
from ..image import Image
from .axes import LABEL_LISTS, MOST_AXIS_LABELS_NAMED, SeriesAxis, check_axis_names, format_label, number_axis
from .common_grid import check_same_grid
from .places import check_place, list_places
from .statistics import StatisticName, compute_statistic
from .volume_source import MemoryVolumes, VolumeSource
from .whole_array import WholeSeries, read_whole_array, read_whole_series

if TYPE_CHECKING:
    import xarray

__all__ = ["ImageSeries"]


class ImageSeries:
    """The volumes of a series or of a 4D file, in one lazy object: ``load_series`` gives it.

    Each volume is an ``Image``, all of them on one grid. A volume is read when it is asked for; while you iterate, or
    compute a mean, one is in memory. The volumes lie along axes with names and labels. Numbers count them from 0 in the
    order of the axes, the last one fastest; of one axis, this is the ``dataset_index`` of ``load_image``.

    A compressed 4D file is inflated in one pass as long as volumes are taken in ascending order; between two of them it
    stays open, until the last one, ``close()`` or the end of a ``with`` block.

    Attributes:
        axes: The axes along which the volumes lie; see ``SeriesAxis``.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image, ImageSeries, SeriesAxis
        >>> images = [Image(np.full((4, 5, 6), k, np.float32), (1, 1, 2), (0, 0, 0)) for k in range(3)]
        >>> series = ImageSeries.from_images(images, SeriesAxis("time", (0.0, 2.5, 5.0), "s"))
        >>> series
        ImageSeries(shape=(4, 5, 6, 3), time 0 to 5 s, spacing=(1, 1, 2) mm, orientation='LPS', modality='Unknown')
        >>> float(series.select(time=2.5)[0].array.max()), float(series.mean().array.max())
        (1.0, 1.0)
    """

    def __init__(self, source: VolumeSource, axes: Sequence[SeriesAxis], numbers: npt.NDArray[np.intp]) -> None:
        self.axes = tuple(axes)
        self._source = source
        self._numbers = numbers

    @classmethod
    def from_images(cls, images: Sequence[Image], *axes: SeriesAxis) -> ImageSeries:
        """Make a series of images in memory, such as those that were computed from another series.

        Args:
            images: All on one grid; the last axis runs fastest.
            *axes: The axes along which they lie; by default one without labels.

        Raises:
            OptionError: If there is none, the axes are of another number of volumes, or two have one name.
            GeometryError: If an image lies on another grid than the first.
        """
        images = tuple(images) if isinstance(images, Iterable) else ()
        if not images or not all(isinstance(image, Image) for image in images):
            raise OptionError("images must be a list of one Image at least", advice="load or make them first")
        if not all(isinstance(axis, SeriesAxis) for axis in axes):
            raise OptionError(
                "the axes must be of SeriesAxis", advice='make them first, as SeriesAxis("time", seconds)'
            )
        check_axis_names(axes)
        own = axes or (number_axis("volume", len(images)),)
        shape = tuple(len(axis) for axis in own)
        if np.prod(shape) != len(images):
            raise OptionError(
                f"the axes have {' times '.join(map(str, shape))} places, and there are {len(images)} images",
                advice="give an image for each place",
            )
        for number, image in enumerate(images):
            check_same_grid(image.grid, images[0].grid, f"image {number}")
        labels = [image.metadata.get("phase", "") for image in images]
        return cls(MemoryVolumes(images, labels), own, np.arange(len(images), dtype=np.intp).reshape(shape))

    @property
    def grid(self) -> Grid:
        """Where the voxels of each volume lie."""
        return self._source.grid

    @property
    def modality(self) -> str:
        """DICOM modality such as ``"MR"``, or ``"Unknown"``."""
        return self._source.modality

    @property
    def path(self) -> str:
        """The file or folder; empty for volumes in memory."""
        return self._source.path

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along x, y and z, and volumes along each axis."""
        return (*self.grid.shape, *self._numbers.shape)

    @property
    def labels(self) -> tuple[str, ...]:
        """What each volume is called, such as ``"Phase 40%"``, as ``get_dicom_phases`` and ``explain`` have it."""
        return tuple(self._source.labels[number] for number in self._numbers.ravel())

    def values(self, name: str) -> npt.NDArray[Any]:
        """The labels of an axis, or another of its coordinates.

        Args:
            name: Such as ``"time"`` or ``"b_value"``.

        Returns:
            One for each place of the axis: numbers, of which those that are not known are NaN, or text; directions as
            rows of three numbers, NaN where there is none.
        """
        return self.axes[self._find_axis(name)].values(name)

    def __len__(self) -> int:
        return int(self._numbers.size)

    def __iter__(self) -> Iterator[Image]:
        return self._source.iterate(self._numbers.ravel().tolist())

    @overload
    def __getitem__(self, index: int | str) -> Image: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int]) -> ImageSeries: ...
    def __getitem__(self, index: Any) -> Image | ImageSeries:
        """One volume by its number or by what it is called; of a series with one axis, some of them.

        Args:
            index: A number, also a negative one, or one of ``labels``; a slice, or a list of numbers.

        Raises:
            OptionError: If there is no such volume.
        """
        if isinstance(index, str):
            return self._source.read(int(self._numbers.ravel()[self._find_label(index)]))
        if is_whole(index):
            return self._source.read(int(self._numbers.ravel()[check_place(int(index), len(self), "volume")]))
        if len(self.axes) > 1:
            names = ", ".join(axis.name for axis in self.axes)
            raise OptionError(
                f"the volumes lie along {len(self.axes)} axes ({names}), and {index!r} does not say along which",
                advice=f"call pick({self.axes[0].name}={index!r})",
            )
        return self.pick(**{self.axes[0].name: index})

    def pick(self, **numbers: int | slice | Sequence[int]) -> ImageSeries:
        """Some of the volumes by their numbers along axes, from 0.

        Args:
            **numbers: For an axis a number, which takes the axis away while there is another, a slice, or a list.

        Raises:
            OptionError: If there is no such axis or no such place on it.
        """
        places = {}
        for name, wanted in numbers.items():
            axis = self._find_axis(name)
            if name != self.axes[axis].name:
                raise OptionError(f"{name} is no axis, but labels of {self.axes[axis].name}", advice="use select()")
            places[axis] = list_places(wanted, len(self.axes[axis]), name)
        return self._take(places, {axis for axis in places if is_whole(numbers[self.axes[axis].name])})

    def select(self, **labels: Any) -> ImageSeries:
        """Some of the volumes by what stands along axes.

        Args:
            **labels: For an axis, or for another of its coordinates, a label; a list of labels; or a slice of numbers,
                both ends included. A label of a single place takes the axis away while there is another.

        Raises:
            OptionError: If no volume has such a label.

        Examples:
            >>> import numpy as np
            >>> from pictologics import Image, ImageSeries, SeriesAxis
            >>> images = [Image(np.full((2, 2, 2), k), (1, 1, 1), (0, 0, 0)) for k in range(4)]
            >>> axis = SeriesAxis("direction", (None, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), None),
            ...                   coordinates={"b_value": (0.0, 1000.0, 1000.0, 0.0)})
            >>> series = ImageSeries.from_images(images, axis)
            >>> [int(image.array.max()) for image in series.select(b_value=1000)]
            [1, 2]
        """
        places: dict[int, list[int]] = {}
        dropped = set()
        for name, wanted in labels.items():
            axis = self._find_axis(name)
            found = self.axes[axis].find(name, wanted)
            places[axis] = [place for place in places.get(axis, found) if place in found]
            if len(places[axis]) == 1 and not isinstance(wanted, (slice, *LABEL_LISTS)):
                dropped.add(axis)
            if not places[axis]:
                raise OptionError(f"no volume has {labels!r}", advice="look at axes", path=self.path or None)
        return self._take(places, dropped)

    def to_array(self) -> npt.NDArray[Any]:
        """All volumes in one array, which holds all of them in memory.

        Returns:
            Shape (x, y, z) and the length of each axis; x runs fastest in memory. The type is that of the volumes.

        Raises:
            OptionError: If there is not enough memory.
        """
        return read_whole_array(self._source, self._numbers)

    def read_whole(self) -> WholeSeries:
        """All volumes in one array as by ``to_array``, with their source masks and what is known of all of them.

        Raises:
            OptionError: If there is not enough memory.
        """
        return read_whole_series(self._source, self._numbers)

    @overload
    def mean(self, axis: None = None) -> Image: ...
    @overload
    def mean(self, axis: str) -> Image | ImageSeries: ...
    def mean(self, axis: str | None = None) -> Image | ImageSeries:
        """The mean of each voxel, with one volume in memory besides the result.

        Args:
            axis: Along which axis; by default over all volumes.

        Returns:
            An Image; or a series of them where other axes are left. Computed in float64; float32 for volumes of
            float32. Voxels that a ``source_mask`` marks as invalid do not count.
        """
        return self._compute("mean", axis)

    @overload
    def std(self, axis: None = None) -> Image: ...
    @overload
    def std(self, axis: str) -> Image | ImageSeries: ...
    def std(self, axis: str | None = None) -> Image | ImageSeries:
        """The standard deviation of each voxel, of the whole population as in numpy; otherwise as ``mean``."""
        return self._compute("std", axis)

    @overload
    def min(self, axis: None = None) -> Image: ...
    @overload
    def min(self, axis: str) -> Image | ImageSeries: ...
    def min(self, axis: str | None = None) -> Image | ImageSeries:
        """The smallest value of each voxel, in the type of the volumes; otherwise as ``mean``."""
        return self._compute("min", axis)

    @overload
    def max(self, axis: None = None) -> Image: ...
    @overload
    def max(self, axis: str) -> Image | ImageSeries: ...
    def max(self, axis: str | None = None) -> Image | ImageSeries:
        """The largest value of each voxel, in the type of the volumes; otherwise as ``mean``."""
        return self._compute("max", axis)

    @overload
    def sum(self, axis: None = None) -> Image: ...
    @overload
    def sum(self, axis: str) -> Image | ImageSeries: ...
    def sum(self, axis: str | None = None) -> Image | ImageSeries:
        """The sum of each voxel, in float64; otherwise as ``mean``."""
        return self._compute("sum", axis)

    def to_xarray(self) -> xarray.DataArray:
        """All volumes as a DataArray; see :func:`pictologics.bridges.series_xarray.series_to_xarray`."""
        made: xarray.DataArray = open_bridge("series_xarray").series_to_xarray(self)
        return made

    def close(self) -> None:
        """Close the file, if it is still open. A volume that is asked for opens it again."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        spacing = ", ".join(f"{step:.6g}" for step in self.grid.spacing)
        return (
            f"ImageSeries(shape={self.shape}, {', '.join(map(describe_axis, self.axes))}, spacing=({spacing}) mm, "
            f"orientation={self.grid.orientation!r}, modality={self.modality!r})"
        )

    def _compute(self, name: StatisticName, axis: str | None) -> Image | ImageSeries:
        """A statistic over all volumes or along one axis."""
        along = None if axis is None else self._find_axis(axis)
        numbers = self._numbers.reshape(-1, 1) if along is None else np.moveaxis(self._numbers, along, 0)
        lengths = numbers.shape[1:]
        images = compute_statistic(name, self._source, numbers.reshape(len(numbers), -1), axis or "all volumes")
        if along is None or len(self.axes) == 1:
            return images[0]
        left = [other for k, other in enumerate(self.axes) if k != along]
        memory = MemoryVolumes(images, [""] * len(images), self.path)
        return ImageSeries(memory, left, np.arange(len(images), dtype=np.intp).reshape(lengths))

    def _find_axis(self, name: str) -> int:
        """The number of the axis that has a name, or a coordinate of that name."""
        for number, axis in enumerate(self.axes):
            if name in axis.names:
                return number
        known = ", ".join(name for axis in self.axes for name in axis.names)
        raise OptionError(
            f"there is no axis {name!r}: the axes are {known}", path=self.path or None, advice="use one of these"
        )

    def _find_label(self, label: str) -> int:
        """The number of the volume that is called so."""
        labels = self.labels
        found = [k for k, own in enumerate(labels) if own == label]
        if len(found) == 1:
            return found[0]
        some = ", ".join(map(repr, labels[:MOST_AXIS_LABELS_NAMED]))
        raise OptionError(
            f"{len(found) or 'no'} volumes are called {label!r}: they are called {some}"
            + ", ..." * (len(labels) > MOST_AXIS_LABELS_NAMED),
            path=self.path or None,
            advice="choose a volume by its number, or by its axes with select()",
        )

    def _take(self, places: dict[int, list[int]], dropped: set[int]) -> ImageSeries:
        """The volumes at some places of some axes; axes that are dropped have one place left."""
        numbers, axes = self._numbers, list(self.axes)
        for axis, own in places.items():
            numbers, axes[axis] = numbers.take(own, axis), axes[axis].take(own)
        if len(dropped) == len(axes):
            # One axis stays, so that there is one to count along.
            dropped = set(sorted(dropped)[1:])
        left = [axis for k, axis in enumerate(axes) if k not in dropped]
        return ImageSeries(self._source, left, numbers.reshape([len(axis) for axis in left]))


def describe_axis(axis: SeriesAxis) -> str:
    """An axis in a few words, such as "time 0 to 5 s" or "component magnitude, phase"."""
    labels = axis.labels
    units = f" {axis.units}" if axis.units else ""
    if all(isinstance(label, (int, float)) for label in labels):
        ends = dict.fromkeys(format_label(float(label)) for label in (labels[0], labels[-1]))  # type: ignore[arg-type]
        return f"{axis.name} {' to '.join(ends)}{units}"
    if all(isinstance(label, str) for label in labels) and len(labels) <= 3:
        return f"{axis.name} {', '.join(map(format_label, labels))}"
    return f"{len(labels)} of {axis.name}"
