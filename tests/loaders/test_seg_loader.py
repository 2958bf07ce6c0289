"""DICOM SEG through load_seg, get_segment_info and load_image: what comes out, against highdicom and known masks."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from pictologics import (
    ContentWarning,
    GeometryWarning,
    Grid,
    Image,
    explain,
    load_image,
    set_num_threads,
)
from pictologics.loaders import get_segment_info, load_seg
from tests.factories.phantom import OBLIQUE, PHANTOM, Phantom
from tests.factories.segmentations import (
    DEFLATED_FRAMES,
    balls,
    frames_of,
    highdicom_seg,
    segment_item,
    write_seg,
)

#: Rows of odd length, so that frames of bits begin within bytes; oblique, anisotropic.
PLACE = Phantom(np.zeros((13, 11, 9)), (0.75, 1.125, 2.5), (-61.25, 104.5, -733.75), OBLIQUE)
#: The same with planes of whole bytes, and large enough for every codec.
EVEN = Phantom(np.zeros((40, 36, 9)), (0.75, 1.125, 2.5), (-61.25, 104.5, -733.75), OBLIQUE)


def organs(place: Phantom = PLACE) -> dict[int, np.ndarray]:
    """Three balls that do not touch: two by their sides, one of a single plane's height."""
    masks = balls(place.shape, {1: (3, 3, 2), 2: (9, 7, 5)}, 2.4)
    third = np.zeros(place.shape, np.uint8)
    third[1:3, 8:10, 8] = 1
    return {**masks, 3: third}


def label_map(masks) -> np.ndarray:
    """Masks in one array, the highest number where they overlap."""
    return np.max([mask * np.uint16(number) for number, mask in masks.items()], axis=0)


def assert_lies_at(image: Image, place: Phantom) -> None:
    expected = Grid.from_affine(place.lps_affine, place.shape)
    assert image.grid.shape == expected.shape
    assert image.grid.corner_error(expected) < 1e-5


# --- written by highdicom ---


@pytest.mark.parametrize(
    ("kind", "syntax"),
    [
        ("BINARY", ExplicitVRLittleEndian),
        ("BINARY", ImplicitVRLittleEndian),
        ("BINARY", JPEG2000Lossless),
        ("FRACTIONAL", ExplicitVRLittleEndian),
        ("FRACTIONAL", RLELossless),
        ("LABELMAP", ExplicitVRLittleEndian),
        ("LABELMAP", RLELossless),
        ("LABELMAP", JPEGLSLossless),
        ("LABELMAP", JPEG2000Lossless),
    ],
)
@pytest.mark.parametrize("place", [PLACE, EVEN], ids=["odd", "even"])
def test_what_highdicom_writes(kind, syntax, place, tmp_path, no_handle_left):
    if syntax == JPEG2000Lossless and place is PLACE:
        pytest.skip("highdicom compresses no images of less than 32 pixels as JPEG 2000")
    masks = organs(place)
    given = label_map(masks).astype(np.uint8) if kind == "LABELMAP" else masks
    path = highdicom_seg(tmp_path, given, place=place, kind=kind, syntax=syntax)
    combined = load_seg(path)
    first = int(np.flatnonzero(label_map(masks).any(axis=(0, 1)))[0])
    assert first == 0
    assert_lies_at(combined, place)
    np.testing.assert_array_equal(combined.array, label_map(masks))
    assert combined.array.dtype == np.uint8
    assert combined.array.flags.f_contiguous
    assert combined.modality == "SEG"
    assert dict(combined.labels) == {k: f"organ {k}" for k in (1, 2, 3)}
    separate = load_seg(path, combine_segments=False)
    assert list(separate) == [1, 2, 3]
    for number, mask in separate.items():
        np.testing.assert_array_equal(mask.array, masks[number])
        assert mask.array.dtype == np.uint8
        assert mask.grid == combined.grid
        assert dict(mask.labels) == {1: f"organ {number}"}
    loaded = load_image(path)
    np.testing.assert_array_equal(loaded.array, combined.array)
    assert loaded.grid == combined.grid


