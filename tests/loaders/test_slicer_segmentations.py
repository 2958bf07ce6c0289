"""Segmentations of 3D Slicer: segments by name, in layers, on cropped grids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from pictologics import (
    ContentWarning,
    CorruptFileError,
    GeometryError,
    Image,
    OptionError,
    UnsupportedFormatError,
    explain,
    load_image,
    save_image,
)
from pictologics.loaders import get_segment_info, load_seg
from tests.factories.nrrd_files import write_nrrd
from tests.factories.phantom import PHANTOM, Phantom

LIVER, SPLEEN, LESION = (slice(1, 5), slice(1, 4), slice(0, 3)), (5, slice(0, 6), 4), (slice(3, 6), 2, slice(1, 5))
TERMS = (
    "TerminologyEntry:Segmentation category and type - 3D Slicer General Anatomy list~SCT^123037004^Anatomical "
    "Structure~SCT^10200004^Liver~^^~Anatomic codes - DICOM master list~^^~^^|Other:tag|"
)


def layer(**values) -> np.ndarray:
    array = np.zeros(PHANTOM.shape, np.uint8)
    for name, value in values.items():
        array[{"liver": LIVER, "spleen": SPLEEN, "lesion": LESION}[name]] = value
    return array


def keys(*segments: tuple[str, int, int]) -> dict[str, str]:
    """Keys as 3D Slicer writes them: name, layer and value of each segment."""
    pairs = {
        "Segmentation_MasterRepresentation=": "Binary labelmap",
        "Segmentation_ContainedRepresentationNames=": "Binary labelmap|Closed surface|",
        "Segmentation_ReferenceImageExtentOffset=": "0 0 0",
    }
    for place, (name, at, value) in enumerate(segments):
        pairs |= {
            f"Segment{place}_Color=": "0.866667 0.509804 0.396078", f"Segment{place}_Extent=": "0 6 0 5 0 4",
            f"Segment{place}_ID=": f"Segment_{place + 1}", f"Segment{place}_LabelValue=": str(value),
            f"Segment{place}_Layer=": str(at), f"Segment{place}_Name=": name, f"Segment{place}_Tags=": TERMS,
        }  # fmt: skip
    return pairs


def write(folder: Path, array: np.ndarray, pairs: dict[str, str], **options) -> Path:
    kinds = "domain domain domain" if array.ndim == 3 else "list domain domain domain"
    leading = array.ndim - 3
    return write_nrrd(
        folder / "segmentation.seg.nrrd",
        options.pop("phantom", PHANTOM),
        array=array,
        dtype=options.pop("dtype", "u1"),
        encoding="gzip",
        leading=leading,
        extra={"kinds": kinds, **pairs},
        **options,
    )


def two_layers(folder: Path, lesion: int = 2) -> Path:
    array = np.stack([layer(liver=1, spleen=3), layer(lesion=lesion)])
    return write(folder, array, keys(("liver", 0, 1), ("lesion", 1, lesion), ("spleen", 0, 3)))


def test_one_layer_is_a_label_map(tmp_path):
    path = write(tmp_path, layer(liver=7, spleen=9), keys(("liver", 0, 7), ("spleen", 0, 9)))
    for image in (load_seg(path), load_image(path)):
        np.testing.assert_array_equal(image.array, layer(liver=7, spleen=9))
        assert image.array.dtype == np.uint8
        assert image.array.flags.f_contiguous
        assert image.labels == {7: "liver", 9: "spleen"}
        assert image.modality == "SEG"
        assert image.grid.corner_error(PHANTOM.lps_affine) < 1e-9
        assert len(image.provenance.slices) == PHANTOM.shape[2]
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(path))).T, image.array)


@pytest.mark.parametrize("dtype", ["<u2", ">i2", "<i4", "<u4", "u1", "i1"])
def test_any_type_of_integers(tmp_path, dtype):
    array = layer(liver=7, spleen=100).astype(dtype)
    array[0, 0, 0] = 99
    path = write(tmp_path, array, keys(("liver", 0, 7), ("spleen", 0, 100)), dtype=dtype)
    image = load_seg(path)
    np.testing.assert_array_equal(image.array, layer(liver=7, spleen=100))
    assert image.array.dtype == np.uint8
    assert load_image(path, dtype="float32").array.dtype == np.float32
    array[0, 0, 0] = 0
    np.testing.assert_array_equal(load_image(path, dtype="int16").array, array)
    masks = load_seg(path, combine_segments=False)
    np.testing.assert_array_equal(masks[100].array, layer(spleen=1))


@pytest.mark.parametrize("dtype", ["<f4", ">f8"])
def test_floats_that_are_whole_numbers_are_labels(tmp_path, dtype):
    """3D Slicer #6941: such atlases are about, and 3D Slicer loads them."""
    path = write(
        tmp_path,
        array := layer(liver=1).astype("u2") + np.uint16(300) * layer(spleen=1),
        keys(("liver", 0, 1), ("spleen", 0, 300)),
        dtype=dtype,
    )
    label_map = load_seg(path)
    assert label_map.array.dtype == np.uint16
    np.testing.assert_array_equal(label_map.array, array)
    np.testing.assert_array_equal(load_image(path).array, array)
    masks = load_seg(path, combine_segments=False)
    np.testing.assert_array_equal(masks[300].array, array == 300)


