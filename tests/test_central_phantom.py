"""The central test: one phantom, in every format and variant, loads to one and the same Image."""

from __future__ import annotations

import itertools
import pickle
from pathlib import Path

import numpy as np
import pytest

from pictologics import (
    Image,
    PictologicsError,
    load_image,
    set_num_threads,
)
from pictologics.geometry import CORNER_ERROR_NOTED
from tests.factories.hostile import ends_at_last
from tests.factories.phantom import PHANTOM
from tests.factories.variants import VARIANTS

# A NIfTI-1 header keeps positions as float32: 1e-4 mm at 1000 mm.
MILLIMETERS = 1e-4

every_variant = pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)


def assert_is_the_phantom(image: Image) -> None:
    """Same voxel at the same point of the world, each one."""
    assert image.array.shape == PHANTOM.shape
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    np.testing.assert_allclose(image.spacing, PHANTOM.spacing, rtol=1e-6)
    np.testing.assert_allclose(image.origin, PHANTOM.origin, rtol=0, atol=MILLIMETERS)
    np.testing.assert_allclose(image.direction, PHANTOM.direction, rtol=0, atol=1e-6)
    for index in itertools.product(*map(range, PHANTOM.shape)):
        np.testing.assert_allclose(image.grid.index_to_world(index), PHANTOM.position(index), rtol=0, atol=MILLIMETERS)
    assert image.grid.corner_error(PHANTOM.lps_affine) < CORNER_ERROR_NOTED


@every_variant
def test_loads_to_the_same_image(variant, tmp_path, no_handle_left):
    image = load_image(variant(tmp_path))
    assert_is_the_phantom(image)
    assert image.array.flags.f_contiguous
    assert image.source_mask is None
    assert np.asarray(image.direction).flags.writeable


@every_variant
def test_smallest_exact_float(variant, request, tmp_path):
    image = load_image(variant(tmp_path))
    name = request.node.callspec.id
    # The labels of a DICOM segmentation are whole numbers.
    small = np.uint8 if name.startswith("seg-") else np.float32
    assert image.array.dtype == (np.float64 if name.endswith(("int32", "int64", "float64")) else small)


@every_variant
def test_survives_pickling(variant, tmp_path):
    image = load_image(variant(tmp_path))
    again = pickle.loads(pickle.dumps(image))
    assert_is_the_phantom(again)
    assert again.provenance == image.provenance
    assert dict(again.metadata) == dict(image.metadata)


@every_variant
def test_one_thread_gives_the_same(variant, tmp_path):
    set_num_threads(1)
    try:
        assert_is_the_phantom(load_image(variant(tmp_path)))
    finally:
        set_num_threads(None)


@every_variant
def test_provenance_names_each_plane_and_its_position(variant, tmp_path):
    source = variant(tmp_path)
    image = load_image(source)
    slices = image.provenance.slices
    assert len(slices) == PHANTOM.shape[2]
    for k, one in enumerate(slices):
        # The array of OME-Zarr is a folder.
        assert Path(one.file).exists()
        np.testing.assert_allclose(one.position, PHANTOM.position((0, 0, k)), rtol=0, atol=MILLIMETERS)
    if isinstance(source, list) or (source.is_dir() and source.suffix != ".zarr"):
        assert len({one.file for one in slices}) == len(slices)
        assert len({one.sop_instance_uid for one in slices}) == len(slices)
    assert image.provenance.to_json()


@every_variant
@pytest.mark.parametrize("dtype", ["float64", "float32", "int16", "uint8"])
def test_dtype_overrides(variant, dtype, tmp_path):
    image = load_image(variant(tmp_path), dtype=dtype)
    assert image.array.dtype == dtype
    np.testing.assert_array_equal(image.array, PHANTOM.array)


def the_last_file(source: Path | list[Path]) -> Path:
    """A file whose end holds voxels."""
    if isinstance(source, list):
        return source[-1]
    if source.suffix == ".zarr":
        return max(file for file in (source / "0").rglob("*") if file.is_file() and "z" not in file.name)
    if source.is_dir():
        return max(source.iterdir())
    if source.suffix in {".nhdr", ".mhd"}:
        return max(file for file in source.parent.iterdir() if file != source)
    return source.with_name(source.name.replace(".hdr", ".img"))


@every_variant
def test_cut_short_is_refused(variant, tmp_path, no_handle_left):
    source = variant(tmp_path)
    file = the_last_file(source)
    whole = file.read_bytes()
    # RLE ends with a delimiter and deflate with a padding byte, which hold no voxel.
    for size in sorted({1, 40, *(len(whole) * tenth // 10 for tenth in range(1, 10)), len(whole) - 30}):
        file.write_bytes(whole[:size])
        with ends_at_last():
            try:
                image = load_image(source)
            except PictologicsError as error:
                assert str(tmp_path) in str(error)
            except UserWarning as warning:
                # A file that is no longer recognizable as DICOM at all; told, because its name says so.
                assert "with a DICOM suffix" in str(warning)
            else:
                # What no longer looks like DICOM in a file without extension is junk like any other.
                assert size < 132, f"cut to {size} of {len(whole)} bytes: loads {image.array.shape} in silence"


@every_variant
def test_saved_as_nifti_it_loads_again(variant, tmp_path):
    from pictologics import save_image

    image = load_image(variant(tmp_path))
    save_image(image, tmp_path / "saved.nii.gz")
    # NIfTI gives floats of whatever it holds, labels too.
    again = load_image(tmp_path / "saved.nii.gz", dtype="uint8" if image.array.dtype == np.uint8 else None)
    assert_is_the_phantom(again)
    assert again.array.dtype == image.array.dtype
    assert again.array.tobytes() == image.array.tobytes()
    assert again.grid == image.grid
    assert again.modality == image.modality
