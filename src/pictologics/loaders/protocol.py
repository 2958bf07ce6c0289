"""What a format's reader is, and what it gets to see: Source, Probe, ReadOptions, SegmentOptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal, Protocol, runtime_checkable

import numpy as np

from ..dicom.headers.scanning import Scan
from ..dicom.series.phase_info import DicomPhaseInfo
from ..errors import CorruptFileError
from ..geometry import Grid, ImageRegion
from ..image import Image
from ..storage.files import StoredFile
from ..storage.remote_folders import RemoteFolder

__all__ = [
    "MAIN_VOLUME",
    "ColorHandling",
    "Description",
    "Irregular",
    "Probe",
    "ReadOptions",
    "Reader",
    "SegmentFacts",
    "SegmentOptions",
    "SegmentReader",
    "Source",
    "SourceMaskFrom",
    "StudyFacts",
    "Suv",
    "VolumeInfo",
    "describe_grid",
]

Irregular = Literal["error", "ignore", "resample"]
SourceMaskFrom = Literal["padding", "sentinel"] | float
ColorHandling = Literal["error", "luminance"]
Suv = Literal["bw", "lbm", "bsa"]

SegmentFacts = dict[str, str | int]
"""What is known of one segment. Always there: ``segment_number``, a number, and as text, empty where the file says
nothing, ``segment_label``, ``segment_description``, ``algorithm_type``. A reader may add more, under names that say
what they are."""


class UnwrittenIndex(int):
    """A ``dataset_index`` that the caller did not write: as a number it is 0, the first volume."""


MAIN_VOLUME: Final = UnwrittenIndex(0)
"""The default of ``dataset_index``.

