"""DICOM images of every kind: a folder, a list, an archive, a DICOMDIR or a single file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..dicom.frames.plane_attributes import find_void_slope, read_mapped_unit
from ..dicom.headers import tags
from ..dicom.headers.attributes import Attributes
from ..dicom.pixels.value_conversions import PixelRules
from ..dicom.pixels.voxels import Voxels, read_voxels
from ..dicom.series.image_series import Series
from ..dicom.series.phase_info import list_phases
from ..dicom.series.series_axes import find_series_axes
from ..dicom.series.volumes import SeriesVolume, refuse_without_main, stack_volume
from ..dicom.stacks.planes import Planes
from ..dicom.stacks.rectifying import rectify
from ..dicom.stacks.regularity import StackGeometry
from ..dicom.suv.uptake import SUV_UNITS, convert_to_uptake
from ..errors import OptionError
from ..geometry import Grid, find_region_box
from ..image import Image
from ..provenance import Decision, Provenance, SliceSource
from ..sentinels import find_source_mask
from ..series.common_grid import check_same_grid
from .dicom_describing import describe_scan
from .dicom_selection import SourceVolumes, choose_volume, find_source_volumes, scan_source
from .protocol import (
    Description,
    Probe,
    ReadOptions,
    Source,
)
from .region_cutting import cut_region, describe_region_read
from .series_protocol import OpenedSeries

__all__ = ["DicomReader"]


class DicomReader:
    """Reads DICOM images; see ``pictologics.dicom``."""

    name = "DICOM"
    suffixes: tuple[str, ...] = (".dcm", "or none", "a folder, .zip or .tar.gz of them")
    honors = frozenset(
        {"dataset_index", "recursive", "apply_rescale", "series_uid", "irregular", "dtype", "region"}
        | {'irregular="resample"', "source_mask_from", "color", "suv"}
    )
    needs_reference = False

    def matches(self, probe: Probe) -> bool:
        """Whether the source is a DICOM file or something that holds files."""
        return probe.source.kind != "file" or probe.is_dicom

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read one volume."""
        found = find_source_volumes(source, options.recursive, options.series_uid)
        volume = choose_volume(found.volumes, options.dataset_index, source.path)
        return read_series_volume(found, volume, source, options)

    def open_series(self, source: Source, options: ReadOptions) -> OpenedSeries:
        """Read what the headers say of all volumes of the series that is meant."""
        found = find_source_volumes(source, options.recursive, options.series_uid)
        return DicomSeries(found, source, options)

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the volumes of every image series of a source, and what else is there."""
        return describe_scan(scan_source(source, options.recursive), source, options.recursive)


class DicomSeries:
    """The main volumes of a DICOM series; see ``OpenedSeries``."""

    def __init__(self, found: SourceVolumes, source: Source, options: ReadOptions) -> None:
        refuse_without_main(found.volumes, source.path)
        self.found, self.source = found, source
        self.volumes = [volume for volume in found.volumes if volume.is_main]
        self.axes, self.numbers = find_series_axes(self.volumes, list_phases(self.volumes))
        self.labels = tuple(volume.label for volume in self.volumes)
        self.modality = found.series.modality
        stacked = [stack_volume(volume, volume.frames, options.irregular, source.path) for volume in self.volumes]
        self.grid = self.find_grid(stacked)
        remarks = [remark for volume in self.volumes for remark in volume.remarks]
        self.decisions = (
            *self.note_others(),
            *found.decisions,
            *dict.fromkeys(remark.decision_of_series for remark in remarks),
            *dict.fromkeys(decision for planes in stacked for decision in planes.assumptions),
        )
        self.told = frozenset(remark.decision for remark in remarks)

    def note_others(self) -> tuple[Decision, ...]:
        """What is said of volumes that are not of the main set."""
        others = len(self.found.volumes) - len(self.volumes)
        text = f"left out {others} volume{'s' * (others != 1)} of other sets of images, such as localizers"
        return (Decision("left out", text, others),) if others else ()

    def find_grid(self, stacked: Sequence[Planes]) -> Grid | None:
        """The grid of all volumes; None where a stack is resampled, whose grid is known when it is read.

        Args:
            stacked: The planes of each of them.

        Raises:
            GeometryError: If a volume forms no regular grid, or lies on another than the first.
        """
        path, volumes = self.source.path, self.volumes
        if any(planes.irregular_stack is not None for planes in stacked):
            return None
        for planes, volume in zip(stacked, volumes, strict=True):
            check_same_grid(planes.grid, stacked[0].grid, f"the volume {volume.label!r}", path)
        return stacked[0].grid

    def read(self, number: int, options: ReadOptions) -> Image:
        """Read one volume."""
        return read_series_volume(self.found, self.volumes[number], self.source, options)

    def iterate(self, numbers: Sequence[int], options: ReadOptions) -> Iterator[Image]:
        """Read volumes one after another."""
        return (self.read(number, options) for number in numbers)

    def read_together(self, options: ReadOptions) -> None:
        """Each volume has files of its own."""

    def close(self) -> None:
        """Nothing stays open between two volumes."""


def read_series_volume(found: SourceVolumes, volume: SeriesVolume, source: Source, options: ReadOptions) -> Image:
    """Read one volume of a series whose headers are known."""
    suv = None if options.suv is None else convert_to_uptake(volume.frames, options.suv, source.path)
    # Uptake values are a matter of slope and intercept, so that each value is rounded once, when it is read.
    planes = stack_volume(volume, volume.frames if suv is None else suv.frames, options.irregular, source.path)
    # A resampled volume has other voxels than its planes: out of that, a region is cut last of all.
    region = options.region if planes.irregular_stack is None else None
    box = None if region is None else find_region_box(region, planes.grid, source.path)
    voxels = read_voxels(planes.frames, options.dtype, make_pixel_rules(options, planes), box)
    decisions = (
        *found.decisions,
        *volume.decisions,
        *planes.decisions,
        *(() if suv is None else (suv.decision,)),
        *voxels.decisions,
        *note_missing_padding(options, voxels),
    )
    # Before an irregular stack is resampled, which would blend the sentinel with the data.
    source_mask, marks = find_source_mask(
        voxels.array, voxels.source_mask, options.source_mask_from, modality=found.series.modality, path=source.path
    )
    image = Image.from_grid(
        voxels.array,
        planes.grid if box is None else planes.grid[box.index],
        modality=found.series.modality,
        source_mask=source_mask,
        metadata=make_metadata(found.series, volume, options, voxels.units),
        provenance=Provenance(
            source.path,
            DicomReader.name,
            list_plane_sources(planes, options.apply_rescale)[slice(None) if box is None else box.index[2]],
            (*decisions, *marks, *(() if box is None else describe_region_read(box, planes.grid))),
            is_resampled=planes.irregular_stack is not None,
        ),
    )
    return image if planes.irregular_stack is None else resample_planes(image, planes.irregular_stack, source, options)


def resample_planes(image: Image, stack: StackGeometry, source: Source, options: ReadOptions) -> Image:
    """Make a regular volume of the planes of an irregular stack, and of that the region that is asked for."""
    rectified = rectify(image.array, stack, options.fill_value, source_mask=image.source_mask)
    grid = rectified.grid
    whole = replace(
        image,
        array=rectified.array,
        spacing=grid.spacing,
        origin=grid.origin,
        direction=np.array(grid.direction),
        source_mask=rectified.source_mask,
        provenance=image.provenance.with_decisions(*rectified.decisions),
    )
    return whole if options.region is None else cut_region(whole, options.region, source.path)


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
    if find_void_slope(attributes) == tags.RESCALE_SLOPE:
        # Stored values count nothing that the file says.
        return ""
    if attributes.text(tags.DOSE_UNITS) == "GY":
        return "Gy"
    mapped = read_mapped_unit(attributes)
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
