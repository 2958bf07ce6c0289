"""save_seg: highdicom and load_seg read back what was written, and what cannot be written is refused."""

from __future__ import annotations

import sys
import warnings

import highdicom
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import (
    AmbiguousSeriesError,
    ContentWarning,
    GeometryError,
    Image,
    MissingPathError,
    OptionError,
    load_image,
)
from pictologics.loaders import get_segment_info, load_seg
from pictologics.saving import save_seg
from tests.factories.dicom_series import uid, write_series
from tests.factories.enhanced import planes_of, write_enhanced
from tests.factories.phantom import OBLIQUE, Phantom
from tests.factories.segmentations import balls
from tests.factories.validators import find_errors

PLACE = Phantom(np.zeros((13, 11, 9), "int16"), (0.75, 1.125, 2.5), (-61.25, 104.5, -733.75), OBLIQUE)
APART = balls(PLACE.shape, {1: (3, 3, 2), 2: (9, 7, 5)}, 2.4)
OVERLAPPING = balls(PLACE.shape, {1: (4, 5, 4), 2: (6, 5, 4)}, 2.6)


@pytest.fixture
def series(tmp_path):
    write_series(tmp_path / "ct", PLACE)
    return tmp_path / "ct"


def label_map(masks) -> np.ndarray:
    return np.max([mask * np.uint16(number) for number, mask in masks.items()], axis=0)


def on(series, array, **fields) -> Image:
    return Image.from_grid(np.asfortranarray(array), load_image(series).grid, **fields)


def assert_highdicom_reads(path, masks) -> None:
    theirs = highdicom.seg.segread(path)
    volume = theirs.get_volume(combine_segments=False)
    assert list(theirs.segment_numbers) == list(masks)
    first = min(int(np.flatnonzero(mask.any(axis=(0, 1)))[0]) for mask in masks.values())
    for k, mask in enumerate(masks.values()):
        expected = mask[:, :, first : first + volume.array.shape[0]].T
        # highdicom's planes run along or against ours.
        assert any(np.array_equal(volume.array[::way, ..., k], expected) for way in (1, -1))
    corners = {tuple(np.round(volume.affine @ [k, 0, 0, 1], 3)[:3]) for k in (0, volume.array.shape[0] - 1)}
    assert tuple(np.round(PLACE.position((0, 0, first)), 3)) in corners


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_a_label_map_comes_back(series, tmp_path, kind, no_handle_left):
    image = on(series, label_map(APART), labels={1: "heart", 2: "spleen"})
    path = tmp_path / "made.dcm"
    save_seg(image, series, path, segmentation_type=kind)
    again = load_seg(path, reference_image=load_image(series))
    np.testing.assert_array_equal(again.array, image.array)
    assert again.grid.lies_on(image.grid)
    assert dict(again.labels) == {1: "heart", 2: "spleen"}
    assert again.metadata["frame_of_reference_uid"] == uid("frame of reference")
    assert_highdicom_reads(path, APART)
    written = pydicom.dcmread(path)
    assert written.PatientID == "secret-id"
    assert written.StudyInstanceUID == uid("study")
    assert written.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices == 2.5
    assert not list(tmp_path.glob(".*"))


def test_masks_that_overlap_stay_whole(series, tmp_path):
    masks = {number: on(series, mask, labels={1: f"part {number}"}) for number, mask in OVERLAPPING.items()}
    save_seg(masks, series, tmp_path / "made.dcm")
    again = load_seg(tmp_path / "made.dcm", combine_segments=False, reference_image=load_image(series))
    for number, mask in again.items():
        np.testing.assert_array_equal(mask.array, OVERLAPPING[number])
        assert mask.labels[1] == f"part {number}"
    assert_highdicom_reads(tmp_path / "made.dcm", OVERLAPPING)
    with pytest.raises(OptionError, match="overlap"):
        save_seg(masks, series, tmp_path / "other.dcm", segmentation_type="LABELMAP")
    assert not (tmp_path / "other.dcm").exists()


def test_masks_by_name(series, tmp_path):
    save_seg({"GTV": on(series, APART[1]), "lung": on(series, APART[2])}, series, tmp_path / "made.dcm")
    assert dict(load_seg(tmp_path / "made.dcm").labels) == {1: "GTV", 2: "lung"}