def test_facts_of_segments(tmp_path):
    facts = get_segment_info(highdicom_seg(tmp_path, organs()))
    assert [one["segment_number"] for one in facts] == [1, 2, 3]
    assert facts[1] == {
        "segment_number": 2,
        "segment_label": "organ 2",
        "segment_description": "",
        "algorithm_type": "AUTOMATIC",
        "algorithm_name": "phantom maker",
        "category_code": "91772007 (SCT)",
        "category_meaning": "Organ",
        "type_code": "10200004 (SCT)",
        "type_meaning": "Liver",
        "tracking_id": "thing 2",
        "tracking_uid": facts[1]["tracking_uid"],
        "recommended_color": facts[1]["recommended_color"],
    }
    assert facts[1]["tracking_uid"].startswith("2.25.") or facts[1]["tracking_uid"][0].isdigit()


def test_facts_are_read_without_pixels(tmp_path):
    path = highdicom_seg(tmp_path, organs())
    whole = path.read_bytes()
    start = whole.index(b"\xe0\x7f\x10\x00")
    path.write_bytes(whole[: start + 12])
    assert len(get_segment_info(path)) == 3


def test_subset_of_segments(tmp_path):
    masks = organs()
    path = highdicom_seg(tmp_path, masks)
    image = load_seg(path, segment_numbers=[3, 1])
    np.testing.assert_array_equal(image.array, label_map({1: masks[1], 3: masks[3]}))
    assert set(image.labels) == {1, 3}
    separate = load_seg(path, [2], False)
    assert list(separate) == [2]
    np.testing.assert_array_equal(separate[2].array, masks[2])
    label_map_path = highdicom_seg(tmp_path / "map", label_map(masks).astype(np.uint8), kind="LABELMAP")
    np.testing.assert_array_equal(load_seg(label_map_path, [3, 1]).array, image.array)


def test_fractions(tmp_path):
    fractions = np.random.default_rng(1).integers(0, 256, (2, *PLACE.shape)) / 255
    path = highdicom_seg(tmp_path, {1: fractions[0], 2: fractions[1]}, place=PLACE, kind="FRACTIONAL")
    kept = load_seg(path, combine_segments=False, threshold=None)
    for k in (0, 1):
        np.testing.assert_array_equal(kept[k + 1].array, fractions[k].astype(np.float32))
    largest = load_seg(path, threshold=None)
    np.testing.assert_array_equal(largest.array, fractions.max(axis=0).astype(np.float32))
    assert largest.array.dtype == np.float32
    assert not largest.labels
    for threshold in (0.5, 100 / 255, 1.0):
        masks = load_seg(path, combine_segments=False, threshold=threshold)
        for k in (0, 1):
            np.testing.assert_array_equal(masks[k + 1].array, fractions[k] >= threshold)


# --- put together by hand ---


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, DEFLATED_FRAMES])
@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
@pytest.mark.parametrize("place", [PLACE, EVEN], ids=["odd", "even"])
def test_rare_encodings(kind, syntax, place, tmp_path):
    masks = organs(place)
    content = {None: label_map(masks)} if kind == "LABELMAP" else masks
    if kind == "FRACTIONAL":
        content = {number: mask * 255 for number, mask in masks.items()}
    path = write_seg(tmp_path / "seg.dcm", frames_of(content, place), kind=kind, syntax=syntax)
    image = load_seg(path)
    assert_lies_at(image, place)
    np.testing.assert_array_equal(image.array, label_map(masks))
    for number, mask in load_seg(path, combine_segments=False).items():
        np.testing.assert_array_equal(mask.array, masks[number])


