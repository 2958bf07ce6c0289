"""Masks -> a DICOM RT structure set: ``save_rtstruct``, which checks, traces, describes and writes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from ...image import Image
from ...provenance import Decision, give_warnings
from ...storage.file_writing import replace_file
from ...storage.files import PathLike
from ...storage.remote_writing import write_anywhere
from ...storage.urls import find_url, hide_secrets
from ..call_checks import check_text
from ..saved_masks import collect_labels, empty_mask_error, number_masks
from ..segment_facts import Facts
from ..source_series import SourceSeries, check_is_no_source, read_drawn_series
from .contours import ContourWriter
from .mask_regions import find_regions
from .rois import make_rois
from .structure_object import make_structure_set

__all__ = ["save_rtstruct"]

MOST_BARE_NAMED = 10
"""How many ROIs a message names."""


def save_rtstruct(
    mask: Image | Mapping[int, Image] | Mapping[str, Image],
    reference_series: PathLike | Sequence[PathLike],
    path: PathLike,
    rois: Mapping[int, str] | Sequence[Facts] | None = None,
    *,
    interpreted_types: Mapping[int, str] | Mapping[str, str] | None = None,
    colors: Mapping[int, str] | Mapping[str, str] | None = None,
    structure_set_label: str = "Contours",
    series_description: str = "Structure set",
) -> None:
    """Write masks as a DICOM RT structure set that belongs to the series they were drawn on.

    Contours run along the edges of voxels, so that drawing them gives the same voxels, bit for bit: with
    ``load_rtstruct``, and with every program that counts the voxels whose centers are inside. Each part of a ROI in
    each slice is one contour; a hole is joined to it by a keyhole (DICOM PS3.3 C.8.8.6.3). Patient, study and frame of
    reference are those of the series, and each contour names the image that it lies on. The file is written under a
    temporary name and renamed when it is complete.

    Args:
        mask: A label map, whose values are ROI numbers and 0 is background; or a dict of binary masks by number or by
            name, which may overlap. They must lie on the lattice of the series; a crop, and axes that run the other
            way, are fine.
        reference_series: The DICOM series: its folder, the list of its files, or one multi-frame file. Its slices may
            be unevenly spaced; the mask then lies on what ``load_image`` gives with ``irregular="ignore"``.
        path: The file to write.
        rois: What the ROIs are: a name for each number, or a list of dicts as ``get_segment_info`` gives them, of which
            ``segment_number`` is required. By default the names are those of ``mask.labels``, else ``"ROI 1"``.
        interpreted_types: RTROIInterpretedType of ROIs by their numbers or names, such as ``"ORGAN"`` or ``"GTV"``. By
            default ROIs whose names begin with GTV, CTV or PTV (AAPM TG-263) are that, and nothing is said of others.
        colors: Colors of ROIs by their numbers or names, as ``"#rrggbb"``. By default those that pictures show.
        structure_set_label: StructureSetLabel, up to 16 characters.
        series_description: SeriesDescription of the new series.

    Raises:
        OptionError: If all masks are empty or one holds other than whole numbers, a ROI is described badly, or the path
            is that of a file of the series.
        GeometryError: If a mask does not lie on the lattice of the series, reaches beyond it, or is of another frame of
            reference.
        FileAccessError: If the system refuses.

    Examples:
        >>> import tempfile, pathlib
        >>> from pictologics import load_image, load_rtstruct, save_rtstruct
        >>> from pictologics.cli.demo_series import write_demo_series
        >>> folder = pathlib.Path(tempfile.mkdtemp()) / "ct"
        >>> write_demo_series(folder, slices=4, size=32).localizer_file.unlink()
        >>> scan = load_image(folder)
        >>> bone = Image.from_grid((scan.array > 200).astype("uint8"), scan.grid, labels={1: "bone"})
        >>> save_rtstruct(bone, folder, folder.parent / "bone.dcm", interpreted_types={"bone": "ORGAN"})
        >>> bool((load_rtstruct(folder.parent / "bone.dcm", scan).array == bone.array).all())
        True
    """
    label = check_text("structure_set_label", structure_set_label, 16)
    description = check_text("series_description", series_description, 64)
    masks = number_masks(mask)
    series = read_drawn_series(reference_series)
    writer = ContourWriter.of_series(series)
    contours = {region.number: writer.write(region) for region in find_regions(masks, series)}
    if not contours:
        raise empty_mask_error("the mask" if isinstance(masks, Image) else "every mask")
    labels = collect_labels(masks)
    numbers = sorted({*contours, *(number for number in labels if number > 0)})
    described = make_rois(rois, labels, numbers, interpreted_types, colors)
    decisions: list[Decision] = []
    bare = [roi.title for roi in described if roi.number not in contours]
    if bare:
        shown = ", ".join(bare[:MOST_BARE_NAMED]) + (
            f" and {len(bare) - MOST_BARE_NAMED} more" if len(bare) > MOST_BARE_NAMED else ""
        )
        text = f"ROI {shown} {'has' if len(bare) == 1 else 'have'} no voxel, and so no contour"
        decisions.append(Decision("assumed", text, len(bare), "content"))
    frame = find_frame_of_reference(series, decisions)
    structures = make_structure_set(described, contours, series, frame, label, description)
    with write_anywhere(path) as target:
        check_is_no_source(target, series)
        with replace_file(target) as temporary:
            structures.save_as(temporary, enforce_file_format=True)
    give_warnings(hide_secrets(find_url(path) or os.fspath(path)), decisions)


def find_frame_of_reference(series: SourceSeries, decisions: list[Decision]) -> str:
    """The frame of reference of a series; a new one if it has none, which contours must have."""
    from pydicom.uid import generate_uid

    if series.frame_of_reference:
        return series.frame_of_reference
    text = "the series has no FrameOfReferenceUID, which contours must have, and a new one was made for them"
    decisions.append(Decision("assumed", text, warning="content"))
    return str(generate_uid())
