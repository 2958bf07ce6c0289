"""The kinds of segmentation files, in the order in which they are asked."""

from __future__ import annotations

from ...errors import UnsupportedFormatError
from ..protocol import Probe
from .dicom_seg import DicomSegKind
from .nrrd_seg import NrrdSegKind
from .protocol import SegmentationKind
from .structure_sets import StructureSetKind

__all__ = ["KINDS", "select_kind"]

KINDS: tuple[SegmentationKind, ...] = (DicomSegKind(), NrrdSegKind(), StructureSetKind())
"""The first that matches is the one; an error of its own is final."""


def select_kind(probe: Probe) -> SegmentationKind:
    """The kind of a source.

    Raises:
        UnsupportedFormatError: If it holds no segments in a way that is known.
    """
    for kind in KINDS:
        if kind.matches(probe):
            return kind
    known = ", ".join(kind.name for kind in KINDS)
    source = probe.source
    if source.kind != "file":
        raise UnsupportedFormatError(
            f"one segmentation file is required, and this is {'an' if source.kind in ('archive', 'index') else 'a'} "
            f"{source.kind}",
            path=source.path,
            advice="pass the path of the segmentation file itself",
        )
    found = "a DICOM file" if probe.is_dicom else f"a file that begins with {probe.head[:8]!r}"
    if probe.is_dicom and probe.sop_class:
        found += f" of SOP class {probe.sop_class}"
    raise UnsupportedFormatError(
        f"this is {found}, and a segmentation is required ({known})",
        path=source.path,
        advice="load it with load_image, if it is an image or a mask without segments",
        sop_class=probe.sop_class,
    )