@settings(max_examples=8)
@given(
    st.permutations(range(3)),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
    st.sampled_from(["f4", "u1", "i2"]),
)
def test_a_crop_turned_any_way_lands_where_it_was(tmp_path_factory, order, flips, dtype):
    folder = tmp_path_factory.mktemp("seg")
    files = write_series(folder / "ct", PLACE)
    grid = load_image(folder / "ct").grid.crop((1, 1, 0), (12, 10, 9))
    array = label_map(APART)[1:, 1:]
    assert np.count_nonzero(array) == np.count_nonzero(label_map(APART))
    array, grid = array.transpose(order), grid.permute(order)
    for axis in range(3):
        if flips[axis]:
            array, grid = np.flip(array, axis), grid.flip(axis)
    save_seg(Image.from_grid(array.astype(dtype), grid), files[::-1], folder / "made.dcm")
    again = load_seg(folder / "made.dcm", reference_image=load_image(folder / "ct"))
    np.testing.assert_array_equal(again.array, label_map(APART))


def test_facts_go_through_a_file_unchanged(series, tmp_path):
    told = [
        {
            "segment_number": 2,
            "segment_label": "Milz – 脾",
            "segment_description": "drawn twice",
            "algorithm_type": "SEMIAUTOMATIC",
            "algorithm_name": "grower",
            "category_code": "91772007 (SCT)",
            "category_meaning": "Organ",
            "type_code": "78961009 (SCT)",
            "type_meaning": "Spleen",
            "tracking_id": "spleen of the first visit",
            "tracking_uid": "1.2.826.0.1.3680043.8.498.77",
            "recommended_color": "#e6194b",
        }
    ]
    save_seg(on(series, label_map(APART), labels={1: "heart"}), series, tmp_path / "made.dcm", told)
    first, second = get_segment_info(tmp_path / "made.dcm")
    assert second == told[0]
    assert first["segment_label"] == "heart"
    assert first["algorithm_type"] == "MANUAL"
    assert first["type_code"] == "85756007 (SCT)"
    save_seg(load_seg(tmp_path / "made.dcm"), series, tmp_path / "more.dcm", get_segment_info(tmp_path / "made.dcm"))
    assert get_segment_info(tmp_path / "more.dcm") == [first, second]


def test_names_by_number(series, tmp_path):
    save_seg(on(series, label_map(APART)), series, tmp_path / "made.dcm", {2: "spleen"})
    assert dict(load_seg(tmp_path / "made.dcm").labels) == {1: "Segment 1", 2: "spleen"}


@pytest.mark.parametrize("kind", ["PROBABILITY", "OCCUPANCY"])
def test_fractions_come_back_to_within_half_a_step(series, tmp_path, kind):
    random = np.random.default_rng(4)
    fractions = {number: (mask * random.random(PLACE.shape)).astype("f4") for number, mask in OVERLAPPING.items()}
    masks = {number: on(series, array, labels={1: f"part {number}"}) for number, array in fractions.items()}
    path = tmp_path / "made.dcm"
    save_seg(masks, series, path, segmentation_type="FRACTIONAL", fractional_type=kind)
    again = load_seg(path, combine_segments=False, threshold=None, reference_image=load_image(series))
    theirs = highdicom.seg.segread(path)
    assert theirs.segmentation_fractional_type.value == kind
    volume = theirs.get_volume(combine_segments=False, rescale_fractional=True).array
    for number, array in fractions.items():
        assert np.abs(again[number].array - array).max() <= 0.5 / 255 + 1e-7
        assert again[number].labels == {1: f"part {number}"}
        assert np.isclose(volume[..., number - 1].sum(), again[number].array.sum())
    assert find_errors(path) == []


def test_fractions_of_one_segment_and_of_numbers_with_gaps(series, tmp_path):
    half = on(series, APART[1] * np.float32(0.5), labels={1: "half"})
    save_seg(half, series, tmp_path / "made.dcm", segmentation_type="FRACTIONAL")
    scan = load_image(series)
    again = load_seg(tmp_path / "made.dcm", combine_segments=False, threshold=None, reference_image=scan)[1]
    np.testing.assert_allclose(again.array, half.array, atol=0.5 / 255 + 1e-7)
    assert again.labels == {1: "half"}
    with pytest.warns(ContentWarning, match="segments 4 were written as 1 to 1: FRACTIONAL segments are numbered"):
        save_seg({4: half}, series, tmp_path / "four.dcm", segmentation_type="FRACTIONAL")


