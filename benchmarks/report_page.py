"""The page of a run of thousands of cases: how long it takes to make and to open, and how large it is."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pictologics import Image, save_image
from pictologics.cli.demo_anatomy import ORGAN_NAMES
from pictologics.cli.demo_patients import make_patient
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

from .data import BenchmarkData, made
from .timing import Benchmark, Row, Target

__all__ = ["run"]

CASES = {"full": 5000, "quick": 100}

PATIENTS = 40
"""Different ones; the files of cases are links to theirs, so that the disk holds thousands."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

SHOWN = """() => new Promise((resolve) => {
    const look = () => {
        const pictures = [...document.querySelectorAll("#rows img")].slice(0, 5);
        if (pictures.length && pictures.every((picture) => picture.naturalWidth)) {
            requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())));
        } else setTimeout(look, 5);
    };
    look();
})"""
"""Milliseconds from the request for the page until its table, with the pictures in sight, was painted."""


def write_patients(folder: Path) -> list[tuple[Image, list[WrittenFile]]]:
    """Scans and organs, with the noise of a scanner: without it, pictures would be smaller than they are."""
    patients = []
    for number in range(PATIENTS):
        patient = make_patient(number)
        noise = np.random.default_rng(number).normal(0, 15, patient.grid.shape)
        image = Image.from_grid((patient.hu + noise).astype(np.int16), patient.grid, modality="CT")
        image.metadata["units"] = "HU"
        organs = Image.from_grid(patient.organs, patient.grid, modality="SEG", labels=ORGAN_NAMES)
        files = []
        for role, written in (("image", image), ("mask", organs)):
            path = folder / f"{number}-{role}.nii"
            save_image(written, path)
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            files.append(WrittenFile(path.name, role, role, digest, len(content), dict(written.labels)))
        patients.append((image, files))
    return patients


def write_run(folder: Path, cases: int) -> None:
    """Output folder of a run as ``run`` leaves it; every tenth case failed."""
    run_folder, scans = open_run_folder(folder), folder / "scans"
    scans.mkdir()
    patients = write_patients(scans)
    facts = {"manifest_version": MANIFEST_VERSION, "layout": "flat"}
    (folder / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    for number in range(cases):
        name = f"P-ABCDEFGHIJKLMNOP_T-{number:06d}_S-{number:06d}"
        scanner = {"modality": "CT", "manufacturer": f"Manufacturer {number % 7}", "model": f"Model {number % 31}"}
        inputs = (CaseInput("image", "image", f"S-{number:016d}", (f"/archive/{number}/IM1",), facts=scanner),)
        if number % 10 == 9:
            text = f"its slices are uneven by {number % 50} mm, and a regular stack is required; pass irregular="
            write_row(run_folder, ManifestRow(name, "failed", inputs, error_class="GeometryError", error_text=text))
            continue
        image, files = patients[number % PATIENTS]
        (folder / name).mkdir()
        for file in files:
            os.link(scans / file.path, folder / name / f"{file.role}.nii")
        outputs = tuple(
            WrittenFile(f"{name}/{file.role}.nii", file.role, file.name, file.sha256, file.bytes, file.labels)
            for file in files
        )
        grid = image.grid
        direction = tuple(np.ravel(grid.direction).tolist())
        row = ManifestRow(
            name,
            "done",
            inputs,
            outputs,
            CaseGeometry(grid.shape, grid.spacing, grid.origin, direction, "LPS"),
            decisions=("the slices were put in order by their positions", f"{number % 9} slices were sent twice"),
            warnings=(CaseWarning("GeometryWarning", "the spacing was assumed"),) if number % 8 == 0 else (),
            labels=dict(ORGAN_NAMES),
            seconds=1 + number % 20,
            peak_bytes=300_000_000,
            attempts=1,
            versions={"pictologics": "1.0", "numpy": "2.0"},
            ended="2026-11-27T00:00:00+00:00",
        )
        write_row(run_folder, row)


def run(data: BenchmarkData, rounds: int) -> Benchmark:
    cases = CASES[data.size.name]
    folder = made(data.folder / "run", lambda unfinished: write_run(unfinished, cases))
    shutil.rmtree(folder / "report-pictures", ignore_errors=True)
    first = measure_milliseconds(lambda: report(folder))
    kept = [measure_milliseconds(lambda: report(folder)) for _ in range(min(rounds, 5))]
    page = folder / "report.html"
    rows = [Row("made, pictures drawn", (first,)), Row("made, pictures kept", tuple(kept))]
    result = Benchmark(f"The page of a run of {cases} cases", "ms", rows)
    megabytes = page.stat().st_size / 1e6
    result.targets = [Target("megabytes", megabytes, at_most=40)]
    result.notes = [f"Its pictures were drawn in {first / cases:.1f} ms a case."]
    opened = open_in_browser(page, rounds)
    if opened:
        rows.append(Row("opened in Chromium", tuple(opened)))
        seconds = result.median("opened in Chromium") / 1e3
        result.targets.append(Target("seconds until the table was painted with its pictures", seconds, at_most=2))
    else:
        result.notes.append("There is no Chromium here, so the page was not opened.")
    return result


def measure_milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def open_in_browser(page: Path, rounds: int) -> list[float]:
    """Open the page from disk in a new window each time; none if there is no browser."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        return []
    from playwright.sync_api import sync_playwright

    opened = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for _ in range(rounds + 1):
            window = browser.new_page(viewport={"width": 1440, "height": 1000})
            window.goto(page.as_uri())
            opened.append(float(window.evaluate(SHOWN)))
            window.close()
        browser.close()
    # The first one starts what the browser starts late.
    return opened[1:]
