"""DICOM SEG: all segments as one label map, or each by itself."""

from __future__ import annotations

from typing import Final

from ..dicom.frames.sop_classes import LABEL_MAP_STORAGE, SEGMENTATION_STORAGE
from ..dicom.segmentation.segmentation_header import SURFACE_STORAGE, open_segmentation
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
from .segmentations.choosing import check_series_uid
from .segmentations.dicom_seg import DICOM_SEG, describe_seg, read_seg_label_map, read_seg_masks

__all__ = ["SegReader"]


SEGMENTATION_CLASSES: Final = frozenset({SEGMENTATION_STORAGE, LABEL_MAP_STORAGE, SURFACE_STORAGE})
"""SOP classes of segmentations; surfaces are among them, so that the error can say what the file is."""


class SegReader:
    """Reads DICOM segmentations, as label maps or each segment apart; see ``pictologics.dicom.segmentation``.

    Surface segmentations are recognized and refused.
    """

    name = DICOM_SEG
    segment_format = DICOM_SEG
    suffixes: tuple[str, ...] = (".dcm", "or none")
    honors = frozenset({"dtype", "dataset_index", "series_uid"})
    needs_reference = False

    def matches(self, probe: Probe) -> bool:
        """Whether the source is a DICOM file of a segmentation class."""
        return probe.source.kind == "file" and probe.sop_class in SEGMENTATION_CLASSES

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read all segments into one label map."""
        check_series_uid(source, options.series_uid)
        chosen = SegmentOptions(reference=options.reference, dataset_index=options.dataset_index)
        image = read_seg_label_map(source, chosen)
        return convert_labels(image, options.dtype, source.path)

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """Say where the segments lie and what they are called, or why they do not load."""
        return describe_seg(source, self.name)

    def holds_segments(self, probe: Probe) -> bool:
        """Always: a segmentation holds nothing else."""
        return True

    def list_segments(self, source: Source) -> list[SegmentFacts]:
        """Say what is known of each segment, from the header alone."""
        return [segment.facts() for segment in open_segmentation(source.files[0]).segments]

    def read_segments(self, source: Source, options: SegmentOptions) -> Image | dict[int, Image]:
        """Read segments onto the grid of the file."""
        return read_seg_label_map(source, options) if options.combine else read_seg_masks(source, options)
