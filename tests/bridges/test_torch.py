"""PyTorch: tensors of voxels, and back to the place of an image."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings

from pictologics import GeometryError, Image, OptionError
from tests.bridges.crossings import assert_same_corners, images


@settings(max_examples=40)
@given(images())
def test_voxels_come_back_to_their_place(image):
    torch = pytest.importorskip("torch")
    tensor = image.to_torch()
    assert tuple(tensor.shape) == image.shape
    np.testing.assert_array_equal(tensor.numpy(), image.array)
    back = Image.from_torch(tensor[None, None], like=image, modality="SEG", labels={1: "liver"})
    assert back.grid == image.grid
    assert_same_corners(image, back.affine, back.shape)
    np.testing.assert_array_equal(back.array, image.array)
    assert (back.modality, back.labels, back.metadata) == ("SEG", {1: "liver"}, {})
    if image.dtype != np.uint16:
        assert back.dtype == image.dtype and np.shares_memory(back.array, image.array)
    else:
        assert tensor.dtype == torch.int32


def make(array) -> Image:
    return Image(array, (1.0, 2.0, 3.0), (0.0, 0.0, 0.0), metadata={"units": "HU", "frame_of_reference_uid": "1.2.3"})


class TestWithPyTorch:
    @pytest.fixture(autouse=True)
    def torch(self):
        return pytest.importorskip("torch")

    def test_what_is_written_to_a_tensor_is_seen(self):
        image = make(np.zeros((3, 4, 5), np.float32, order="F"))
        image.to_torch()[1, 2, 3] = 7
        assert image.array[1, 2, 3] == 7

    def test_memory_that_pytorch_cannot_see_is_copied(self):
        array = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
        locked = array.copy()
        locked.flags.writeable = False
        for odd in (array[::-1], array.astype(">f4"), locked):
            tensor = make(odd).to_torch()
            np.testing.assert_array_equal(tensor.numpy(), odd)
            tensor += 1
            np.testing.assert_array_equal(array, np.arange(60).reshape(3, 4, 5))

    @pytest.mark.parametrize(("given_type", "held"), [("uint16", "int32"), ("uint32", "int64"), ("uint64", "int64")])
    def test_unsigned_integers_become_signed_ones(self, given_type, held, torch):
        largest = min(np.iinfo(given_type).max, np.iinfo(np.int64).max)
        tensor = make(np.full((2, 2, 2), largest, given_type)).to_torch()
        assert tensor.dtype == getattr(torch, held)
        assert tensor[0, 0, 0].item() == largest

    def test_numbers_that_pytorch_does_not_hold_are_refused(self):
        for array in (np.full((2, 2, 2), 2**64 - 1, np.uint64), np.zeros((2, 2, 2), np.longdouble)):
            with pytest.raises(OptionError, match="PyTorch has no type"):
                make(array).to_torch()
        with pytest.raises(OptionError, match="real numbers"):
            make(np.zeros((2, 2, 2), np.complex64)).to_torch()

    def test_what_a_network_made_comes_back(self, torch):
        scan = make(np.random.default_rng(0).normal(size=(6, 7, 8)).astype(np.float32))
        network = torch.nn.Conv3d(1, 2, 3, padding=1)
        found = Image.from_torch(network(scan.to_torch()[None, None]).argmax(1), like=scan, modality="SEG")
        assert (found.dtype, found.grid) == (np.int64, scan.grid)
        # Nothing that only the scan is known to have.
        assert found.metadata == {"frame_of_reference_uid": "1.2.3"}
        half = Image.from_torch(scan.to_torch().to(torch.bfloat16), like=scan)
        assert half.dtype == np.float32

    def test_other_tensors_are_refused(self, torch):
        scan = make(np.zeros((3, 4, 5), np.float32))
        for tensor, error, match in (
            (torch.zeros(3, 4, 6), GeometryError, r"shape \(3, 4, 6\) and the image \(3, 4, 5\)"),
            (torch.zeros(2, 3, 4, 5), GeometryError, r"tensor\[:1\]"),
            (torch.zeros(4, 5), GeometryError, "one volume"),
            (torch.zeros(3, 4, 5, dtype=torch.complex64), OptionError, "real numbers"),
            (torch.zeros(3, 4, 5).to_sparse(), OptionError, "to_dense"),
            (np.zeros((3, 4, 5)), OptionError, "a tensor of PyTorch"),
        ):
            with pytest.raises(error, match=match):
                Image.from_torch(tensor, like=scan)
        with pytest.raises(OptionError, match="like is of type ndarray and must be an Image"):
            Image.from_torch(torch.zeros(3, 4, 5), like=scan.array)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(OptionError, match="needs the library torch, which is not installed"):
        make(np.zeros((2, 2, 2))).to_torch()
