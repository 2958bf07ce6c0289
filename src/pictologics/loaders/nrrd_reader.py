"""NRRD: header and voxels in one file, or a header that names the files of its voxels; images and segmentations."""

from __future__ import annotations

from dataclasses import replace

from ..errors import OptionError, UnsupportedFormatError
from ..formats.nrrd.header_text import looks_like_nrrd
from ..formats.nrrd.opening import NrrdFile, open_nrrd
from ..formats.nrrd.segmentation import find_segmentation
from ..formats.nrrd.segments import has_segments, list_segments
from ..image import Image
from ..labels import convert_labels
from .protocol import (
    Description,
    Probe,
    ReadOptions,
    SegmentFacts,
    SegmentOptions,
    Source,
)
from .region_cutting import cut_region
from .segmentations.nrrd_seg import (
    SLICER_SEGMENTATION,
    holds_nrrd_segments,
    list_nrrd_segments,
    read_nrrd_label_map,
    read_nrrd_segments,
)
from .series_protocol import OpenedSeries
from .volume_file_loading import describe_volume_file, load_volume_file
from .volume_file_series import FileSeries

__all__ = ["NrrdReader"]


class NrrdReader:
    """Reads NRRD (``pictologics.formats.nrrd``). A segmentation of 3D Slicer gives a label map of all its segments."""

    name = "NRRD"
    segment_format = SLICER_SEGMENTATION
    suffixes: tuple[str, ...] = (".nrrd", ".nhdr")
    honors = frozenset({"dataset_index", "dtype", "region", "irregular", "allow_outside_files"})
    needs_reference = False

    def matches(self, probe: Probe) -> bool:
        """Whether the file begins with NRRD's magic."""
        return probe.source.kind == "file" and looks_like_nrrd(probe.head)

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read one volume, or all segments."""
        opened = open_nrrd(source.files[0], options.irregular, options.allow_outside_files)
        if not has_segments(opened.header.keys):
            return load_volume_file(opened, source, self.name, options)
        if options.dataset_index:
            raise OptionError(
                f"dataset_index {options.dataset_index} is out of range: the file holds 1 label map",
                path=source.path,
                advice="leave dataset_index out, or choose segments with load_seg",
                volumes=1,
            )
        image = read_nrrd_label_map(opened, find_segmentation(opened), source.path)
        if options.region is not None:
            # Segments may lie in several layers, and are drawn over one another as a whole.
            image = cut_region(image, options.region, source.path)
        saved = opened.facts.voxels
        dtype = saved.dtype if options.dtype is None and saved is not None else options.dtype
        return convert_labels(image, dtype, source.path)

    def open_series(self, source: Source, options: ReadOptions) -> OpenedSeries:
        """Read what the header says of all volumes."""
        opened = open_nrrd(source.files[0], options.irregular, options.allow_outside_files)
        if has_segments(opened.header.keys):
            raise UnsupportedFormatError(
                "this is a segmentation of 3D Slicer, which holds segments and no series of images",
                path=source.path,
                advice="load it with load_seg or load_mask",
            )
        return FileSeries(opened, source, self.name)

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the volumes of a file, or say what the segments are called."""
        opened = open_nrrd(source.files[0], "ignore", options.allow_outside_files)
        if not has_segments(opened.header.keys):
            return describe_volume_file(opened, self.name)
        return describe_segments(opened, self.name)

    def holds_segments(self, probe: Probe) -> bool:
        """Whether it is a segmentation of 3D Slicer."""
        return holds_nrrd_segments(probe)

    def list_segments(self, source: Source) -> list[SegmentFacts]:
        """Say what is known of each segment, from the header alone."""
        return list_nrrd_segments(source)

    def read_segments(self, source: Source, options: SegmentOptions) -> Image | dict[int, Image]:
        """Read segments onto the grid of the file."""
        return read_nrrd_segments(source, options)


def describe_segments(opened: NrrdFile, name: str) -> Description:
    """A segmentation is one volume, however many layers it has."""
    segments = list_segments(
        opened.header.keys,
        opened.layout.volumes,
        opened.header.file.name,
        may_be_empty=opened.facts.is_saved_here,
    )
    labels = {segment.number: segment.name for segment in segments}
    found = describe_volume_file(replace(opened, facts=replace(opened.facts, labels=labels)), name)
    return Description((replace(found.volumes[0], modality="SEG"),))
