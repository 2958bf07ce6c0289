"""Figures of stacks: the step as a projection, and the ways in which a stack is not regular."""

from __future__ import annotations

from math import cos, radians, sin

from svg import BLUE, FAINT, GREEN, INK, ORANGE, RED, Point, Sheet

TILT = radians(20)


def projected_step() -> Sheet:
    """A tilted gantry from the side: the distance between planes is shorter than the way between their corners."""
    sheet = Sheet(760, 340, "Under a tilt the distance between planes is the projection of the step on the normal")
    along, normal = (-sin(TILT), -cos(TILT)), (cos(TILT), -sin(TILT))
    length, gap = 190.0, 92.0
    starts = [(90.0 + gap * k, 268.0) for k in range(4)]
    for k, start in enumerate(starts):
        end = (start[0] + along[0] * length, start[1] + along[1] * length)
        sheet.line(start, end, color=BLUE, width=5)
        sheet.dot(start, color=ORANGE, radius=5)
        sheet.text((start[0] + 4, start[1] + 24), f"p{'₀₁₂₃'[k]}", color=ORANGE, bold=True)
    sheet.arrow((starts[0][0] + 8, 268), (starts[1][0] - 8, 268), color=ORANGE)
    sheet.text(((starts[0][0] + starts[1][0]) / 2, 292), "|Δp| = 5", color=ORANGE, size=12.5, bold=True)
    on = (starts[2][0] + along[0] * 110, starts[2][1] + along[1] * 110)
    step = gap * cos(TILT)
    sheet.arrow(on, (on[0] + normal[0] * step, on[1] + normal[1] * step), color=GREEN)
    sheet.text((on[0] + 100, on[1] - 24), "n·Δp = 4.698", color=GREEN, size=12.5, anchor="start", bold=True)
    sheet.line((52, 306), (400, 306), color=FAINT, dashed=True)
    sheet.text((226, 324), "the way the table moves", color=FAINT, size=12)
    sheet.text((150, 46), "planes tilted by 20°, every 5 mm along the table", color=BLUE, anchor="start", size=13)
    for row, (words, bold) in enumerate(
        (
            ("The step is a projection", True),
            ("n is the normal of the planes, r × c.", False),
            ("Planes are sorted by n·p, and lie", False),
            ("n·Δp = 5 mm · cos 20° = 4.698 mm apart.", False),
            ("Taken for the step, 5 mm would make this", False),
            ("stack 6.4 % too long. What is left of Δp", False),
            ("lies in the plane: each slice is shifted", False),
            ("by 1.710 mm, and the stack is no box.", False),
        )
    ):
        sheet.text((446, 84 + 25 * row), words, anchor="start", bold=bold, size=13, color=INK)
    return sheet


STACKS = (
    ("regular", "loaded", GREEN, (0, 1, 2, 3, 4, 5, 6), (0.0,) * 7),
    ("slices missing", "gaps are multiples", RED, (0, 1, 3, 4, 6), (0.0,) * 5),
    ("spacing varies", "gaps are not", RED, (0, 1, 2, 3.4, 4.8, 6), (0.0,) * 6),
    ("tilted", "an even shift", RED, (0, 1, 2, 3, 4, 5, 6), (-24, -16, -8, 0, 8, 16, 24)),
    ("shifted sideways", "a jump", RED, (0, 1, 2, 3, 4, 5, 6), (0, 0, 0, 0, 14, 14, 14)),
)


def irregular_stacks() -> Sheet:
    """Small pictures of a regular stack and of each finding about the others."""
    sheet = Sheet(760, 250, "A regular stack and four irregular ones, seen from the side")
    for column, (name, why, color, heights, shifts) in enumerate(STACKS):
        middle = 84 + 148 * column
        sheet.text((middle, 32), name, bold=True, color=color)
        for slot in range(7):
            sheet.line((middle - 52, 196 - 22 * slot), (middle + 52, 196 - 22 * slot), color="#e3e7ec", width=1)
        for height, shift in zip(heights, shifts, strict=True):
            y = 196 - 22 * height
            sheet.line((middle - 34 + shift, y), (middle + 34 + shift, y), color=BLUE, width=5)
        sheet.text((middle, 228), why, size=12.5, color=INK)
    return sheet


