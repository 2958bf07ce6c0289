"""MONAI: MetaTensors and the reader for its LoadImage."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import ContentWarning, GeometryError, Grid, Image, OptionError, load_image, save_image
from tests.bridges.crossings import assert_came_back, assert_same_corners, images
from tests.factories.dicom_series import write_series
from tests.factories.grids import grids
from tests.factories.phantom import PHANTOM

with warnings.catch_warnings():
    # What the library says of others while it is imported.
    warnings.simplefilter("ignore")
    monai_data = pytest.importorskip("monai.data", reason="MONAI is not installed")
    from monai import transforms

    from pictologics.bridges.monai import PictologicsReader, from_monai, to_monai
torch = pytest.importorskip("torch")

# MONAI's own, on newer versions of what it is built upon.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@pytest.fixture
def scan() -> Image:
    grid = Grid(PHANTOM.shape, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    return Image.from_grid(PHANTOM.array.astype(np.float32), grid, modality="CT", metadata={"units": "HU"})


@settings(max_examples=40)
@given(images())
def test_everything_comes_back(image):
    tensor = image.to_monai()
    assert_same_corners(image, LPS_FROM_RAS @ tensor.affine.numpy(), tensor.shape[1:])
    np.testing.assert_allclose(tensor.pixdim.numpy(), image.spacing, rtol=1e-6)
    back = Image.from_monai(tensor)
    assert back.grid == image.grid
    assert_came_back(image, back)


@settings(max_examples=40)
@given(grids(st.tuples(*[st.integers(1, 5)] * 3)), st.sampled_from(["RAS", "LPS"]))
def test_a_tensor_of_theirs_comes_back_to_them(grid, space):
    affine = torch.from_numpy(grid.affine_in(space))
    theirs = monai_data.MetaTensor(torch.rand(1, *grid.shape), affine, meta={"space": space})
    back = from_monai(theirs).to_monai()
    assert torch.equal(back.as_tensor(), theirs.as_tensor())
    mirror = (
        torch.diag(torch.tensor([-1.0, -1, 1, 1], dtype=torch.float64)) if space == "LPS" else torch.eye(4).double()
    )
    assert torch.allclose(back.affine, mirror @ theirs.affine, rtol=0, atol=1e-8)


def test_voxels_are_shared_both_ways(scan):
    tensor = to_monai(scan)
    assert np.shares_memory(tensor.numpy(), scan.array)
    assert np.shares_memory(from_monai(tensor).array, scan.array)


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nrrd", "dicom"])
def test_the_reader_loads_what_load_image_loads(scan, tmp_path, name):
    if name == "dicom":
        write_series(tmp_path / name)
    else:
        save_image(scan, tmp_path / name)
    loaded = transforms.LoadImage(reader=PictologicsReader, ensure_channel_first=True)(tmp_path / name)
    expected = load_image(tmp_path / name)
    assert loaded.shape == (1, *expected.shape)
    assert_came_back(expected, from_monai(loaded))
    assert loaded.meta["filename_or_obj"] == str(tmp_path / name)


def test_the_reader_agrees_with_monai(scan, tmp_path):
    save_image(scan, tmp_path / "scan.nii.gz")
    ours = transforms.LoadImage(reader=PictologicsReader())(tmp_path / "scan.nii.gz")
    theirs = transforms.LoadImage(reader="NibabelReader")(tmp_path / "scan.nii.gz")
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    np.testing.assert_allclose(ours.affine.numpy(), theirs.affine.numpy(), atol=1e-4)


def test_a_reader_takes_the_keywords_of_load_image(scan, tmp_path):
    save_image(scan, tmp_path / "scan.nii.gz")
    reader = PictologicsReader(reference_image=scan[1:4])
    load = transforms.LoadImage(reader=reader)
    with pytest.warns(ContentWarning):
        assert load(tmp_path / "scan.nii.gz").shape == (3, *scan.shape[1:])
    # Where warnings are errors, no other reader takes over either.
    with pytest.raises(ContentWarning):
        load(tmp_path / "scan.nii.gz")


@pytest.mark.slow
def test_workers_of_a_data_loader_use_the_reader(scan, tmp_path):
    save_image(scan, tmp_path / "scan.nii.gz")
    load = transforms.LoadImage(reader=pickle.loads(pickle.dumps(PictologicsReader(dtype="float64"))))
    data = monai_data.Dataset([tmp_path / "scan.nii.gz"] * 2, load)
    (batch,) = monai_data.DataLoader(data, batch_size=2, num_workers=1)
    np.testing.assert_array_equal(batch[1].numpy(), scan.array)


def test_several_files_are_channels(scan, tmp_path):
    names = [tmp_path / "a.nii.gz", tmp_path / "b.nii.gz", tmp_path / "c.nii.gz"]
    for name, image in zip(names, (scan, scan, scan[1:]), strict=True):
        save_image(image, name)
    load = transforms.LoadImage(reader=PictologicsReader, ensure_channel_first=True)
    assert load(names[:2]).shape == (2, *scan.shape)
    with pytest.raises(GeometryError, match=r"c\.nii\.gz.*another channel"):
        load(names)


def test_a_series_that_is_refused_is_not_left_to_other_readers(tmp_path):
    files = write_series(tmp_path / "gap")
    sorted(path for path in (tmp_path / "gap").iterdir())[2].unlink()
    assert files is not None
    with pytest.raises(GeometryError, match="missing"):
        transforms.LoadImage(reader=PictologicsReader)(tmp_path / "gap")


def test_what_is_no_format_of_ours_is_left_to_monai(tmp_path):
    np.save(tmp_path / "array.npy", np.zeros((3, 4, 5), np.float32))
    assert transforms.LoadImage(reader=PictologicsReader)(tmp_path / "array.npy").shape == (3, 4, 5)


def test_a_pipeline_of_dictionaries(scan, tmp_path):
    mask = Image.from_grid((scan.array > 100).astype(np.uint8), scan.grid, modality="SEG", labels={1: "liver"})
    save_image(scan, tmp_path / "scan.nii.gz")
    save_image(mask, tmp_path / "mask.nii.gz")
    pipeline = transforms.Compose(
        [
            transforms.LoadImaged(["image", "label"], reader=PictologicsReader, ensure_channel_first=True),
            transforms.Orientationd(["image", "label"], "RAS", labels=(("L", "R"), ("P", "A"), ("I", "S"))),
            transforms.Spacingd(["image", "label"], (1.0, 1.0, 1.0), mode=("bilinear", "nearest")),
        ]
    )
    case = pipeline({"image": tmp_path / "scan.nii.gz", "label": tmp_path / "mask.nii.gz"})
    image, label = from_monai(case["image"]), from_monai(case["label"])
    np.testing.assert_allclose(image.spacing, 1, rtol=1e-6)
    assert (image.modality, image.metadata["units"], label.labels) == ("CT", "HU", {1: "liver"})
    assert label.grid.lies_on(image.grid)
    batch = monai_data.list_data_collate([case, case])
    with pytest.raises(GeometryError, match="decollate_batch"):
        from_monai(batch["image"])
    assert_came_back(image, from_monai(monai_data.decollate_batch(batch)[1]["image"]))


def test_a_cropped_image_keeps_its_place_and_says_that_the_source_mask_does_not(scan):
    masked = scan.with_source_mask(scan.array > 50)
    part = transforms.SpatialCrop(roi_start=(1, 2, 0), roi_end=(5, 6, 4))(masked.to_monai())
    with pytest.warns(ContentWarning, match="source mask is that of other voxels"):
        back = from_monai(part)
    assert_same_corners(masked[1:5, 2:6, 0:4], back.affine, back.shape)
    np.testing.assert_array_equal(back.array, scan.array[1:5, 2:6, 0:4])
    assert back.source_mask is None


def test_lps_is_taken_for_what_it_is(scan):
    tensor = monai_data.MetaTensor(scan.to_torch()[None], torch.from_numpy(scan.affine), meta={"space": "LPS"})
    assert from_monai(tensor).grid.corner_error(scan.grid) < 1e-9


def test_what_cannot_be_kept_is_refused(scan):
    tensor = scan.to_monai()
    sheared = tensor.affine.clone()
    sheared[0, 1] += 0.5
    pending = tensor.clone()
    pending.push_pending_operation({"lazy_affine": torch.eye(4)})
    for image, error, match in (
        (tensor.as_tensor(), OptionError, "from_torch"),
        (scan.array, OptionError, "MetaTensor"),
        (torch.cat([tensor, tensor]), GeometryError, r"tensor\[:1\]"),
        (monai_data.MetaTensor(tensor.as_tensor(), sheared, meta={"space": "RAS"}), GeometryError, "sheared"),
        (monai_data.MetaTensor(tensor.as_tensor(), meta={"space": "SCT"}), GeometryError, "must be RAS or LPS"),
        (pending, OptionError, "pending transforms"),
    ):
        with pytest.raises(error, match=match):
            Image.from_monai(image)
