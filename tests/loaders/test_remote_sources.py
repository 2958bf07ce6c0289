"""Every front door with URLs: what is loaded is what is on disk, and headers are all that listing fetches."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from upath import UPath

from pictologics import (
    CorruptFileError,
    Image,
    MissingPathError,
    OptionError,
    UnsupportedFormatError,
    explain,
    load_and_merge_images,
    load_image,
    save_image,
)
from pictologics.cli.demo_series import write_demo_series
from pictologics.loaders import get_segment_info, load_rtstruct, load_seg
from pictologics.storage.remote_systems import MOST_REQUESTS
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import write_series
from tests.factories.file_servers import serve_folder
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM
from tests.factories.phases import PATTERNS, write_phases
from tests.factories.segmentations import balls, frames_of, write_seg
from tests.factories.structure_sets import SCAN, SQUARE, RoiTruth, stack_of, write_structures
from tests.factories.truth import assert_shows

SCAN_ARRAY = np.arange(120, dtype=np.float32).reshape(4, 5, 6)


@pytest.fixture
def web(tmp_path):
    with serve_folder(tmp_path) as server:
        yield server


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.nhdr", "a.mha", "a.mhd"])
def test_a_file_of_each_format(web, name):
    save_image(Image(SCAN_ARRAY, (0.5, 0.5, 2.0), (10.0, 20.0, 30.0)), web.folder / name)
    image = load_image(f"{web.url}/{name}?token=1")
    assert np.array_equal(image.array, SCAN_ARRAY)
    assert image.origin == (10.0, 20.0, 30.0)
    assert image.provenance.source == f"{web.url}/{name}"
    assert all(request.partition(" ")[0].endswith("?token=1") for request in web.requests)


@pytest.mark.parametrize("asked", ["scan.hdr", "scan.img"])
def test_a_pair_of_files(web, asked):
    write_nifti(web.folder / "scan.hdr")
    assert_shows(load_image(f"{web.url}/{asked}"), PHANTOM)
    (web.folder / "scan.img").unlink()
    with pytest.raises((MissingPathError, OptionError)):
        load_image(f"{web.url}/{asked}")


def test_a_folder_that_a_web_server_lists(web):
    write_series(web.folder / "ct")
    (web.folder / "ct" / ".hidden").write_bytes(b"x")
    (web.folder / "ct" / "notes 1#2.txt").write_bytes(b"x")
    assert_shows(load_image(f"{web.url}/ct/"), PHANTOM)
    assert [path.rpartition("/")[2] for path in get_dicom_phases(f"{web.url}/ct/")[0].file_paths] == sorted(
        path.name for path in (web.folder / "ct").glob("*.dcm")
    )
    with pytest.raises(UnsupportedFormatError, match="the folder holds no files and 1 folder that was not searched"):
        load_image(f"{web.url}/")
    assert_shows(load_image(f"{web.url}/", recursive=True), PHANTOM)
    assert not [request for request in web.requests if ".hidden" in request]


def test_a_list_of_urls(web):
    files = write_series(web.folder / "ct")
    urls = [f"{web.url}/ct/{Path(file).name}" for file in sorted((web.folder / "ct").glob("*.dcm"))]
    assert_shows(load_image(urls), PHANTOM)
    assert_shows(load_image([UPath(url) for url in urls]), PHANTOM)
    assert files is not None
    with pytest.raises(MissingPathError, match="there is no such file on the server"):
        load_image([*urls, f"{web.url}/ct/none.dcm"])


def test_an_archive(web):
    write_series(web.folder / "ct")
    shutil.make_archive(str(web.folder / "ct"), "gztar", web.folder / "ct")
    with zipfile.ZipFile(web.folder / "ct.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in (web.folder / "ct").iterdir():
            archive.write(file, file.name)
    for name in ("ct.zip", "ct.tar.gz"):
        web.requests.clear()
        assert_shows(load_image(f"{web.url}/{name}"), PHANTOM)
        assert len(web.requests) <= 2


def test_phases_that_were_listed(web):
    pattern = PATTERNS["cardiac phase"]
    write_phases(web.folder / "mr", pattern.touches, modality=pattern.modality)
    phases = get_dicom_phases(f"{web.url}/mr/")
    local = get_dicom_phases(web.folder / "mr")
    assert [phase.label for phase in phases] == [phase.label for phase in local]
    for phase, same in zip(phases, local, strict=True):
        assert np.array_equal(load_image(phase).array, load_image(same).array)


def test_segments(web):
    write_seg(web.folder / "seg.dcm", frames_of(balls(PHANTOM.array.shape, {1: (1, 2, 3), 2: (3, 4, 3)}, 1.1)))
    facts = get_segment_info(f"{web.url}/seg.dcm")
    assert facts == get_segment_info(web.folder / "seg.dcm")
    assert np.array_equal(load_seg(f"{web.url}/seg.dcm").array, load_seg(web.folder / "seg.dcm").array)


def test_structures(web):
    write_structures(web.folder / "rt.dcm", [RoiTruth("box", stack_of([(k, SQUARE) for k in (5, 6, 7)]))])
    masks = [load_rtstruct(path, SCAN) for path in (f"{web.url}/rt.dcm", web.folder / "rt.dcm")]
    assert np.array_equal(masks[0].array, masks[1].array)


def test_files_that_are_merged(web):
    for k in (1, 2):
        mask = np.zeros((4, 5, 6), np.uint8)
        mask[k] = k
        save_image(Image(mask, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), web.folder / f"{k}.nii.gz")
    merged = load_and_merge_images([f"{web.url}/1.nii.gz", web.folder / "2.nii.gz"])
    assert np.unique(merged.array).tolist() == [0, 1, 2]


def test_explaining_a_series_fetches_heads_only(web):
    write_demo_series(web.folder / "ct", slices=40, size=256)
    explanation = explain(f"{web.url.replace('//', '//me:word@')}/ct/?token=secret")
    assert explanation.volumes[0].shape == (256, 256, 40)
    assert explanation.path == f"{web.url}/ct/"
    files = len(list((web.folder / "ct").iterdir()))
    assert len(web.requests) == files + 1
    assert web.sent < files * (1 << 14) + 10_000
    assert web.most_waiting <= MOST_REQUESTS


def test_pixels_come_in_one_request_a_slice(web):
    demo = write_demo_series(web.folder / "ct", slices=40, size=256)
    demo.localizer_file.unlink()
    load_image(f"{web.url}/ct/")
    assert len(web.requests) == 1 + 2 * 40


@pytest.mark.parametrize(
    "named", ["../data.raw", "/etc/hostname", "http://127.0.0.1:9/data.raw", "file:///etc/hostname"]
)
def test_a_header_behind_a_url_names_no_file_elsewhere(web, named):
    (web.folder / "a.nhdr").write_text(
        f"NRRD0004\ntype: uint8\ndimension: 3\nsizes: 2 2 2\nspace: left-posterior-superior\n"
        f"space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: raw\ndata file: {named}\n"
    )
    for allowed in (False, True):
        with pytest.raises(OptionError, match="names a file outside its folder, and beside a header behind a URL none"):
            load_image(f"{web.url}/a.nhdr", allow_outside_files=allowed)
    assert len(web.requests) == 2


def test_a_header_whose_voxels_are_not_there(web):
    save_image(Image(SCAN_ARRAY, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), web.folder / "a.mhd")
    (web.folder / "a.zraw").unlink()
    with pytest.raises(MissingPathError, match=r"its voxels are in the file 'a.zraw' beside it, which is not"):
        load_image(f"{web.url}/a.mhd")


def test_a_file_that_was_cut_off(web):
    path = write_nifti(web.folder / "scan.nii")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CorruptFileError, match=rf"'{web.url}/scan.nii'"):
        load_image(f"{web.url}/scan.nii")


def test_a_path_of_universal_pathlib(web, tmp_path):
    write_nifti(tmp_path / "scan.nii")
    for path in (UPath(f"{web.url}/scan.nii"), UPath(tmp_path / "scan.nii")):
        assert_shows(load_image(path), PHANTOM)
    target = UPath("memory://made-up/scan.nii.gz")
    save_image(load_image(tmp_path / "scan.nii"), target)
    assert_shows(load_image(target), PHANTOM)
    assert explain(target).path == "memory://made-up/scan.nii.gz"