@settings(max_examples=15)
@given(st.randoms(use_true_random=False), st.booleans(), st.booleans())
def test_frames_in_any_order(tmp_path_factory, random, undefined_lengths, empty):
    frames = frames_of(organs(), PLACE, empty=empty)
    random.shuffle(frames)
    path = tmp_path_factory.mktemp("seg") / "seg.dcm"
    image = load_seg(write_seg(path, frames, undefined_lengths=undefined_lengths))
    assert_lies_at(image, PLACE)
    np.testing.assert_array_equal(image.array, label_map(organs()))


def test_one_thread_gives_the_same(tmp_path):
    path = write_seg(tmp_path / "seg.dcm", frames_of(organs(), PLACE))
    set_num_threads(1)
    try:
        image = load_seg(path)
    finally:
        set_num_threads(None)
    np.testing.assert_array_equal(image.array, label_map(organs()))


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_numbers_with_gaps_and_above_255(kind, tmp_path):
    numbers = {1: 7, 2: 300, 3: 65535}
    masks = {numbers[number]: mask for number, mask in organs().items()}
    content = masks if kind == "BINARY" else {None: label_map(masks)}
    path = write_seg(tmp_path / "seg.dcm", frames_of(content, PLACE), kind=kind, bits=16)
    image = load_seg(path)
    assert image.array.dtype == np.uint16
    np.testing.assert_array_equal(image.array, label_map(masks))
    assert load_seg(path, [7]).array.dtype == np.uint8
    separate = load_seg(path, combine_segments=False)
    for number, mask in masks.items():
        np.testing.assert_array_equal(separate[number].array, mask)


def test_overlap_is_named_and_the_higher_number_kept(tmp_path):
    masks = balls(PLACE.shape, {2: (4, 5, 4), 5: (6, 5, 4), 9: (8, 5, 4)}, 2.6)
    path = write_seg(tmp_path / "seg.dcm", frames_of(masks, PLACE))
    pairs = {(a, b): int((masks[a] & masks[b]).sum()) for a, b in ((2, 5), (2, 9), (5, 9))}
    assert all(pairs.values())
    with pytest.warns(ContentWarning, match="overlap and the higher number was kept") as caught:
        image = load_seg(path)
    for (low, high), count in pairs.items():
        assert f"{low} (segment {low}) and {high} (segment {high}) in {count} voxels" in str(caught[0].message)
    assert caught[0].filename == __file__
    first = min(int(np.flatnonzero(mask.any(axis=(0, 1)))[0]) for mask in masks.values())
    np.testing.assert_array_equal(image.array, label_map(masks)[:, :, first : first + image.array.shape[2]])
    for number, mask in load_seg(path, combine_segments=False).items():
        assert mask.array.sum() == masks[number].sum()


@settings(max_examples=25)
@given(st.lists(st.tuples(*(st.integers(0, 10),) * 3), min_size=2, max_size=5))
def test_overlaps_are_counted_exactly(tmp_path_factory, centers):
    masks = balls(EVEN.shape, dict(enumerate(centers, 1)), 3.2)
    masks = {number: mask for number, mask in masks.items() if mask.any()} or {1: np.ones(EVEN.shape, np.uint8)}
    path = write_seg(tmp_path_factory.mktemp("seg") / "seg.dcm", frames_of(masks, EVEN), step=2.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ContentWarning)
        image = load_seg(path)
    shared = sum(int((masks[a] & masks[b]).sum()) for a in masks for b in masks if a < b)
    told = [one.value for one in image.provenance.decisions if one.kind == "left out"]
    assert told == ([shared] if shared else [])


def test_segment_named_by_the_shared_groups(tmp_path):
    masks = {4: organs()[1]}
    image = load_seg(write_seg(tmp_path / "seg.dcm", frames_of(masks, PLACE), segment_shared=True))
    assert set(np.unique(image.array)) == {0, 4}
    assert image.array.sum() == 4 * masks[4].sum()


