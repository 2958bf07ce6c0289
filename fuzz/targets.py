"""What is fuzzed: for each reader, what is done with the bytes of one file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.factories.structure_sets import SCAN

import pictologics
from fuzz.comparing import (
    compare_with_nibabel,
    compare_with_pydicom,
    compare_with_pynrrd,
    compare_with_simpleitk,
)
from fuzz.comparing_dicom import (
    compare_contours_with_pydicom,
    compare_segments_with_highdicom,
    compare_series_with_simpleitk,
)

__all__ = ["TARGETS", "Target"]


@dataclass(frozen=True)
class Target:
    """A reader and how it is called.

    Attributes:
        name: As on the command line.
        call: Reads the bytes of a file; returns, or raises what it likes.
        kind: What the bytes are made of, which chooses the mutators.
        seeds: Of which target it has the seeds, if not of its own.
    """

    name: str
    call: Callable[[bytes], None]
    kind: str
    seeds: str = ""


def load(content: bytes) -> None:
    """Describe a file, and load the image that it holds."""
    pictologics.explain(content)
    pictologics.load_image(content)


def load_color(content: bytes) -> None:
    """Load an image of gray or of colors, with every conversion that there is."""
    pictologics.load_image(content, color="luminance", irregular="resample", source_mask_from="sentinel")


def load_segments(content: bytes) -> None:
    """List the segments of a file, and load them, combined."""
    pictologics.get_segment_info(content)
    pictologics.load_seg(content)


def load_structures(content: bytes) -> None:
    """Draw a structure set on a small image."""
    pictologics.load_rtstruct(content, SCAN)


def load_archive(content: bytes) -> None:
    """Load the series in an archive."""
    pictologics.load_image(content)


TARGETS = {
    target.name: target
    for target in (
        Target("nifti", load, "binary"),
        Target("nrrd", load, "text"),
        Target("metaimage", load, "text"),
        Target("dicom", load, "dicom"),
        Target("frames", load_color, "dicom"),
        Target("segments", load_segments, "dicom"),
        Target("structures", load_structures, "dicom"),
        Target("archives", load_archive, "binary"),
        Target("nifti-nibabel", compare_with_nibabel, "binary", "nifti"),
        Target("dicom-pydicom", compare_with_pydicom, "dicom", "dicom"),
        Target("frames-pydicom", compare_with_pydicom, "dicom", "frames"),
        Target("nrrd-simpleitk", compare_with_simpleitk, "text", "nrrd"),
        Target("metaimage-simpleitk", compare_with_simpleitk, "text", "metaimage"),
        Target("nrrd-pynrrd", compare_with_pynrrd, "text", "nrrd"),
        Target("series-simpleitk", compare_series_with_simpleitk, "dicom", "series"),
        Target("segments-highdicom", compare_segments_with_highdicom, "dicom", "segments"),
        Target("structures-pydicom", compare_contours_with_pydicom, "dicom", "structures"),
    )
}
"""By name."""