TILTED_SLOTS, LEAN = (0, 1, 2, 4, 5), 13.0
UNEVEN_HEIGHTS = (0.0, 1.0, 2.0, 3.5, 5.0, 6.0)


def resampled_stacks() -> Sheet:
    """What is made of a tilted stack without one of its slices, and of one whose spacing varies."""
    sheet = Sheet(760, 300, "Irregular stacks and the regular volumes made of them: which voxels hold data")
    for left, words in ((34, "a tilted stack, one slice missing"), (420, "spacing that varies")):
        sheet.text((left, 32), words, bold=True, anchor="start", color=RED)
        sheet.arrow((left + 148, 140), (left + 174, 140), color=FAINT)
    for slot in TILTED_SLOTS:
        y, shift = 220 - 30 * slot, LEAN * slot
        sheet.line((34 + shift, y), (104 + shift, y), color=BLUE, width=5)
        sheet.line((218 + shift, y), (288 + shift, y), color=BLUE, width=5)
        for start, end in ((218, 214 + shift), (292 + shift, 288 + LEAN * 5)):
            if end - start > 4:
                sheet.line((start, y), (end, y), color=FAINT, dashed=True)
    sheet.line((218, 220 - 90), (288 + LEAN * 5, 220 - 90), color=FAINT, dashed=True)
    for height in UNEVEN_HEIGHTS:
        sheet.line((430, 220 - 25 * height), (520, 220 - 25 * height), color=BLUE, width=5)
    for slot in range(7):
        is_slice = slot in UNEVEN_HEIGHTS
        sheet.line((612, 220 - 25 * slot), (702, 220 - 25 * slot), color=BLUE if is_slice else GREEN, width=5)
    for left, color, words, dashed in (
        (34, BLUE, "a slice, as it was", False),
        (190, GREEN, "interpolated between two: valid", False),
        (440, FAINT, "no data: fill_value, False in source_mask", True),
    ):
        sheet.line((left, 268), (left + 26, 268), color=color, width=1.5 if dashed else 5, dashed=dashed)
        sheet.text((left + 34, 272), words, anchor="start", size=12)
    return sheet


def corner_error() -> Sheet:
    """What is measured, and what follows from how much it is."""
    sheet = Sheet(760, 320, "The corner error: the displacement of the worst corner, in voxels, and its two limits")
    first = (70.0, 66.0)
    box = [first, (330.0, 66.0), (330.0, 216.0), (70.0, 216.0)]
    turn = radians(5)

    def turned(point: Point) -> Point:
        x, y = point[0] - first[0], point[1] - first[1]
        return first[0] + 1.02 * (x * cos(turn) - y * sin(turn)), first[1] + 1.02 * (x * sin(turn) + y * cos(turn))

    for k in range(1, 13):
        sheet.line((70 + 20 * k, 66), (70 + 20 * k, 216), color="#e3ebf7", width=1)
    for k in range(1, 8):
        sheet.line((70, 66 + 20 * k), (330, 66 + 20 * k), color="#e3ebf7", width=1)
    sheet.polygon(box, color=BLUE, width=2.5)
    sheet.polygon([turned(corner) for corner in box], color=ORANGE, width=2.5, dashed=True)
    sheet.arrow(box[2], turned(box[2]), color=RED)
    sheet.text((344, 216), "worst corner", color=RED, bold=True, anchor="start", size=13)
    sheet.text((200, 52), "a regular grid", color=BLUE, bold=True, size=13)
    sheet.text((150, 262), "what the files say", color=ORANGE, bold=True, size=13)
    sheet.text((200, 296), "One number for a turn, a scale, a shift, a tilt and a gap", size=13)
    for row, (limit, words, color) in enumerate(
        (
            ("below 0.01 voxels", "rounding: nothing is said", GREEN),
            ("0.01 to 0.1 voxels", "kept in the image's provenance", ORANGE),
            ("0.1 voxels and more", "a finding, named with its number:", RED),
        )
    ):
        y = 112 + 52 * row
        sheet.box((470, y - 14), (14, 26), fill=color, color="none", round_by=3)
        sheet.text((496, y), limit, anchor="start", bold=True, color=color)
        sheet.text((496, y + 18), words, anchor="start", size=13)
    sheet.text((496, 252), "an error, or a warning", anchor="start", size=13)
    return sheet
