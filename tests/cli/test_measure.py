"""pictologics measure."""

from __future__ import annotations

import csv
import dataclasses
import json

import nibabel
import numpy as np
import pytest

from pictologics import Image, load_image, save_image
from tests.cli.program import fail, run, succeed

pytestmark = pytest.mark.slow  # each test starts the program


@pytest.fixture
def folder(tmp_path):
    values = np.arange(210, dtype=np.float32).reshape((5, 6, 7), order="F")
    scan = Image(values, (1.0, 1.0, 2.0), (0.0, 0.0, 0.0), metadata={"units": "HU"})
    organs = Image((values > 100).astype(np.uint8), scan.spacing, scan.origin, labels={1: "liver [left]"})
    save_image(scan, tmp_path / "scan.nii.gz")
    save_image(organs, tmp_path / "organs.nii.gz")
    save_image(organs[:, :, 2:], tmp_path / "part.nrrd")
    return tmp_path


def test_a_table_for_people_and_json_for_programs(folder):
    table = succeed(folder, "measure", "scan.nii.gz", "organs.nii.gz")
    assert "liver [left]" in table
    assert "155" in table
    (row,) = json.loads(succeed(folder, "measure", "scan.nii.gz", "organs.nii.gz", "--json"))
    assert (row["voxels"], row["mean"], row["min"], row["max"], row["units"]) == (109, 155.0, 101.0, 209.0, "HU")
    assert row["ml"] == pytest.approx(0.218)


def test_csv_of_a_mask_of_a_part(folder):
    assert succeed(folder, "measure", "scan.nii.gz", "part.nrrd", "--csv", "table.csv").strip() == "table.csv"
    with (folder / "table.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["name"], row["max"]) == ("liver [left]", "209.0")


def test_a_mask_of_another_lattice_lies_on_the_nearest_voxels(folder):
    coarse = Image(np.ones((2, 2, 2), np.uint8), (2.2, 2.2, 2.2), (0.0, 0.0, 0.0), modality="SEG")
    save_image(coarse, folder / "coarse.nrrd")
    told = run(folder, "measure", "scan.nii.gz", "coarse.nrrd", "--nearest")
    assert told.returncode == 0
    assert "by nearest interpolation" in told.stderr


def test_a_mask_without_a_place_is_told_the_option(folder):
    scan = load_image(folder / "scan.nii.gz")
    lost = nibabel.Nifti1Image((scan.array > 100).astype(np.uint8), np.eye(4))
    nibabel.save(lost, folder / "lost.nii")
    moved = dataclasses.replace(scan, origin=(40.0, 50.0, 60.0))
    save_image(moved, folder / "moved.nii")
    assert "pass --geometry reference" in fail(folder, "measure", "moved.nii", "lost.nii")
    told = run(folder, "measure", "moved.nii", "lost.nii", "--geometry", "reference", "--json")
    assert "taken one for one" in told.stderr
    assert json.loads(told.stdout)[0]["voxels"] == int((scan.array > 100).sum())
