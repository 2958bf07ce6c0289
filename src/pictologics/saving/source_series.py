"""The DICOM series that masks or images are written for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..array_types import FloatArray
from ..checks import check_whole, volume_index_error
from ..dicom.frames.sop_classes import read_sop_class
from ..dicom.headers import tags
from ..dicom.headers.full_dataset import read_dataset
from ..dicom.headers.header import Header
from ..dicom.headers.scanning import list_files, scan_files
from ..dicom.series.image_series import choose_series, group_series, set_aside_localizers
from ..dicom.series.united_series import unite_listed_series, unite_shattered_series
from ..dicom.series.volumes import find_volumes
from ..dicom.stacks.planes import Planes, stack_planes
from ..errors import AmbiguousSeriesError, GeometryError, MissingPathError, OptionError, UnsupportedFormatError
from ..storage.files import DiskFile, StoredFile
from ..storage.paths import expand_home, is_folder, is_there
from ..storage.remote_folders import RemoteFolder, find_remote
from ..storage.urls import find_url, local_path_of, url_options

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = [
    "ImageReference",
    "SourceSeries",
    "check_is_no_source",
    "read_drawn_series",
    "read_source_series",
    "read_whole",
    "reference_image",
]

MAY_BE_EMPTY = (
    "AccessionNumber",
    "PatientBirthDate",
    "PatientID",
    "PatientName",
    "PatientSex",
    "PositionReferenceIndicator",
    "ReferringPhysicianName",
    "StudyDate",
    "StudyID",
    "StudyTime",
)
"""What a derived object takes over from its source and anonymized files may lack.

