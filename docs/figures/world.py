"""Figures of the world: its axes, and how a grid of voxels stands in it."""

from __future__ import annotations

from math import cos, radians, sin

from svg import BLUE, FAINT, INK, ORANGE, PALE_BLUE, PALE_ORANGE, RED, Point, Sheet


def world_axes() -> Sheet:
    """LPS and RAS beside each other, on an axial slice as radiologists look at it."""
    sheet = Sheet(760, 330, "The axes of LPS and of RAS on an axial slice seen from the feet")
    draw_world(sheet, (200, 165), "LPS: DICOM, ITK, pictologics", BLUE, (1, 1), ("+x  Left", "+y  Posterior"))
    draw_world(sheet, (560, 165), "RAS: what a NIfTI header holds", ORANGE, (-1, -1), ("+x  Right", "+y  Anterior"))
    sheet.text((380, 316), "Seen from the feet. z is the same in both: away from you, to the head (Superior).", size=13)
    return sheet


def draw_world(
    sheet: Sheet, middle: Point, name: str, color: str, signs: tuple[int, int], labels: tuple[str, str]
) -> None:
    """One axial slice with a set of axes; the signs say which way x and y run on the page."""
    x, y = middle
    sheet.text((x, 32), name, bold=True, size=16, color=color)
    sheet.oval(middle, (126, 84), fill="#f3efe9", color=FAINT)
    for side in (-1, 1):
        sheet.oval((x + side * 62, y - 4), (38, 50), fill="#dfe5ea", color="none")
    sheet.oval((x, y + 56), (17, 14), fill="#fffdf5", color=FAINT)
    sheet.oval((x + 8, y - 16), (24, 28), fill="#ecd0cb", color="none")
    for words, at in (("R", (x - 142, y + 5)), ("L", (x + 142, y + 5)), ("A", (x, y - 92)), ("P", (x, y + 106))):
        sheet.text(at, words, color=FAINT, bold=True, size=16)
    right, down = signs
    sheet.arrow(middle, (x + right * 100, y), color=color, width=3.5)
    sheet.arrow(middle, (x, y + down * 72), color=color, width=3.5)
    sheet.oval(middle, (10, 10), fill="#ffffff", color=color, width=2.5)
    for slope in (-1, 1):
        sheet.line((x - 6, y - 6 * slope), (x + 6, y + 6 * slope), color=color, width=2)
    sheet.text((x + right * 62, y - 10), labels[0], color=color, bold=True, size=13)
    anchor = "start" if right < 0 else "end"
    sheet.text((x - right * 14, y + down * 50 + 4), labels[1], color=color, bold=True, size=13, anchor=anchor)


def voxel_grid() -> Sheet:
    """Origin, spacing and direction of a turned grid, with voxel centers and edges."""
    sheet = Sheet(760, 330, "A turned grid: origin at the center of the first voxel, spacing and direction")
    step_x, step_y, angle = 62.0, 44.0, radians(14)
    along_x, along_y = (cos(angle), sin(angle)), (-sin(angle), cos(angle))
    origin = (150.0, 70.0)

    def place(i: float, j: float) -> Point:
        return tuple(origin[k] + i * step_x * along_x[k] + j * step_y * along_y[k] for k in (0, 1))

    for i in range(5):
        for j in range(4):
            corners = [place(i + a, j + b) for a, b in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))]
            sheet.polygon(corners, fill=PALE_ORANGE if i == j == 0 else PALE_BLUE, color="#8fb3e3", width=1)
    for i in range(5):
        for j in range(4):
            sheet.dot(place(i, j), color=BLUE)
    sheet.arrow(origin, place(1, 0), color=RED)
    sheet.arrow(origin, place(0, 1), color=RED)
    sheet.dot(origin, color=ORANGE, radius=6)
    sheet.line((104, 40), (143, 65), color=ORANGE)
    sheet.text((100, 36), "origin", color=ORANGE, bold=True, anchor="end")
    sheet.text((186, 66), "spacing[0]", color=RED, size=12, anchor="start")
    sheet.text((128, 100), "spacing[1]", color=RED, size=12, anchor="end")
    edge = place(-0.5, 3.5)
    sheet.dot(edge, color=INK, radius=4)
    sheet.text((edge[0] - 44, edge[1] + 30), "edge: index (−½, 3½)", size=12, anchor="start")
    for row, (words, color, mono) in enumerate(
        (
            ("From index to world", INK, False),
            ("position = origin", INK, True),
            ("+ index[0]·spacing[0]·direction[:, 0]", INK, True),
            ("+ index[1]·spacing[1]·direction[:, 1]", INK, True),
            ("+ index[2]·spacing[2]·direction[:, 2]", INK, True),
            ("A voxel's position is that of its center.", FAINT, False),
            ("Whole indices are centers; edges are halves.", FAINT, False),
        )
    ):
        at = (440, 76 + 26 * row + (14 if row > 4 else 0))
        sheet.text(at, words, color=color, anchor="start", size=12.5 if mono else 13.5, mono=mono, bold=row == 0)
    return sheet
