"""The ``process`` command: what it writes is what the pipeline makes, and nothing is half-written."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pictologics import (
    Grid,
    Image,
    load_image,
    save_image,
)
from pictologics.preprocessing import Pipeline
from tests.cli.program import fail, succeed
from tests.preprocessing.scenes import box_filled_with, ct_of_a_body, on_grid, round_body

pytestmark = pytest.mark.slow  # each test starts the program, and some several times

STEPS = """
steps:
  - mark_sentinel
  - resample: {new_spacing: [1, 1, 2], round_intensities: true}
  - resegment: {value_range: [-500, 400]}
"""


@pytest.fixture
def folder(tmp_path):
    """An image, two masks of which one is cropped, and a pipeline."""
    image = on_grid(box_filled_with(-2048.0, ct_of_a_body()), modality="CT")
    save_image(image, tmp_path / "scan.nii.gz")
    lesion = on_grid((round_body(0.4) > 0).astype(np.uint8), modality="SEG")
    save_image(lesion, tmp_path / "lesion.nii.gz")
    part = image.grid.crop((10, 8, 2), (12, 12, 6))
    save_image(Image.from_grid(np.ones(part.shape, np.uint8), part, modality="SEG"), tmp_path / "core.nii")
    (tmp_path / "study.yaml").write_text(STEPS, encoding="utf-8")
    (tmp_path / "out").mkdir()
    return tmp_path


def written(folder):
    return sorted(path.name for path in (folder / "out").iterdir())


ARGUMENTS = ("process", "scan.nii.gz", "-p", "study.yaml", "-m", "lesion.nii.gz", "-m", "core.nii")


def test_it_writes_image_masks_and_record(folder):
    printed = succeed(folder, *ARGUMENTS, "-o", "out/done.nii.gz")
    assert written(folder) == ["done-core.nii.gz", "done-lesion.nii.gz", "done.json", "done.nii.gz"]
    assert "out/done-core.nii.gz: Image(" in printed
    assert "out/done.json: 3 steps" in printed
    image = load_image(folder / "scan.nii.gz")
    masks = {
        name: load_image(folder / file, reference_image=image)
        for name, file in {"lesion": "lesion.nii.gz", "core": "core.nii"}.items()
    }
    expected = Pipeline.from_yaml(STEPS).run(image, masks)
    made = load_image(folder / "out" / "done.nii.gz")
    np.testing.assert_array_equal(made.array, expected.image.array)
    assert made.grid.lies_on(expected.image.grid)
    for name, mask in expected.masks.items():
        np.testing.assert_array_equal(load_image(folder / "out" / f"done-{name}.nii.gz").array, mask.array)
    record = json.loads((folder / "out" / "done.json").read_text(encoding="utf-8"))
    assert record["result"]["crc32"] == expected.provenance.result["crc32"]
    assert record["image"]["source"] == "scan.nii.gz"
    # The record is a pipeline again.
    succeed(folder, "process", "scan.nii.gz", "-p", "out/done.json", "-m", "lesion.nii.gz", "-o", "out/again.nii")
    np.testing.assert_array_equal(load_image(folder / "out" / "again.nii").array, made.array)


def test_an_image_alone(folder):
    (folder / "smooth.json").write_text(json.dumps({"steps": [{"gaussian_filter": {"sigma_mm": 1.5}}]}))
    succeed(folder, "process", "scan.nii.gz", "--pipeline", "smooth.json", "--out", "out/smooth.nii")
    assert written(folder) == ["smooth.json", "smooth.nii"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("steps: [sharpen]", "'study.yaml': step 1: unknown step 'sharpen'"),
        (
            "steps: [round_intensities, resegment: {value_range: [5000, null]}]",
            "'lesion.nii.gz': step 2 (resegment): no voxel of the mask lies in [5000, inf]",
        ),
    ],
)
def test_a_pipeline_that_cannot_be_run_leaves_no_file(folder, change, message):
    (folder / "study.yaml").write_text(change, encoding="utf-8")
    assert message in fail(folder, *ARGUMENTS, "-o", "out/done.nii.gz")
    assert written(folder) == []


def test_what_cannot_be_written_leaves_no_file(folder):
    # A folder stands where the record goes: found when image and masks are complete.
    (folder / "out" / "done.json").mkdir()
    (folder / "out" / "done.nii.gz").write_bytes(b"older")
    assert "out/done.json': this is a folder" in fail(folder, *ARGUMENTS, "-o", "out/done.nii.gz")
    assert written(folder) == ["done.json", "done.nii.gz"]
    assert (folder / "out" / "done.nii.gz").read_bytes() == b"older"


def test_wrong_files_are_named(folder):
    grid = Grid((4, 4, 4), origin=(500.0, 0.0, 0.2))
    save_image(Image.from_grid(np.ones(grid.shape, np.uint8), grid), folder / "elsewhere.nii.gz")
    for arguments, message in [
        (("-m", "elsewhere.nii.gz", "-o", "out/a.nii"), "elsewhere.nii.gz': it lies wholly outside the reference"),
        (("-m", "core.nii", "-m", "core.nii", "-o", "out/a.nii"), "are both named 'core'"),
        (("-m", "core.nii", "-o", "out/a.png"), "out/a.png': the image is written as NIfTI"),
    ]:
        assert message in fail(folder, "process", "scan.nii.gz", "-p", "study.yaml", *arguments)
    assert written(folder) == []


def test_the_pipeline_is_not_overwritten_by_the_record(folder):
    record = folder / "steps.json"
    Pipeline.from_yaml(STEPS).save(record)
    before = record.read_bytes()
    message = fail(folder, "process", "scan.nii.gz", "-p", "steps.json", "-o", "steps.nii.gz")
    assert "steps.json" in message
    assert "would be written over it" in message
    assert record.read_bytes() == before
    assert not (folder / "steps.nii.gz").exists()
