"""NRRD: header and voxels in one file, or a header that names the files of its voxels; images and segmentations."""

from __future__ import annotations

from dataclasses import replace

from ..errors import OptionError
from ..formats.nrrd.layout import MAGIC
from ..formats.nrrd.opening import OpenedNrrd, open_nrrd
from ..formats.nrrd.segmentation import segmentation_of
from ..formats.nrrd.segments import is_segmentation, segments_of
from ..image import Image
from ..labels import labels_as
from .protocol import (
    Description,
    Probe,
    ReadOptions,
    SegmentFacts,
    SegmentOptions,
    Source,
)
from .segmentations.nrrd_seg import (
    SLICER_SEGMENTATION,
    holds_nrrd_segments,
    list_nrrd_segments,
    read_nrrd_label_map,
    read_nrrd_segments,
)
from .stored_loading import StoredContent, describe_stored, read_stored

__all__ = ["NrrdReader"]


class NrrdReader:
    """Reads NRRD (``pictologics.formats.nrrd``). A segmentation of 3D Slicer gives a label map of all its segments."""

    name = "NRRD"
    segment_format = SLICER_SEGMENTATION
    suffixes: tuple[str, ...] = (".nrrd", ".nhdr")
    honors = frozenset({"dataset_index", "dtype", "irregular", "allow_outside_files"})
    needs_reference = False

    def matches(self, probe: Probe) -> bool:
        """Whether the file begins with NRRD's magic."""
        return probe.source.kind == "file" and probe.head.startswith(MAGIC)

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read one volume, or all segments."""
        opened = open_nrrd(source.files[0], options.irregular, options.allow_outside_files)
        if not is_segmentation(opened.header.keys):
            content = StoredContent(opened.volume, opened.note, opened.decisions)
            return read_stored(content, source, self.name, options)
        if options.dataset_index:
            raise OptionError(
                f"dataset_index {options.dataset_index} is out of range: the file holds 1 label map",
                path=source.path,
                advice="leave dataset_index out, or choose segments with load_seg",
                volumes=1,
            )
        return labels_as(read_nrrd_label_map(opened, segmentation_of(opened), source.path), options.dtype, source.path)

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the volumes of a file, or say what the segments are called."""
        opened = open_nrrd(source.files[0], "ignore", options.allow_outside_files)
        if not is_segmentation(opened.header.keys):
            return describe_stored(StoredContent(opened.volume, opened.note, opened.decisions), self.name)
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


def describe_segments(opened: OpenedNrrd, name: str) -> Description:
    """A segmentation is one volume, however many layers it has."""
    segments = segments_of(opened.header.keys, opened.volume.volumes, opened.header.file.name)
    labels = {segment.number: segment.name for segment in segments}
    found = describe_stored(StoredContent(opened.volume, replace(opened.note, labels=labels), opened.decisions), name)
    return Description((replace(found.volumes[0], modality="SEG"),))
