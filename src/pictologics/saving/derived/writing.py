"""An image -> a DICOM series in the study it was made of: ``save_dicom``, which checks, encodes and writes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...checks import check_number, check_whole
from ...dicom.headers import tags
from ...dicom.suv.pet_facts import UNITS_OF_UCUM
from ...errors import OptionError
from ...geometry import Grid, format_numbers
from ...image import Image
from ...image_checks import find_valid_voxels, name_of
from ...provenance import Decision, give_warnings
from ...storage.files import PathLike
from ...storage.folder_writing import replace_folder
from ..call_checks import check_text, find_folder
from ..source_series import SourceSeries, read_source_series, read_whole
from .attributes import take_over
from .checks import check_belongs, check_is_apart, check_saved_image
from .plane_values import StoredRange, encode_planes, find_range
from .slice_objects import NewSeries, make_slice, make_template
from .source_slices import find_slices, is_same_place
from .stored_values import Coding, StoredPlane

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["SavedSeries", "save_dicom"]


LARGEST_SERIES_NUMBER = (1 << 31) - 1
"""Of an integer string (PS3.5 6.2)."""

WRITTEN_UNITS = re.compile(r"[A-Z0-9]{2,16}")
"""The attribute Units (DICOM PS3.3 C.8.9.1.1.3)."""


@dataclass(frozen=True)
class SavedSeries:
    """A series that was written.

    Attributes:
        series_instance_uid: Its SeriesInstanceUID.
        files: Its files, in the order of the slices along their normal.
        largest_error: How far the furthest value in the files is from the image's, in the image's units; 0.0 if all are
            exact.

    Examples:
        >>> from pathlib import Path
        >>> SavedSeries("1.2.3", (Path("made/0001.dcm"),), 0.02).largest_error
        0.02
    """

    series_instance_uid: str
    files: tuple[Path, ...]
    largest_error: float


def save_dicom(
    image: Image,
    folder: PathLike,
    *,
    like: PathLike | Sequence[PathLike],
    dataset_index: int | None = None,
    units: str | None = None,
    max_error: float | None = None,
    series_description: str | None = None,
    series_number: int = 302,
    derivation: str | None = None,
) -> SavedSeries:
    """Write an image as a derived DICOM series in the study of the series it was made of.

    Resampled, filtered or converted images go back to the archive with it: one file for each slice on the image's own
    grid, of the class of the source (CT, MR or PET), with new UIDs, the patient, study, frame of reference and
    acquisition of the nearest source slice, and references to the source slices in the same place. Whole numbers that
    16 bits hold are stored exactly. Any other value is stored to within half a step; steps are a 65,535th of the range
    of values, of PET that of each slice. Voxels without data get a PixelPaddingValue. The folder is written under a
    temporary name and renamed when it is complete.

    Args:
        image: The image. For masks there are ``save_seg`` and ``save_rtstruct``.
        folder: The folder to write; it must be empty or not exist.
        like: The DICOM series that the image was made of: its folder, the list of its files, or one multi-frame file.
        dataset_index: Of a series of several volumes, which one the image was made of, counted as by ``load_image``.
        units: What values count, as in ``metadata["units"]``, which is the default: ``"HU"``; of PET ``"Bq/ml"``,
            ``"g/ml{SUVbw}"`` or another code of DICOM PS3.16 CID 84, or a value of the attribute Units.
        max_error: Refuse to write if a value would change by more than this.
        series_description: SeriesDescription; by default that of the source with "derived".
        series_number: SeriesNumber.
        derivation: DerivationDescription, such as the filter and its size; by default whether and how the grid changed.

    Returns:
        The UID, the files and the largest error.

    Raises:
        OptionError: If the image is a mask or has no valid voxel, its modality is not that of the series or none of CT,
            MR and PET, the folder is not empty, the units of PET are unknown, or values would change by more than
            ``max_error``.
        GeometryError: If the image lies beside the series, or is of another frame of reference.
        FileAccessError: If the system refuses.

    Examples:
        >>> import tempfile, pathlib
        >>> from pictologics import load_image, resample_image, save_dicom
        >>> from pictologics.cli.demo_series import write_demo_series
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> write_demo_series(folder / "ct", slices=4, size=32).localizer_file.unlink()
        >>> fine = resample_image(load_image(folder / "ct"), (2.0, 2.0, 2.0))
        >>> saved = save_dicom(fine, folder / "fine", like=folder / "ct")
        >>> load_image(folder / "fine").shape == fine.shape, saved.largest_error < 0.05
        (True, True)
    """
    check_saved_image(image)
    if max_error is not None:
        check_number("max_error", max_error, least=0.0)
    target = find_folder(folder)
    series = read_source_series(like, "ignore", dataset_index, "pass dataset_index= with the number of one, from 0")
    check_belongs(image, series)
    check_is_apart(target, series)
    validity = find_valid_voxels(image)
    decisions = list(validity.decisions)
    whole = find_range(image.array, validity.mask)
    if whole is None:
        raise OptionError("no voxel holds valid data", path=name_of(image), advice="check the source mask of the image")
    new = describe_new_series(image, series, whole, units, series_description, series_number, derivation)
    order = list_planes(image.grid)
    encoded = encode_planes(
        [image.array[:, :, k].T for k in order],
        None if validity.mask is None else [validity.mask[:, :, k].T for k in order],
        whole,
        sorted({(frame.slope, frame.intercept) for frame in series.planes.frames})[:1],
        [find_slope(image, k) for k in order] if new.modality == "PT" else None,
    )
    error = max(plane.error for _, plane in encoded)
    check_error(image, whole, error, max_error, decisions)
    names = [f"{number:0{max(4, len(str(len(order))))}d}.dcm" for number in range(1, len(order) + 1)]
    with replace_folder(target, ()) as temporary:
        for name, made in zip(names, make_slices(new, series, order, encoded), strict=True):
            made.save_as(temporary / name, enforce_file_format=True)
    give_warnings(os.fspath(folder), decisions)
    return SavedSeries(new.uid, tuple(target / name for name in names), error)


def describe_new_series(
    image: Image,
    series: SourceSeries,
    whole: StoredRange,
    units: str | None,
    description: str | None,
    number: int,
    derivation: str | None,
) -> NewSeries:
    """Describe what all slices of the new series share.

    Raises:
        OptionError: If a text does not fit, or the units of PET are unknown.
    """
    from pydicom.uid import generate_uid

    modality = series.headers[0].text(tags.MODALITY)
    counted = image.metadata.get("units", "") if units is None else units
    if modality == "PT" and counted not in UNITS_OF_UCUM and not WRITTEN_UNITS.fullmatch(counted):
        found = f"units is {counted!r}" if counted else "the image does not say what its values count, and PET must"
        raise OptionError(
            found,
            path=name_of(image),
            advice='pass units="Bq/ml", units="g/ml{SUVbw}" or a value of the attribute Units',
        )
    own = series.headers[0].text(tags.SERIES_DESCRIPTION)
    is_resampled = not is_same_place(image.grid, series)
    return NewSeries(
        modality,
        str(generate_uid()),
        check_whole("series_number", number, least=0, most=LARGEST_SERIES_NUMBER),
        f"{own[:55]} derived".strip() if description is None else check_text("series_description", description, 64),
        describe_derivation(image.grid, series, is_resampled)
        if derivation is None
        else check_text("derivation", derivation, 1024),
        check_text("units", counted, 64),
        is_resampled,
        image.grid,
        ((whole.low + whole.high) / 2, whole.high - whole.low),
    )


def find_slope(image: Image, k: int) -> float:
    """Find the slope with which a plane was read; 0.0 where that is not known or another value was added."""
    slices = image.provenance.slices
    is_own = len(slices) == image.grid.shape[2] and not image.provenance.is_resampled
    return slices[k].slope if is_own and slices[k].intercept == 0.0 else 0.0


def describe_derivation(grid: Grid, series: SourceSeries, is_resampled: bool) -> str:
    """Say in words how an image came of a series, as far as its grid tells."""
    if not is_resampled:
        return "values made of those of the source, on its voxels"
    shapes = [" x ".join(map(str, where.shape)) for where in (series.planes.grid, grid)]
    steps = [f"{format_numbers(where.spacing)} mm" for where in (series.planes.grid, grid)]
    return f"from {shapes[0]} voxels of {steps[0]} to {shapes[1]} of {steps[1]}"


def list_planes(grid: Grid) -> list[int]:
    """List the planes of a grid along the normal of DICOM, which is rows x columns."""
    forward = list(range(grid.shape[2]))
    return forward if np.linalg.det(grid.direction) > 0 else forward[::-1]


def check_error(image: Image, whole: StoredRange, error: float, limit: float | None, decisions: list[Decision]) -> None:
    """Check how far values are from those that are given.

    Raises:
        OptionError: If it is further than is allowed.
    """
    if limit is not None and error > limit:
        raise OptionError(
            f"16 bits hold the values from {whole.low:.6g} to {whole.high:.6g} to within {error:.3g} only, and "
            f"max_error is {limit:.3g}",
            path=name_of(image),
            advice="clip the values to a smaller range, or keep them as NIfTI or NRRD: save_image",
            error=error,
        )
    if whole.is_whole and error:
        text = f"its whole numbers are beyond 16 bits and were stored to within {error:.3g}"
        decisions.append(Decision("rounded", text, error, "content"))


def make_slices(
    new: NewSeries, series: SourceSeries, order: Sequence[int], encoded: Sequence[tuple[Coding, StoredPlane]]
) -> Iterator[Dataset]:
    """Make the object of each slice."""
    found = find_slices(new.grid, series)
    templates: dict[int, Dataset] = {}
    for number, (k, (coding, plane)) in enumerate(zip(order, encoded, strict=True), 1):
        nearest, shown = found[k]
        header = series.planes.frames[nearest].header
        if id(header) not in templates:
            templates[id(header)] = make_template(take_over(header, read_whole(header)), new)
        sources = list({series.references[source]: None for source in shown})
        position = np.asarray(new.grid.index_to_world((0, 0, k)))
        yield make_slice(templates[id(header)], number, position, sources, coding, plane)