def test_what_is_no_fraction(series, tmp_path):
    scan = load_image(series)
    beyond = Image.from_grid(np.ones((13, 11, 10), "f4"), scan.grid.crop((0, 0, 0), (13, 11, 10)))
    for mask, error, said in (
        (on(series, label_map(APART)), OptionError, "holds values from 0 to 2, and fractions are from 0 to 1"),
        (on(series, APART[1] * np.nan), OptionError, "holds values from nan to nan"),
        ({3: on(series, APART[1] * 0.001)}, OptionError, "mask 3 is 0 everywhere"),
        (beyond, GeometryError, "143 voxels of the mask lie outside the series"),
    ):
        with pytest.raises(error, match=said):
            save_seg(mask, series, tmp_path / "made.dcm", segmentation_type="FRACTIONAL")
    with pytest.raises(OptionError, match="fractional_type"):
        save_seg(on(series, APART[1]), series, tmp_path / "made.dcm", fractional_type="SHARE")
    assert not (tmp_path / "made.dcm").exists()


def test_a_file_of_the_series_is_never_replaced(series):
    own = sorted(series.iterdir())[0]
    before = own.read_bytes()
    with pytest.raises(OptionError, match="this is a file of the reference series"):
        save_seg(on(series, APART[1]), series, own)
    assert own.read_bytes() == before


def test_it_passes_a_validator(series, tmp_path):
    # Of label maps dciodvfy does not know yet that they describe their background.
    save_seg(on(series, label_map(APART)), series, tmp_path / "made.dcm")
    assert find_errors(tmp_path / "made.dcm") == []


def test_numbers_with_gaps(series, tmp_path):
    masks = {7: APART[1], 300: APART[2]}
    image = on(series, label_map(masks), labels={7: "seven", 300: "many"})
    with pytest.warns(ContentWarning, match="segments 7, 300 were written as 1 to 2"):
        save_seg(image, series, tmp_path / "made.dcm")
    assert dict(load_seg(tmp_path / "made.dcm").labels) == {1: "seven", 2: "many"}
    assert_highdicom_reads(tmp_path / "made.dcm", APART)
    save_seg(image, series, tmp_path / "map.dcm", segmentation_type="LABELMAP")
    again = load_seg(tmp_path / "map.dcm", reference_image=load_image(series))
    np.testing.assert_array_equal(again.array, image.array)
    assert dict(again.labels) == {7: "seven", 300: "many"}


def test_a_multi_frame_source(tmp_path):
    source = write_enhanced(tmp_path / "enhanced.dcm", kind="CT")
    scan = load_image(source)
    mask = np.zeros(scan.array.shape, np.uint8)
    mask[1:4, 2:5, 1:3] = 1
    save_seg(Image.from_grid(mask, scan.grid), source, tmp_path / "made.dcm")
    np.testing.assert_array_equal(load_seg(tmp_path / "made.dcm", reference_image=scan).array, mask)


def test_frames_of_the_source_may_be_stored_in_any_order(tmp_path):
    planes = planes_of()
    order = [*range(1, len(planes), 2), *range(0, len(planes), 2)]
    source = write_enhanced(tmp_path / "enhanced.dcm", [planes[k] for k in order], kind="CT")
    scan = load_image(source)
    mask = np.zeros(scan.array.shape, np.uint8)
    for k in range(len(planes)):
        mask[k : k + 2, k % 3 : 5, k] = 1
    save_seg(Image.from_grid(mask, scan.grid), source, tmp_path / "made.dcm")
    np.testing.assert_array_equal(load_seg(tmp_path / "made.dcm", reference_image=scan).array, mask)


def test_each_frame_names_the_slice_that_it_lies_on(tmp_path):
    files = write_series(tmp_path / "ct", PLACE)
    mask = on(tmp_path / "ct", label_map(APART))
    save_seg(mask, [files[k] for k in (3, 0, 8, 1, 7, 2, 5, 6, 4)], tmp_path / "made.dcm")
    written = pydicom.dcmread(tmp_path / "made.dcm")
    positions = {str(ds.SOPInstanceUID): ds.ImagePositionPatient for ds in map(pydicom.dcmread, files)}
    for frame in written.PerFrameFunctionalGroupsSequence:
        source = frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        np.testing.assert_allclose(frame.PlanePositionSequence[0].ImagePositionPatient, positions[source], atol=1e-6)