def test_a_segment_without_frames_is_empty(tmp_path):
    path = write_seg(
        tmp_path / "seg.dcm", frames_of({1: organs()[1]}, PLACE), segments=[segment_item(1), segment_item(2)]
    )
    assert set(load_seg(path).labels) == {1, 2}
    separate = load_seg(path, combine_segments=False)
    assert separate[1].array.any()
    assert not separate[2].array.any()
    assert separate[2].grid == separate[1].grid
    assert not load_seg(path, [2]).array.any()


def test_background_of_a_label_map(tmp_path):
    masks = organs()
    content = {None: np.where(label_map(masks) == 0, 255, label_map(masks))}
    segments = [segment_item(number) for number in (1, 2, 3, 255)]
    path = write_seg(
        tmp_path / "seg.dcm", frames_of(content, PLACE), kind="LABELMAP", background=255, segments=segments
    )
    assert [one["segment_number"] for one in get_segment_info(path)] == [1, 2, 3]
    image = load_seg(path)
    np.testing.assert_array_equal(image.array, label_map(masks))
    np.testing.assert_array_equal(load_seg(path, combine_segments=False)[2].array, masks[2])


def test_numbers_of_a_label_map_that_no_segment_has_are_told(tmp_path):
    masks = organs()
    path = write_seg(
        tmp_path / "seg.dcm",
        frames_of({None: label_map(masks)}, PLACE),
        kind="LABELMAP",
        segments=[segment_item(1), segment_item(3)],
    )
    with pytest.warns(ContentWarning, match=f"{masks[2].sum()} voxels have a number that no segment"):
        image = load_seg(path)
    np.testing.assert_array_equal(image.array, label_map({1: masks[1], 3: masks[3]}))


def test_a_segment_twice_on_a_plane_is_a_union_with_a_warning(tmp_path):
    masks = organs()
    frames = [*frames_of({1: masks[1]}, PLACE), *frames_of({1: masks[2]}, PLACE)]
    both = {k for k in range(9) if masks[1][:, :, k].any() and masks[2][:, :, k].any()}
    with pytest.warns(ContentWarning, match=f"{len(both)} frame"):
        image = load_seg(write_seg(tmp_path / "seg.dcm", frames))
    assert image.array.sum() == (masks[1] | masks[2]).sum()


def test_names_come_in_the_file_s_character_set(tmp_path):
    path = write_seg(
        tmp_path / "seg.dcm",
        frames_of({1: organs()[1]}, PLACE),
        segments=[segment_item(1, "Nière gauche – 左腎", SegmentDescription="été")],
    )
    assert get_segment_info(path)[0]["segment_label"] == "Nière gauche – 左腎"
    assert get_segment_info(path)[0]["segment_description"] == "été"
    assert load_seg(path).labels[1] == "Nière gauche – 左腎"


# --- on an image ---


def test_placed_on_its_image(tmp_path):
    masks = {number: mask for number, mask in organs().items() if number != 1}
    path = highdicom_seg(tmp_path, {1: masks[2], 2: masks[3]}, place=PLACE)
    scan = load_image(tmp_path / "ct")
    image = load_seg(path, reference_image=scan)
    assert image.array.shape == scan.array.shape
    np.testing.assert_array_equal(image.array, label_map({1: masks[2], 2: masks[3]}))
    np.testing.assert_array_equal(load_image(path, reference_image=scan).array, image.array)
    separate = load_seg(path, combine_segments=False, reference_image=scan)
    for number, mask in separate.items():
        np.testing.assert_array_equal(mask.array, masks[number + 1])
        assert mask.grid.lies_on(scan.grid)
        assert mask.array.dtype == np.uint8


