"""Figure of the architecture: which way data flows."""

from __future__ import annotations

from svg import BLUE, FAINT, GREEN, INK, ORANGE, PALE_BLUE, PALE_GREEN, PALE_ORANGE, PALE_RED, RED, Sheet

BOX_HEIGHT = 46.0


def data_flow() -> Sheet:
    """From a path to an image: the front door, the readers, the rooms behind them."""
    sheet = Sheet(760, 420, "How a path becomes an image: find, read, mark, place, warn")
    steps = ("find", "read", "mark", "place", "warn")
    front = (("path", FAINT, "#ffffff"), *((name, INK, PALE_BLUE) for name in steps), ("Image", GREEN, PALE_GREEN))
    draw_row(sheet, "loader.py: load_image, the front door", 44, front, BLUE)
    # The readers hang under the step that asks them.
    sheet.line((277, 90), (277, 118), color=FAINT)
    sheet.line((137, 118), (631, 118), color=FAINT)
    readers = (
        (24, 226, "DICOM, SEG, RTSTRUCT", "three files, one for each kind"),
        (526, 210, "NIfTI, NRRD, MetaImage", "one file for each format"),
    )
    for x, width, name, files in readers:
        sheet.arrow((x + width / 2, 118), (x + width / 2, 140), color=FAINT, width=1.5)
        sheet.box((x, 142), (width, 50), fill=PALE_ORANGE, color=ORANGE)
        sheet.text((x + width / 2, 163), name, bold=True)
        sheet.text((x + width / 2, 182), files, size=12)
        sheet.arrow((x + width / 2, 192), (x + width / 2, 222), color=FAINT, width=1.5)
    sheet.text((388, 160), "loaders/: readers do not import", size=12.5, color=FAINT)
    sheet.text((388, 178), "each other, place or warn", size=12.5, color=FAINT)
    wing = tuple((name, INK, PALE_RED) for name in ("headers", "frames", "series", "stacks", "pixels"))
    draw_row(sheet, "dicom/: everything meets in the frame", 244, wing, RED, right=476)
    other = tuple((name, INK, PALE_RED) for name in ("header", "world", "voxels"))
    draw_row(sheet, "formats/", 244, other, RED, left=526)
    sheet.box((24, 330), (712, 66), fill="#f5f7f9", color="#d7dce2")
    ground = (("errors.py", "every error and warning"), ("geometry/", "Grid, world, tolerances"))
    ground += (("image.py", "Image"), ("provenance.py", "slices and decisions"))
    for x, (name, words) in zip((112, 296, 460, 634), ground, strict=True):
        sheet.text((x, 358), name, mono=True, size=13)
        sheet.text((x, 380), words, size=12, color=FAINT)
    return sheet


def draw_row(
    sheet: Sheet,
    name: str,
    top: float,
    steps: tuple[tuple[str, str, str], ...],
    color: str,
    left: float = 24,
    right: float = 736,
) -> None:
    """Boxes from left to right with arrows between them."""
    gap = 20.0
    width = (right - left - gap * (len(steps) - 1)) / len(steps)
    sheet.text((left, top - 10), name, anchor="start", size=12.5, color=color, bold=True)
    for k, (words, ink, fill) in enumerate(steps):
        x = left + k * (width + gap)
        sheet.box((x, top), (width, BOX_HEIGHT), fill=fill, color=color if ink == INK else ink)
        sheet.text((x + width / 2, top + 28), words, color=ink, bold=True, size=13)
        if k:
            sheet.arrow((x - gap + 2, top + BOX_HEIGHT / 2), (x - 2, top + BOX_HEIGHT / 2), color=FAINT, width=1.5)
