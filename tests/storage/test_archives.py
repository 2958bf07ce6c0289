"""Archives: read where they are, as the folder that they hold, and bounded."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from pictologics import (
    AmbiguousSeriesError,
    MissingPathError,
    OptionError,
    UnsupportedFormatError,
    explain,
    load_image,
    load_mask,
)
from pictologics.utilities import get_dicom_phases
from tests.factories.archive_files import MAKERS, list_paths
from tests.factories.dicom_series import SYNTAXES, uid, write_series
from tests.factories.enhanced import planes_of, write_enhanced
from tests.factories.hostile import refused_at_last
from tests.factories.metaimage_files import write_metaimage
from tests.factories.mosaics import CUTS, write_mosaic
from tests.factories.multiframe import AXIAL, write_dose
from tests.factories.nifti_files import write_nifti
from tests.factories.nrrd_files import write_nrrd
from tests.factories.phantom import PHANTOM
from tests.factories.phases import PATTERNS, phase_phantom, write_phases
from tests.factories.truth import assert_shows

pytestmark = pytest.mark.usefixtures("ends_soon")

every_maker = pytest.mark.parametrize("maker", MAKERS)


# --- what a folder gives, its archive gives ---


@every_maker
def test_a_series_in_an_archive(tmp_path, series, maker):
    path = MAKERS[maker](tmp_path / "scan.bin", series)
    before = list_paths(tmp_path)
    image = load_image(path)
    assert_shows(image, PHANTOM)
    assert list_paths(tmp_path) == before, "something was unpacked"
    assert image.provenance.slices[0].file.startswith(str(path))


@every_maker
@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_every_transfer_syntax_in_an_archive(tmp_path, maker, syntax):
    write_series(tmp_path / "series", syntax=syntax)
    assert_shows(load_image(MAKERS[maker](tmp_path / "scan", tmp_path / "series")), PHANTOM)


@pytest.mark.parametrize("maker", ["stored zip", "deflated zip", "tar", "tar.gz"])
def test_every_kind_of_object_in_an_archive(tmp_path, maker):
    written = {
        "enhanced": (write_enhanced(tmp_path / "enhanced" / "a.dcm", planes_of()[::-1]), PHANTOM),
        "dose": (
            write_dose(tmp_path / "dose" / "a.dcm", order=[4, 3, 2, 1, 0], scaling=2.0),
            AXIAL.with_array(AXIAL.array * 2),
        ),
        "mosaic": (write_mosaic(tmp_path / "mosaic" / "a.dcm", CUTS["sagittal, against"]), CUTS["sagittal, against"]),
    }
    for name, (file, phantom) in written.items():
        assert_shows(load_image(MAKERS[maker](tmp_path / f"{name}.archive", file.parent)), phantom)


@every_maker
def test_phases_in_an_archive(tmp_path, maker):
    write_phases(tmp_path / "phases", PATTERNS["echo"].touches)
    path = MAKERS[maker](tmp_path / "scan", tmp_path / "phases")
    phases = get_dicom_phases(path)
    assert [phase.label for phase in phases] == [phase.label for phase in get_dicom_phases(tmp_path / "phases")]
    for t, phase in enumerate(phases):
        assert_shows(load_image(path, dataset_index=t), phase_phantom(t))
        assert_shows(load_image(phase), phase_phantom(t))
    assert [volume.phase for volume in explain(path).volumes] == [phase.label for phase in phases]


@every_maker
def test_several_series_in_an_archive(tmp_path, maker):
    write_series(tmp_path / "both" / "a" / "deep", series="a")
    write_series(tmp_path / "both" / "b", PHANTOM.with_array(PHANTOM.array + 500), series="b")
    path = MAKERS[maker](tmp_path / "scan", tmp_path / "both")
    with pytest.raises(AmbiguousSeriesError, match="series_uid"):
        load_image(path)
    assert_shows(load_image(path, series_uid=uid("a")), PHANTOM)
    assert_shows(load_image(path, series_uid=uid("b")), PHANTOM.with_array(PHANTOM.array + 500))


@every_maker
def test_what_computers_add_is_passed_over(tmp_path, maker):
    folder = tmp_path / "scan"
    write_series(folder)
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "._000.dcm").write_bytes(b"\0\5\26\7" * 20)
    (folder / ".DS_Store").write_bytes(b"store")
    (folder / "report.txt").write_text("all is well")
    assert_shows(load_image(MAKERS[maker](tmp_path / "archive", folder)), PHANTOM)


def test_the_name_means_nothing(tmp_path, series):
    for name in ("scan.zip", "scan.dcm", "scan.nii.gz", "scan"):
        assert_shows(load_image(MAKERS["deflated zip"](tmp_path / name, series)), PHANTOM)
        assert_shows(load_image(MAKERS["tar.gz"](tmp_path / f"t{name}", series)), PHANTOM)


WRITERS = {
    "a.nii.gz": write_nifti,
    "a.nii": write_nifti,
    "a.nrrd": write_nrrd,
    "a.mha": write_metaimage,
}


@every_maker
@pytest.mark.parametrize("name", WRITERS)
def test_the_only_image_file_in_an_archive_is_loaded(tmp_path, maker, name):
    (tmp_path / "scan" / "deep").mkdir(parents=True)
    WRITERS[name](tmp_path / "scan" / "deep" / name)
    (tmp_path / "scan" / "readme.txt").write_text("of no interest")
    path = MAKERS[maker](tmp_path / "archive", tmp_path / "scan")
    for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
        assert_shows(load_image(source), PHANTOM)
    assert_shows(load_image(path / "scan" / "deep" / name), PHANTOM)
    assert explain(path).default.shape == PHANTOM.shape


@every_maker
def test_of_several_image_files_in_an_archive_one_is_chosen_by_its_path(tmp_path, maker):
    (tmp_path / "scan").mkdir()
    write_nifti(tmp_path / "scan" / "a.nii.gz")
    write_nifti(tmp_path / "scan" / "b.nii", PHANTOM.with_array(PHANTOM.array + 500))
    path = MAKERS[maker](tmp_path / "archive", tmp_path / "scan")
    with pytest.raises(
        UnsupportedFormatError, match=r"a\.nii\.gz', '.*b\.nii'\); load one by its path, '.*a\.nii\.gz'"
    ):
        load_image(path)
    with pytest.raises(UnsupportedFormatError, match="unpack it"):
        load_image(path.read_bytes())
    assert_shows(load_image(str(path / "scan" / "b.nii")), PHANTOM.with_array(PHANTOM.array + 500))
    found = explain(path)
    assert [eval(volume.call(found.path), {"load_image": load_image}).shape for volume in found.volumes] == [
        PHANTOM.shape
    ] * 2
    with pytest.raises(MissingPathError, match=r"no such file in the archive; it holds '.*a\.nii\.gz'"):
        load_image(path / "c.nii")


def test_paths_of_the_standard_library_into_archives(tmp_path):
    (tmp_path / "scan").mkdir()
    write_nifti(tmp_path / "scan" / "a.nii.gz")
    path = zipfile.Path(MAKERS["deflated zip"](tmp_path / "archive", tmp_path / "scan"))
    assert_shows(load_image(path / "scan" / "a.nii.gz"), PHANTOM)
    assert str(path / "scan/a.nii.gz") in load_image(path / "scan" / "a.nii.gz").provenance.source
    with pytest.raises(OptionError, match="this is a folder in Path"):
        load_image(path / "scan/")
    with pytest.raises(MissingPathError):
        load_image(path / "scan" / "b.nii")


def test_a_slice_in_an_archive_has_a_path(tmp_path, series):
    path = MAKERS["deflated zip"](tmp_path / "scan.zip", series)
    assert load_image(path / series.name / "000.dcm").shape == (*PHANTOM.shape[:2], 1)


def test_a_header_in_an_archive_does_not_find_its_voxels(tmp_path):
    (tmp_path / "scan").mkdir()
    write_metaimage(tmp_path / "scan" / "a.mhd")
    with pytest.raises(UnsupportedFormatError, match=r"voxels are in another file, '.*a\.mhd'; unpack it"):
        load_image(MAKERS["deflated zip"](tmp_path / "archive", tmp_path / "scan"))


def test_a_mask_in_an_archive(tmp_path):
    (tmp_path / "scan").mkdir()
    write_nifti(tmp_path / "scan" / "mask.nii.gz", PHANTOM.with_array(PHANTOM.array > 100), dtype="uint8")
    mask = load_mask(MAKERS["deflated zip"](tmp_path / "archive", tmp_path / "scan"))
    np.testing.assert_array_equal(mask.array, PHANTOM.array > 100)


# --- archives with nothing to load ---


@every_maker
@pytest.mark.parametrize("content", ["nothing", "junk", "an archive"])
def test_no_dicom_inside(tmp_path, series, maker, content):
    folder = tmp_path / "scan"
    folder.mkdir()
    if content == "junk":
        (folder / "a.bin").write_bytes(np.random.default_rng(0).bytes(3000))
    elif content == "an archive":
        MAKERS["deflated zip"](folder / "inner.zip", series)
    path = MAKERS[maker](tmp_path / "archive", folder)
    for door in (load_image, explain):
        with refused_at_last(UnsupportedFormatError, match="archive"):
            door(path)


def test_an_empty_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    with pytest.raises(UnsupportedFormatError, match=r"empty\.zip"):
        load_image(tmp_path / "empty.zip")


# --- only what is needed is read ---


def test_one_phase_of_an_archive_inflates_that_phase(tmp_path):
    """The other phases' entries are damaged behind their headers."""
    touches = PATTERNS["echo"].touches
    big = PHANTOM.with_array(np.random.default_rng(0).integers(0, 500, (64, 64, 3)))
    files = write_phases(tmp_path / "phases", touches, phantom=big)
    path = MAKERS["stored zip"](tmp_path / "scan.zip", tmp_path / "phases")
    content = bytearray(path.read_bytes())
    for (t, _), file in files.items():
        if t != 1:
            at = content.index(file.read_bytes())
            content[at + 4000 : at + 4100] = b"\xff" * 100
    path.write_bytes(content)
    assert_shows(load_image(path, dataset_index=1), phase_phantom(1, big))