def test_what_does_not_lie_on_the_series(series, tmp_path):
    scan = load_image(series)
    path = tmp_path / "made.dcm"
    aside = Image.from_grid(label_map(APART), scan.grid.crop((0, 0, 0), scan.grid.shape))
    aside.origin = tuple(scan.grid.index_to_world((0.5, 0, 0)))
    with pytest.raises(
        GeometryError, match=r"does not lie on the voxels of the series: the two lattices do not meet.*resample_to"
    ):
        save_seg(aside, series, path)
    lost = Image(aside.array, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    with pytest.raises(GeometryError, match=r'its place seems to be lost.*load_mask\(\.\.\., geometry="reference"\)'):
        save_seg(lost, series, path)
    beyond = Image.from_grid(np.ones((13, 11, 10), np.uint8), scan.grid.crop((0, 0, 0), (13, 11, 10)))
    with pytest.raises(GeometryError, match="143 voxels of the mask lie outside the series"):
        save_seg(beyond, series, path)
    with pytest.raises(GeometryError, match=r"frame of reference 1\.2 and the series .*pass the series it belongs to"):
        save_seg(on(series, APART[1], metadata={"frame_of_reference_uid": "1.2"}), series, path)


def test_what_cannot_be_written(series, tmp_path):
    path = tmp_path / "made.dcm"
    image = on(series, APART[1])
    for mask, said in (
        (on(series, APART[1] * 0), "is 0 everywhere"),
        (on(series, APART[1] * 0.5), "not whole numbers"),
        (on(series, APART[1] * -1.0), "begin at 1"),
        (on(series, APART[1] * 70000.0), "beyond 65535"),
        (APART[1], "an Image or a dict of Images"),
        ({}, "an Image or a dict of Images"),
        ({0: image}, "numbers above 0, or all names"),
        ({1: image, "two": image}, "numbers above 0, or all names"),
    ):
        with pytest.raises(OptionError, match=said):
            save_seg(mask, series, path)
    for segments, said in (
        ([{"segment_label": "x"}], "without its segment_number"),
        ({5: "five"}, r"describes \[5\] and the mask has \[1\]"),
        ([{"segment_number": 1, "algorithm_type": "MAGIC"}], "algorithm_type of segment 1"),
        ([{"segment_number": 1, "type_code": "10200004"}], "type_code of segment 1"),
        ([{"segment_number": 1, "recommended_color": "red"}], "'red' is not a color"),
    ):
        with pytest.raises(OptionError, match=said):
            save_seg(image, series, path, segments)
    with pytest.raises(OptionError, match="segmentation_type"):
        save_seg(image, series, path, segmentation_type="MAGIC")
    with pytest.raises(MissingPathError):
        save_seg(image, tmp_path / "nowhere", path)
    with pytest.raises(OptionError, match=r"folder .* does not exist"):
        save_seg(image, series, tmp_path / "nowhere" / "made.dcm")
    write_series(series, PLACE, series="b", name="b{:03d}.dcm".format)
    with pytest.raises(AmbiguousSeriesError, match=r"(?s)2 image series.*pass the list of files of one"):
        save_seg(image, series, path)
    assert not path.exists()


def test_without_highdicom_the_error_says_how_to_install_it(series, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(OptionError, match="pip install highdicom"):
        save_seg(on(series, APART[1]), series, tmp_path / "made.dcm")


def test_colors_survive_the_way_through_cielab():
    from pictologics.dicom.segmentation.cielab import lab_to_srgb, srgb_to_lab

    random = np.random.default_rng(3)
    for _ in range(50):
        color = "#" + random.bytes(3).hex()
        assert lab_to_srgb(srgb_to_lab(color)) == color
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = highdicom.color.CIELabColor.from_rgb(230, 25, 75)
    # highdicom's white is D65, and the standard's that of the profile connection space, D50: a unit of lightness.
    assert np.abs(np.subtract(theirs.value, srgb_to_lab("#e6194b"))).max() < 700
