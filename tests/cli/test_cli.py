"""The program as a shell runs it: what it prints where, what it writes, and how it ends."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from PIL import Image as PilImage

import pictologics
from pictologics.labels.label_colors import color_of_label
from tests.cli.program import MISUSED, SUCCESS, fail, run, succeed
from tests.factories.dicom_series import uid, write_series
from tests.factories.hostile import cut, garbage
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM, counting


def same_as_simpleitk(file: Path, expected: sitk.Image) -> None:
    """A written file lies where SimpleITK puts the source, with its values."""
    found = sitk.ReadImage(str(file))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(found), sitk.GetArrayFromImage(expected))
    for name in ("GetSpacing", "GetOrigin", "GetDirection"):
        np.testing.assert_allclose(getattr(found, name)(), getattr(expected, name)(), rtol=1e-6, atol=1e-4)


@pytest.fixture
def two_series(tmp_path: Path) -> Path:
    folder = tmp_path / "two"
    write_series(folder, name="a{:03d}.dcm".format, series="a")
    write_series(folder, name="b{:03d}.dcm".format, series="b", modality="MR", slices=range(3))
    return folder


# --- the program itself ---


def test_version_is_that_of_the_installed_package(tmp_path):
    assert succeed(tmp_path, "--version").split() == ["pictologics", importlib.metadata.version("pictologics")]


def test_help_names_every_command(tmp_path):
    printed = succeed(tmp_path, "--help")
    commands = ("info", "convert", "merge", "process", "segments", "overlay", "query", "check", "demo")
    assert all(command in printed for command in commands)


@pytest.mark.parametrize("long", ["--version", "--help"])
def test_help_and_version_have_short_names(tmp_path, long):
    assert succeed(tmp_path, {"--version": "-V", "--help": "-h"}[long]) == succeed(tmp_path, long)
    assert succeed(tmp_path, "info", "-h") == succeed(tmp_path, "info", "--help")


def test_the_package_runs_as_the_program():
    run = subprocess.run([sys.executable, "-m", "pictologics", "-h"], capture_output=True, text=True, check=True)
    assert "Usage: pictologics " in run.stdout


@pytest.mark.parametrize("arguments", ["--version", "--help", "convert --help", "demo --help", "convert one"])
def test_what_says_how_to_use_the_program_imports_nothing_heavy(arguments):
    code = "import atexit, sys; atexit.register(lambda: print(*sys.modules)); from pictologics.cli import main; main()"
    run = subprocess.run([sys.executable, "-c", code, *arguments.split()], capture_output=True, text=True, check=False)
    loaded = {name.partition(".")[0] for name in run.stdout.splitlines()[-1].split()}
    assert "typer" in loaded
    assert not loaded & {"numpy", "pydicom", "scipy", "PIL", "matplotlib", "yaml", "imagecodecs", "isal"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("inform",),
        ("info",),
        ("convert", "one"),
        ("info", "there", "--no-such-option"),
        ("demo", "--slices", "1"),
        ("convert", "a", "b.nii", "--irregular", "perhaps"),
        ("convert", "a", "b.nii", "--dataset-index", "-1"),
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_another_code_than_wrong_data(tmp_path, arguments):
    done = run(tmp_path, *arguments)
    assert done.returncode == MISUSED
    assert "Traceback" not in done.stderr
    assert "Usage" in done.stderr


# --- info ---


def test_info_of_a_folder_prints_a_call_for_each_series_that_loads_it(tmp_path, two_series, monkeypatch):
    printed = succeed(tmp_path, "info", "two")
    monkeypatch.chdir(tmp_path)
    calls = [line.split(None, 1)[1] for line in printed.splitlines() if "load_image(" in line]
    images = []
    for call in calls:
        tree = ast.parse(call, mode="eval").body
        options = {keyword.arg: ast.literal_eval(keyword.value) for keyword in tree.keywords}
        images.append(pictologics.load_image(ast.literal_eval(tree.args[0]), **options))
    assert [(image.modality, image.array.shape[2]) for image in images] == [("CT", 5), ("MR", 3)]


def test_info_of_a_folder_is_a_table_of_its_series(tmp_path, two_series):
    rows = [line for line in succeed(tmp_path, "info", "two").splitlines() if "Phantom" in line]
    assert len(rows) == 2
    assert all(part in rows[0] for part in ("DICOM", "CT", "7x6x5", "0.75, 1.125, 2.5", "Phantom a"))
    assert all(part in rows[1] for part in ("DICOM", "MR", "7x6x3", "0.75, 1.125, 2.5", "Phantom b"))


def test_info_tells_why_a_series_does_not_load(tmp_path):
    write_series(tmp_path / "gap", slices=[0, 1, 3, 4])
    printed = succeed(tmp_path, "info", "gap")
    assert "load_image('gap', irregular='resample')" in printed
    assert "1 slice is missing" in printed


def test_info_of_a_file_tells_its_geometry_and_values(tmp_path):
    write_nifti(tmp_path / "scan.nii.gz")
    facts = json.loads(succeed(tmp_path, "info", "scan.nii.gz", "--json"))["image"]
    truth = sitk.ReadImage(str(tmp_path / "scan.nii.gz"))
    assert facts["shape"] == list(truth.GetSize())
    np.testing.assert_allclose(facts["spacing"], truth.GetSpacing(), rtol=1e-6)
    np.testing.assert_allclose(facts["origin"], truth.GetOrigin(), rtol=1e-6)
    np.testing.assert_allclose(np.ravel(facts["direction"]), truth.GetDirection(), atol=1e-6)
    assert (facts["minimum"], facts["maximum"]) == (1.0, 210.0)
    printed = succeed(tmp_path, "info", "scan.nii.gz")
    assert "(7, 6, 5)" in printed
    assert "float32 1 to 210" in printed


def test_info_as_json_is_the_explanation(tmp_path, two_series):
    facts = json.loads(succeed(tmp_path, "info", "--json", two_series))
    assert facts == json.loads(pictologics.explain(two_series).to_json())
    assert [volume["options"] for volume in facts["volumes"]] == [{"series_uid": uid(s)} for s in ("a", "b")]


def test_info_as_json_is_json_whatever_the_voxels_are(tmp_path):
    values = PHANTOM.array.astype(np.float32)
    values[0, 0, 0], values[1, 0, 0], values[2, 0, 0] = np.nan, np.inf, -np.inf
    write_nifti(tmp_path / "some.nii", array=values, dtype="float32")
    write_nifti(tmp_path / "none.nii", array=np.full_like(values, np.nan), dtype="float32")

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    some = json.loads(succeed(tmp_path, "info", "some.nii", "--json"), parse_constant=refuse)["image"]
    none = json.loads(succeed(tmp_path, "info", "none.nii", "--json"), parse_constant=refuse)["image"]
    assert (some["minimum"], some["maximum"]) == (4.0, 210.0)
    assert (none["minimum"], none["maximum"]) == (None, None)


def test_info_looks_into_folders_below(tmp_path):
    write_series(tmp_path / "patient" / "ct")
    assert "load_image('patient', recursive=True)" in succeed(tmp_path, "info", "patient")
    assert "7x6x5" in succeed(tmp_path, "info", "-r", "patient")


@pytest.mark.parametrize("text", ["Thorax [bold]", "Head [/b] native"])
def test_square_brackets_are_printed_as_they_are(tmp_path, text):
    """Descriptions and paths hold anything, also what a terminal library takes for its own commands."""
    folder = tmp_path / text.replace("/", "")
    write_series(folder, PHANTOM, lambda ds, k: setattr(ds, "SeriesDescription", text))
    done = run(tmp_path, "info", folder.name)
    assert (done.returncode, done.stderr) == (SUCCESS, "")
    assert text in done.stdout
    assert folder.name in done.stdout.splitlines()[0]


# --- convert ---


def test_convert_writes_what_simpleitk_reads_from_the_slices(tmp_path):
    files = write_series(tmp_path / "ct", intercept=-1024.0)
    printed = succeed(tmp_path, "convert", "ct", "scan.nii.gz")
    assert printed.startswith("scan.nii.gz: Image(shape=(7, 6, 5)")
    same_as_simpleitk(tmp_path / "scan.nii.gz", sitk.ReadImage([str(file) for file in files], sitk.sitkFloat32))


def test_convert_writes_a_derived_series_of_another_one(tmp_path):
    write_series(tmp_path / "ct")
    succeed(tmp_path, "convert", "ct", "scan.nii.gz")
    printed = succeed(tmp_path, "convert", "scan.nii.gz", "derived", "--like", "ct")
    assert "derived: 5 files: Image(" in printed
    made, scan = (pictologics.load_image(tmp_path / name) for name in ("derived", "ct"))
    np.testing.assert_array_equal(made.array, scan.array)
    assert "something else is there" in fail(tmp_path, "convert", "scan.nii.gz", "derived", "--like", "ct")


def test_convert_stores_the_type_that_was_asked_for(tmp_path):
    write_series(tmp_path / "ct", intercept=-1024.0)
    succeed(tmp_path, "convert", "ct", "small.nii", "--dtype", "int16")
    small = nibabel.load(tmp_path / "small.nii")
    assert small.get_data_dtype() == np.int16
    np.testing.assert_array_equal(np.asanyarray(small.dataobj), PHANTOM.array - 1024)


def test_convert_leaves_stored_values_as_they_are(tmp_path):
    files = write_series(tmp_path / "pet", modality="PT", slope=[1.0, 2.0, 3.0, 4.0, 5.0])
    succeed(tmp_path, "convert", "pet", "stored.nii", "--stored-values")
    stored = np.stack([pydicom.dcmread(file).pixel_array.T for file in files], axis=2)
    np.testing.assert_array_equal(nibabel.load(tmp_path / "stored.nii").get_fdata(), stored)


def test_convert_takes_the_series_and_the_volume_that_are_named(tmp_path, two_series):
    succeed(tmp_path, "convert", "two", "mr.nii", "--series-uid", uid("b"))
    assert nibabel.load(tmp_path / "mr.nii").shape == (7, 6, 3)
    volumes = counting((7, 6, 5, 3))
    write_nifti(tmp_path / "fmri.nii.gz", array=volumes)
    succeed(tmp_path, "convert", "fmri.nii.gz", "third.nii", "--dataset-index", 2)
    np.testing.assert_array_equal(nibabel.load(tmp_path / "third.nii").get_fdata(), volumes[..., 2])


def test_convert_writes_all_volumes(tmp_path):
    volumes = np.arange(4 * 5 * 6 * 3, dtype=np.int16).reshape(4, 5, 6, 3)
    image = nibabel.Nifti1Image(volumes, np.eye(4))
    image.header.set_xyzt_units("mm", "sec")
    image.header["pixdim"][4] = 2.5
    nibabel.save(image, tmp_path / "fmri.nii.gz")
    printed = succeed(tmp_path, "convert", "fmri.nii.gz", "all.nii", "--all-volumes")
    assert "ImageSeries(shape=(4, 5, 6, 3), time 0 to 5 s" in printed
    found = nibabel.load(tmp_path / "all.nii")
    np.testing.assert_array_equal(np.asarray(found.dataobj), volumes)
    assert found.get_data_dtype() == np.int16
    assert found.header["pixdim"][4] == 2.5
    sentence = fail(tmp_path, "convert", "fmri.nii.gz", "b.nii", "--all-volumes", "--dataset-index", 1)
    assert "--dataset-index cannot be used together with --all-volumes" in sentence


def test_convert_keeps_irregular_slices_only_when_told_and_says_so(tmp_path):
    write_series(tmp_path / "gap", slices=[0, 1, 3, 4])
    assert "1 slice is missing" in fail(tmp_path, "convert", "gap", "scan.nii")
    assert not (tmp_path / "scan.nii").exists()
    done = run(tmp_path, "convert", "gap", "scan.nii", "--irregular", "ignore")
    assert done.returncode == SUCCESS
    assert done.stderr.startswith("Warning: 'gap': ")
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout.startswith("scan.nii: ")
    assert nibabel.load(tmp_path / "scan.nii").shape == (7, 6, 4)


# --- errors ---


def write_nothing(folder: Path) -> None:
    """A path that is not there."""


def write_text(folder: Path) -> None:
    (folder / "in").write_text("no image", encoding="utf-8")


def write_empty_folder(folder: Path) -> None:
    (folder / "in").mkdir()


def write_truncated(folder: Path) -> None:
    cut(write_nifti(folder / "in"), -20)


def write_garbled(folder: Path) -> None:
    garbage(folder / "in", 4000, head=bytes(128) + b"DICM")


@pytest.mark.parametrize("command", ["info", "convert"])
@pytest.mark.parametrize("write", [write_nothing, write_text, write_empty_folder, write_truncated, write_garbled])
def test_bad_input_is_one_sentence_about_the_path(tmp_path, command, write):
    write(tmp_path)
    sentence = fail(tmp_path, command, "in", *(["out.nii"] if command == "convert" else []))
    assert sentence.startswith("'in': ")
    assert len(sentence.splitlines()) == 1
    assert not (tmp_path / "out.nii").exists()


def test_several_series_are_listed_with_the_way_out(tmp_path, two_series):
    sentence = fail(tmp_path, "convert", "two", "scan.nii")
    assert uid("a") in sentence
    assert uid("b") in sentence
    assert "pass --series-uid with one of these" in sentence


@pytest.mark.parametrize("target", ["scan.dcm", "scan", "nowhere/scan.nii", "folder.nii"])
def test_a_target_that_cannot_be_written_is_named(tmp_path, target):
    write_nifti(tmp_path / "in.nii")
    (tmp_path / "folder.nii").mkdir()
    assert fail(tmp_path, "convert", "in.nii", target).startswith(f"'{target}': ")


def test_a_failure_leaves_the_older_file_as_it_was(tmp_path):
    write_nifti(tmp_path / "in.nii")
    cut(tmp_path / "in.nii", -20)
    (tmp_path / "out.nii").write_bytes(b"older")
    fail(tmp_path, "convert", "in.nii", "out.nii")
    assert (tmp_path / "out.nii").read_bytes() == b"older"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["in.nii", "out.nii"]


@pytest.mark.slow
def test_a_type_that_cannot_hold_the_values_is_refused(tmp_path):
    write_series(tmp_path / "ct", intercept=-1024.0)
    assert "uint8" in fail(tmp_path, "convert", "ct", "out.nii", "--dtype", "uint8")
    assert "must be a NumPy dtype" in fail(tmp_path, "convert", "ct", "out.nii", "--dtype", "floaty")


# --- warnings ---


def forget_thickness(ds, k):
    del ds.SliceThickness


def test_info_says_once_what_was_assumed(tmp_path):
    """One slice without a thickness does not say how far the next one would lie."""
    write_series(tmp_path, PHANTOM, forget_thickness, slices=[2], name="slice".format)
    done = run(tmp_path, "info", "slice", "--json")
    assert done.returncode == SUCCESS
    assert done.stderr == ""
    facts = json.loads(done.stdout)
    assert facts["image"]["shape"] == [7, 6, 1]
    assert facts["volumes"][0]["notes"] == ["the distance between slices is unknown; 1 mm was assumed"]


def test_warnings_of_a_conversion_go_to_the_error_output(tmp_path):
    write_series(tmp_path, PHANTOM, forget_thickness, slices=[2], name="slice".format)
    done = run(tmp_path, "convert", "slice", "out.nii")
    assert done.returncode == SUCCESS
    assert done.stderr == "Warning: 'slice': the distance between slices is unknown; 1 mm was assumed\n"


# --- demo ---


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, run(folder, "demo", "--slices", 8, "--folder", "shown")


@pytest.mark.slow
def test_demo_says_what_it_made_and_where(demo):
    folder, done = demo
    assert done.returncode == SUCCESS
    for name in ("ct-8-slices", "scan.nii.gz", "organs.nii.gz", "planes.png", "overlay.png"):
        assert f"shown/{name}" in done.stdout
        assert (folder / "shown" / name).exists()
    assert "(256, 256, 8)" in done.stdout
    # The localizer that it wrote itself is the one thing to warn of.
    assert done.stderr.count("Warning: ") == done.stderr.count("localizer") == len(done.stderr.splitlines()) == 1


def test_demo_volume_is_what_simpleitk_reads(demo):
    folder, _ = demo
    slices = [pydicom.dcmread(file) for file in (folder / "shown" / "ct-8-slices").iterdir()]
    files = {float(ds.ImagePositionPatient[2]): ds.filename for ds in slices if "LOCALIZER" not in ds.ImageType}
    expected = sitk.ReadImage([str(files[z]) for z in sorted(files)], sitk.sitkFloat32)
    same_as_simpleitk(folder / "shown" / "scan.nii.gz", expected)


@pytest.mark.parametrize("name", ["planes.png", "overlay.png"])
def test_demo_pictures_are_three_planes(demo, name):
    folder, _ = demo
    with PilImage.open(folder / "shown" / name) as picture:
        picture.load()
        shades = np.asarray(picture.convert("L"))
        colors = np.asarray(picture.convert("RGB"))
    for panel in np.array_split(shades, 3, axis=1):
        assert np.ptp(panel) > 200
    blue = (colors == color_of_label(1)).all(axis=2)
    assert blue.any() == (name == "overlay.png")


def test_demo_organs_are_measured(demo):
    folder, done = demo
    told = {line[:14].strip(): line[14:].split() for line in done.stdout.splitlines() if line.endswith(" HU")}
    scan, organs = (nibabel.load(folder / "shown" / f"{name}.nii.gz") for name in ("scan", "organs"))
    np.testing.assert_allclose(scan.affine, organs.affine, atol=1e-6)
    liver = np.asanyarray(organs.dataobj) == 5
    volume, _, mean, _ = told["liver"]
    assert float(volume) == pytest.approx(liver.sum() * np.prod(scan.header.get_zooms()) / 1000, rel=1e-3)
    assert float(mean) == pytest.approx(scan.get_fdata()[liver].mean(), abs=1)


@pytest.mark.slow
def test_demo_runs_again_and_with_other_slices(demo):
    folder, _ = demo
    for slices in (8, 5):
        done = run(folder, "demo", "--slices", slices, "--folder", "shown")
        assert done.returncode == SUCCESS
        assert f"(256, 256, {slices})" in done.stdout


def test_demo_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert fail(tmp_path, "demo", "--slices", 2, "--folder", "file").startswith("'file': ")


@pytest.mark.slow
def test_demo_names_folders_as_they_are(tmp_path):
    done = run(tmp_path, "demo", "--slices", 2, "--folder", "[x] [/b]")
    assert done.returncode == SUCCESS
    assert "[x] [/b]/scan.nii.gz" in done.stdout
