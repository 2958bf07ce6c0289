"""Photograph the page of a run, at the width of a desk and of a phone: ``python docs/figures/make_report_pictures.py``.

The run is made up: bodies of the demo in the scanners of several makers, and what goes wrong with some of them. Needs
Playwright and the Chromium of the system.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image as PilImage
from playwright.sync_api import Browser, sync_playwright

from pictologics import Image, save_image
from pictologics.cli.demo_anatomy import ORGAN_NAMES
from pictologics.cli.demo_patients import scan_body
from pictologics.cli.demo_series import make_slice_grid
from pictologics.cohort import report
from pictologics.cohort.running.manifest import (
    MANIFEST_VERSION,
    CaseGeometry,
    CaseInput,
    CaseWarning,
    ManifestRow,
    WrittenFile,
    write_row,
)
from pictologics.cohort.running.run_folder import open_run_folder

CASES = 46
SCANNERS = (
    ("CT", "SIEMENS", "Somatom Force"),
    ("CT", "GE MEDICAL SYSTEMS", "Revolution"),
    ("CT", "Philips", "IQon"),
    ("MR", "SIEMENS", "Prisma"),
    ("CT", "Canon Medical Systems", "Aquilion ONE"),
    ("CT", "SIEMENS", "Somatom Force"),
    ("MR", "Philips", "Ingenia"),
)
MR_SIGNAL = ((-1000, -850, -400, -100, 0, 60, 200, 900), (4, 20, 40, 330, 90, 170, 80, 15))
"""Hounsfield units, and what a made-up MR sequence shows of the same tissue."""

FAILURES = {
    5: (
        "failed",
        "GeometryError",
        "3 of 41 slices are missing: gaps of 6, 6 and 9 mm where 3 mm is regular",
    ),
    17: ("killed", "KilledWorker", "it ended its worker 3 times, with 1.9 GB the last time"),
    23: ("refused", "OptionError", "it needs 38 GB of memory, and a worker has 11.5 GB"),
    38: ("failed", "CorruptFileError", "the pixels end after 48,201 bytes, and 131,072 are required"),
}
SHIFTED = CaseWarning(
    "GeometryWarning", "the mask lies 0.04 voxels beside the image; its voxels went, unchanged, to the nearest ones"
)


def name_case(number: int) -> str:
    """A name as pseudonyms make it."""
    letters = base64.b32encode(hashlib.sha256(f"report {number}".encode()).digest()).decode()
    return f"P-{letters[:16]}_T-{letters[16:22]}_S-{letters[22:28]}"


def write_file(folder: Path, path: str, image: Image, role: str) -> WrittenFile:
    """Write an output of a case."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    save_image(image, folder / path)
    content = (folder / path).read_bytes()
    return WrittenFile(path, role, role, hashlib.sha256(content).hexdigest(), len(content), dict(image.labels))


def make_row(folder: Path, number: int) -> ManifestRow:
    """Write what a case became."""
    rng = np.random.default_rng(number)
    name, (modality, maker, model) = name_case(number), SCANNERS[number % len(SCANNERS)]
    facts = {"modality": modality, "manufacturer": maker, "model": model}
    inputs = (CaseInput("image", "image", f"S-{name[-6:]}", ("/archive/scan",), facts=facts),)
    if number in FAILURES:
        status, kind, text = FAILURES[number]
        return ManifestRow(name, status, inputs, error_class=kind, error_text=text, seconds=0.3, attempts=1)
    matrix, slices = int(rng.choice([176, 192, 224])), int(rng.integers(52, 100))
    grid = make_slice_grid(slices, matrix)
    organs = np.zeros(grid.shape, np.uint8, order="F")
    values = scan_body(grid, organs)
    if modality == "MR":
        values = np.interp(values, *MR_SIGNAL)
    values = np.rint(values + rng.normal(0, 9, grid.shape)).astype(np.int16)
    image = Image.from_grid(values, grid, modality=modality, metadata={"units": "HU"} if modality == "CT" else {})
    mask = Image.from_grid(organs, grid, modality="SEG", labels=ORGAN_NAMES)
    outputs = (
        write_file(folder, f"{name}/image.nii", image, "image"),
        write_file(folder, f"{name}/mask.nii", mask, "mask"),
    )
    return ManifestRow(
        name,
        "done",
        inputs,
        outputs,
        CaseGeometry(grid.shape, grid.spacing, grid.origin, tuple(np.ravel(grid.direction).tolist()), "LPS"),
        decisions=("the slices were put in order by their positions",),
        warnings=(SHIFTED,) if number % 6 == 1 else (),
        labels=dict(ORGAN_NAMES),
        seconds=round(float(rng.uniform(1.5, 7.0)), 1),
        peak_bytes=int(rng.uniform(2.5e8, 6e8)),
        attempts=1,
        versions={"pictologics": "1.0", "numpy": "2.4"},
        ended=f"2026-11-27T08:{number:02d}:00+00:00",
    )


def write_pictured_run(folder: Path) -> None:
    """Write the folder of a run."""
    folder.mkdir(parents=True)
    facts = {"manifest_version": MANIFEST_VERSION, "layout": "flat", "cases": CASES}
    (folder / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    for number in range(CASES):
        write_row(open_run_folder(folder), make_row(folder, number))


def photograph(browser: Browser, page: Path) -> Iterator[tuple[str, bytes]]:
    """Photograph the table and the larger picture, at two widths and in both colors."""
    for width, height, device, schemes in (
        (1280, 1060, "desktop", ("light", "dark")),
        (390, 780, "phone", ("dark", "light")),
    ):
        for scheme, is_viewer in zip(schemes, (False, True), strict=True):
            window = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            window.goto(page.as_uri())
            # Pictures come when the whole page is there, and are decoded after that.
            window.wait_for_timeout(1000)
            if device == "phone":
                window.locator("#search").evaluate("element => element.scrollIntoView()")
            if is_viewer:
                window.locator(".case-name").nth(2).click()
                window.wait_for_timeout(1000)
            yield f"report-viewer-{device}" if is_viewer else f"report-{device}", window.screenshot()
            window.close()


def make_report_pictures(folder: Path) -> None:
    """Write every picture into a folder."""
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        out = Path(scratch) / "organs"
        write_pictured_run(out)
        page = report(out)
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, content in photograph(browser, page):
            path = folder / f"{name}.png"
            path.write_bytes(content)
            with PilImage.open(path) as picture:
                small = picture.convert("RGB")
            small.save(folder / f"{name}.webp", quality=80, method=6)
            path.unlink()


if __name__ == "__main__":
    make_report_pictures(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "images")