It is told by identity from a 0 that was written: that one chooses the first of several sets of images of a series of
which none is the main one, and without a choice those are refused."""

FRONT_DOOR_OPTIONS = frozenset({"recursive", "fill_value", "reference", "transpose_axes", "region", "is_mask"})
"""Options that mean something for every format, or that the front door acts on itself."""


@dataclass(frozen=True)
class Source:
    """What is to be loaded.

    Attributes:
        path: What messages call it: the file, the folder, the archive, or the first file of a list.
        kind: What was given; an index is a DICOMDIR, and zarr a folder that is a
            group of Zarr.
        files: The files, except those of a folder, which are found when it is read.
        only: Of the files' frames, those that are meant, by file and number; None for all.
        phase: The volume that is meant of those in the files; None for the one that ``dataset_index`` counts.
        head: First bytes of a single file.
        is_dicom: Whether a single file begins as DICOM; if it can be followed, its entry in ``files`` knows its header.
        damage: Why it cannot be followed.
        scan: The headers of the files of a source of many, once they are read.
        remote: The folder, where it lies behind a URL.
    """

    path: str
    kind: Literal["file", "folder", "list", "archive", "index", "zarr"]
    files: tuple[StoredFile, ...] = ()
    only: frozenset[tuple[str, int]] | None = None
    phase: DicomPhaseInfo | None = None
    head: bytes = field(default=b"", repr=False)
    is_dicom: bool = False
    damage: CorruptFileError | None = None
    scan: Scan | None = field(default=None, repr=False, compare=False)
    remote: RemoteFolder | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Probe:
    """What is known about a source before a reader is chosen; made once for each load.

    Attributes:
        source: The source.
        suffix: Last suffixes of the name in lower case, such as ``".nii.gz"``; a hint, never proof.
        head: First bytes of the file (of a list: its first file; of an ``.img``: its ``.hdr``).
        is_gzip: Whether the file is gzip.
        inflated_head: First bytes behind gzip; ``head`` where there is none.
        is_dicom: Whether the file is DICOM.
        sop_class: SOP class of a DICOM file, empty if it has none.
    """

    source: Source
    suffix: str = ""
    head: bytes = b""
    is_gzip: bool = False
    inflated_head: bytes = b""
    is_dicom: bool = False
    sop_class: str = ""


@dataclass(frozen=True)
class ReadOptions:
    """The keywords of ``load_image`` that concern reading, packed once; see there for their meaning."""

    dataset_index: int = MAIN_VOLUME
    recursive: bool = False
    apply_rescale: bool = True
    series_uid: str | None = None
    irregular: Irregular = "error"
    dtype: np.dtype[np.generic] | None = None
    source_mask_from: SourceMaskFrom | None = None
    color: ColorHandling = "error"
    suv: Suv | None = None
    allow_outside_files: bool = False
    fill_value: float = 0.0
    reference: Image | None = None
    transpose_axes: tuple[int, int, int] | None = None
    region: ImageRegion | None = None
    is_mask: bool = False
    """Whether labels are wanted, of which each of several volumes may hold its own."""

    def list_changed(self) -> frozenset[str]:
        """Names of the options that differ from their defaults, but for those that the front door acts on itself.

        Of ``irregular`` the value is named too where only stacks of slices have it.
        """
        return frozenset(
            'irregular="resample"' if option.name == "irregular" and self.irregular == "resample" else option.name
            for option in fields(self)
            if option.name not in FRONT_DOOR_OPTIONS and getattr(self, option.name) != option.default
        )


@dataclass(frozen=True)
class SegmentOptions:
    """The keywords of ``load_seg`` and ``load_rtstruct`` that concern reading, checked and packed once.

    Attributes:
        numbers: The segments that are wanted; None for all.
        combine: Whether they become one label map.
        threshold: From which fraction on a voxel belongs to a segment; None to keep the fractions.
        reference: The image on which the result will be placed, for what the file leaves open; the front door does
            the placing.
        dataset_index: Which of several times is wanted, from 0.
        roi_names: Of a structure set, names or numbers of the ROIs that are wanted, instead of ``numbers``.
    """

    numbers: tuple[int, ...] | None = None
    combine: bool = True
    threshold: float | None = 0.5
    reference: Image | None = None
    dataset_index: int = 0
    roi_names: str | int | Sequence[str | int] | None = None


@dataclass(frozen=True)
class StudyFacts:
    """A study, without the names of anybody.

    Attributes:
        patient: Pseudonym of the patient, empty without one.
        study: Pseudonym of the study.
        date: StudyDate as YYYY-MM-DD, as the file has it.
        description: StudyDescription.
    """

    patient: str = ""
    study: str = ""
    date: str = ""
    description: str = ""

    def __str__(self) -> str:
        return ", ".join(filter(None, (f"study {self.study}", self.date, self.description, f"patient {self.patient}")))


@dataclass(frozen=True)
class VolumeInfo:
    """One volume that a source holds, as its headers describe it.

    Attributes:
        format: Name of the reader.
        modality: DICOM modality or ``"Unknown"``.
        description: Series description, may be empty.
        series_uid: SeriesInstanceUID, empty if the files have none; of several series that were united, the first and
            how many others there are, by which ``load_image`` finds them too. None for formats without one.
        series_number: Series number as text, may be empty.
        phase: What tells it from the series' other volumes, may be empty.
        files: How many files hold it.
        shape: (x, y, z), None where the planes form no grid.
        spacing: Along (x, y, z), mm.
        orientation: Letters towards which the axes run.
        origin: Center of the first voxel, LPS mm.
        direction: The rows of the matrix whose columns are the directions of the axes, LPS.
        stored_type: How its voxels are stored, such as ``"int16"``.
        loaded_type: Type of the voxels of the image that is loaded.
        dataset_index: Which volume of its source it is.
        options: The keywords of ``load_image`` that give it, besides the path.
        labels: Of a mask, its segments: value and name of each.
        findings: What keeps its slices from a regular grid, each with its size in voxels.
        notes: What to know about it: what is assumed or left out, or why it does not load.
        loads: Whether ``load_image`` with these keywords gives it.
        is_default: Whether ``load_image`` gives it with the path alone.
        needs_reference: Whether ``load_image`` must be given the image to which it belongs.
        path: The file that holds it, where that is another than what was explained.
        folder: The folder in or below which the files of its series lie, where a folder was explained.
        study: Of which study and patient it is, where that was asked for.
    """

    format: str
    modality: str = "Unknown"
    description: str = ""
    series_uid: str | None = None
    series_number: str = ""
    phase: str = ""
    files: int = 1
    shape: tuple[int, int, int] | None = None
    spacing: tuple[float, float, float] | None = None
    orientation: str = ""
    origin: tuple[float, float, float] | None = None
    direction: tuple[tuple[float, ...], ...] | None = None
    stored_type: str = ""
    loaded_type: str = ""
    dataset_index: int = 0
    options: tuple[tuple[str, Any], ...] = ()
    labels: tuple[tuple[int, str], ...] = ()
    findings: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()
    loads: bool = True
    is_default: bool = False
    needs_reference: bool = False
    path: str = ""
    folder: str = ""
    study: StudyFacts | None = None

    @property
    def grid(self) -> Grid | None:
        """Where its voxels lie; None where its planes form no grid."""
        if self.shape is None or self.spacing is None or self.origin is None or self.direction is None:
            return None
        return Grid(self.shape, self.spacing, self.origin, np.array(self.direction))

    def call(self, path: str) -> str:
        """The line of Python that loads it."""
        options = "".join(f", {name}={value!r}" for name, value in self.options)
        options += ", reference_image=image" if self.needs_reference else ""
        path = self.path or path
        # Lists, and bytes and open files without a name, are called by words in angle brackets, which are no path.
        source = repr(path) if not path.startswith("<") else "files" if path.startswith("<list") else "content"
        return f"load_image({source}{options})" if self.loads else "does not load"


def describe_grid(grid: Grid) -> dict[str, Any]:
    """The fields of a ``VolumeInfo`` that say where its voxels lie."""
    return {
        "shape": grid.shape,
        "spacing": grid.spacing,
        "orientation": grid.orientation,
        "origin": grid.origin,
        "direction": tuple(map(tuple, grid.direction.tolist())),
    }


@dataclass(frozen=True)
class Description:
    """What a source holds, from headers only.

    Attributes:
        volumes: Every volume, or the first of a great many.
        left_out: What is not a volume, and why.
        more: How many volumes there are besides, which differ in their number only.
    """

    volumes: tuple[VolumeInfo, ...]
    left_out: tuple[str, ...] = ()
    more: int = 0


class Reader(Protocol):
    """Reads one format. A small object without state.

    Attributes:
        name: What messages call the format.
        suffixes: Usual suffixes, a hint for messages.
        honors: Names of the ``ReadOptions`` it makes use of.
        needs_reference: Whether its files have no voxels of their own, so that ``read`` raises without
            ``options.reference`` and draws on its voxels.
    """

    name: str
    suffixes: tuple[str, ...]
    honors: frozenset[str]
    needs_reference: bool

    def matches(self, probe: Probe) -> bool:
        """Whether the source is of this format. Never raises and opens nothing."""

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read one volume, complete and in LPS, or raise an error of ``pictologics.errors``."""

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """Say what a source holds, from headers only."""


@runtime_checkable
class SegmentReader(Reader, Protocol):
    """A reader whose files may hold segments, which it also gives one by one.

    Attributes:
        segment_format: What messages call those of its files that hold segments.
    """

    segment_format: str

    def holds_segments(self, probe: Probe) -> bool:
        """Whether a source that it matches holds segments. Never raises and opens nothing."""

    def list_segments(self, source: Source) -> list[SegmentFacts]:
        """Say what is known of each segment, in ascending order of their numbers, without reading voxels."""

    def read_segments(self, source: Source, options: SegmentOptions) -> Image | dict[int, Image]:
        """Read segments onto the grid of the file, in LPS; they are not placed on the reference.

        Returns:
            A label map whose ``labels`` name the segments or, where ``options.combine`` is False, a mask for each
            number, whose ``labels`` name it. Of a mask's planes, those that hold nothing have a ``SliceSource``
            without a file in the provenance, and their memory is never touched.
        """
