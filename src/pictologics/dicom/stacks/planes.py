"""Frames of one layout -> sorted planes on a Grid, or why they form none.

The rules, with r and c the cosines of ImageOrientationPatient and n = r x c (DICOM PS3.3 C.7.6.2.1.1): the
step along x is r times the column spacing, along y c times the row spacing; planes are sorted by n·position
and the third axis is +n, so every volume is right-handed; the step is the projected extent divided by the
number of gaps. SliceThickness is how thick a slice is, never how far the next one lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...array_types import FloatArray
from ...errors import GeometryError
from ...geometry import CORNER_ERROR_NOTED, CORNER_ERROR_REFUSED, Grid
from ...provenance import Decision
from ..frames.frame import Frame
from ..frames.plane_attributes import AXIAL
from ..headers import tags
from .distances import find_pixel_spacings, find_single_slice_step, find_unplaced_step, record_assumption
from .regularity import Finding, StackGeometry, find_irregularities

__all__ = [
    "Planes",
    "make_orthonormal_axes",
    "make_plane_grid",
    "record_frame_assumptions",
    "stack_by_number",
    "stack_planes",
]


@dataclass(frozen=True)
class Planes:
    """The planes of one volume.

    Attributes:
        frames: Sorted along the third axis.
        grid: Where their voxels lie; of an irregular stack, at their mean distance.
        assumptions: What was assumed or rounded to lay the grid through them.
        irregular_stack: Where the planes of an irregular stack really lie, if it is to be resampled.
        were_sorted: Whether the files came in another order.
    """

    frames: tuple[Frame, ...]
    grid: Grid
    assumptions: tuple[Decision, ...]
    irregular_stack: StackGeometry | None = None
    were_sorted: bool = False

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the record of the image says of how its planes were stacked."""
        if not self.were_sorted:
            return self.assumptions
        count = len(self.frames)
        return (*self.assumptions, Decision("sorted", f"{count} slices sorted along their normal", count))


def stack_planes(frames: Sequence[Frame], irregular: str, path: str) -> Planes:
    """Sort planes and find their grid.

    Args:
        frames: Planes of one volume: one layout, each position once.
        irregular: What to do with planes that do not form a regular grid: ``"error"``, ``"ignore"`` to keep them at the
            mean step, or ``"resample"`` to have a regular volume made of them.
        path: The source, for messages.

    Raises:
        GeometryError: If the planes do not form a regular grid, or only some have a position.
    """
    placed = [frame for frame in frames if frame.position is not None and frame.orientation is not None]
    decisions: list[Decision] = []
    if len(placed) == len(frames):
        return stack_by_position(frames, irregular, path, decisions)
    if any(frame.position is not None for frame in frames):
        missing = next(frame for frame in frames if frame.position is None or frame.orientation is None)
        raise GeometryError(
            f"{len(frames) - len(placed)} of {len(frames)} images have no position or orientation, "
            f"the first is '{missing.header.path}'",
            path=path,
            advice="export the file again, with the positions of its frames"
            if frames[0].header is frames[-1].header
            else "pass the list of files that belong together",
        )
    return stack_by_number(frames, decisions)


def stack_by_position(frames: Sequence[Frame], irregular: str, path: str, decisions: list[Decision]) -> Planes:
    """Sort planes along their normal and lay a grid through them."""
    cosines = np.array([frame.orientation for frame in frames], dtype=np.float64)
    positions = np.array([frame.position for frame in frames], dtype=np.float64)
    spacings = find_pixel_spacings(frames, decisions)
    record_frame_assumptions(frames, decisions)
    direction = make_orthonormal_axes(cosines[0])
    # The projection on the normal: under a gantry tilt, positions are further apart than the planes that they are on.
    heights = positions @ direction[:, 2]
    order = np.argsort(heights, kind="stable")
    if len(frames) > 1:
        step = float(heights[order[-1]] - heights[order[0]]) / (len(frames) - 1)
    else:
        step = find_single_slice_step(frames[0], decisions)
    grid = make_plane_grid(frames[0], positions[order[0]], direction, spacings[order[0]], step, len(frames))
    stack = StackGeometry(positions[order], cosines[order, :3], cosines[order, 3:], spacings[order], grid)
    findings = find_irregularities(stack)
    decisions += judge_stack(stack, findings, irregular, path)
    return Planes(
        tuple(frames[k] for k in order),
        grid,
        tuple(decisions),
        irregular_stack=stack if findings and irregular == "resample" else None,
        were_sorted=not np.array_equal(order, np.arange(len(frames))),
    )


def make_plane_grid(
    frame: Frame,
    position: FloatArray,
    direction: FloatArray,
    pixel_spacing: npt.ArrayLike,
    step: float,
    count: int,
) -> Grid:
    """The grid of planes of one size.

    Args:
        frame: One of them.
        position: Of the lowest along the normal, LPS mm.
        direction: The axes r, c and n.
        pixel_spacing: Distance between rows and between columns, mm.
        step: Distance between planes, mm.
        count: How many there are.
    """
    between_rows, between_columns = np.asarray(pixel_spacing, np.float64).tolist()
    return Grid(
        (frame.columns, frame.rows, count), (between_columns, between_rows, step), tuple(position.tolist()), direction
    )