Of type 2 in DICOM PS3.3: it must be there, and may be empty.
"""


UNEVEN = frozenset({"slices missing", "spacing varies", "interleaved lattices"})
"""What may be odd about a stack whose slices only lie at uneven heights."""


LIST_FILES = "pass the list of files of one of them"
"""What chooses one series or volume of several wherever a series is given."""


@dataclass(frozen=True)
class ImageReference:
    """How other objects name an image.

    Attributes:
        sop_class_uid: Its SOP class.
        sop_instance_uid: Its SOP instance.
        frame: Which of its frames is meant, from 1; None if it has only one.
    """

    sop_class_uid: str
    sop_instance_uid: str
    frame: int | None = None


def reference_image(reference: ImageReference) -> Dataset:
    """Name an image."""
    from pydicom import Dataset

    named = Dataset()
    named.ReferencedSOPClassUID = reference.sop_class_uid
    named.ReferencedSOPInstanceUID = reference.sop_instance_uid
    if reference.frame is not None:
        named.ReferencedFrameNumber = reference.frame
    return named


@dataclass(frozen=True)
class SourceSeries:
    """A series as what is made of it needs it.

    Attributes:
        path: What messages call it.
        planes: Its planes and their grid.
        headers: The header of each file, in the order of the planes.
        order: The plane of each frame, in the order in which the data sets store frames.
    """

    path: str
    planes: Planes
    headers: list[Header]
    order: list[int]

    @cached_property
    def datasets(self) -> list[Dataset]:
        """What stands before the pixels of each file."""
        return [read_whole(header) for header in self.headers]

    @cached_property
    def first_dataset(self) -> Dataset:
        """What stands before the pixels of the first file."""
        return read_whole(self.headers[0])

    @property
    def frame_of_reference(self) -> str:
        """FrameOfReferenceUID."""
        return self.planes.frames[0].header.text(tags.FRAME_OF_REFERENCE_UID)

    @property
    def plane_positions(self) -> FloatArray:
        """(planes, 3) center of the first voxel of each plane, as its file gives it, LPS mm."""
        grid = self.planes.grid
        even = grid.index_to_world([(0, 0, k) for k in range(grid.shape[2])])
        own = [frame.position for frame in self.planes.frames]
        return np.array([given or place for given, place in zip(own, even.tolist(), strict=True)], np.float64)

    @cached_property
    def references(self) -> list[ImageReference]:
        """What other objects call the image of each plane."""
        return [
            ImageReference(
                read_sop_class(frame.header),
                frame.sop_instance_uid,
                frame.number + 1 if frame.has_own_attributes else None,
            )
            for frame in self.planes.frames
        ]

    @property
    def slice_thickness(self) -> float | None:
        """SliceThickness, mm."""
        return self.planes.frames[0].attributes.number(tags.SLICE_THICKNESS)


def read_source_series(
    given: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    irregular: str = "error",
    dataset_index: int | None = None,
    choice: str = LIST_FILES,
) -> SourceSeries:
    """Read the headers of a series.

    Args:
        given: Its folder, the list of its files, or one multi-frame file.
        irregular: What to do with slices that do not form a regular grid: ``"error"``, or ``"ignore"``.
        dataset_index: Which volume of the series is meant, counted as by ``load_image``.
        choice: What an error advises of a series of several volumes.

    Raises:
        MissingPathError: If the path does not exist.
        UnsupportedFormatError: If there is no DICOM image.
        AmbiguousSeriesError: If several series or volumes could be meant.
        GeometryError: If its slices do not form a regular grid.
    """
    path, files = list_source_files(given)
    is_list = not isinstance(given, (str, os.PathLike))
    headers = scan_files(files).headers
    if not headers:
        raise UnsupportedFormatError(
            "it holds no DICOM file, and a DICOM series is required", path=path, advice="pass the folder of the scan"
        )
    series = group_series(headers)
    series = unite_listed_series(series) if is_list else unite_shattered_series(series)
    meant, _ = set_aside_localizers(series)
    volumes = find_volumes(choose_series(meant, None, path, advice=LIST_FILES), path, as_listed=is_list)
    if dataset_index is not None:
        if not 0 <= check_whole("dataset_index", dataset_index) < len(volumes):
            raise volume_index_error(dataset_index, len(volumes), "the series", path)
        volumes = [volumes[dataset_index]]
    # Localizers and other images beside the volume are not what masks were drawn on.
    volumes = [volume for volume in volumes if volume.is_main] or volumes
    if len(volumes) > 1:
        labels = ", ".join(volume.label for volume in volumes)
        raise AmbiguousSeriesError(
            f"the series holds {len(volumes)} volumes and one is required: {labels}",
            path=path,
            advice=choice,
        )
    planes = stack_planes(volumes[0].frames, irregular, path)
    headers = list({id(frame.header): frame.header for frame in planes.frames}.values())
    if len(headers) == 1 < len(planes.frames):
        # Frames of a multi-frame file are counted as they are stored.
        order = sorted(range(len(planes.frames)), key=lambda k: planes.frames[k].number)
    elif len(headers) == len(planes.frames):
        order = list(range(len(headers)))
    else:
        raise OptionError("the volume is spread over several multi-frame files", path=path)
    return SourceSeries(path, planes, headers, order)


def read_drawn_series(given: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> SourceSeries:
    """Read the headers of a series for contours, which also lie on slices that are not evenly spaced.

    The planes then are those that ``load_image`` gives with ``irregular="ignore"``, on which ``load_rtstruct`` finds
    the contours of the true slices.

    Raises:
        GeometryError: If its slices do not form a regular grid for any other reason.
    """
    try:
        return read_source_series(given)
    except GeometryError as error:
        if not error.values.get("findings") or not UNEVEN.issuperset(error.values["findings"]):
            raise
        return read_source_series(given, "ignore")


def read_whole(header: Header) -> Dataset:
    """Read what stands before the pixels, and add what may be empty."""
    dataset = read_dataset(header)
    for keyword in MAY_BE_EMPTY:
        if keyword not in dataset:
            setattr(dataset, keyword, None if keyword == "PatientName" else "")
    return dataset


def check_is_no_source(target: Path, series: SourceSeries) -> None:
    """Check that what is written does not take the place of a file of the series.

    Raises:
        OptionError: If it does.
    """
    place = os.path.realpath(target)
    if any(os.path.realpath(frame.header.path) == place for frame in series.planes.frames):
        raise OptionError(
            "this is a file of the reference series, which would be lost", path=target, advice="choose another name"
        )


def list_source_files(
    given: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
) -> tuple[str, list[StoredFile | str]]:
    """List the files of a series, and say what messages call them."""
    url = find_url(given)
    local = None if url is None else local_path_of(url)
    if url is not None and local is None:
        found = find_remote(url, url_options(given))
        files: list[StoredFile | str] = []
        files += found.list_files(recursive=False) if isinstance(found, RemoteFolder) else [found]
        return found.name, files
    if isinstance(given, (str, os.PathLike)):
        path = expand_home(given) if local is None else local
        if not is_there(path):
            raise MissingPathError("there is no such file or folder", path=path, advice="check the path")
        return os.fspath(given), list(list_files(path, recursive=False)) if is_folder(path) else [DiskFile(path)]
    if not isinstance(given, Sequence) or not given or not all(isinstance(path, (str, os.PathLike)) for path in given):
        raise OptionError(
            "the series must be given as the folder or the files of DICOM images, and "
            f"{type(given).__name__} was given",
            advice="pass the path of the scan",
        )
    return os.fspath(given[0]), [DiskFile(path) for path in given]
