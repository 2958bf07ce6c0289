"""DICOM images of every kind: a folder, a list, an archive, a DICOMDIR or a single file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..dicom.frames.frame import is_segmentation, mapped_units
from ..dicom.headers import tags
from ..dicom.headers.attributes import Attributes
from ..dicom.headers.scanning import Scan, files_in, scan_files
from ..dicom.pixels.value_conversions import PixelRules
from ..dicom.pixels.voxels import Voxels, read_voxels
from ..dicom.series.image_series import Series, choose_series, set_aside_localizers
from ..dicom.series.volumes import SeriesVolume, find_volumes, stack_volume
from ..dicom.stacks.planes import Planes
from ..dicom.stacks.rectifying import rectify
from ..dicom.suv.uptake import SUV_UNITS, convert_to_uptake
from ..errors import OptionError, UnsupportedFormatError
from ..image import Image
from ..provenance import Decision, Provenance, SliceSource
from ..sentinels import marked_as_asked
from .dicom_describing import count_files, describe_scan, group_or_refuse
from .protocol import (
    Description,
    Probe,
    ReadOptions,
    Source,
)

__all__ = ["DicomReader", "find_source_volumes"]


class DicomReader:
    """Reads DICOM images; see ``pictologics.dicom``."""

    name = "DICOM"
    suffixes: tuple[str, ...] = (".dcm", "or none", "a folder, .zip or .tar.gz of them")
    honors = frozenset(
        {"dataset_index", "recursive", "apply_rescale", "series_uid", "irregular", "dtype"}
        | {"source_mask_from", "color", "suv"}
    )
    needs_reference = False

    def matches(self, probe: Probe) -> bool:
        """Whether the source is a DICOM file or something that holds files."""
        return probe.source.kind != "file" or probe.is_dicom

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read one volume."""
        series, volumes, others = find_source_volumes(source, options.recursive, options.series_uid)
        volume = choose_volume(volumes, options.dataset_index, source.path)
        suv = None if options.suv is None else convert_to_uptake(volume.frames, options.suv, source.path)
        planes = stack_volume(volume, volume.frames if suv is None else suv.frames, options.irregular, source.path)
        voxels = read_voxels(planes.frames, options.dtype, make_pixel_rules(options, planes))
        decisions = (
            *others,
            *volume.decisions,
            *planes.decisions,
            *(() if suv is None else (suv.decision,)),
            *voxels.decisions,
            *note_missing_padding(options, voxels),
        )
        array, grid = voxels.array, planes.grid
        # Before an irregular stack is resampled, which would blend the sentinel with the data.
        # Its modality goes with it: what fills a CT is told by Hounsfield units.
        loaded = Image.from_grid(
            array,
            grid,
            modality=series.modality,
            source_mask=voxels.source_mask,
            provenance=Provenance(source.path),
        )
        source_mask, marks = marked_as_asked(loaded, options.source_mask_from)
        decisions = (*decisions, *marks)
        if planes.irregular_stack is not None:
            made = rectify(array, planes.irregular_stack, options.fill_value, source_mask=source_mask)
            array, grid, source_mask = made.array, made.grid, made.source_mask
            decisions = (*decisions, *made.decisions)
        return Image.from_grid(
            array,
            grid,
            modality=series.modality,
            source_mask=source_mask,
            metadata=make_metadata(series, volume, options, voxels.units),
            provenance=Provenance(source.path, self.name, list_plane_sources(planes, options.apply_rescale), decisions),
        )

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the volumes of every image series of a source, and what is none."""
        return describe_scan(scan_source(source, options.recursive), source, options.recursive)


def find_source_volumes(
    source: Source, recursive: bool, series_uid: str | None
) -> tuple[Series, list[SeriesVolume], list[Decision]]:
    """The one series that is meant, its volumes, and what of the source is not part of it."""
    scan = scan_source(source, recursive)
    groups, localizers = group_or_refuse(scan, source), list[Decision]()
    if not groups:
        refuse_segmentations(scan, source)
    if series_uid is None:
        groups, localizers = set_aside_localizers(groups)
    series = choose_series(groups, series_uid, source.path)
    others = list_left_out(scan, series, localizers)
    return series, find_volumes(series, source.path, source.only), others


def refuse_segmentations(scan: Scan, source: Source) -> None:
    """Raise if there are segmentations and no images: which of the files is meant, a folder does not say."""
    found = [header.path for header in scan.headers if is_segmentation(header)]
    if found:
        raise UnsupportedFormatError(
            f"the {source.kind} holds no image and {len(found)} segmentation{'s' * (len(found) != 1)}, such as "
            f"'{found[0]}'",
            path=source.path,
            advice="pass the path of the segmentation file itself",
            files=found,
        )


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


def choose_volume(volumes: Sequence[SeriesVolume], index: int, path: str) -> SeriesVolume:
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


def list_left_out(scan: Scan, series: Series, localizers: Sequence[Decision]) -> list[Decision]:
    """What of the source is not part of the series.

    Args:
        scan: All files.
        series: The series.
        localizers: What was decided about series of localizers.
    """
    decisions = []
    if scan.broken:
        text = f"left out {count_files(scan.broken)} named as DICOM, not DICOM inside, such as '{scan.broken[0]}'"
        decisions.append(Decision("left out", text, len(scan.broken), "content"))
    decisions += localizers
    elsewhere = len(scan.headers) - len(series.headers) - sum(int(one.value or 0) for one in localizers)
    for count, what in (
        (len(scan.others), "not DICOM"),
        (elsewhere, "DICOM of another series or without an image"),
    ):
        if count:
            text = f"left out {count} file{'s' * (count != 1)}: {what}"
            decisions.append(Decision("left out", text, count))
    return decisions


def make_pixel_rules(options: ReadOptions, planes: Planes) -> PixelRules:
    """What is asked for of the pixels; resampling must know the padding, so as not to interpolate across it."""
    if planes.irregular_stack is not None and options.dtype is not None and options.dtype.kind != "f":
        raise OptionError(
            f'irregular="resample" interpolates, and dtype {options.dtype} holds whole numbers only',
            advice="leave dtype out or pass a float type",
        )
    mark_padding = options.source_mask_from == "padding" or planes.irregular_stack is not None
    return PixelRules(options.apply_rescale, mark_padding, options.color == "luminance")


def note_missing_padding(options: ReadOptions, voxels: Voxels) -> list[Decision]:
    """What to say when padding was asked for and no file has any."""
    if options.source_mask_from != "padding" or voxels.source_mask is not None:
        return []
    text = 'no file has a PixelPaddingValue, so source_mask_from="padding" marks no voxel and source_mask is None'
    return [Decision("left out", text, warning="content")]


def make_metadata(series: Series, volume: SeriesVolume, options: ReadOptions, table_units: str) -> dict[str, str]:
    """Facts about the series that identify no patient; empty ones are left out."""
    header = series.headers[0]
    if options.suv is not None:
        units = SUV_UNITS[options.suv]
    else:
        units = table_units or (find_units(volume.frames[0].attributes) if options.apply_rescale else "")
    facts = {
        "series_instance_uid": series.uid,
        "frame_of_reference_uid": header.text(tags.FRAME_OF_REFERENCE_UID),
        "series_description": series.description,
        "series_number": series.number,
        "phase": volume.label,
        "units": units,
    }
    return {name: value for name, value in facts.items() if value}


def find_units(attributes: Attributes) -> str:
    """What the rescaled values count: PET says it in Units, others in RescaleType, and CT means HU."""
    if attributes.text(tags.DOSE_UNITS) == "GY":
        return "Gy"
    mapped = mapped_units(attributes)
    if mapped:
        return mapped
    units = attributes.text(tags.UNITS) or attributes.text(tags.RESCALE_TYPE)
    if units == "US":
        # "Unspecified" (DICOM PS3.3 C.11.1.1.2).
        return ""
    if not units and attributes.text(tags.MODALITY) == "CT" and tags.RESCALE_SLOPE in attributes:
        # PS3.3 C.8.2.1: the rescaled values of an original CT image are Hounsfield units.
        return "HU"
    return units


def list_plane_sources(planes: Planes, rescaled: bool) -> tuple[SliceSource, ...]:
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
