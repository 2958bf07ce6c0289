"""Figure of the architecture: which way data flows."""

from __future__ import annotations

from svg import BLUE, FAINT, GREEN, INK, ORANGE, PALE_BLUE, PALE_GREEN, PALE_ORANGE, PALE_RED, RED, Sheet

BOX_HEIGHT = 46.0


def data_flow() -> Sheet:
    """From a path to an image: the front door, the readers, the rooms behind them."""
    sheet = Sheet(760, 420, "How a path becomes an image: probe, select, read, place, warn")
    front = (("path", FAINT, "#ffffff"), ("probe", INK, PALE_BLUE), ("select", INK, PALE_BLUE))
    front += (
        ("read", INK, PALE_BLUE),
        ("place", INK, PALE_BLUE),
        ("warn", INK, PALE_BLUE),
        ("Image", GREEN, PALE_GREEN),
    )
    draw_row(sheet, "loader.py  the front door", 44, front, BLUE)
    sheet.line((380, 90), (380, 118), color=FAINT)
    sheet.line((120, 118), (640, 118), color=FAINT)
    for x in (120, 640):
        sheet.arrow((x, 118), (x, 140), color=FAINT, width=1.5)
    for x, name, package in (
        (24, "DicomReader", "loaders/dicom_reader.py"),
        (544, "NiftiReader", "loaders/nifti_reader.py"),
    ):
        sheet.box((x, 142), (192, 50), fill=PALE_ORANGE, color=ORANGE)
        sheet.text((x + 96, 163), name, bold=True)
        sheet.text((x + 96, 182), package, size=11.5, mono=True)
    sheet.text((380, 164), "readers do not know each other", size=13, color=FAINT)
    sheet.text((380, 182), "and do not place or warn", size=13, color=FAINT)
    wing = tuple((name, INK, PALE_RED) for name in ("headers", "frames", "phases", "planes", "pixels"))
    sheet.arrow((120, 192), (120, 222), color=FAINT, width=1.5)
    draw_row(sheet, "dicom/  the frame is its joint", 244, wing, RED, right=452)
    other = tuple((name, INK, PALE_RED) for name in ("header", "world", "voxels"))
    sheet.arrow((640, 192), (640, 222), color=FAINT, width=1.5)
    draw_row(sheet, "nifti/", 244, other, RED, left=484)
    sheet.box((24, 330), (712, 66), fill="#f5f7f9", color="#d7dce2")
    ground = (("errors.py", "every error and warning"), ("geometry/", "Grid, frames, tolerances"))
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