@pytest.mark.parametrize("value", [0.5, np.nan, np.inf, 1e30])
def test_floats_that_are_not_labels(tmp_path, value):
    array = layer(liver=1).astype("f4")
    array[0, 0, 0] = value
    path = write(tmp_path, array, keys(("liver", 0, 1)), dtype="<f4")
    with pytest.raises(UnsupportedFormatError, match=r"fractions \(float32\), and labels are required"):
        load_seg(path)


def test_numbers_above_255(tmp_path):
    array = np.where(layer(spleen=1), 300, 0)
    image = load_seg(write(tmp_path, array, keys(("spleen", 0, 300)), dtype="<i2"))
    assert image.array.dtype == np.uint16
    np.testing.assert_array_equal(image.array, array)
    with pytest.raises(OptionError, match="uint8"):
        load_image(tmp_path / "segmentation.seg.nrrd", dtype="uint8")


def test_layers_that_overlap(tmp_path):
    path = two_layers(tmp_path)
    shared = int((layer(liver=1) & layer(lesion=1)).sum())
    assert shared
    with pytest.warns(ContentWarning, match=rf"1 \(liver\) and 2 \(lesion\) in {shared} voxels"):
        image = load_seg(path)
    np.testing.assert_array_equal(image.array, np.maximum(layer(liver=1, spleen=3), layer(lesion=2)))
    masks = load_seg(path, combine_segments=False)
    assert list(masks) == [1, 2, 3]
    for number, name in ((1, "liver"), (2, "lesion"), (3, "spleen")):
        np.testing.assert_array_equal(masks[number].array, layer(**{name: 1}))
        assert masks[number].labels == {1: name}
        held = [bool(one.file) for one in masks[number].provenance.slices]
        assert held == masks[number].array.any(axis=(0, 1)).tolist()
    assert masks[2].provenance.slices[1].file == str(path)


def test_chosen_segments(tmp_path):
    path = two_layers(tmp_path)
    np.testing.assert_array_equal(load_seg(path, [1, 3]).array, layer(liver=1, spleen=3))
    np.testing.assert_array_equal(load_seg(path, [2], combine_segments=False)[2].array, layer(lesion=1))
    with pytest.raises(OptionError, match="no segment 5, only 1 to 3"):
        load_seg(path, [5])


def test_values_that_repeat_give_way_to_places_in_the_file(tmp_path):
    """A value is unique within its layer only."""
    path = two_layers(tmp_path, lesion=1)
    assert [one["segment_number"] for one in get_segment_info(path)] == [1, 2, 3]
    assert [one["label_value"] for one in get_segment_info(path)] == [1, 1, 3]
    masks = load_seg(path, combine_segments=False)
    np.testing.assert_array_equal(masks[2].array, layer(lesion=1))
    np.testing.assert_array_equal(masks[3].array, layer(spleen=1))
    with pytest.warns(ContentWarning, match=r"1 \(liver\) and 2 \(lesion\)"):
        image = load_image(path)
    np.testing.assert_array_equal(image.array, np.maximum(layer(liver=1, spleen=3), layer(lesion=2)))


