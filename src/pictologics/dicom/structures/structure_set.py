"""Draws a structure set on an image: its ROIs as a label map, as masks or as fractions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from ...array_types import AnyArray
from ...errors import OptionError, UnsupportedFormatError
from ...image import Image
from ...image_checks import report_other_frame
from ...labels import LARGEST_LABEL, report_overlaps
from ...provenance import Decision, Provenance
from ...storage.files import StoredFile
from ..headers import tags
from ..headers.header_reading import read_header
from .contours import read_contour_points
from .drawing import (
    Canvas,
    draw_fractions,
    draw_labels,
    draw_masks,
)
from .lattice_planes import PlanarContours, lay_on_planes
from .rois import Roi, read_rois
from .slice_heights import move_to_even_slices

__all__ = ["READER_NAME", "StructureSet"]

READER_NAME: Final = "RTSTRUCT"
Names = str | int | Sequence[str | int] | None


class StructureSet:
    """The ROIs of one file, ready to be drawn.

    Attributes:
        path: The file, for messages.
        header: Its header.
        rois: Its ROIs, in the order of the file.
        decisions: What was decided about their numbers.

    Raises:
        UnsupportedFormatError: If the file is not a structure set, or one without a ROI.
        CorruptFileError: If it contradicts itself.
    """

    def __init__(self, file: StoredFile) -> None:
        self.path = file.name
        header = read_header(file)
        if header is None:
            raise UnsupportedFormatError(
                "this is not a DICOM file", path=self.path, advice="pass a file of contours (RTSTRUCT)"
            )
        self.header = header
        self.rois, self.decisions = read_rois(header)
        if not self.rois:
            raise UnsupportedFormatError(
                "the structure set holds no ROI", path=self.path, advice="export it again with its contours"
            )

    def draw_combined(self, reference: Image, names: Names, coverage: bool = False) -> Image:
        """Draw all chosen ROIs as one label map, or the covered share of voxels of the only one."""
        rois = self.select_rois(names)
        if coverage and len(rois) > 1:
            raise OptionError(
                f"coverage=True gives fractions, and one image cannot hold those of {len(rois)} ROIs",
                path=self.path,
                advice="name one in roi_names, or pass combine_rois=False",
            )
        if coverage:
            return self.draw_separate(reference, [rois[0].number], coverage)[0][1]
        labels, renumbered = self.assign_labels(rois)
        # The patient's axes, so that the order of the image's axes decides nothing.
        canvas = Canvas.of(reference.grid)
        contours, decisions = self.lay_contours(rois, reference, canvas)
        array, overlaps, drawn = draw_labels(contours, canvas, list(labels))
        decisions = (
            *decisions,
            *describe_undrawn(rois, contours, drawn),
            *renumbered,
            *report_overlaps(overlaps, labels, array),
        )
        return self.make_image(array, reference, labels, decisions)

    def draw_separate(self, reference: Image, names: Names, coverage: bool = False) -> list[tuple[Roi, Image]]:
        """Draw a mask for each chosen ROI, or the covered share of its voxels."""
        rois = self.select_rois(names)
        canvas = Canvas.of(reference.grid)
        contours, decisions = self.lay_contours(rois, reference, canvas)
        drawn = (draw_fractions if coverage else draw_masks)(contours, canvas, len(rois))
        filled = {place for place, array in enumerate(drawn) if array.any()}
        decisions = (*decisions, *describe_undrawn(rois, contours, filled))
        return [
            (roi, self.make_image(array, reference, {1: roi.name}, decisions))
            for roi, array in zip(rois, drawn, strict=True)
        ]

    def assign_labels(self, rois: Sequence[Roi]) -> tuple[dict[int, str], list[Decision]]:
        """Assign each ROI a label, its number where that can be one, with its name; and say what was replaced."""
        numbers = {roi.number for roi in self.rois}
        free = (number for number in range(1, len(numbers) + 1) if number not in numbers)
        # Found from all ROIs, so that the label of one does not depend on which others are drawn.
        fresh = {number: next(free) for number in sorted(numbers) if not 1 <= number <= LARGEST_LABEL}
        labels = {fresh.get(roi.number, roi.number): roi.name for roi in rois}
        unfit = {roi.number: fresh[roi.number] for roi in rois if roi.number in fresh}
        if not unfit:
            return labels, []
        pairs = ", ".join(f"{roi.title} became {unfit[roi.number]}" for roi in rois if roi.number in unfit)
        text = f"ROI numbers outside the labels 1 to {LARGEST_LABEL} were replaced: {pairs}"
        return labels, [Decision("converted", text, len(unfit), "content")]

    def select_rois(self, names: Names) -> list[Roi]:
        """Select the ROIs of some names or numbers, in the order of the file."""
        if names is None:
            return self.rois
        wanted = [names] if isinstance(names, (str, int)) else list(names)
        known: set[str | int] = {roi.name for roi in self.rois} | {roi.number for roi in self.rois}
        missing = [
            name
            for name in wanted
            if isinstance(name, bool) or not isinstance(name, (str, int, np.integer)) or name not in known
        ]
        if missing or not wanted:
            listed = ", ".join(f"{roi.name!r} ({roi.number})" for roi in self.rois)
            problem = "no ROI is asked for" if not wanted else f"there is no ROI {', '.join(map(repr, missing))}"
            raise OptionError(
                f"{problem}; those of the file are {listed}",
                path=self.path,
                advice="pass names or numbers of these, or None for all",
                missing=missing,
            )
        chosen = set(wanted)
        return [roi for roi in self.rois if roi.name in chosen or roi.number in chosen]

    def lay_contours(
        self, rois: Sequence[Roi], reference: Image, canvas: Canvas
    ) -> tuple[PlanarContours, tuple[Decision, ...]]:
        """Lay the contours of some ROIs on planes of the reference, and collect what was decided about them."""
        points = read_contour_points(self.path, rois)
        even, followed = move_to_even_slices(points.points, reference)
        points = replace(points, points=even)
        contours = lay_on_planes(self.path, points, canvas.grid, [roi.title for roi in rois])
        has_contours = np.bincount(points.rois, minlength=len(rois)) > 0
        bare = [roi.title for roi, is_drawn in zip(rois, has_contours.tolist(), strict=True) if not is_drawn]
        decisions = [
            *self.decisions,
            *describe_other_frames(rois, reference),
            *describe_repeated_names(rois),
            *followed,
            *points.decisions,
        ]
        if bare:
            text = f"ROI {', '.join(bare)} {'has' if len(bare) == 1 else 'have'} no closed contour, and so no voxel"
            decisions.append(Decision("left out", text, len(bare), "content"))
        return contours, (*decisions, *contours.decisions)

    def make_image(
        self, array: AnyArray, reference: Image, labels: dict[int, str], decisions: Sequence[Decision]
    ) -> Image:
        """Make an image on the reference's voxels."""
        facts = {
            "series_instance_uid": self.header.text(tags.SERIES_INSTANCE_UID),
            "frame_of_reference_uid": frame_of(reference) or self.rois[0].frame_of_reference_uid,
            "series_description": self.header.text(tags.SERIES_DESCRIPTION),
            "series_number": self.header.text(tags.SERIES_NUMBER),
        }
        return Image.from_grid(
            array,
            reference.grid,
            modality="SEG",
            metadata={name: value for name, value in facts.items() if value},
            labels=labels,
            provenance=Provenance(self.path, READER_NAME, (), tuple(decisions)),
        )


