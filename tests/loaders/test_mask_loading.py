"""load_mask: one label map in every format, files that lost their place, and what is no mask."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import replace

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from pictologics import (
    AmbiguousSeriesError,
    ContentWarning,
    GeometryError,
    GeometryWarning,
    Image,
    MissingPathError,
    OptionError,
    UnsupportedFormatError,
    load_image,
    load_mask,
    resample_image,
    save_image,
)
from tests.factories.dicom_series import write_series
from tests.factories.nifti_files import write_nifti
from tests.factories.nrrd_files import write_nrrd
from tests.factories.ome_zarr_files import write_ome_zarr
from tests.factories.phantom import PHANTOM
from tests.factories.segmentations import frames_of, segment_item, write_seg
from tests.factories.structure_sets import GRID, SCAN, SQUARE, RoiTruth, stack_of, write_structures

LABELS = np.zeros(PHANTOM.shape, np.uint8)
LABELS[1:4, 1:4, 1:3] = 2
LABELS[4:6, 2:5, 2:4] = 7
TRUTH = PHANTOM.with_array(LABELS)
REFERENCE = Image(np.zeros(PHANTOM.shape, np.float32), PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)


def write_sitk(path):
    image = sitk.GetImageFromArray(LABELS.T)
    image.SetSpacing(PHANTOM.spacing)
    image.SetOrigin(PHANTOM.origin)
    image.SetDirection(PHANTOM.direction.ravel().tolist())
    sitk.WriteImage(image, str(path))
    return path


def write_segments(folder):
    masks = {number: (number == LABELS).astype(np.uint8) for number in (2, 7)}
    named = [segment_item(2, "liver"), segment_item(7, "tumor")]
    return write_seg(folder / "seg.dcm", frames_of(masks, PHANTOM), segments=named)


def write_slicer(folder):
    names = {"Segment0_Name=": "liver", "Segment0_LabelValue=": "2", "Segment0_Layer=": "0", "Segment0_ID=": "a"}
    more = {"Segment1_Name=": "tumor", "Segment1_LabelValue=": "7", "Segment1_Layer=": "0", "Segment1_ID=": "b"}
    return write_nrrd(
        folder / "x.seg.nrrd", TRUTH, dtype="u1", extra={"kinds": "domain domain domain", **names, **more}
    )


WRITERS = {
    "nifti": lambda folder: write_nifti(folder / "m.nii.gz", TRUTH),
    "nifti of floats": lambda folder: write_nifti(folder / "m.nii", TRUTH, dtype="float32"),
    "nrrd": lambda folder: write_sitk(folder / "m.nrrd"),
    "metaimage": lambda folder: write_sitk(folder / "m.mha"),
    "slicer": write_slicer,
    "seg": write_segments,
    "dicom series": lambda folder: write_series(folder / "series", TRUTH, intercept=0.0)[0].parent,
    "ome-zarr": lambda folder: write_ome_zarr(folder / "m.ome.zarr", TRUTH, dtype="uint8", chunks=(5, 6, 7)),
}


@pytest.mark.parametrize("form", WRITERS)
def test_every_format_gives_the_same_labels(form, tmp_path):
    path = WRITERS[form](tmp_path)
    mask = load_mask(path, REFERENCE)
    np.testing.assert_array_equal(mask.array, LABELS)
    assert (str(mask.dtype), mask.modality) == ("uint8", "SEG")
    assert mask.grid == REFERENCE.grid
    alone = load_mask(path, REFERENCE, 7)
    np.testing.assert_array_equal(alone.array, LABELS == 7)
    assert alone.array.dtype == np.uint8


@pytest.mark.parametrize("form", ["slicer", "seg"])
def test_segments_are_chosen_by_name_and_number(form, tmp_path):
    path = WRITERS[form](tmp_path)
    assert load_mask(path, REFERENCE).labels == {2: "liver", 7: "tumor"}
    tumor = load_mask(path, REFERENCE, "tumor")
    np.testing.assert_array_equal(tumor.array, LABELS == 7)
    assert tumor.labels == {1: "tumor"}
    np.testing.assert_array_equal(load_mask(path, REFERENCE, ["tumor"]).array, (LABELS == 7) * 7)
    np.testing.assert_array_equal(load_mask(path, REFERENCE, ["liver", 7]).array, LABELS)
    with pytest.raises(OptionError, match=r"no segment 'spleen', 3; there are 2 \(liver\), 7 \(tumor\)"):
        load_mask(path, REFERENCE, ["spleen", 3])


def test_labels_without_names_are_chosen_by_number(tmp_path):
    path = write_nifti(tmp_path / "m.nii", TRUTH)
    np.testing.assert_array_equal(load_mask(path, segments=[2]).array, (LABELS == 2) * 2)
    assert all(load_mask(path, segments=chosen).array.flags.f_contiguous for chosen in ([2], 2, None))
    with pytest.raises(OptionError, match=r"m\.nii'.* no segment 3; there are 2, 7"):
        load_mask(path, segments=3)


@pytest.mark.parametrize("segments", [[], 1.5, b"liver", [None], {"liver": 1}])
def test_what_names_no_segment(segments, tmp_path):
    with pytest.raises(OptionError, match="segments"):
        load_mask(write_nifti(tmp_path / "m.nii", TRUTH), segments=segments)


def test_a_structure_set_is_drawn(tmp_path):
    contours = stack_of([(k, SQUARE) for k in range(4, 9)])
    path = write_structures(tmp_path / "rs.dcm", [RoiTruth("GTV", contours, 3), RoiTruth("lung", contours[:1], 4)])
    with pytest.warns(ContentWarning, match="overlap"):
        both = load_mask(path, SCAN)
    assert both.labels == {3: "GTV", 4: "lung"}
    alone = load_mask(path, SCAN, "GTV")
    assert alone.grid == GRID
    assert int(alone.array.sum()) == 10 * 7 * 5
    with pytest.raises(OptionError, match="an image to draw them on is required"):
        load_mask(path)
    with pytest.raises(OptionError, match="contours of RTSTRUCT"):
        load_mask(path, SCAN, geometry="reference")


def test_a_folder_with_images_is_asked_for_its_segments(tmp_path):
    write_series(tmp_path, PHANTOM)
    write_segments(tmp_path)
    np.testing.assert_array_equal(load_mask(tmp_path, REFERENCE).array, LABELS)
    shutil.copy(tmp_path / "seg.dcm", tmp_path / "again.dcm")
    with pytest.raises(AmbiguousSeriesError, match="2 files of segments"):
        load_mask(tmp_path, REFERENCE)


def test_an_image_is_no_mask(tmp_path):
    values = np.random.default_rng(1).integers(0, 3000, (40, 40, 20))
    path = write_nifti(tmp_path / "scan.nii", PHANTOM.with_array(values))
    with pytest.raises(UnsupportedFormatError, match=r"scan\.nii': it holds .* different values .*load_image"):
        load_mask(path)
    write_series(tmp_path / "ct", PHANTOM, intercept=-1024.0)
    with pytest.raises(UnsupportedFormatError, match="masks hold whole numbers from 0"):
        load_mask(tmp_path / "ct")
    with pytest.raises(MissingPathError):
        load_mask(tmp_path / "gone.nii")


# --- never averaged ---


def test_a_coarser_mask_gives_the_nearest_labels(tmp_path):
    reference = resample_image(REFERENCE, (0.5, 0.5, 0.5))
    with pytest.warns(GeometryWarning, match="resampled onto the reference by nearest"):
        mask = load_mask(write_nifti(tmp_path / "m.nii", TRUTH), reference)
    assert set(np.unique(mask.array)) == {0, 2, 7}
    with pytest.raises(OptionError, match="would invent labels"):
        resample_image(mask, (1, 1, 1))


def test_labels_that_vanish_are_named(tmp_path):
    array = np.zeros((30, 30, 30), np.uint8)
    array[5:20, 5:20, 5:20] = 1
    array[24, 24, 24] = 4
    mask = Image(array, (1.0, 1.0, 1.0), (5.0, 5.0, 5.0), labels={1: "organ", 4: "lesion"})
    save_image(mask, tmp_path / "m.nii.gz")
    coarse = Image(np.zeros((6, 6, 6)), (5.0, 5.0, 5.0), (5.0, 5.0, 5.0))
    with (
        pytest.warns(GeometryWarning, match="nearest"),
        pytest.warns(ContentWarning, match=r"nothing is left of label 4"),
    ):
        load_mask(tmp_path / "m.nii.gz", coarse)


def test_an_empty_mask_is_told(tmp_path):
    path = write_nifti(tmp_path / "m.nii", TRUTH.with_array(LABELS * 0))
    with pytest.warns(ContentWarning, match=r"m\.nii': the mask is empty"):
        assert not load_mask(path, REFERENCE).array.any()


def test_volumes_of_a_mask_that_are_not_loaded_are_told(tmp_path):
    path = tmp_path / "one-hot.nii"
    hot = np.stack([LABELS == 2, LABELS == 7], axis=-1).astype(np.uint8)
    nibabel.save(nibabel.Nifti1Image(hot, np.eye(4)), path)
    with pytest.warns(ContentWarning, match=r"one-hot\.nii': 1 of 2 volumes were not loaded"):
        first = load_mask(path)
    np.testing.assert_array_equal(first.array, LABELS == 2)
    # Whoever names a volume knows that there are others.
    np.testing.assert_array_equal(load_mask(path, dataset_index=0).array, LABELS == 2)
    np.testing.assert_array_equal(load_mask(path, dataset_index=1).array, LABELS == 7)


def test_what_is_cut_off_is_told(tmp_path):
    path = write_nifti(tmp_path / "m.nii", TRUTH)
    with (
        pytest.warns(ContentWarning, match=r"cuts off .* of .* voxels"),
        pytest.warns(ContentWarning, match="nothing is left of label 7"),
    ):
        part = load_mask(path, REFERENCE[:3])
    np.testing.assert_array_equal(part.array, LABELS[:3])


# --- a lost place ---


def save_bare(path, array, affine=None):
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(array), affine), path)
    return path


@pytest.mark.parametrize("affine", [None, np.eye(4), np.diag([-1.0, -1, 1, 1]), np.diag([0.75, 1.125, 2.5, 1])])
def test_a_lost_place_is_refused_and_the_advice_gives_the_right_mask(tmp_path, affine):
    path = save_bare(tmp_path / "m.nii", LABELS, affine)
    with pytest.raises(GeometryError, match=r'place seems to be lost.*pass geometry="reference"'):
        load_mask(path, REFERENCE)
    with pytest.warns(GeometryWarning, match="taken one for one") as caught:
        mask = load_mask(path, REFERENCE, geometry="reference")
    assert len(caught) == 1
    np.testing.assert_array_equal(mask.array, LABELS)
    assert mask.grid == REFERENCE.grid


@pytest.mark.parametrize("frame", [{}, {"frame_of_reference_uid": "1.2.3"}])
def test_a_mask_that_takes_the_place_of_an_image_is_in_its_frame(tmp_path, frame):
    own = {"frame_of_reference_uid": "9.9", "series_description": "organs"}
    save_image(Image(LABELS.astype(np.uint8), (1, 1, 1), (0, 0, 0), metadata=own), tmp_path / "m.nrrd")
    with pytest.warns(GeometryWarning, match="taken one for one"):
        mask = load_mask(tmp_path / "m.nrrd", replace(REFERENCE, metadata=frame), geometry="reference")
    assert mask.metadata == {"series_description": "organs", **frame}


def test_axes_in_another_order_are_found(tmp_path):
    path = save_bare(tmp_path / "m.nii", LABELS.T, np.eye(4))
    with pytest.raises(GeometryError, match="its axes in another order"):
        load_mask(path, REFERENCE)
    with pytest.warns(GeometryWarning, match=r"in the order \(2, 1, 0\), the only one"):
        mask = load_mask(path, REFERENCE, geometry="reference")
    np.testing.assert_array_equal(mask.array, LABELS)


def test_several_orders_need_a_choice(tmp_path):
    square = Image(np.zeros((6, 6, 4)), (0.7, 0.7, 3.0), (5.0, 6.0, 7.0))
    array = np.zeros((6, 6, 4), np.uint8)
    array[1:3, 2:5, 1] = 1
    path = save_bare(tmp_path / "m.nii", array.T, np.eye(4))
    with pytest.raises(GeometryError, match=r"several orders.*transpose_axes; \(2, 1, 0\) is right"):
        load_mask(path, square, geometry="reference")
    with pytest.warns(GeometryWarning, match="x and y exchanged"):
        mask = load_mask(path, square, geometry="reference", transpose_axes=(2, 1, 0))
    np.testing.assert_array_equal(mask.array, array)


def test_another_shape_fits_nowhere(tmp_path):
    path = save_bare(tmp_path / "m.nii", LABELS[:3], np.eye(4))
    with pytest.raises(GeometryError, match=r"shape \(3, 6, 5\) and the image \(7, 6, 5\)"):
        load_mask(path, REFERENCE, geometry="reference")
    path = save_bare(tmp_path / "t.nii", LABELS.T, np.eye(4))
    with pytest.raises(GeometryError, match=r"in the order \(0, 2, 1\)"):
        load_mask(path, REFERENCE, geometry="reference", transpose_axes=(0, 2, 1))
    with pytest.raises(OptionError, match="no image was given"):
        load_mask(path, geometry="reference")
    with pytest.raises(OptionError, match='must be "file" or "reference"'):
        load_mask(path, REFERENCE, geometry="image")


def test_a_mask_that_is_there_keeps_its_place(tmp_path):
    # At the origin and of 1 mm, as a lost one would be, and the image is as well.
    image = Image(np.zeros(LABELS.shape), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    path = save_bare(tmp_path / "m.nii", LABELS, np.diag([-1.0, -1, 1, 1]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(load_mask(path, image).array, LABELS)


def test_the_warning_of_a_mask_elsewhere_gives_the_way_out(tmp_path):
    affine = PHANTOM.ras_affine.copy()
    affine[:3, 3] += affine[:3, 0] * 20
    path = save_bare(tmp_path / "m.nii", LABELS, affine)
    with (
        pytest.warns(ContentWarning, match="wholly outside"),
        pytest.warns(GeometryWarning, match='most of the mask lies outside.*pass geometry="reference"'),
    ):
        assert not load_mask(path, REFERENCE).array.any()


def test_slices_that_form_no_grid_do_not_matter_with_the_place_of_the_reference(tmp_path):
    def lean(dataset, k):
        dataset.ImagePositionPatient = [float(p) + 0.4 * k for p in dataset.ImagePositionPatient]

    folder = write_series(tmp_path / "mask", TRUTH, lean, intercept=0.0)[0].parent
    with pytest.raises(GeometryError):
        load_mask(folder, REFERENCE)
    with pytest.warns(GeometryWarning, match="one for one"):
        np.testing.assert_array_equal(load_mask(folder, REFERENCE, geometry="reference").array, LABELS)


def test_contours_and_voxels_of_a_real_tumor_are_one(shared_data):
    image = load_image(shared_data / "ibsi_ct" / "dicom" / "image")
    contours = load_mask(shared_data / "ibsi_ct" / "dicom" / "mask", image, "GTV-1")
    voxels = load_mask(shared_data / "ibsi_ct" / "nifti" / "mask" / "mask.nii.gz", image)
    np.testing.assert_array_equal(contours.array, voxels.array)
    assert int(voxels.array.sum()) == 125256
