"""Frames of a segmentation that meet only if they belong together: sources, times, and the alignment of bits."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.sequence import Sequence as DicomSequence

from pictologics import explain, load_image
from pictologics.errors import ContentWarning, CorruptFileError, GeometryError, OptionError, UnsupportedFormatError
from pictologics.loaders import get_segment_info, load_seg
from pictologics.saving import save_seg
from tests.factories.dicom_series import uid, write_series
from tests.factories.enhanced import item
from tests.factories.multiframe import write_ultrasound
from tests.factories.phantom import OBLIQUE, PHANTOM, Phantom
from tests.factories.segmentations import balls, frames_of, highdicom_seg, segment_item, write_seg

PLACE = Phantom(np.zeros((13, 11, 9)), (0.75, 1.125, 2.5), (-61.25, 104.5, -733.75), OBLIQUE)
MASKS = balls(PLACE.shape, {1: (3, 3, 2), 2: (9, 7, 5)}, 2.4)
SOURCE = uid("source")


def name_sources(sources, *, keep_places=()):
    """Have each frame name a source frame, (instance, number) or None, instead of its place."""

    def change(dataset):
        for k, (group, source) in enumerate(zip(dataset.PerFrameFunctionalGroupsSequence, sources, strict=True)):
            if k not in keep_places:
                del group.PlanePositionSequence
                del group.PlaneOrientationSequence
            if source is not None:
                instance, number = source
                image = item(ReferencedSOPInstanceUID=instance, ReferencedFrameNumber=number or None)
                derived = item(SourceImageSequence=DicomSequence([image]))
                group.DerivationImageSequence = DicomSequence([derived])

    return change


def write_frames(path, masks, sources=None, *changes, **options):
    frames = frames_of(masks, PLACE, empty=True)
    if sources is not None:
        changes = (name_sources(sources, **options), *changes)
        options = {}
    return write_seg(path, frames, *changes, **options)


def per_plane(image):
    return np.count_nonzero(image.array, axis=(0, 1)).tolist()


# --- sources ---


@pytest.mark.filterwarnings("ignore:.*1 mm was assumed", "ignore:.*at the origin:UserWarning")
def test_frames_without_a_position_follow_the_frames_of_their_source(tmp_path):
    order = [4, 2, 3, 7, 9, 8, 6, 5, 1]
    path = write_frames(tmp_path / "seg.dcm", {1: MASKS[1]}, [(SOURCE, number) for number in order])
    with pytest.warns(match="follow the source frames that they reference, in the order of the source's frames"):
        image = load_seg(path)
    for k, number in enumerate(order):
        np.testing.assert_array_equal(image.array[:, :, number - 1], MASKS[1][:, :, k])
    # Only some of the source's frames: they lie where those do.
    part = write_frames(tmp_path / "part.dcm", {1: MASKS[1]}, [(SOURCE, number + 20) for number in order])
    assert load_seg(part).origin[2] - image.origin[2] == pytest.approx(20 * image.spacing[2])
    two = write_frames(tmp_path / "two.dcm", MASKS, [(SOURCE, k % 9 + 1) for k in range(18)])
    np.testing.assert_array_equal(load_seg(two).array, MASKS[1] + 2 * MASKS[2])


@pytest.mark.filterwarnings("ignore:.*assumed", "ignore:.*have no position:UserWarning")
def test_on_the_ultrasound_that_was_segmented(tmp_path):
    scan = load_image(write_ultrasound(tmp_path / "us.dcm"))
    count = PHANTOM.shape[2]
    mask = balls(PHANTOM.shape, {1: (9, 9, 3)}, 4.5)[1]
    instance = scan.provenance.slices[0].sop_instance_uid
    frames = frames_of({1: mask}, PHANTOM, empty=True)
    # The frames in another order than those of the source.
    sources = [(instance, count - k) for k in range(count)]
    path = write_seg(tmp_path / "seg.dcm", frames, name_sources(sources))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        placed = load_seg(path, reference_image=scan)
    assert placed.grid == scan.grid
    np.testing.assert_array_equal(placed.array, mask[:, :, ::-1])
    dataset = dcmread(path)
    for group, plane in zip(dataset.PerFrameFunctionalGroupsSequence, dataset.pixel_array, strict=True):
        number = group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber
        np.testing.assert_array_equal(placed.array[:, :, number - 1], plane.T)
    stranger = write_seg(tmp_path / "b.dcm", frames, name_sources([(SOURCE, k + 1) for k in range(count)]))
    with pytest.raises(GeometryError, match="reference frames that are not those of the reference image"):
        load_seg(stranger, reference_image=scan)
    small = write_frames(tmp_path / "c.dcm", {1: MASKS[1]}, [(instance, k + 1) for k in range(9)])
    with pytest.raises(GeometryError, match="no position and 13x11 pixels, and the reference image has"):
        load_seg(small, reference_image=scan)


def test_on_single_frame_slices_and_for_some_frames_only(tmp_path):
    write_series(tmp_path / "ct", Phantom(np.zeros(PLACE.shape, "int16"), PLACE.spacing, PLACE.origin, OBLIQUE))
    scan = load_image(tmp_path / "ct")
    instances = [(plane.sop_instance_uid, 0) for plane in scan.provenance.slices]
    path = write_frames(tmp_path / "seg.dcm", MASKS, instances * 2)
    mask = load_seg(path, reference_image=scan)
    assert mask.grid == scan.grid
    np.testing.assert_array_equal(mask.array, MASKS[1] + 2 * MASKS[2])
    # Segment 1 has its places, and segment 2 names the same sources.
    some = write_frames(tmp_path / "some.dcm", MASKS, instances * 2, keep_places=range(9))
    np.testing.assert_array_equal(load_seg(some).array, MASKS[1] + 2 * MASKS[2])
    # Nothing else names the sources of the last two: the reference knows their places.
    few = write_frames(tmp_path / "few.dcm", {1: MASKS[1]}, instances, keep_places=range(7))
    np.testing.assert_array_equal(load_seg(few, reference_image=scan).array, MASKS[1])
    with pytest.raises(
        GeometryError, match=r"2 of its 9 frames have no position .* no source frame whose place is known"
    ):
        load_seg(few)


def test_frames_that_say_neither_are_refused_unless_they_are_one_plane(tmp_path):
    with pytest.raises(GeometryError, match="9 of its 9 frames have no position"):
        load_seg(write_frames(tmp_path / "seg.dcm", {1: MASKS[1]}, [None] * 9))
    flat = {number: mask[:, :, 2:3] for number, mask in MASKS.items()}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = load_seg(write_frames(tmp_path / "flat.dcm", flat, [None] * 2))
    assert image.array.shape == (13, 11, 1)
    assert any("have no position" in str(warning.message) for warning in caught)


# --- times ---


def write_times(path, tell, masks, *changes, **options):
    """Frames of several times on the same planes; ``tell`` gives each frame's group its time."""
    frames = [frame for mask in masks for frame in frames_of({options.get("segment", 1): mask}, PLACE, empty=True)]

    def change(dataset):
        for k, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
            tell(dataset, group, k // 9, k % 9)

    kind = options.get("kind", "BINARY")
    return write_seg(path, frames, change, *changes, kind=kind)


def tell_by_index(dataset, group, time, plane):
    group.FrameContentSequence[0].TemporalPositionIndex = time + 1


def tell_by_offset(dataset, group, time, plane):
    group.TemporalPositionSequence = DicomSequence([item(TemporalPositionTimeOffset=0.25 * time)])


def tell_by_phase(dataset, group, time, plane):
    group.CardiacSynchronizationSequence = DicomSequence([item(NominalPercentageOfCardiacPhase=10.0 * time)])


def tell_by_dimension(dataset, group, time, plane):
    pointers = (0x0062000B, 0x00209128, 0x00200032)
    dataset.DimensionIndexSequence = DicomSequence([item(DimensionIndexPointer=pointer) for pointer in pointers])
    group.FrameContentSequence[0].DimensionIndexValues = [1, time + 1, plane + 1]


def tell_by_source_frame(dataset, group, time, plane):
    image = item(ReferencedSOPInstanceUID=SOURCE, ReferencedFrameNumber=time + 3 * plane + 1)
    group.DerivationImageSequence = DicomSequence([item(SourceImageSequence=DicomSequence([image]))])


def tell_by_source_instance(dataset, group, time, plane):
    image = item(ReferencedSOPInstanceUID=uid("slice", time, plane))
    group.DerivationImageSequence = DicomSequence([item(SourceImageSequence=DicomSequence([image]))])


MOVING = [np.roll(MASKS[1], 2 * time, axis=0) for time in range(3)]


@pytest.mark.parametrize(
    ("tell", "labels"),
    [
        (tell_by_index, ["Time 1", "Time 2", "Time 3"]),
        (tell_by_offset, ["Time 0 s", "Time 0.25 s", "Time 0.5 s"]),
        (tell_by_phase, ["Phase 0%", "Phase 10%", "Phase 20%"]),
        (tell_by_dimension, ["Time 1", "Time 2", "Time 3"]),
        (tell_by_source_frame, ["Volume 1", "Volume 2", "Volume 3"]),
        (tell_by_source_instance, ["Volume 1", "Volume 2", "Volume 3"]),
    ],
)
@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_times_are_volumes(tmp_path, tell, labels, kind):
    options = {"segment": None} if kind == "LABELMAP" else {}
    masks = [mask * np.uint8(255) for mask in MOVING] if kind == "FRACTIONAL" else MOVING
    path = write_times(tmp_path / "seg.dcm", tell, masks, kind=kind, **options)
    assert [volume.phase for volume in explain(path).volumes] == labels
    assert [volume.dataset_index for volume in explain(path).volumes] == [0, 1, 2]
    with pytest.warns(ContentWarning, match=f"loaded {labels[0]}, one of 3 volumes; dataset_index chooses"):
        np.testing.assert_array_equal(load_image(path).array, MOVING[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for index in (1, 2):
            np.testing.assert_array_equal(load_image(path, dataset_index=index).array, MOVING[index])
            mask = load_seg(path, combine_segments=False, dataset_index=index)[1]
            np.testing.assert_array_equal(mask.array, MOVING[index])
            assert mask.metadata["phase"] == labels[index]
    with pytest.raises(OptionError, match="dataset_index 3 is out of range: the segmentation holds 3 volumes"):
        load_seg(path, dataset_index=3)


def test_two_attributes_tell_times_apart_together(tmp_path):
    def tell(dataset, group, time, plane):
        tell_by_index(dataset, group, time % 2, plane)
        tell_by_phase(dataset, group, time // 2, plane)

    masks = [np.roll(MASKS[1], time, axis=1) for time in range(4)]
    path = write_times(tmp_path / "seg.dcm", tell, masks)
    order = [0, 2, 1, 3]  # by time, then by phase
    for index, time in enumerate(order):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            np.testing.assert_array_equal(load_seg(path, dataset_index=index).array, masks[time])


@pytest.mark.filterwarnings("error")
def test_a_time_that_comes_along_with_the_planes_splits_nothing(tmp_path):
    def tell(dataset, group, time, plane):
        tell_by_index(dataset, group, plane, plane)

    np.testing.assert_array_equal(load_seg(write_times(tmp_path / "a.dcm", tell, [MASKS[1]])).array, MASKS[1])


def test_frames_of_sources_that_do_not_match_are_not_joined(tmp_path):
    def tell(dataset, group, time, plane):
        tell_by_source_frame(dataset, group, 0 if plane == 4 else time, plane)

    with pytest.raises(UnsupportedFormatError, match="nothing says which of them belong together"):
        load_seg(write_times(tmp_path / "seg.dcm", tell, MOVING))
    assert not explain(tmp_path / "seg.dcm").volumes[0].loads


# --- bits ---

SIZE = 13 * 11


def repack(unit, runs):
    """Pad the bits of each run of frames to a multiple of some bits."""

    def change(dataset):
        bits = np.unpackbits(np.frombuffer(dataset.PixelData, np.uint8), bitorder="little")
        frames = bits[: dataset.NumberOfFrames * SIZE].reshape(-1, SIZE)
        parts = []
        for first in range(0, len(frames), runs):
            run = frames[first : first + runs].ravel()
            parts += [run, np.zeros(-len(run) % unit, np.uint8)]
        data = np.packbits(np.concatenate(parts), bitorder="little").tobytes()
        dataset.PixelData = data + b"\0" * (len(data) % 2)

    return change


MANY = {number: np.roll(MASKS[1 + number % 2], number, axis=1) for number in range(1, 17)}


@pytest.mark.parametrize(("runs", "words"), [(1, "each frame padded"), (9, "each segment padded")])
def test_padded_bits_are_read_in_the_alignment_that_fits(tmp_path, runs, words):
    path = write_frames(tmp_path / "seg.dcm", MANY, None, repack(8, runs))
    with pytest.warns(ContentWarning, match=words):
        found = load_seg(path, combine_segments=False)
    for number, mask in MANY.items():
        np.testing.assert_array_equal(found[number].array, mask)


def test_two_alignments_that_fit_are_refused(tmp_path):
    # Two frames of 143 bits have 286, and 36 bytes whether each is padded or both together.
    masks = {number: mask[:, :, 2:4] for number, mask in MANY.items()}
    path = write_frames(tmp_path / "seg.dcm", masks, None, repack(8, 1))
    with pytest.raises(
        CorruptFileError, match=r"so are each frame padded and each segment padded, and where frames beg"
    ):
        load_seg(path)


@pytest.mark.parametrize("lengthen", [repack(32, 1), lambda d: setattr(d, "PixelData", d.PixelData + bytes(4))])
def test_bits_that_no_alignment_fits_are_refused(tmp_path, lengthen):
    with pytest.raises(CorruptFileError, match="no padding explains the rest, and where frames begin cannot be told"):
        load_seg(write_frames(tmp_path / "seg.dcm", MASKS, None, lengthen))


def test_bits_of_whole_bytes_with_something_behind_are_read(tmp_path):
    frames = frames_of({1: np.ones((8, 6, 3), np.uint8)}, PLACE)
    path = write_seg(tmp_path / "seg.dcm", frames, lambda d: setattr(d, "PixelData", d.PixelData + bytes(4)))
    with pytest.warns(ContentWarning, match="the rest was not read"):
        assert load_seg(path).array.all()


def test_bytes_behind_whole_frames_are_told(tmp_path):
    def lengthen(dataset):
        dataset.PixelData = dataset.PixelData + b"\0" * 6

    labels = MASKS[1] + 2 * MASKS[2]
    path = write_frames(tmp_path / "map.dcm", {None: labels}, None, lengthen, kind="LABELMAP")
    with pytest.warns(ContentWarning, match="the rest was not read"):
        np.testing.assert_array_equal(load_seg(path).array, labels)


# --- background ---


@pytest.mark.parametrize(("number", "padding"), [(0, None), (0, 0), (7, None), (255, 255)])
def test_background_is_no_segment(tmp_path, number, padding):
    labels = MASKS[1] + 2 * MASKS[2]
    stored = np.where(labels == 0, np.uint8(number), labels).astype(np.uint8)
    background = segment_item(number, "Background")
    code = item(CodeValue="125040", CodingSchemeDesignator="DCM", CodeMeaning="Background")
    background.SegmentedPropertyTypeCodeSequence = DicomSequence([code])
    segments = [background, segment_item(1), segment_item(2)]
    path = write_frames(
        tmp_path / "seg.dcm", {None: stored}, None, kind="LABELMAP", segments=segments, background=padding
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [segment["segment_number"] for segment in get_segment_info(path)] == [1, 2]
        image = load_seg(path)
        assert dict(image.labels) == {1: "segment 1", 2: "segment 2"}
        np.testing.assert_array_equal(image.array, labels)
        assert list(load_seg(path, combine_segments=False)) == [1, 2]
        assert explain(path).volumes[0].labels == ((1, "segment 1"), (2, "segment 2"))
    with pytest.raises(OptionError, match="only 1, 2"):
        load_seg(path, [number])


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_a_label_map_of_highdicom_saved_again(tmp_path, kind):
    path = highdicom_seg(tmp_path, (MASKS[1] + 2 * MASKS[2]).astype(np.uint8), place=PLACE, kind="LABELMAP")
    image = load_seg(path)
    assert set(image.labels) == {1, 2}
    save_seg(image, tmp_path / "ct", tmp_path / "again.dcm", get_segment_info(path), segmentation_type=kind)
    again = load_seg(tmp_path / "again.dcm", reference_image=load_image(tmp_path / "ct"))
    assert dict(again.labels) == dict(image.labels)
    np.testing.assert_array_equal(again.array, MASKS[1] + 2 * MASKS[2])
    assert [segment["segment_number"] for segment in get_segment_info(tmp_path / "again.dcm")] == [1, 2]