def describe_undrawn(rois: Sequence[Roi], contours: PlanarContours, drawn: set[int]) -> list[Decision]:
    """Name the ROIs with closed contours in the image that have no voxel: no center of one lies inside.

    Args:
        rois: The ROIs.
        contours: Their contours, laid on planes of the image.
        drawn: Which of them have a voxel, by their place in the list.
    """
    undrawn = [rois[place].title for place in np.unique(contours.keys[:, 2]).tolist() if place not in drawn]
    if not undrawn:
        return []
    text = f"ROI {', '.join(undrawn)} {'has' if len(undrawn) == 1 else 'have'} contours that enclose no voxel's center"
    return [Decision("left out", f"{text}, and so no voxel", len(undrawn), "content")]


def frame_of(image: Image) -> str:
    """The frame of reference of an image, empty if unknown."""
    return image.metadata.get("frame_of_reference_uid", "")


def describe_other_frames(rois: Sequence[Roi], reference: Image) -> tuple[Decision, ...]:
    """Say which contours have another frame of reference than the image."""
    own = frame_of(reference)
    return report_other_frame(", ".join(sorted({roi.frame_of_reference_uid for roi in rois} - {own, ""})), own)


def describe_repeated_names(rois: Sequence[Roi]) -> list[Decision]:
    """Say which names several ROIs have."""
    numbers: dict[str, list[int]] = {}
    for roi in rois:
        numbers.setdefault(roi.name, []).append(roi.number)
    repeated = [
        f"{name!r} is the name of ROIs {', '.join(map(str, same))}" for name, same in numbers.items() if len(same) > 1
    ]
    if not repeated:
        return []
    return [Decision("assumed", f"{'; '.join(repeated)}, and only their numbers tell them apart", warning="content")]