@pytest.mark.filterwarnings("ignore:.*cuts off", "ignore:.*nothing is left of label")
@settings(max_examples=25)
@given(
    st.permutations(range(3)),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
    st.tuples(*(st.integers(-3, 3),) * 3),
)
def test_placing_back_is_the_identity(tmp_path_factory, order, flips, start):
    path = tmp_path_factory.getbasetemp() / "to_place" / "seg.dcm"
    if not path.exists():
        write_seg(path, frames_of(organs(), PLACE))
    own = load_seg(path)
    grid = own.grid.permute(order)
    for axis in range(3):
        grid = grid.flip(axis) if flips[axis] else grid
    grid = grid.crop(start, tuple(n + 7 for n in grid.shape))
    other = load_seg(path, reference_image=Image.from_grid(np.zeros(grid.shape, np.uint8), grid))
    for number, mask in load_seg(
        path, combine_segments=False, reference_image=Image.from_grid(np.zeros(grid.shape, np.uint8), grid)
    ).items():
        np.testing.assert_array_equal(mask.array, other.array == number)
    for index in np.argwhere(own.array):
        place = np.rint(grid.world_to_index(own.grid.index_to_world(index))).astype(int)
        if (place >= 0).all() and (place < grid.shape).all():
            assert other.array[tuple(place)] == own.array[tuple(index)]


def test_another_frame_of_reference_warns(tmp_path):
    path = write_seg(tmp_path / "seg.dcm", frames_of(organs(), PLACE))
    scan = load_seg(path)
    elsewhere = Image.from_grid(scan.array, scan.grid, metadata={"frame_of_reference_uid": "1.2.3"})
    load_seg(path, reference_image=scan)
    with pytest.warns(GeometryWarning, match=r"frame of reference .* is not the reference's \(1\.2\.3\)"):
        load_seg(path, reference_image=elsewhere)


def test_far_from_the_image(tmp_path):
    path = write_seg(tmp_path / "seg.dcm", frames_of(organs(), PLACE))
    own = load_seg(path)
    away = own.grid.crop((1000, 0, 0), own.grid.shape)
    with pytest.warns(ContentWarning, match="lies wholly outside the reference"):
        image = load_seg(path, reference_image=Image.from_grid(own.array, away))
    assert not image.array.any()
    with pytest.warns(ContentWarning) as caught:
        load_seg(path, combine_segments=False, reference_image=Image.from_grid(own.array, away))
    assert len(caught) == 1
    # Of a part of the scan without the third organ, one warning says so.
    part = own.grid.crop((0, 0, 0), (*own.grid.shape[:2], 7))
    with pytest.warns(
        ContentWarning, match=r"(nothing is left of label 3 \(segment 3\)|segment 2.*cuts off 5 of 57)"
    ) as caught:
        masks = load_seg(path, combine_segments=False, reference_image=Image.from_grid(own.array[:, :, :7], part))
    assert len(caught) == 2
    assert [mask.array.any() for mask in masks.values()] == [True, True, False]


@pytest.mark.parametrize("offset", [0.0, 0.4])
def test_a_reference_without_some_organs_names_them_once(tmp_path, offset):
    path = write_seg(tmp_path / "seg.dcm", frames_of(organs(), PLACE))
    own = load_seg(path)
    last = own.grid.crop((0, 0, 8), (*own.grid.shape[:2], 1))
    moved = Grid(last.shape, last.spacing, tuple(last.index_to_world((offset, 0, 0))), last.direction)
    scan = Image.from_grid(np.zeros(moved.shape, np.uint8), moved)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        masks = load_seg(path, combine_segments=False, reference_image=scan)
    assert [mask.array.any() for mask in masks.values()] == [False, False, True]
    assert not any("outside" in str(warning.message) for warning in caught)
    # That the voxels were moved is told once, not for each organ.
    assert [one.category for one in caught] == [*([GeometryWarning] if offset else []), ContentWarning]
    assert "nothing is left of label 1 (segment 1), 2 (segment 2)" in str(caught[-1].message)
    assert "wholly outside" in masks[1].provenance.decisions[-1].text


# --- what is told ---


