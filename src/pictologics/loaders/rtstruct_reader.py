"""RT structure sets: their ROIs are segments once they are drawn on an image."""

from __future__ import annotations

from ..dicom.headers import tags
from ..dicom.structures.rois import RT_STRUCTURE_SET
from ..dicom.structures.structure_set import READER_NAME, StructureSet
from ..errors import OptionError
from ..image import Image
from ..labels import convert_labels
from ..provenance import give_warnings
from .protocol import (
    Description,
    Probe,
    ReadOptions,
    SegmentFacts,
    SegmentOptions,
    Source,
    VolumeInfo,
)
from .segmentations.choosing import check_series_uid, choose_numbers

__all__ = ["RtstructReader"]


class RtstructReader:
    """Draws the contours of an RT structure set; see ``pictologics.dicom.structures``."""

    name = READER_NAME
    segment_format = READER_NAME
    suffixes: tuple[str, ...] = (".dcm",)
    honors = frozenset({"dtype", "series_uid"})
    needs_reference = True

    def matches(self, probe: Probe) -> bool:
        """Whether the source is one file that says it is a structure set."""
        return probe.sop_class == RT_STRUCTURE_SET

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Draw all ROIs as one label map on the reference."""
        reference = require_reference(options.reference, source.path)
        check_series_uid(source, options.series_uid)
        labels = StructureSet(source.files[0]).draw_combined(reference, None)
        return convert_labels(labels, options.dtype, source.path)

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the ROIs."""
        structures = StructureSet(source.files[0])
        header = structures.header
        volume = VolumeInfo(
            self.name,
            "SEG",
            header.text(tags.SERIES_DESCRIPTION) or header.text(tags.STRUCTURE_SET_LABEL),
            header.text(tags.SERIES_INSTANCE_UID) or None,
            header.text(tags.SERIES_NUMBER),
            labels=tuple(structures.assign_labels(structures.rois)[0].items()),
            notes=(
                "contours, to be drawn on the image that is passed as reference_image",
                *(decision.text for decision in structures.decisions),
            ),
            needs_reference=True,
        )
        return Description((volume,))

    def holds_segments(self, probe: Probe) -> bool:
        """Always: a structure set holds nothing else."""
        return True

    def list_segments(self, source: Source) -> list[SegmentFacts]:
        """Say what is known of each ROI."""
        structures = StructureSet(source.files[0])
        # The numbers that are listed are not those of the file: whoever asks is told, as whoever draws is.
        give_warnings(source.path, structures.decisions)
        return [roi.facts() for roi in sorted(structures.rois, key=lambda roi: roi.number)]

    def read_segments(self, source: Source, options: SegmentOptions) -> Image | dict[int, Image]:
        """Draw ROIs on the reference; without a threshold, the share of each voxel that is covered."""
        reference = require_reference(options.reference, source.path)
        structures = StructureSet(source.files[0])
        chosen = options.roi_names
        if chosen is None:
            chosen = choose_numbers([roi.number for roi in structures.rois], options.numbers, source.path)
        coverage = options.threshold is None
        if options.combine:
            return structures.draw_combined(reference, chosen, coverage)
        return {roi.number: mask for roi, mask in structures.draw_separate(reference, chosen, coverage)}


def require_reference(reference: Image | None, path: str) -> Image:
    """The image to draw on; contours alone have no voxels.

    Raises:
        OptionError: If no image was given.
    """
    if reference is None:
        raise OptionError(
            f"{READER_NAME} files hold contours and no voxels, and an image to draw them on is required",
            path=path,
            advice="load the image that they belong to and pass it as reference_image",
        )
    return reference
