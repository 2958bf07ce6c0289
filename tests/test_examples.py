"""Every file of examples/ runs as it stands, on made-up data and, where they are there, on real scans."""

from __future__ import annotations

import runpy
import shutil
from contextlib import chdir
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from pictologics import load_image, load_mask, load_series, save_image
from pictologics.cli.demo_cohort import write_demo_cohort
from tests.factories.page_files import page_folder

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "examples.md"
MOST_LINES = 15

# What examples are told is for their readers; what they print is looked at here.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pictologics.ContentWarning", "ignore::pictologics.GeometryWarning"),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The sample files of the documentation."""
    with page_folder() as folder:
        yield folder


@pytest.fixture
def here(pages, tmp_path):
    """A folder for what an example writes, and the sample files beside it as ``data``."""
    (tmp_path / "data").symlink_to(pages)
    with chdir(tmp_path):
        yield tmp_path


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs an example as one types it, and gives what it prints."""

    def run_example(name: str, *arguments: object) -> str:
        path = EXAMPLES / f"{name}.py"
        monkeypatch.setattr("sys.argv", [str(path), *map(str, arguments)])
        capsys.readouterr()
        runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out

    return run_example


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_each_is_short_and_listed(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MOST_LINES
    assert lines[0].startswith('"""')
    assert f"`{path.name}" in PAGE.read_text(encoding="utf-8")


def test_a_folder_to_nifti(here, run):
    printed = run("folder_to_nifti", "data/cardiac", "out")
    assert printed.count("Image(shape=(32, 32, 8)") == 3
    for number, file in enumerate(sorted((here / "out").iterdir())):
        expected = load_image("data/cardiac", dataset_index=number)
        assert np.array_equal(load_image(file).array, expected.array)


def test_structures_in_milliliters(here, run):
    printed = run("structures_in_ml", "data/ct_scan", "data/plan.dcm", "picture.png")
    assert printed.startswith("GTV: ")
    assert " ml, " in printed
    assert (here / "picture.png").stat().st_size > 1000


def test_a_mask_of_another_tool(here, run):
    assert "to the nearest ones" in run(
        "mask_of_another_tool", "data/ct_scan", "data/shifted_mask.nii.gz", "out.nii.gz"
    )
    assert load_image("out.nii.gz").grid == load_image("data/ct_scan").grid


def test_a_mask_without_an_affine(here, run):
    printed = run("mask_without_affine", "data/ct_scan", "data/lost_mask.nii.gz", "out.nii.gz", "out.png")
    assert "its place seems to be lost" in printed
    expected = load_mask("data/cropped_mask.nii.gz", load_image("data/ct_scan"))
    np.testing.assert_array_equal(load_mask("out.nii.gz").array, expected.array)
    assert (here / "out.png").exists()


def test_the_region_of_a_lesion(here, run):
    run("lesion_region", "data/ct_scan", "data/tumor.nii.gz", "out.npz")
    scan = load_image("data/ct_scan")
    mask = load_mask("data/tumor.nii.gz", scan)
    with np.load("out.npz") as found:
        assert found["image"].shape == found["label"].shape
        assert found["image"].size < scan.array.size / 4
        assert found["label"].sum() == mask.array.sum()
        assert np.sort(found["image"][found["label"] > 0]).tolist() == np.sort(scan.array[mask.array > 0]).tolist()


def test_volumes_to_one_labeled_array(here, run):
    pytest.importorskip("xarray")
    assert "'phase': 3" in run("four_d_to_xarray", "data/cardiac", "curve.csv")
    series = load_series("data/cardiac")
    curve = np.loadtxt("curve.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(curve[:, 1], [volume.array.mean(dtype=float) for volume in series], rtol=1e-4)


def test_masks_back_to_the_archive(here, run):
    pytest.importorskip("highdicom")
    run("masks_to_archive", "data/ct_scan", "data/organs.dcm", "seg.dcm", "rs.dcm")
    assert pydicom.dcmread("rs.dcm").Modality == "RTSTRUCT"
    assert load_mask("seg.dcm").labels == load_mask("data/organs.dcm").labels


def test_from_wherever_it_is(here, run):
    shutil.make_archive("brain", "zip", "data", "brain.nii.gz")
    save_image(load_image("brain.zip"), "memory://examples/brain.nrrd")
    sources = ("data/brain.nii.gz", "brain.zip", "brain.zip/brain.nii.gz", "memory://examples/brain.nrrd")
    printed = run("url_and_zip", *sources, "data/ct_scan.zip")
    assert printed.count("Image(shape=(48, 56, 40)") == 4
    assert "Image(shape=(64, 64, 24)" in printed


def test_pet_on_its_ct(here, run, demo_cohort):
    patient = next(patient for patient in demo_cohort.patients if patient.pet and patient.seg)
    folders = [series.files[0].parent for series in (patient.ct, patient.pet)]
    printed = run("pet_on_ct", *folders, patient.seg.files[0], "pet.nii.gz")
    assert "SUVmax" in printed
    pet = load_image("pet.nii.gz")
    assert (pet.shape, pet.metadata["units"]) == (patient.grid.shape, "g/ml{SUVbw}")


@pytest.mark.parametrize("library", ["monai", "torchio"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_training_sets_of_twenty_cases(library, run, tmp_path):
    pytest.importorskip(library)
    export = write_demo_cohort(tmp_path / "export", patients=20)
    for path in (export.orphan.files[0].parent, export.nifti.parent):
        shutil.rmtree(path)
    export.unreadable.unlink()
    printed = run(f"{library}_training_set", tmp_path / "export").splitlines()
    # The first patient has a segmentation and a structure set.
    assert all(line.startswith("21 cases: (") and "1, 24, 24, 12)" in line for line in printed)


# --- the same on real scans ---


def test_a_real_tumor(run, shared_data, tmp_path):
    scan, contours = shared_data / "ibsi_ct/dicom/image", shared_data / "ibsi_ct/dicom/mask"
    voxels = shared_data / "ibsi_ct/nifti/mask/mask.nii.gz"
    bare = nibabel.Nifti1Image(np.asarray(nibabel.load(voxels).dataobj).astype(np.uint8), None)
    with chdir(tmp_path):
        assert run("structures_in_ml", scan, contours, "out.png") == "GTV-1: 358.7 ml, -47 HU\n"
        nibabel.save(bare, "lost.nii.gz")
        run("mask_without_affine", scan, "lost.nii.gz", "found.nii.gz", "found.png")
        np.testing.assert_array_equal(load_mask("found.nii.gz").array, load_mask(voxels).array)
        run("lesion_region", scan, voxels, "part.npz")
        run("masks_to_archive", scan, voxels, "seg.dcm", "rs.dcm")


def test_a_real_series_of_volumes(run, shared_data, tmp_path):
    printed = run("folder_to_nifti", shared_data / "ge_epi/dicom", tmp_path / "out")
    assert printed.count("Image(shape=(64, 64, 15)") == 10

    for number, file in enumerate(sorted((tmp_path / "out").iterdir())):
        ours = nibabel.as_closest_canonical(nibabel.load(file)).get_fdata()
        theirs = nibabel.load(shared_data / "ge_epi/reference.nii").slicer[..., number]
        np.testing.assert_array_equal(ours, nibabel.as_closest_canonical(theirs).get_fdata())