def test_provenance_names_the_frames(tmp_path):
    path = write_seg(tmp_path / "seg.dcm", frames_of({1: organs()[1], 2: organs()[3]}, PLACE))
    image = load_seg(path)
    assert len(image.provenance.slices) == image.array.shape[2]
    held = [k for k, one in enumerate(image.provenance.slices) if one.file]
    assert held == np.flatnonzero(image.array.any(axis=(0, 1))).tolist()
    for k, one in enumerate(image.provenance.slices):
        np.testing.assert_allclose(one.position, PLACE.position((0, 0, k)), atol=1e-6)
    assert image.metadata["frame_of_reference_uid"]
    assert image.metadata["series_description"] == "Phantom segments"


def test_explained_without_pixels(tmp_path):
    path = highdicom_seg(tmp_path, organs(), place=PLACE)
    (volume,) = explain(path).volumes
    assert volume.format == "DICOM SEG"
    assert volume.modality == "SEG"
    assert volume.shape == PLACE.shape
    assert volume.labels == ((1, "organ 1"), (2, "organ 2"), (3, "organ 3"))
    assert volume.is_default
    assert "organ 2" in str(explain(path))


def test_dtype_of_load_image(tmp_path):
    path = write_seg(tmp_path / "seg.dcm", frames_of(organs(), PLACE))
    image = load_image(path, dtype="float32")
    assert image.array.dtype == np.float32
    assert image.array.flags.f_contiguous
    with pytest.warns(ContentWarning, match="irregular has no effect on DICOM SEG"):
        load_image(path, irregular="ignore")


def test_a_folder_with_its_scan_loads_the_scan(tmp_path):
    path = highdicom_seg(tmp_path, organs(), place=PLACE)
    path.rename(tmp_path / "ct" / "seg.dcm")
    with pytest.warns(ContentWarning, match="left out 1 file of segments"):
        assert load_image(tmp_path / "ct").modality == "CT"


def test_phantom_survives_as_a_label_map(tmp_path):
    path = write_seg(tmp_path / "seg.dcm", frames_of({None: PHANTOM.array}), kind="LABELMAP")
    image = load_seg(path)
    assert_lies_at(image, PHANTOM)
    np.testing.assert_array_equal(image.array, PHANTOM.array)


@pytest.mark.parametrize("place", ["a fraction of a voxel aside", "of another spacing"])
def test_on_another_lattice_load_image_does_what_load_seg_does(tmp_path, place):
    path = write_seg(tmp_path / "seg.dcm", frames_of(organs(), PLACE))
    own = load_seg(path)
    if place == "of another spacing":
        aside, words = own.grid.with_spacing([0.8 * step for step in own.spacing]), "resampled onto the reference by"
    else:
        # Less than half a voxel aside, each voxel's nearest neighbor is itself.
        start = tuple(own.grid.index_to_world((0.3, -0.2, 0.1)))
        aside, words = Grid(own.grid.shape, own.spacing, start, own.grid.direction), r"by 0.3, -0.2, 0.1 voxels"
    reference = Image.from_grid(np.zeros(aside.shape, np.float32), aside)
    with pytest.warns(GeometryWarning, match=words) as caught:
        image = load_seg(path, reference_image=reference)
    assert caught[0].filename == __file__
    if place != "of another spacing":
        np.testing.assert_array_equal(image.array, own.array)
    assert image.array.dtype == np.uint8
    assert dict(image.labels) == dict(own.labels)
    with pytest.warns(GeometryWarning, match=words) as caught:
        separate = load_seg(path, combine_segments=False, reference_image=reference)
    for number, mask in separate.items():
        np.testing.assert_array_equal(mask.array, image.array == number)
    assert len(caught) == 1
    with pytest.warns(GeometryWarning, match=words) as caught:
        loaded = load_image(path, reference_image=reference)
    assert len(caught) == 1
    assert loaded.equals(image)
