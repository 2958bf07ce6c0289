"""load_series: all volumes of a series, or of a 4D file, as one lazy object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import RLock
from typing import Any, BinaryIO

import numpy.typing as npt

from ..errors import UnsupportedFormatError
from ..geometry import Grid, ImageRegion, find_region_box
from ..image import Image
from ..provenance import VolumeWarnings
from ..series.common_grid import check_same_grid
from ..series.image_series import ImageSeries
from ..storage.files import PathLike
from ..threads import renew_in_child
from .keywords import accept_former_spelling, check_read_options
from .loading_steps import check_options, find_options_of_reader, finish_image
from .protocol import ColorHandling, Irregular, Reader, ReadOptions, SourceMaskFrom, Suv
from .registry import find_reader
from .series_protocol import OpenedSeries, SeriesReader

__all__ = ["load_series"]


@accept_former_spelling("colour", "color")
def load_series(
    path: PathLike | Sequence[PathLike] | bytes | BinaryIO,
    recursive: bool = False,
    *,
    series_uid: str | None = None,
    irregular: Irregular = "error",
    dtype: npt.DTypeLike | None = None,
    source_mask_from: SourceMaskFrom | None = None,
    color: ColorHandling = "error",
    suv: Suv | None = None,
    apply_rescale: bool = True,
    fill_value: float = 0.0,
    allow_outside_files: bool = False,
    region: ImageRegion | None = None,
) -> ImageSeries:
    """Load all volumes of a DICOM series or of a 4D file, as one lazy object whose axes have names and labels.

    Headers are read now, and voxels when a volume is asked for: one volume at a time while you iterate, and of a
    compressed file in one pass. Every volume is the Image that ``load_image(path, dataset_index=k)`` gives.

    Args:
        path: As for ``load_image``. Of a DICOM series the volumes of its main set of images are there; localizers and
            the like are not. Beside a NIfTI file, ``.bval`` and ``.bvec`` of the same name give the b-values and
            directions of diffusion.
        recursive: As for ``load_image``, and so are all other parameters.
        series_uid: The series to load from a folder that holds several.
        irregular: What to do with slices that do not form a regular grid.
        dtype: Type of the voxels.
        source_mask_from: Where each volume's ``source_mask`` comes from.
        color: What to do with DICOM images in color.
        suv: Give PET as standardized uptake values.
        apply_rescale: Apply the slopes and intercepts of DICOM and MetaImage.
        fill_value: Value of voxels without data where an irregular stack is resampled.
        allow_outside_files: Follow a header that names files of voxels outside its own folder.
        region: Read a part of each volume only.

    Returns:
        The series; see ``ImageSeries``.

    Raises:
        ValueError: As ``load_image``; also if volumes lie on different grids (a GeometryError), or the source holds
            segments (an UnsupportedFormatError).

    Examples:
        >>> import tempfile
        >>> import numpy as np
        >>> from pictologics import Image, ImageSeries, SeriesAxis, load_series, save_series
        >>> images = [Image(np.full((4, 5, 6), k, np.float32), (1, 1, 2), (0, 0, 0)) for k in range(3)]
        >>> file = tempfile.mkdtemp() + "/bold.nii.gz"
        >>> save_series(ImageSeries.from_images(images, SeriesAxis("time", (0.0, 2.5, 5.0), "s")), file)
        >>> series = load_series(file)
        >>> len(series), series.values("time").tolist()
        (3, [0.0, 2.5, 5.0])
    """
    options = check_read_options(
        recursive=recursive,
        apply_rescale=apply_rescale,
        series_uid=series_uid,
        irregular=irregular,
        dtype=dtype,
        source_mask_from=source_mask_from,
        color=color,
        suv=suv,
        allow_outside_files=allow_outside_files,
        fill_value=fill_value,
        region=region,
    )
    source, reader = find_reader(path, options.recursive, options.series_uid)
    if not isinstance(reader, SeriesReader):
        raise UnsupportedFormatError(
            f"{reader.name} files hold segments and no series of images",
            path=source.path,
            advice="load them with load_seg or load_mask",
        )
    check_options(reader, options, source.path)
    opened = reader.open_series(source, options)
    volumes = LazyVolumes(opened, reader, options, source.path)
    volumes.warnings.give(opened.decisions)
    volumes.warnings.pass_over(opened.told)
    return ImageSeries(volumes, opened.axes, opened.numbers)


class LazyVolumes:
    """The volumes of a source, read when they are asked for; see ``VolumeSource``."""

    def __init__(self, opened: OpenedSeries, reader: Reader, options: ReadOptions, path: str) -> None:
        self.opened, self.reader, self.options, self.path = opened, reader, options, path
        self.modality, self.labels = opened.modality, opened.labels
        self.warnings = VolumeWarnings(path)
        self.known_grid: Grid | None = None
        self.renew()
        if options.region is not None and opened.grid is not None:
            # Refused now, and not when the first volume is read.
            find_region_box(options.region, opened.grid, path)

    def __getstate__(self) -> dict[str, Any]:
        """What travels to another process: a lock does not."""
        return {name: value for name, value in self.__dict__.items() if name != "lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.renew()

    def renew(self) -> None:
        """Take a lock of one's own: in a process that was forked, nobody gives back what another thread had taken."""
        self.lock = RLock()
        renew_in_child(self)

    @property
    def grid(self) -> Grid:
        """Where the voxels of each volume lie."""
        if self.known_grid is None:
            with self.lock:
                self.known_grid = self.find_grid()
        return self.known_grid

    def find_grid(self) -> Grid:
        """The grid that the headers say; of stacks that are resampled, the first volume says it."""
        grid, region = self.opened.grid, self.options.region
        if grid is None:
            number = int(self.opened.numbers.flat[0])
            reading = find_options_of_reader(self.reader, self.options)
            return finish_image(self.opened.read(number, reading), self.reader, self.options, self.path).grid
        return grid if region is None else grid[find_region_box(region, grid, self.path).index]

    def read(self, number: int) -> Image:
        """Read one volume; threads take turns, as they share what is open."""
        with self.lock:
            image = self.opened.read(number, find_options_of_reader(self.reader, self.options))
            return self.finish(image, number)

    def iterate(self, numbers: Sequence[int]) -> Iterator[Image]:
        """Read volumes one after another."""
        images = self.opened.iterate(numbers, find_options_of_reader(self.reader, self.options))
        for number, image in zip(numbers, images, strict=True):
            yield self.finish(image, number)

    def read_together(self) -> npt.NDArray[Any] | None:
        """All volumes at once, where nothing is done to each of them."""
        if self.options.region is not None or self.options.source_mask_from is not None:
            return None
        read = self.opened.read_together(self.options)
        if read is None:
            return None
        array, decisions = read
        self.warnings.give(decisions)
        return array

    def finish(self, image: Image, number: int) -> Image:
        """Do what comes after reading, and make sure that the volume lies where the others do."""
        image = finish_image(image, self.reader, self.options, self.path)
        check_same_grid(image.grid, self.grid, f"volume {number}", self.path)
        self.warnings.give(image.provenance.decisions)
        return image

    def close(self) -> None:
        """Close what is open."""
        with self.lock:
            self.opened.close()
