"""What is said of a series: once, when it is opened, and not of each of its volumes."""

from __future__ import annotations

import gzip
import warnings
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from pictologics import ContentWarning, GeometryWarning, load_image, load_series
from tests.factories.dicom_series import write_series
from tests.factories.phantom import PHANTOM
from tests.factories.phases import PATTERNS, put, write_phases

SHAPE, VOLUMES = (6, 5, 4), 7


def hear(work) -> list[str]:
    """The texts of all warnings that some work gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        work()
    return [str(one.message) for one in caught if not issubclass(one.category, ResourceWarning)]


def write_guessed(folder: Path, count: int = 4, touches=None) -> Path:
    """Volumes that nothing but their order tells apart."""
    write_phases(folder, touches or [put()] * count, modality="MR")
    return folder


def test_of_volumes_told_apart_by_their_order_one_warning_is_given(tmp_path):
    folder = write_guessed(tmp_path / "series")
    with pytest.warns(ContentWarning, match="only the order of the images .* tells its 4 volumes apart") as caught:
        series = load_series(folder)
    assert len(caught) == 1
    assert hear(lambda: list(series)) == []
    for k, image in enumerate(series):
        (own,) = [one.text for one in image.provenance.decisions if "only the order" in one.text]
        assert f"dataset_index={k}); only the order of the images" in own
        assert own.endswith("tells it from the others")


def test_where_an_attribute_tells_some_apart_that_is_said(tmp_path):
    echoes = [put(EchoTime=echo) for echo in (4.92, 4.92, 7.38)]
    folder = write_guessed(tmp_path / "series", touches=echoes)
    texts = hear(lambda: list(load_series(folder)))
    assert len(texts) == 1
    assert "tells some of its 3 volumes apart" in texts[0]


def test_labels_that_differ_within_each_volume(tmp_path):
    frames = [put(FrameOfReferenceUID=lambda k, t=t: f"1.2.{k * (k < t + 2)}") for t in range(3)]
    touches = [
        lambda ds, k, one=one, t=t: (one(ds, k), put(TriggerTime=t * 40.0)(ds, k)) for t, one in enumerate(frames)
    ]
    write_phases(tmp_path / "series", touches, modality="MR")
    texts = hear(lambda: list(load_series(tmp_path / "series")))
    assert len(texts) == 1
    assert "FrameOfReferenceUID differs between images of one volume and was passed over" in texts[0]


def test_what_headers_make_one_assume_is_said_when_they_are_read(tmp_path):
    files = write_phases(tmp_path / "series", PATTERNS["cardiac phase"].touches, modality="CT")
    for t in range(3):
        files[t, 2].unlink()
    with pytest.warns(GeometryWarning, match="kept at a mean distance"):
        series = load_series(tmp_path / "series", irregular="ignore")
    assert hear(lambda: list(series)) == []


def test_slices_that_volumes_lack_are_said_of_all_of_them(tmp_path):
    times = [put(TriggerTime=40.0 * t) for t in range(3)]
    write_phases(tmp_path / "series", times, modality="MR", absent={(0, 1), (1, 2), (2, 3)})
    with pytest.warns(ContentWarning, match="some of its 3 volumes lack slices that others have") as caught:
        series = load_series(tmp_path / "series", irregular="resample")
    assert len(caught) == 1
    assert hear(lambda: list(series)) == []
    assert "it covers 4 of 5 positions" in series[1].provenance.decisions[0].text


def test_what_is_odd_in_the_files_of_each_volume_is_said_of_the_first(tmp_path):
    flat = [put(TriggerTime=40.0 * t, RescaleSlope=0, RescaleIntercept=0) for t in range(3)]
    write_phases(tmp_path / "series", flat, modality="MR")
    texts = hear(lambda: list(load_series(tmp_path / "series", source_mask_from="padding")))
    assert [text.partition("': ")[2][:24] for text in texts] == ["the RescaleSlope of 5 of", "no file has a PixelPaddi"]


def write_scan(path: Path, values) -> Path:
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)
    return path


def test_of_sentinels_that_no_volume_has_one_warning_is_given(tmp_path):
    values = np.random.default_rng(0).integers(0, 900, (20, 20, 10, 4)).astype(np.int16)
    series = load_series(write_scan(tmp_path / "scan.nii", values), source_mask_from="sentinel")
    texts = hear(lambda: list(series))
    assert len(texts) == 1
    assert "no sentinel was found" in texts[0]
    assert len({series[k].provenance.decisions[-1].text for k in range(4)}) == 4


def test_the_numbers_of_a_voxel_are_an_axis_and_nothing_is_left_out(tmp_path):
    values = np.zeros((*SHAPE, VOLUMES), np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(values, isVector=True), tmp_path / "vectors.nrrd")
    assert hear(lambda: list(load_series(tmp_path / "vectors.nrrd"))) == []
    with pytest.warns(ContentWarning, match="of which dataset_index chose one"):
        load_image(tmp_path / "vectors.nrrd")


@pytest.mark.parametrize("take", [list, lambda series: series.to_array(), lambda series: series.mean()])
@pytest.mark.parametrize("interleaved", [False, True])
def test_bytes_behind_the_voxels_are_said_however_they_are_read(tmp_path, take, interleaved):
    if interleaved:
        image = sitk.GetImageFromArray(np.zeros((4, 5, 6, 3), np.int16), isVector=True)
        sitk.WriteImage(image, tmp_path / "scan.nrrd", useCompression=True)
        content = (tmp_path / "scan.nrrd").read_bytes()
    else:
        content = gzip.compress(write_scan(tmp_path / "plain.nii", np.zeros((6, 5, 4, 3), np.int16)).read_bytes())
    path = tmp_path / ("more.nrrd" if interleaved else "more.nii.gz")
    path.write_bytes(content + b"\nwhat an upload left behind\n")
    series = load_series(path)
    with pytest.warns(ContentWarning, match="bytes that follow its compressed voxels were ignored") as caught:
        take(series)
    assert len(caught) == 1


def test_localizers_are_left_out_and_said(tmp_path):
    write_phases(tmp_path / "series", PATTERNS["cardiac phase"].touches, modality="CT")
    scout = PHANTOM.with_array(np.ones((9, 8, 1)))
    write_series(tmp_path / "scout", scout, put(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]), modality="CT")
    for file in (tmp_path / "scout").iterdir():
        file.rename(tmp_path / "series" / f"scout-{file.name}")
    with pytest.warns(ContentWarning, match="left out 1 of 16 images, which form no common volume"):
        series = load_series(tmp_path / "series")
    assert len(series) == 3