def test_files_of_before_layers_have_a_volume_for_each_segment(tmp_path):
    pairs = {key: value for key, value in keys(("liver", 0, 1), ("spleen", 0, 1)).items() if "La" not in key}
    path = write(tmp_path, np.stack([layer(liver=1), layer(spleen=1)]), pairs)
    np.testing.assert_array_equal(load_seg(path).array, layer(liver=1, spleen=2))
    assert load_seg(path).labels == {1: "liver", 2: "spleen"}


def test_facts(tmp_path):
    facts = get_segment_info(two_layers(tmp_path))
    assert facts[0] == {
        "segment_number": 1, "segment_label": "liver", "segment_description": "", "algorithm_type": "",
        "segment_id": "Segment_1", "layer": 0, "label_value": 1, "recommended_color": "#dd8265",
        "category_code": "123037004 (SCT)", "category_meaning": "Anatomical Structure",
        "type_code": "10200004 (SCT)", "type_meaning": "Liver",
    }  # fmt: skip
    (volume,) = explain(tmp_path / "segmentation.seg.nrrd").volumes
    assert volume.labels == ((1, "liver"), (2, "lesion"), (3, "spleen"))
    assert (volume.modality, volume.shape, volume.is_default) == ("SEG", PHANTOM.shape, True)


def test_a_cropped_grid_lies_where_its_origin_says(tmp_path):
    """Its extent offset repeats that in voxels of the image, and is not added."""
    start = (1, 2, 1)
    origin = tuple(PHANTOM.position(start))
    part = Phantom(layer(liver=7)[1:5, 2:5, 1:4], PHANTOM.spacing, origin, PHANTOM.direction)
    pairs = keys(("liver", 0, 7)) | {"Segmentation_ReferenceImageExtentOffset=": "1 2 1"}
    path = write(tmp_path, part.array, pairs, phantom=part)
    scan = Image(PHANTOM.array, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    expected = np.zeros(PHANTOM.shape, np.uint8)
    expected[1:5, 2:5, 1:4] = part.array
    np.testing.assert_array_equal(load_seg(path, reference_image=scan).array, expected)
    np.testing.assert_array_equal(load_image(path, reference_image=scan).array, expected)
    masks = load_seg(path, combine_segments=False, reference_image=scan)
    np.testing.assert_array_equal(masks[7].array, expected > 0)


def test_what_is_recognized_without_its_name(tmp_path):
    path = write(tmp_path, layer(liver=7), keys(("liver", 0, 7))).rename(tmp_path / "anything")
    assert load_seg(path).labels == {7: "liver"}
    assert load_seg(path.read_bytes()).labels == {7: "liver"}


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"Segment0_Layer=": "1"}, CorruptFileError, "layers 1 to 1"),
        ({"Segment0_Layer=": "-1"}, CorruptFileError, "layers -1"),
        ({"Segment0_LabelValue=": "seven"}, CorruptFileError, "of length 5, that is not a whole number"),
        ({"Segment0_LabelValue=": "9" * 30}, CorruptFileError, "of length 30, that is not"),
        ({"Segmentation_MasterRepresentation=": "Fractional labelmap"}, UnsupportedFormatError, "fractions"),
    ],
)
def test_keys_that_are_wrong(tmp_path, change, kind, words):
    path = write(tmp_path, layer(liver=7), keys(("liver", 0, 7)) | change)
    for door in (load_seg, load_image):
        with pytest.raises(kind, match=words):
            door(path)


