"""RT structure sets as a kind of segmentation file: their ROIs are segments once they are drawn on an image."""

from __future__ import annotations

from ...dicom.structures.rois import RT_STRUCTURE_SET
from ...dicom.structures.structure_set import READER_NAME, StructureSet
from ...errors import OptionError
from ...image import Image
from ..protocol import Probe, Source
from .protocol import SegmentFacts, SegmentOptions, chosen_numbers

__all__ = ["StructureSetKind"]


class StructureSetKind:
    """RT Structure Set Storage; needs a reference to be loaded, and none to be listed."""

    name = READER_NAME

    def matches(self, probe: Probe) -> bool:
        """Whether the source is one file that says it is a structure set."""
        return probe.sop_class == RT_STRUCTURE_SET

    def segments(self, source: Source) -> list[SegmentFacts]:
        """What is known of each ROI."""
        rois = StructureSet(source.files[0]).rois
        return [roi.facts() for roi in sorted(rois, key=lambda roi: roi.number)]

    def load(self, source: Source, options: SegmentOptions) -> Image | dict[int, Image]:
        """Draw ROIs on the reference; without a threshold, the share of each voxel that is covered."""
        if options.reference is None:
            raise OptionError(
                f"{READER_NAME} files hold contours and no voxels, and an image to draw them on is required",
                path=source.path,
                advice="load the image that they belong to and pass it as reference_image",
            )
        structures = StructureSet(source.files[0])
        numbers = chosen_numbers([roi.number for roi in structures.rois], options.numbers, source.path)
        coverage = options.threshold is None
        if options.combine:
            return structures.draw_combined(options.reference, numbers, coverage)
        return {roi.number: mask for roi, mask in structures.draw_separate(options.reference, numbers, coverage)}
