"""What is no Image is refused by name, and before anything is written."""

import io
import tempfile

import numpy as np
import pytest

from pictologics import Image, explain, load_image, measure, save_dicom, save_image, save_planes, save_rtstruct
from pictologics.errors import OptionError, UnsupportedFormatError
from pictologics.saving import save_seg
from tests.factories.dicom_series import write_series
from tests.factories.phantom import OBLIQUE, Phantom

WRONG = [("scan.nii", "str"), (np.ones((2, 2, 2)), "ndarray"), (None, "NoneType")]


@pytest.mark.parametrize(("value", "kind"), WRONG)
def test_what_is_no_image_is_not_saved(value, kind, tmp_path):
    with pytest.raises(OptionError, match=f"image is of type {kind} and must be an Image; load it first: load_image"):
        save_image(value, tmp_path / "x.nii.gz")
    with pytest.raises(OptionError, match=f"mask is of type {kind} and must be an Image"):
        save_seg(value, tmp_path, tmp_path / "x.dcm")
    assert not list(tmp_path.iterdir())


def test_exchanged_arguments_and_an_image_without_an_array(tmp_path):
    image = Image(np.ones((2, 2, 2)), (1, 1, 1), (0, 0, 0))
    with pytest.raises(OptionError, match=r"image is of type .*Path and must be an Image"):
        save_image(tmp_path / "x.nii.gz", image)
    with pytest.raises(OptionError, match="path is of type Image"):
        save_image(image, image)
    with pytest.raises(OptionError, match="array of image is of type NoneType and must be a NumPy array"):
        save_image(Image(None, (1, 1, 1), (0, 0, 0)), tmp_path / "x.nii.gz")


@pytest.fixture
def series(tmp_path):
    values = np.random.default_rng(3).integers(-1000, 2000, (7, 6, 5)).astype("int16")
    return write_series(tmp_path / "ct", Phantom(values, (0.75, 1.125, 2.5), (1.0, 2.0, 3.0), OBLIQUE))


@pytest.mark.parametrize("wrong", [None, io.BytesIO()])
def test_what_is_no_path_is_refused_by_every_writer(series, wrong):
    scan = load_image(series)
    mask = Image.from_grid((scan.array > 0).astype(np.uint8), scan.grid)
    for write in (
        lambda: save_rtstruct(mask, series, wrong),
        lambda: save_dicom(scan, wrong, like=series),
        lambda: save_planes(scan, wrong),
        lambda: measure(scan, mask).to_csv(wrong),
        lambda: explain(series).to_csv(wrong),
    ):
        with pytest.raises(OptionError, match=f"path is of type {type(wrong).__name__} and must be a path"):
            write()


def test_tables_and_pictures_go_to_a_url_as_images_do(series):
    fsspec = pytest.importorskip("fsspec", reason="needs fsspec")
    scan = load_image(series)
    save_planes(scan, "memory://tables/planes.png")
    explain(series).to_csv("memory://tables/found.csv")
    memory = fsspec.filesystem("memory")
    assert memory.cat("/tables/planes.png").startswith(b"\x89PNG")
    assert memory.cat("/tables/found.csv").startswith(b"number,")


def test_what_is_no_series_is_called_what_it_is(series, tmp_path):
    scan = load_image(series)
    save_image(scan, tmp_path / "scan.nii")
    with pytest.raises(UnsupportedFormatError, match=r"scan\.nii': it holds no DICOM file"):
        save_dicom(scan, tmp_path / "made", like=tmp_path / "scan.nii")
    with pytest.raises(OptionError, match="and Image was given; pass the path of the scan"):
        save_dicom(scan, tmp_path / "made", like=scan)


def test_open_files_that_cannot_be_used(tmp_path):
    image = Image(np.ones((2, 2, 2)), (1, 1, 1), (0, 0, 0))
    (tmp_path / "there").write_bytes(b"here")
    with (tmp_path / "there").open("rb") as file, pytest.raises(OptionError, match="not open for writing"):
        save_image(image, file, format=".nii")
    with pytest.raises(OptionError, match=r"^'\.dcm': unsupported .*write DICOM with save_dicom") as caught:
        save_image(image, io.BytesIO(), format="dcm")
    assert tempfile.gettempdir() not in str(caught.value)
    written = io.BytesIO()
    save_image(image, written, format=".nii")
    with pytest.raises(OptionError, match=r"stands at its end, .*call its seek\(0\)"):
        load_image(written)
