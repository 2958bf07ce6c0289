"""Output folders of runs, as ``run`` leaves them, without running anything: images, masks and a manifest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from pictologics import Image, save_image
from pictologics.cohort.running.manifest import (
    MANIFEST_VERSION,
    RUN_FILE,
    CaseGeometry,
    CaseInput,
    CaseWarning,
    ManifestRow,
    WrittenFile,
    write_row,
)
from pictologics.cohort.running.run_folder import open_run_folder

SCANNERS = (("CT", "SIEMENS", "Somatom"), ("CT", "GE MEDICAL SYSTEMS", "Revolution"), ("MR", "Philips", "Ingenia"))
LABELS = {1: "liver", 2: "left kidney"}


def write_run(out: Path, cases: int = 6, planned: int | None = None) -> list[ManifestRow]:
    """Write a run: all but every fourth and every fifth case are done, in turn with failed and killed ones."""
    folder = open_run_folder(out)
    out.mkdir(parents=True, exist_ok=True)
    facts = {"manifest_version": MANIFEST_VERSION, "layout": "flat", "cases": cases if planned is None else planned}
    (out / RUN_FILE).write_text(json.dumps(facts), encoding="utf-8")
    rows = [make_row(out, number) for number in range(cases)]
    for row in rows:
        write_row(folder, row)
    return rows


def make_row(out: Path, number: int) -> ManifestRow:
    """Write what a case became, and make its row."""
    name = f"case-{number:04d}"
    modality, manufacturer, model = SCANNERS[number % len(SCANNERS)]
    inputs = (
        CaseInput(
            "image",
            "image",
            f"S-{number:06d}",
            (f"/archive/Doe^Jane {number}/scan/IM{number}.dcm",),
            facts={"modality": modality, "manufacturer": manufacturer, "model": model},
        ),
    )
    if number % 5 == 4:
        text = f"'/archive/Doe^Jane {number}/scan': slices are missing; pass irregular=\"resample\""
        return ManifestRow(name, "failed", inputs, error_class="GeometryError", error_text=text, seconds=0.2)
    if number % 7 == 5:
        return ManifestRow(name, "killed", inputs, error_class="KilledWorker", error_text="it ended its worker 3 times")
    image, mask = make_volume(number, modality)
    return make_done_row(out, name, image, {"organs": mask}, inputs, number)


def make_volume(number: int, modality: str) -> tuple[Image, Image]:
    """A body with two organs, and the label map of them."""
    shape, spacing = (40, 32, 12 + number % 9), (1.5 + 0.25 * (number % 3), 1.5 + 0.25 * (number % 3), 3.0)
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, count) for count in shape), indexing="ij")
    organs = np.zeros(shape, np.uint8)
    organs[(x + 0.3) ** 2 + y**2 + z**2 < 0.12] = 1
    organs[(x - 0.4) ** 2 + (y - 0.2) ** 2 + z**2 < 0.05] = 2
    noise = np.random.default_rng(number).normal(0, 12, shape)
    values = np.where(x**2 + y**2 < 0.8, 40.0, -1000.0) + 60.0 * organs + noise
    units = {"units": "HU"} if modality == "CT" else {}
    image = Image(values.astype(np.int16), spacing, (0.0, 0.0, float(number)), modality=modality, metadata=units)
    return image, Image.from_grid(organs, image.grid, modality="SEG", labels=LABELS)


def make_done_row(
    out: Path, name: str, image: Image, masks: dict[str, Image], inputs: tuple[CaseInput, ...] = (), number: int = 0
) -> ManifestRow:
    """Write the files of a case, and make its row."""
    outputs = [write_output(out, f"{name}/image.nii", image, "image", "ct")]
    outputs += [write_output(out, f"{name}/{mask}.nii", masks[mask], "mask", mask) for mask in masks]
    grid = image.grid
    return ManifestRow(
        name,
        "done",
        inputs,
        tuple(outputs),
        CaseGeometry(grid.shape, grid.spacing, grid.origin, tuple(np.ravel(grid.direction).tolist()), "LPS"),
        decisions=("the slices were put in order by their positions",),
        warnings=(CaseWarning("GeometryWarning", "the spacing was assumed"),) if number % 4 == 1 else (),
        labels=LABELS if masks else {},
        seconds=0.5 + number,
        peak_bytes=250_000_000 + number,
        attempts=1,
        versions={"pictologics": "1.0", "numpy": "2.0"},
        ended=f"2026-11-27T00:{number % 60:02d}:00+00:00",
    )


def write_output(out: Path, path: str, image: Image, role: str, name: str) -> WrittenFile:
    """Write a file of a case."""
    file = out / path
    file.parent.mkdir(parents=True, exist_ok=True)
    save_image(image, file)
    content = file.read_bytes()
    return WrittenFile(path, role, name, hashlib.sha256(content).hexdigest(), len(content), dict(image.labels))
