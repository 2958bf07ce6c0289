"""DICOM images of every kind: a folder, a list, an archive, a DICOMDIR or a single file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..dicom import tags
from ..dicom.attributes import Attributes
from ..dicom.folders import Scan, files_in, scan_files
from ..dicom.frames import UNITLESS
from ..dicom.pixels import read_voxels
from ..dicom.planes import Planes, stack_planes
from ..dicom.series import Series, choose_series, group_series
from ..dicom.volumes import Volume, volumes_of
from ..errors import AmbiguousSeriesError, CorruptFileError, GeometryError, OptionError, UnsupportedFormatError
from ..image import Image
from ..provenance import Decision, Provenance, SliceSource
from .protocol import Probe, ReadOptions, Source, VolumeInfo

__all__ = ["DicomReader"]

# A folder may hold thousands of stray files; a message names a few.
NAMED = 3


class DicomReader:
    """Reads DICOM images; see :mod:`pictologics.dicom`."""

    name = "DICOM"
    suffixes: tuple[str, ...] = (".dcm", "or none", "a folder, .zip or .tar.gz of them")
    honours = frozenset({"dataset_index", "recursive", "apply_rescale", "series_uid", "irregular", "dtype"})

    def matches(self, probe: Probe) -> bool:
        """Whether the source is a DICOM file or something that holds files."""
        return probe.source.kind != "file" or probe.is_dicom

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read one volume."""
        scan = scan_source(source, options.recursive)
        series = choose_series(group_or_refuse(scan, source), options.series_uid, source.path)
        volume = choose_volume(volumes_of(series, source.path), options.dataset_index, source.path)
        planes = stack_planes(volume.frames, options.irregular, source.path)
        decisions = (*left_out(scan, series), *volume.decisions, *planes.decisions)
        array = read_voxels(planes.frames, options.dtype, options.apply_rescale)
        return Image.from_grid(
            array,
            planes.grid,
            modality=series.modality,
            metadata=metadata_of(series, volume, options.apply_rescale),
            provenance=Provenance(source.path, self.name, slice_sources(planes, options.apply_rescale), decisions),
        )

    def describe(self, source: Source, options: ReadOptions) -> list[VolumeInfo]:
        """List the volumes of every image series of a source."""
        groups = group_or_refuse(scan_source(source, options.recursive), source)
        found = [describe_series(series, options, source.path) for series in groups]
        if len(groups) > 1:
            found = [
                [replace(info, options=(("series_uid", info.series_uid), *info.options)) for info in infos]
                for infos in found
            ]
        return [info for infos in found for info in infos]


def scan_source(source: Source, recursive: bool) -> Scan:
    """Read the heads of all files of a source."""
    if source.kind == "folder":
        return scan_files(files_in(Path(source.path), recursive))
    scan = scan_files(source.files)
    if source.kind == "list" and (scan.others or scan.broken):
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
            f"the {source.kind} holds {len(strangers)} files and none is DICOM ({names}{more})",
            path=source.path,
            advice="pass the path of the one file that is meant, or another folder",
            files=len(strangers),
        )
    folders = sum(1 for entry in Path(source.path).iterdir() if entry.is_dir()) if source.kind == "folder" else 0
    raise UnsupportedFormatError(
        f"the {source.kind} holds no files{f' and {folders} folders' if folders else ''}, and DICOM files are required",
        path=source.path,
        advice="pass recursive=True to look into its folders" if folders else "check the path",
        folders=folders,
    )


def choose_volume(volumes: Sequence[Volume], index: int, path: str) -> Volume:
    """The volume of a number."""
    if index >= len(volumes):
        count = len(volumes)
        raise OptionError(
            f"dataset_index {index} is out of range: the series holds {count} volume{'s' * (count != 1)}",
            path=path,
            advice=f"pass 0 to {count - 1}" if count > 1 else "leave dataset_index out",
            volumes=count,
        )
    return volumes[index]


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


def metadata_of(series: Series, volume: Volume, rescaled: bool) -> dict[str, str]:
    """Facts about the series that identify no patient; empty ones are left out."""
    header = series.headers[0]
    facts = {
        "series_instance_uid": series.uid,
        "frame_of_reference_uid": header.text(tags.FRAME_OF_REFERENCE_UID),
        "series_description": series.description,
        "series_number": series.number,
        "phase": volume.label,
        "units": units_of(volume.frames[0].attributes) if rescaled else "",
    }
    return {name: value for name, value in facts.items() if value}


def units_of(attributes: Attributes) -> str:
    """What the rescaled values count: PET says it in Units, others in RescaleType, and CT means HU."""
    if attributes.text(tags.DOSE_UNITS) == "GY":
        return "Gy"
    mapped = attributes.text(tags.CODE_VALUE) if tags.REAL_WORLD_VALUE_SLOPE in attributes else ""
    if mapped not in UNITLESS:
        return mapped
    units = attributes.text(tags.UNITS) or attributes.text(tags.RESCALE_TYPE)
    if units == "US":
        # "Unspecified" (DICOM PS3.3 C.11.1.1.2).
        return ""
    if not units and attributes.text(tags.MODALITY) == "CT" and tags.RESCALE_SLOPE in attributes:
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


def describe_series(series: Series, options: ReadOptions, path: str) -> list[VolumeInfo]:
    """What the headers of one series say, with the error in words where something would not load."""
    common = VolumeInfo(
        DicomReader.name,
        series.modality,
        series.description,
        series.uid or None,
        series.number,
        files=len(series.headers),
    )
    try:
        volumes = volumes_of(series, path)
    except (AmbiguousSeriesError, CorruptFileError, GeometryError, UnsupportedFormatError) as error:
        return [replace(common, notes=(error.found,), loads=False)]
    return [describe_volume(common, volume, index, options, path) for index, volume in enumerate(volumes)]


def describe_volume(common: VolumeInfo, volume: Volume, index: int, options: ReadOptions, path: str) -> VolumeInfo:
    """One volume of a series."""
    info = replace(
        common,
        phase=volume.label,
        files=len({id(frame.header) for frame in volume.frames}),
        dataset_index=index,
        options=(("dataset_index", index),) if index else (),
    )
    try:
        planes = stack_planes(volume.frames, options.irregular, path)
    except (AmbiguousSeriesError, CorruptFileError, GeometryError, UnsupportedFormatError) as error:
        return replace(info, notes=(error.found,), loads=False)
    grid = planes.grid
    notes = [one.text for one in (*volume.decisions, *planes.decisions) if one.kind != "sorted"]
    return replace(info, shape=grid.shape, spacing=grid.spacing, orientation=grid.orientation, notes=tuple(notes))
