"""Figures of two grids: lattices that meet, and lattices that do not."""

from __future__ import annotations

from svg import BLUE, FAINT, GREEN, ORANGE, RED, Point, Sheet

CELL = 22.0


def lattices() -> Sheet:
    """A mask on a reference: one that fits, one beside it, one of another spacing."""
    sheet = Sheet(760, 330, "A cropped mask whose lattice meets the reference's, and two that do not")
    draw_lattices(sheet, 36, "they meet", GREEN, (3, 2), 1.0, ("a crop, offset by (3, 2) voxels,", "y the other way"))
    draw_lattices(
        sheet, 280, "half a voxel beside", RED, (3.5, 2.5), 1.0, ("GeometryError:", "offset (0.5, 0.5) voxels")
    )
    draw_lattices(sheet, 524, "another spacing", RED, (3, 2), 1.35, ("GeometryError:", "1.35 mm is not 1 mm"))
    sheet.text((380, 316), "○ voxel centers of the reference      ● voxel centers of the mask", size=13)
    return sheet


def draw_lattices(
    sheet: Sheet, left: float, name: str, color: str, offset: Point, size: float, words: tuple[str, str]
) -> None:
    """One panel: the reference's voxels, and those of a mask at an offset in voxels."""
    top, columns, rows = 54.0, 9, 8
    sheet.text((left + columns * CELL / 2, 34), name, bold=True, color=color, size=15)
    for i in range(columns):
        for j in range(rows):
            sheet.box((left + i * CELL, top + j * CELL), (CELL, CELL), color="#dde2e8", width=1, round_by=0)
            middle = (left + (i + 0.5) * CELL, top + (j + 0.5) * CELL)
            sheet.oval(middle, (4.5, 4.5), color=FAINT, width=1.2)
    count = 4 if size == 1.0 else 3
    for i in range(count):
        for j in range(count):
            middle = (left + (offset[0] + 0.5 + i * size) * CELL, top + (offset[1] + 0.5 + j * size) * CELL)
            half = size * CELL / 2
            sheet.box((middle[0] - half, middle[1] - half), (2 * half, 2 * half), color=BLUE, width=1.5, round_by=0)
            sheet.dot(middle, color=BLUE, radius=3)
    if color == GREEN:
        # The mask's own second axis runs against the reference's.
        x = left + (offset[0] - 0.3) * CELL
        sheet.arrow((x, top + (offset[1] + 4) * CELL), (x, top + offset[1] * CELL), color=ORANGE)
    for row, line in enumerate(words):
        sheet.text((left + columns * CELL / 2, 256 + 20 * row), line, size=13)
