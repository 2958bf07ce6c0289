"""DICOM files of one plane each: a folder, a list, or a single file."""

from __future__ import annotations

from collections.abc import Sequence

from ..dicom import tags
from ..dicom.folders import Scan, files_in, scan_files
from ..dicom.header import Header
from ..dicom.pixels import read_voxels
from ..dicom.planes import Planes, stack_planes
from ..dicom.series import Series, choose_layout, choose_series, drop_duplicates, group_series
from ..errors import (
    AmbiguousSeriesError,
    CorruptFileError,
    GeometryError,
    OptionError,
    UnsupportedFormatError,
)
from ..image import Image
from ..provenance import Decision, Provenance, SliceSource
from .protocol import Probe, ReadOptions, Source, VolumeInfo

__all__ = ["DicomReader"]

# A folder may hold thousands of stray files; a message names a few.
NAMED = 3


class DicomReader:
    """Reads series of single planes; see :mod:`pictologics.dicom`."""

    name = "DICOM"
    suffixes: tuple[str, ...] = (".dcm", "or none", "a folder of them")
    honours = frozenset({"dataset_index", "recursive", "apply_rescale", "series_uid", "irregular", "dtype"})

    def matches(self, probe: Probe) -> bool:
        """Whether the source is a folder, a list, or a DICOM file."""
        return probe.source.kind in {"folder", "list"} or probe.is_dicom

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read the one volume."""
        path = str(source.path)
        scan = scan_source(source, options.recursive)
        series = choose_series(group_or_refuse(scan, source), options.series_uid, path)
        planes = planes_of(series, options, path)
        if options.dataset_index:
            raise OptionError(
                f"dataset_index {options.dataset_index} is out of range: the series holds 1 volume",
                path=path,
                advice="leave dataset_index out",
                volumes=1,
            )
        decisions = [*left_out(scan, series), *planes.decisions]
        array = read_voxels(planes.frames, options.dtype, options.apply_rescale)
        return Image.from_grid(
            array,
            planes.grid,
            modality=series.modality,
            metadata=metadata_of(series, options.apply_rescale),
            provenance=Provenance(path, self.name, slice_sources(planes, options.apply_rescale), tuple(decisions)),
        )

    def describe(self, source: Source, options: ReadOptions) -> list[VolumeInfo]:
        """List the image series of a source."""
        groups = group_or_refuse(scan_source(source, options.recursive), source)
        return [describe_series(series, options, str(source.path), len(groups) > 1) for series in groups]


def scan_source(source: Source, recursive: bool) -> Scan:
    """Read the heads of all files of a source."""
    if source.kind == "folder":
        return scan_files(files_in(source.path, recursive))
    scan = scan_files(str(path) for path in source.files or (source.path,))
    if scan.others or scan.broken:
        # Every file of a list was named on purpose.
        raise UnsupportedFormatError(
            "this file is not DICOM, and a list must name DICOM files of one series",
            path=(scan.others + scan.broken)[0],
            advice="take it out of the list",
        )
    return scan


def group_or_refuse(scan: Scan, source: Source) -> list[Series]:
    """The image series among the files, or the error that says what is there instead."""
    if scan.headers:
        groups = group_series(scan.headers)
        if source.kind == "file" and not groups:
            # Of a single file, the error can say what it is.
            return [Series(scan.headers[0].text(tags.SERIES_INSTANCE_UID), tuple(scan.headers))]
        return groups
    strangers = scan.others + scan.broken
    if strangers:
        names = ", ".join(f"'{name}'" for name in strangers[:NAMED])
        more = ", ..." if len(strangers) > NAMED else ""
        raise UnsupportedFormatError(
            f"the folder holds {len(strangers)} files and none is DICOM ({names}{more})",
            path=source.path,
            advice="pass the path of the one file that is meant, or another folder",
            files=len(strangers),
        )
    folders = sum(1 for entry in source.path.iterdir() if entry.is_dir())
    raise UnsupportedFormatError(
        f"the folder holds no files{f' and {folders} folders' if folders else ''}, and DICOM files are required",
        path=source.path,
        advice="pass recursive=True to look into its folders" if folders else "check the path",
        folders=folders,
    )


def planes_of(series: Series, options: ReadOptions, path: str) -> Planes:
    """The sorted planes of a series' volume, with every decision on the way."""
    layout, others = choose_layout(series, path)
    frames, repeats = drop_duplicates(layout.frames)
    planes = stack_planes(frames, options.irregular, path)
    return Planes(planes.frames, planes.grid, (*others, *repeats, *planes.decisions))


def left_out(scan: Scan, series: Series) -> list[Decision]:
    """What of the folder is not part of the series."""
    decisions = []
    if scan.broken:
        text = f"left out {len(scan.broken)} files named as DICOM that are not, such as '{scan.broken[0]}'"
        decisions.append(Decision("left out", text, len(scan.broken), "content"))
    elsewhere = len(scan.headers) - len(series.headers)
    for count, what in (
        (len(scan.others), "not DICOM"),
        (elsewhere, "DICOM of another series or without an image"),
    ):
        if count:
            text = f"left out {count} file{'s' * (count != 1)}: {what}"
            decisions.append(Decision("left out", text, count))
    return decisions


def metadata_of(series: Series, rescaled: bool) -> dict[str, str]:
    """Facts about the series that identify no patient; empty ones are left out."""
    header = series.headers[0]
    facts = {
        "series_instance_uid": series.uid,
        "frame_of_reference_uid": header.text(tags.FRAME_OF_REFERENCE_UID),
        "series_description": series.description,
        "series_number": series.number,
        "units": units_of(header) if rescaled else "",
    }
    return {name: value for name, value in facts.items() if value}


def units_of(header: Header) -> str:
    """What the rescaled values count: PET says it in Units, others in RescaleType, and CT means HU."""
    if header.text(tags.DOSE_UNITS) == "GY":
        return "Gy"
    units = header.text(tags.UNITS) or header.text(tags.RESCALE_TYPE)
    if units == "US":
        # "Unspecified" (DICOM PS3.3 C.11.1.1.2).
        return ""
    if not units and header.text(tags.MODALITY) == "CT" and tags.RESCALE_SLOPE in header.values:
        # PS3.3 C.8.2.1: the rescaled values of an original CT image are Hounsfield units.
        return "HU"
    return units


def slice_sources(planes: Planes, rescaled: bool) -> tuple[SliceSource, ...]:
    """Where each plane came from."""
    return tuple(
        SliceSource(
            frame.header.path,
            frame.number,
            frame.sop_instance_uid or None,
            frame.position,
            frame.slope if rescaled else 1.0,
            frame.intercept if rescaled else 0.0,
        )
        for frame in planes.frames
    )


def describe_series(series: Series, options: ReadOptions, path: str, choice: bool) -> VolumeInfo:
    """What the headers of one series say, with the error in words if it would not load."""
    notes: Sequence[str]
    try:
        planes = planes_of(series, options, path)
        grid, notes = (
            planes.grid,
            [decision.text for decision in planes.decisions if decision.kind != "sorted"],
        )
    except (AmbiguousSeriesError, CorruptFileError, GeometryError, UnsupportedFormatError) as error:
        grid, notes = None, [error.found]
    return VolumeInfo(
        DicomReader.name,
        series.modality,
        series.description,
        series.uid or None,
        series.number,
        len(series.headers),
        grid.shape if grid else None,
        grid.spacing if grid else None,
        grid.orientation if grid else "",
        options=(("series_uid", series.uid),) if choice else (),
        notes=tuple(notes),
        loads=grid is not None,
    )
