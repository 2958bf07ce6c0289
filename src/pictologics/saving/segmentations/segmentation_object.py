"""Voxels and segments -> the DICOM object, made by highdicom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..._version import __version__
from ...array_types import AnyArray
from ...dicom.segmentation.cielab import srgb_to_lab
from ...dicom.segmentation.segments import DicomSegment
from ...errors import OptionError, PictologicsError
from ...silence import silence_this_thread
from ..segment_facts import MAKER
from ..source_series import SourceSeries
from .fractions import FRACTION_STEPS

if TYPE_CHECKING:
    from highdicom.seg import Segmentation, SegmentDescription

__all__ = ["make_segmentation"]


def make_segmentation(
    voxels: AnyArray,
    described: Sequence[DicomSegment],
    series: SourceSeries,
    kind: str,
    fractional_type: str,
    description: str,
) -> Segmentation:
    """Make the object to be written.

    Args:
        voxels: Segment numbers, (planes, rows, columns), or with a fourth axis for each segment's mask or its steps.
        described: The segments.
        series: The series they belong to.
        kind: SegmentationType.
        fractional_type: SegmentationFractionalType, of fractions.
        description: SeriesDescription.

    Raises:
        OptionError: If highdicom is not installed, or makes nothing of this.
    """
    try:
        from highdicom import PixelMeasuresSequence
        from highdicom.seg import Segmentation
        from pydicom.uid import generate_uid
    except ImportError as error:
        raise OptionError(
            "writing DICOM SEG needs highdicom, which is not installed", advice="install it with pip install highdicom"
        ) from error
    spacing = series.planes.grid.spacing
    measures = PixelMeasuresSequence(
        pixel_spacing=(spacing[1], spacing[0]),
        slice_thickness=series.slice_thickness or spacing[2],
        spacing_between_slices=spacing[2],
    )
    try:
        # What pydicom finds odd about the series was there before.
        with silence_this_thread():
            segmentation = Segmentation(
                series.datasets,
                # highdicom takes plane k of the mask for frame k of its source, as that is stored.
                voxels[series.order],
                kind,
                [describe_segment(segment) for segment in described],
                series_instance_uid=generate_uid(),
                # Beyond the numbers that scanners give: the standard only wants one.
                series_number=300,
                sop_instance_uid=generate_uid(),
                instance_number=1,
                manufacturer=MAKER,
                manufacturer_model_name=MAKER,
                software_versions=__version__,
                device_serial_number="none",
                fractional_type=fractional_type,
                max_fractional_value=FRACTION_STEPS,
                pixel_measures=measures,
                content_label="SEGMENTATION",
                series_description=description,
            )
    except PictologicsError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise OptionError(
            f"highdicom cannot make a segmentation of this series and these segments ({error})", path=series.path
        ) from error
    # Names of segments may be in any language, whatever the scanner writes.
    segmentation.SpecificCharacterSet = "ISO_IR 192"
    return segmentation


def describe_segment(segment: DicomSegment) -> SegmentDescription:
    """Describe a segment in the way of highdicom."""
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentDescription
    from highdicom.sr import CodedConcept
    from pydicom.sr.codedict import codes
    from pydicom.uid import generate_uid

    algorithm = None
    if segment.algorithm_name:
        algorithm = AlgorithmIdentificationSequence(segment.algorithm_name, codes.DCM.ArtificialIntelligence, "unknown")
    described = SegmentDescription(
        segment.number,
        segment.label,
        CodedConcept(segment.category.value, segment.category.scheme, segment.category.meaning),
        CodedConcept(segment.type.value, segment.type.scheme, segment.type.meaning),
        segment.algorithm_type,
        None if segment.algorithm_type == "MANUAL" else algorithm,
        tracking_uid=segment.tracking_uid or generate_uid(),
        tracking_id=segment.tracking_id or segment.label,
    )
    if segment.description:
        described.SegmentDescription = segment.description
    if segment.color:
        described.RecommendedDisplayCIELabValue = list(srgb_to_lab(segment.color))
    return described