def judge_stack(stack: StackGeometry, findings: Sequence[Finding], irregular: str, path: str) -> list[Decision]:
    """Accept a regular stack, and raise for any other unless ``irregular`` says what to do with it."""
    error = float(stack.corner_errors().max())
    if not findings:
        if error < CORNER_ERROR_NOTED:
            return []
        text = f"slices moved onto a regular grid, by up to {error:.2g} voxels at the worst corner"
        return [Decision("rounded", text, error)]
    texts = "; ".join(f"{finding.text} ({finding.voxels:.3g} voxels)" for finding in findings)
    if irregular == "resample":
        return [Decision("assumed", f"the slices do not form a regular grid: {texts}", error)]
    if irregular != "ignore":
        advice = 'pass irregular="ignore" to keep the slices as they are, at their mean distance'
        if can_be_resampled(findings):
            advice = f'pass irregular="resample" to make a regular volume of them, or {advice.removeprefix("pass ")}'
        raise GeometryError(
            f"the slices do not form a regular grid: {texts}, and {CORNER_ERROR_REFUSED} voxels is the limit",
            path=path,
            advice=advice,
            findings={finding.kind: finding.voxels for finding in findings},
            way_out=(("irregular", "resample" if can_be_resampled(findings) else "ignore"),),
            corner_error=error,
        )
    step = stack.grid.spacing[2]
    text = f"the slices do not form a regular grid and were kept at a mean distance of {step:.6g} mm: {texts}"
    return [Decision("assumed", text, error, "geometry")]


def can_be_resampled(findings: Sequence[Finding]) -> bool:
    """Whether the planes differ only in where they lie."""
    return not any(finding.kind in {"turned", "pixel spacing varies"} for finding in findings)


def make_orthonormal_axes(cosines: FloatArray) -> FloatArray:
    """The nearest right-handed set of axes to six direction cosines: columns r, c and n."""
    pair = cosines.reshape(2, 3).T
    # Exact cosines stay exact. Of any other the polar factor is the nearest orthonormal pair: it spreads the rounding
    # evenly over both axes, where Gram-Schmidt would put all of it on the second.
    if np.abs(pair.T @ pair - np.eye(2)).max() > 1e-15:
        left, _, right = np.linalg.svd(pair, full_matrices=False)
        pair = left @ right
    # Adding zero turns -0.0 into 0.0.
    return np.column_stack([pair, np.cross(pair[:, 0], pair[:, 1])]) + 0.0


def stack_by_number(frames: Sequence[Frame], decisions: list[Decision]) -> Planes:
    """Put planes without positions in the order of their numbers, from the place of the first or from zero."""
    ordered, way = sort_by_number(frames)
    first = ordered[0]
    record_frame_assumptions(frames, decisions)
    pixel_spacing = find_pixel_spacings(ordered, decisions)[0]
    step = find_unplaced_step(ordered, decisions)
    direction = make_orthonormal_axes(np.array(first.orientation or AXIAL))
    # Of several files, each with a place for its own first frame, none says where the others lie.
    anchors = {frame.first_position for frame in frames}
    anchor = anchors.pop() if len(anchors) == 1 else None
    how = f"in the order of their {way}, {step:.6g} mm apart" + ("" if first.orientation else ", axial")
    if anchor is None:
        text = f"the images have no position in the patient; they were put {how}, with the origin at zero"
    else:
        text = f"only the position of the first image is known; the others were placed behind it {how}"
    record_assumption(text, len(frames), decisions)
    origin = np.zeros(3) if anchor is None else np.array(anchor)
    if anchor is not None and first.runs_backward:
        # The third axis runs along the normal: the last frame comes first.
        ordered.reverse()
        origin = origin - (len(frames) - 1) * step * direction[:, 2]
    grid = make_plane_grid(first, origin, direction, pixel_spacing, step, len(frames))
    return Planes(tuple(ordered), grid, tuple(decisions))


def sort_by_number(frames: Sequence[Frame]) -> tuple[list[Frame], str]:
    """Planes in the order of their place in a stack, else of their InstanceNumber, and what that order is called."""
    is_one_file = frames[0].header is frames[-1].header
    places = [frame.attributes.try_number(tags.IN_STACK_POSITION_NUMBER) or 0.0 for frame in frames]
    if all(places) and len(set(places)) == len(frames) > 1:
        order, way = sorted(range(len(frames)), key=places.__getitem__), "InStackPositionNumber"
        if is_one_file and order == sorted(order, key=lambda k: frames[k].number):
            way = "frame number"
        return [frames[k] for k in order], way
    numbers = [(frame.instance_number, frame.number) for frame in frames]
    if len(set(numbers)) == len(frames) and (is_one_file or all(number is not None for number, _ in numbers)):
        order = sorted(range(len(frames)), key=lambda k: (numbers[k][0] or 0, numbers[k][1]))
        return [frames[k] for k in order], "frame number" if is_one_file else "InstanceNumber"
    return list(frames), "file name"


def record_frame_assumptions(frames: Sequence[Frame], decisions: list[Decision]) -> None:
    """Record what was assumed to place the planes."""
    for text in dict.fromkeys(text for frame in frames for text in frame.assumptions):
        record_assumption(text, sum(text in frame.assumptions for frame in frames), decisions)
