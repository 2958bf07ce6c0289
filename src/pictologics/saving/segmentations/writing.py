"""Masks -> a DICOM SEG file: ``save_seg``, which checks, places, describes and writes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Literal

from ...checks import check_choice
from ...image import Image
from ...provenance import Decision, give_warnings
from ...storage.file_writing import replace_file
from ...storage.files import PathLike
from ...storage.remote_writing import write_anywhere
from ...storage.urls import find_url, hide_secrets
from ..saved_masks import collect_labels, number_masks, place_masks, renumber_segments
from ..segment_facts import Facts, make_segments
from ..source_series import check_is_no_source, read_source_series
from .fractions import place_fractions
from .segmentation_object import make_segmentation

__all__ = ["save_seg"]


def save_seg(
    mask: Image | Mapping[int, Image] | Mapping[str, Image],
    reference_series: PathLike | Sequence[PathLike],
    path: PathLike,
    segments: Mapping[int, str] | Sequence[Facts] | None = None,
    *,
    segmentation_type: Literal["BINARY", "FRACTIONAL", "LABELMAP"] = "BINARY",
    fractional_type: Literal["PROBABILITY", "OCCUPANCY"] = "PROBABILITY",
    series_description: str = "Segmentation",
) -> None:
    """Write masks as a DICOM SEG file that belongs to the series they were drawn on.

    Patient, study and frame of reference are those of the series, and each frame names the slice that it lies on.
    Empty frames are left out. The file is written under a temporary name and renamed when it is complete.

    Args:
        mask: A label map, whose values are segment numbers and 0 is background; or a dict of binary masks by number
            or by name, which may overlap; of a fractional segmentation, the fractions of one segment, or a dict of
            them. They must lie on the lattice of the series; a crop, and axes that run the other way, are fine.
        reference_series: The DICOM series: its folder, the list of its files, or one multi-frame file.
        path: The file to write.
        segments: What the segments are: a name for each number, or a list of dicts as ``get_segment_info`` gives
            them, of which ``segment_number`` is required. By default the names are those of ``mask.labels``. A
            segment without a coded property is "Tissue" (SCT 85756007); one without an ``algorithm_name`` was drawn
            by hand (``"MANUAL"``), any other is ``"AUTOMATIC"`` unless ``algorithm_type`` says otherwise.
        segmentation_type: ``"BINARY"``, which every reader knows, numbers segments from 1 without gaps (DICOM PS3.3
            C.8.20.4); other numbers are written as 1, 2, 3 ... with a warning. ``"FRACTIONAL"`` does so too, and keeps
            fractions from 0 to 1 to within 1/510. ``"LABELMAP"`` keeps any number up to 65535, holds no overlaps, and
            is known to few readers yet.
        fractional_type: What fractions are: the probability that a voxel belongs to the segment, or how much of it the
            segment fills (``"OCCUPANCY"``), such as ``load_rtstruct(..., coverage=True)`` gives.
        series_description: SeriesDescription of the new series.

    Raises:
        OptionError: If highdicom is not installed (``pip install highdicom``), the mask is empty or holds other
            than whole numbers (or fractions beyond 0 and 1), a segment is described badly, masks of a label map
            overlap, or the path is that of a file of the series.
        GeometryError: If the mask does not lie on the lattice of the series, reaches beyond it, or is of another frame
            of reference.
        FileAccessError: If the system refuses.

    Examples:
        >>> import tempfile, pathlib
        >>> from pictologics import load_image
        >>> from pictologics.cli.demo_series import write_demo_series
        >>> from pictologics.loaders import load_seg
        >>> from pictologics.saving import save_seg
        >>> folder = pathlib.Path(tempfile.mkdtemp()) / "ct"
        >>> demo = write_demo_series(folder, slices=4, size=32)
        >>> demo.localizer_file.unlink()
        >>> scan = load_image(folder)
        >>> bone = Image.from_grid((scan.array > 200).astype("uint8"), scan.grid, labels={1: "bone"})
        >>> save_seg(bone, folder, folder.parent / "bone.dcm")
        >>> load_seg(folder.parent / "bone.dcm").labels
        {1: 'bone'}
    """
    check_choice("segmentation_type", segmentation_type, ("BINARY", "FRACTIONAL", "LABELMAP"))
    check_choice("fractional_type", fractional_type, ("PROBABILITY", "OCCUPANCY"))
    masks = number_masks(mask)
    series = read_source_series(reference_series)
    decisions: list[Decision] = []
    if segmentation_type == "FRACTIONAL":
        voxels, numbers = place_fractions(masks, series)
    else:
        voxels, numbers = place_masks(masks, series, segmentation_type)
    described = make_segments(segments, collect_labels(masks), numbers)
    if segmentation_type != "LABELMAP" and numbers != list(range(1, len(numbers) + 1)):
        voxels, described = renumber_segments(voxels, described, segmentation_type, decisions)
    segmentation = make_segmentation(voxels, described, series, segmentation_type, fractional_type, series_description)
    with write_anywhere(path) as target:
        check_is_no_source(target, series)
        with replace_file(target) as temporary:
            segmentation.save_as(temporary)
    give_warnings(hide_secrets(find_url(path) or os.fspath(path)), decisions)
