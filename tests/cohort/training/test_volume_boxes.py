"""Boxes of volumes: the voxels that the whole has there, and no more of the file than lies between them."""

from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from pictologics import CorruptFileError, Grid, Image, load_image, save_image
from pictologics.cohort.training.volume_boxes import open_volume
from pictologics.storage import files
from tests.factories.phantom import OBLIQUE
from tests.formats.test_short_runs import write

SHAPE = (9, 8, 7)
GRID = Grid(SHAPE, (0.9, 1.1, 2.5), (-31.5, 14.25, 120.0), OBLIQUE)
VALUES = np.random.default_rng(3).integers(-1000, 2000, SHAPE).astype(np.int16)


def spans(size):
    """The first index along an axis, and how many."""
    return st.integers(0, size - 1).flatmap(lambda at: st.tuples(st.just(at), st.integers(1, size - at)))


boxes = st.tuples(*map(spans, SHAPE))


def cut(array, box):
    return array[tuple(slice(at, at + count) for at, count in box)]


def read(path, box):
    return open_volume(str(path)).read([at for at, _ in box], [count for _, count in box])


@pytest.fixture(scope="module")
def volumes(tmp_path_factory):
    """One volume in files of every kind, by nibabel and SimpleITK."""
    folder = tmp_path_factory.mktemp("boxes")
    for name in ("plain.nii", "packed.nii.gz", "pair.img"):
        nibabel.save(nibabel.Nifti1Image(VALUES, np.diag([1, 2, 3, 1])), folder / name)
    scaled = nibabel.Nifti1Image(VALUES.astype(np.float64), np.eye(4))
    scaled.header.set_data_dtype(np.int16)
    scaled.header.set_slope_inter(0.5, -3)
    nibabel.save(scaled, folder / "scaled.nii")
    image = sitk.GetImageFromArray(VALUES.transpose(2, 1, 0))
    for name in ("plain.nrrd", "plain.mha", "parts.mhd", "packed.mha"):
        sitk.WriteImage(image, folder / name, useCompression=name.startswith("packed"))
    return folder


@pytest.mark.parametrize(
    "name",
    ["plain.nii", "packed.nii.gz", "pair.hdr", "scaled.nii", "plain.nrrd", "plain.mha", "parts.mhd", "packed.mha"],
)
@given(box=boxes)
def test_a_box_is_what_the_whole_has_there(volumes, name, box):
    whole = load_image(volumes / name).array
    found = read(volumes / name, box)
    assert found.dtype == whole.dtype
    np.testing.assert_array_equal(found, cut(whole, box))
    if name != "scaled.nii":
        np.testing.assert_array_equal(found, cut(VALUES, box))


@pytest.mark.parametrize("encoding", ["raw", "gzip", "text"])
@given(box=boxes)
def test_the_axes_of_a_volume_need_not_be_neighbors(tmp_path, encoding, box):
    array = (np.arange(2 * np.prod(SHAPE)) % 30011).reshape((9, 2, 8, 7), order="F")
    path = write(tmp_path / "axes.nrrd", array, (0, 2, 3), encoding)
    np.testing.assert_array_equal(read(path, box), cut(array[:, 0], box))


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha", ".ome.zarr"])
def test_labels_and_voxels_without_data_are_those_of_the_whole(tmp_path, suffix):
    box = ((2, 5), (1, 6), (3, 2))

    labels = Image.from_grid((VALUES % 5).astype(np.uint8), GRID, modality="SEG", labels={1: "liver"})
    valid = VALUES > -500
    image = Image.from_grid(np.where(valid, VALUES, -2048).astype(np.float32), GRID, source_mask=valid)
    for name, saved in (("labels", labels), ("holes", image)):
        path = tmp_path / f"{name}{suffix}"
        save_image(saved, path)
        whole = load_image(path).array
        found = read(path, box)
        assert found.dtype == whole.dtype
        np.testing.assert_array_equal(found, cut(whole, box))


@given(box=boxes)
def test_a_box_of_ome_zarr_is_what_the_whole_has_there(tmp_path, box):
    path = tmp_path / "scan.ome.zarr"
    if not path.exists():
        save_image(Image.from_grid(VALUES.astype(np.float32), GRID), path)
    np.testing.assert_array_equal(read(path, box), cut(VALUES, box))


def test_only_the_chunks_of_a_box_are_read(tmp_path):
    path = tmp_path / "scan.ome.zarr"
    values = np.zeros((200, 130, 70), np.int16)
    values[130:, :, 64:] = 7
    save_image(Image.from_grid(values, Grid(values.shape, (1, 1, 1), (0, 0, 0))), path)
    # A chunk that nobody asks for may be damaged.
    (path / "0" / "c" / "0" / "0" / "0").write_bytes(b"no chunk")
    box = ((128, 60), (0, 120), (64, 6))
    np.testing.assert_array_equal(read(path, box), cut(values, box))
    with pytest.raises(CorruptFileError):
        read(path, ((0, 60), (0, 120), (0, 6)))


def test_segments_of_3d_slicer_are_read_as_a_whole(tmp_path):
    labels = Image.from_grid((VALUES % 3).astype(np.uint8), GRID, labels={1: "liver", 2: "spleen"})
    save_image(labels, tmp_path / "organs.seg.nrrd")
    box = ((2, 5), (1, 6), (3, 2))
    np.testing.assert_array_equal(read(tmp_path / "organs.seg.nrrd", box), cut(labels.array, box))


def test_no_more_is_read_than_lies_between_the_voxels(tmp_path, monkeypatch):
    """Counted in bytes, as the system gives them."""
    shape = (256, 256, 60)
    path = tmp_path / "large.nii"
    nibabel.save(nibabel.Nifti1Image(np.zeros(shape, np.int16), np.eye(4)), path)
    volume = open_volume(str(path))
    count = [0]
    fill = files.OpenDiskFile.fill

    def note(self, offset, buffer):
        count[0] += buffer.nbytes
        fill(self, offset, buffer)

    monkeypatch.setattr(files.OpenDiskFile, "fill", note)
    volume.read((100, 90, 20), (32, 32, 16))
    assert 32 * 32 * 16 * 2 <= count[0] <= 32 * 256 * 16 * 2


def test_a_file_that_was_cut_off_is_refused(tmp_path):
    path = tmp_path / "cut.nii"
    nibabel.save(nibabel.Nifti1Image(VALUES, np.eye(4)), path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CorruptFileError):
        open_volume(str(path))
    packed = tmp_path / "cut.nii.gz"
    nibabel.save(nibabel.Nifti1Image(VALUES, np.eye(4)), packed)
    packed.write_bytes(gzip.compress(gzip.decompress(packed.read_bytes())[:-10]))
    with pytest.raises(CorruptFileError):
        open_volume(str(packed)).read((0, 0, 0), SHAPE)
