"""Several numbers for each voxel: one rule in every format."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from pictologics import ContentWarning, explain, load_image
from tests.factories.metaimage_files import write_metaimage
from tests.factories.nrrd_files import write_nrrd
from tests.factories.phantom import PHANTOM

RNG = np.random.default_rng(0)


def parts(count: int, dtype: str = "uint8") -> np.ndarray:
    return RNG.integers(0, 200, (count, *PHANTOM.shape)).astype(dtype)


def write(path, kind: str):
    """A file, and the numbers of its voxels: (numbers, x, y, z)."""
    count = {"rgba": 4, "complex": 2}.get(kind, 3)
    stored = parts(count)
    affine = PHANTOM.ras_affine
    if path.suffix == ".mha":
        return write_metaimage(path, array=stored, channels=count, dtype="u1"), stored
    if path.suffix == ".nrrd":
        name = {"rgb": "RGB-color", "rgba": "RGBA-color"}.get(kind, kind)
        extra = {"kinds": f"{name} domain domain domain"}
        return write_nrrd(path, array=stored, leading=1, dtype="u1", extra=extra), stored
    if kind in {"rgb", "rgba"}:
        fields = np.dtype([(letter, "u1") for letter in kind.upper().replace("RGBA", "RGBA")])
        voxels = np.zeros(PHANTOM.shape, fields)
        for letter, values in zip(fields.names, stored, strict=True):
            voxels[letter] = values
        image = nibabel.Nifti1Image(voxels, affine)
    elif kind == "complex":
        image = nibabel.Nifti1Image((stored[0] + 1j * stored[1]).astype(np.complex64), affine)
    else:
        image = nibabel.Nifti1Image(np.moveaxis(stored, 0, -1)[:, :, :, None, :], affine)
        image.header.set_intent(kind)
    nibabel.save(image, path)
    return path, stored


NAMES = {
    "rgb": ["red", "green", "blue"], "rgba": ["red", "green", "blue", "alpha"],
    "complex": ["real part", "imaginary part"],
}  # fmt: skip


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "scan.nrrd", "scan.mha"])
@pytest.mark.parametrize("kind", ["vector", "rgb", "rgba", "complex"])
def test_each_number_is_a_volume_with_a_name(tmp_path, name, kind):
    path, stored = write(tmp_path / name, kind)
    count = len(stored)
    names = [f"component {k} of {count}" for k in range(1, count + 1)]
    if not name.endswith(".mha"):
        names = NAMES.get(kind, names)
    listed = explain(path).volumes
    assert [one.phase for one in listed] == names
    assert listed[0].notes[-1].startswith(f"a voxel has {count} numbers (")
    for index in range(count):
        with pytest.warns(ContentWarning, match=f"a voxel has {count} numbers .*each is a volume"):
            image = load_image(path, dataset_index=index)
        np.testing.assert_array_equal(image.array, stored[index])
        assert image.metadata["phase"] == names[index]
        assert image.grid.corner_error(PHANTOM.lps_affine) < 1e-3
    if kind in {"vector", "rgb"}:
        np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(path))).T, stored)


@pytest.mark.parametrize("intent", ["vector", "dispvec", "symmetric matrix", "quaternion"])
def test_vectors_at_several_times(tmp_path, intent):
    array = RNG.integers(0, 200, (*PHANTOM.shape, 2, 6), np.uint8)
    image = nibabel.Nifti1Image(array, PHANTOM.ras_affine)
    code = {"vector": 1007, "dispvec": 1006, "symmetric matrix": 1005, "quaternion": 1011}[intent]
    image.header["intent_code"] = code
    nibabel.save(image, tmp_path / "scan.nii")
    for index in range(12):
        with pytest.warns(ContentWarning, match="a voxel has 6 numbers"):
            back = load_image(tmp_path / "scan.nii", dataset_index=index)
        np.testing.assert_array_equal(back.array, array[..., index % 2, index // 2])
        assert back.metadata["phase"] == f"component {index // 2 + 1} of 6"


def test_time_is_no_part_of_a_voxel(tmp_path):
    image = nibabel.Nifti1Image(np.zeros((*PHANTOM.shape, 4), np.uint8), PHANTOM.ras_affine)
    nibabel.save(image, tmp_path / "scan.nii")
    assert "phase" not in load_image(tmp_path / "scan.nii", dataset_index=3).metadata


def test_colors_are_not_scaled(tmp_path):
    path, stored = write(tmp_path / "scan.nii", "rgb")
    content = bytearray(path.read_bytes())
    content[112:120] = np.array([2.0, 1.0], "<f4").tobytes()
    path.write_bytes(content)
    with pytest.warns(ContentWarning):
        np.testing.assert_array_equal(load_image(path).array, stored[0])
