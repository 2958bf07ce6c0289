"""Real DICOM SEG files, beside highdicom."""

from __future__ import annotations

import highdicom
import numpy as np
import pytest

from pictologics import (
    ContentWarning,
    GeometryWarning,
    explain,
)
from pictologics.loaders import get_segment_info, load_seg


@pytest.mark.parametrize(
    "name", ["ct_binary", "ct_binary_fractional", "ct_binary_overlap", "ct_binary_single_frame", "ct_true_fractional"]
)
def test_real_files_equal_highdicom(name, shared_data):
    path = shared_data / "segmentations" / f"seg_image_{name}.dcm"
    theirs = highdicom.seg.segread(path)
    volume = theirs.get_volume(combine_segments=False)
    ours = load_seg(path, combine_segments=False, threshold=None)
    assert list(ours) == list(theirs.segment_numbers)
    for k, (number, mask) in enumerate(ours.items()):
        expected = volume.array[..., k]
        assert mask.array.shape == expected.shape[::-1]
        # highdicom's axes are (slice, row, column), along or against ours.
        index = np.stack(np.meshgrid(*map(np.arange, expected.shape), indexing="ij"), axis=-1)
        world = index @ volume.affine[:3, :3].T + volume.affine[:3, 3]
        x, y, z = np.moveaxis(np.rint(mask.grid.world_to_index(world)).astype(int), -1, 0)
        np.testing.assert_allclose(mask.grid.index_to_world(np.stack([x, y, z], -1)), world, atol=1e-3)
        np.testing.assert_allclose(mask.array[x, y, z], expected, atol=1e-6)
        assert get_segment_info(path)[k]["segment_label"] == theirs.get_segment_description(number).segment_label


def test_real_file_with_gaps_spans_them(shared_data):
    with pytest.warns(ContentWarning, match="16 voxels"):
        image = load_seg(shared_data / "segmentations" / "seg_image_ct_binary_overlap.dcm")
    assert image.array.shape == (16, 16, 165)
    assert image.spacing[2] == pytest.approx(1.25)


def test_real_slides_list_their_segments_and_are_refused(shared_data):
    for path in sorted((shared_data / "segmentations").glob("seg_image_sm_*.dcm")):
        assert len(get_segment_info(path)) in (20, 50)
        with pytest.raises(ValueError, match="segmentation of a slide"):
            load_seg(path)
        (volume,) = explain(path).volumes
        assert not volume.loads


def test_a_real_projection_warns_of_its_place(shared_data):
    with pytest.warns(GeometryWarning):
        image = load_seg(shared_data / "segmentations" / "seg_image_cr_binary.dcm")
    assert image.array.shape == (16, 16, 1)
    theirs = highdicom.seg.segread(shared_data / "segmentations" / "seg_image_cr_binary.dcm")
    np.testing.assert_array_equal(image.array[:, :, 0].T, theirs.pixel_array)