def test_no_segments_and_empty_ones(tmp_path):
    none = write(tmp_path, layer(liver=7), keys())
    for door in (load_seg, load_image, get_segment_info):
        with pytest.raises(CorruptFileError, match="without segments"):
            door(none)
    one = Phantom(np.zeros((1, 1, 1), np.uint8), PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    empty = write(tmp_path, one.array, keys(("liver", 0, 1)), phantom=one)
    assert get_segment_info(empty)[0]["segment_label"] == "liver"
    with pytest.raises(GeometryError, match="all empty"):
        load_seg(empty)
    with pytest.raises(OptionError, match="1 label map"):
        load_image(none, dataset_index=1)
    plain = write_nrrd(tmp_path / "scan.nrrd")
    with pytest.raises(UnsupportedFormatError, match="3D Slicer"):
        load_seg(plain)


def test_a_saved_label_map_is_a_segmentation_again(tmp_path):
    image = Image(
        layer(liver=7, spleen=9), PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction, "SEG",
        labels={7: "liver", 9: "a name\nof two lines"}, metadata={"frame_of_reference_uid": "1.2.3"},
    )  # fmt: skip
    path = tmp_path / "saved.seg.nrrd"
    save_image(image, path)
    back = load_seg(path)
    np.testing.assert_array_equal(back.array, image.array)
    assert back.labels == image.labels
    assert back.grid == image.grid
    assert back.metadata == image.metadata
    other = sitk.ReadImage(str(path))
    assert other.GetMetaData("Segment0_Name") == "liver"
    np.testing.assert_array_equal(sitk.GetArrayFromImage(other).T, image.array)
    with pytest.raises(OptionError, match="float64"):
        save_image(Image(np.full((2, 2, 2), 0.5), (1, 1, 1), (0, 0, 0)), path)
    unnamed = Image(layer(liver=2), PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    save_image(unnamed, path)
    assert load_seg(path).labels == {2: "Segment_2"}


# --- 3D Slicer 4 ---

STEPS = "(0.75,0,0,0) (0,1.125,0,0) (0,0,2.5,0) (0,0,0,1)"


def write_slicer_4(folder: Path, **changes: str | None) -> tuple[Path, np.ndarray]:
    """A volume for each segment, four axes in space, and 3D Slicer's own coordinates, RAS, without a name."""
    stored = np.stack([layer(liver=1), layer(spleen=1)], axis=-1)
    pairs = {
        "Segmentation_MasterRepresentation=": "Binary labelmap", "Segmentation_Extent=": "10 16 20 25 30 34",
        "Segment0_ID=": "a", "Segment0_Name=": "liver", "Segment0_Extent=": "11 14 21 23 30 32",
        "Segment1_ID=": "b", "Segment1_Name=": "spleen", "Segment1_Extent=": "15 15 20 25 34 34",
    }  # fmt: skip
    extra = {
        "space": None, "space dimension": "4", "space directions": STEPS, "space origin": "(1,2,3,0)",
        **pairs, **{f"{name}=": value for name, value in changes.items()},
    }  # fmt: skip
    return write_nrrd(folder / "old.seg.nrrd", array=stored, dtype="u1", extra=extra), stored


def test_segmentations_of_slicer_4_stand_where_slicer_puts_them(tmp_path):
    """vtkMRMLSegmentationStorageNode::ReadBinaryLabelmapRepresentation4DSpatial: RAS, the origin at index 0."""
    path, stored = write_slicer_4(tmp_path)
    image = load_seg(path)
    np.testing.assert_array_equal(image.array, np.where(stored[..., 1], 2, stored[..., 0]))
    assert image.labels == {1: "liver", 2: "spleen"}
    ras = np.diag([0.75, 1.125, 2.5, 1.0])
    ras[:3, 3] = 1 + 10 * 0.75, 2 + 20 * 1.125, 3 + 30 * 2.5
    assert image.grid.corner_error(ras, "RAS") < 1e-9
    assert load_image(path).grid == image.grid
    assert any("3D Slicer 4" in one.text for one in image.provenance.decisions)


@pytest.mark.parametrize("offset", ["0 0 0", None])
def test_slicer_4_without_an_extent_begins_at_its_origin(tmp_path, offset):
    path, _ = write_slicer_4(tmp_path, Segmentation_Extent=None, Segmentation_ReferenceImageExtentOffset=offset)
    np.testing.assert_allclose(load_seg(path).origin, (-1.0, -2.0, 3.0))


@pytest.mark.parametrize("offset", ["10 20 30", "x", "1 2"])
def test_slicer_4_with_an_offset_that_may_be_in_the_origin_or_not_is_refused(tmp_path, offset):
    path, _ = write_slicer_4(tmp_path, Segmentation_Extent=None, Segmentation_ReferenceImageExtentOffset=offset)
    for door in (load_seg, load_image):
        with pytest.raises(GeometryError, match=r"early 3D Slicer 4 .*open it in 3D Slicer"):
            door(path)
