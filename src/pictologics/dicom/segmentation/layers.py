"""Which segment each frame of a segmentation shows, and on which plane."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ...errors import CorruptFileError, UnsupportedFormatError
from ...geometry import Grid
from ...image import Image
from ...provenance import Decision
from ...storage.expansion import check_expansion
from ..frames.file_frames import refuse_absurd_count
from ..frames.frame import Frame, make_frame
from ..frames.plane_attributes import read_orientation, read_plane_size, read_position
from ..headers import tags
from ..headers.attributes import Attributes
from ..headers.functional_groups import read_frame_values
from ..headers.header import Header
from ..stacks.sparse_planes import SparsePlanes, stack_sparse_planes
from .bit_alignment import BitAlignment, find_bit_alignment
from .frame_pixels import check_nothing_behind, is_packed
from .segmentation_header import DicomSegmentation, header_error
from .source_frames import find_missing_positions, place_all_by_source, read_source_frames
from .times import TIME_TAGS, ShownFrame, TimePoint, choose_time, split_times

__all__ = ["ALL_SEGMENTS", "Layer", "Layers", "find_layers"]

ALL_SEGMENTS = -1
"""In place of a segment's number: a frame of a label map shows all of them."""

MOST_TIMES_NAMED = 8
"""How many times a message names."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One stored frame: the number of the segment that it shows, and of the frame in the file, from 0."""

    segment: int
    frame: int


@dataclass(frozen=True)
class Layers:
    """The frames of a segmentation by plane.

    Attributes:
        grid: From the first to the last plane.
        template: A frame of the file, for what all of them have in common.
        planes: For each plane of the grid its frames, in ascending order of their segments; none where the file
            has no frame of the time.
        decisions: Decisions about positions, times and repeated frames.
        alignment: Where frames of bits begin.
        times: The times of which the file holds frames, in ascending order.
        time: The one whose frames these are.
    """

    grid: Grid
    template: Frame
    planes: tuple[tuple[Layer, ...], ...]
    decisions: tuple[Decision, ...]
    alignment: BitAlignment
    times: tuple[TimePoint, ...]
    time: TimePoint

    @property
    def frame_count(self) -> int:
        """How many frames the file must hold, counted up to the last one that lies on a plane."""
        return max(layer.frame for plane in self.planes for layer in plane) + 1


@dataclass(frozen=True)
class FramesRead:
    """What the functional groups say of the frames of a file.

    Attributes:
        frames: The frames that differ in what they say of their place, one of each kind.
        kinds: For each frame of the file, which of these it is like.
        segments: The segment that it shows.
        times: What it says of its time, as raw values.
    """

    frames: list[Frame]
    kinds: list[int]
    segments: list[int]
    times: list[tuple[bytes | None, ...]]


def find_layers(segmentation: DicomSegmentation, reference: Image | None = None, index: int = 0) -> Layers:
    """Find the plane and the segment of each frame of a segmentation.

    Args:
        segmentation: The file.
        reference: The image that it belongs to, if it is known.
        index: Which of several times is wanted, from 0.

    Raises:
        UnsupportedFormatError: If it is the segmentation of a slide.
        CorruptFileError: If the frames contradict the header, or name segments that are not described.
        GeometryError: If the planes are not parallel or lie on no regular grid.
        OptionError: If there is no such time.
    """
    header = segmentation.header
    read = read_frames(segmentation)
    found = place_frames(header, read, reference)
    template = read.frames[0]
    shown = [
        ShownFrame(number, segment, slot, times)
        for number, (segment, slot, times) in enumerate(
            zip(read.segments, found.slots.tolist(), read.times, strict=True)
        )
    ]
    times = split_times(header, shown)
    time = choose_time(times, index, header.path)
    planes: list[list[Layer]] = [[] for _ in range(found.grid.shape[2])]
    for frame in shown:
        if frame.number in time.frames:
            planes[frame.slot].append(Layer(frame.segment, frame.number))
    # Ascending, so that painting in this order leaves the higher number where segments overlap.
    ordered = tuple(tuple(sorted(plane, key=lambda layer: layer.segment)) for plane in planes)
    alignment = align_bits(template, read.segments)
    decisions = (
        *found.decisions,
        *alignment.decisions,
        *list_other_times(times, index),
        *describe_repeated_frames(ordered, segmentation),
    )
    return Layers(found.grid, template, ordered, decisions, alignment, tuple(times), time)


def read_frames(segmentation: DicomSegmentation) -> FramesRead:
    """Read what the functional groups say of the frames; no pixels."""
    header = segmentation.header
    refuse_slide(header)
    size = read_plane_size(header)
    # One that is there must say how many there are; 0 and an empty value are errors, not one frame.
    count = 1 if tags.NUMBER_OF_FRAMES not in header else header.integer(tags.NUMBER_OF_FRAMES) or 0
    if not all(size) or count < 1 or not header.pixel_tag:
        content = "no pixel data" if not header.pixel_tag else f"{count} frames of {size[1]}x{size[0]} pixels"
        raise header_error(header, f"this segmentation has {content}")
    refuse_absurd_count(header, count)
    bits = size[0] * size[1] * (header.short(tags.BITS_ALLOCATED) or 1)
    check_expansion(header.path, header.file_size, count * bits // 8, f"{count} frames of {size[1]}x{size[0]} pixels")
    described = frozenset(segmentation.numbers)
    # Hundreds of frames share a plane or a segment, written alike: what is written is read once.
    unique: dict[tuple[bytes | None, ...], int] = {}
    shown: dict[bytes | None, int] = {}
    read = FramesRead([], [], [], [])
    for number, values in enumerate(read_frame_values(header)):
        get = values.get
        written = get(tags.IMAGE_POSITION_PATIENT), get(tags.IMAGE_ORIENTATION_PATIENT), get(tags.PIXEL_SPACING)
        if written not in unique:
            attributes = Attributes(header.path, values, header.little_endian)
            unique[written] = len(read.frames)
            position, orientation = read_position(attributes), read_orientation(attributes)
            read.frames.append(
                make_frame(header, attributes, number, size=size, position=position, orientation=orientation)
            )
        segment_bytes = None if segmentation.kind == "LABELMAP" else get(tags.REFERENCED_SEGMENT_NUMBER)
        if segment_bytes not in shown:
            attributes = Attributes(header.path, values, header.little_endian)
            shown[segment_bytes] = find_shown_segment(attributes, segmentation, described, number)
        read.kinds.append(unique[written])
        read.segments.append(shown[segment_bytes])
        read.times.append(tuple(map(get, TIME_TAGS)))
    return read


def place_frames(header: Header, read: FramesRead, reference: Image | None) -> SparsePlanes:
    """Find the grid on which the frames lie, and the slot of each frame of the file.

    Frames without a position follow the source frames that they name; several frames without either lie nowhere.
    """
    grid = None if reference is None else reference.grid
    frames, kinds = read.frames, read.kinds
    placed = [frame.position is not None and frame.orientation is not None for frame in frames]
    if all(placed):
        found = stack_sparse_planes(frames, grid, header.path)
        return replace(found, slots=found.slots[kinds])
    sources = read_source_frames(header, len(kinds))
    if not any(placed):
        if not any(sources) and len(set(read.segments)) == len(kinds):
            # One frame of each segment: a single plane.
            found = stack_sparse_planes(frames[:1], grid, header.path)
            return replace(found, slots=found.slots[[0] * len(kinds)])
        return place_all_by_source(frames[0], sources, reference, header.path)
    every = find_missing_positions([frames[kind] for kind in kinds], sources, reference, header.path)
    return stack_sparse_planes(every, grid, header.path)


def align_bits(template: Frame, segments: Sequence[int]) -> BitAlignment:
    """Find where frames begin, and say if something stands behind them."""
    header = template.header
    if header.is_encapsulated:
        return BitAlignment()
    if is_packed(header):
        return find_bit_alignment(header, template.rows * template.columns, segments)
    return BitAlignment(None, check_nothing_behind(template, len(segments)))


def list_other_times(times: Sequence[TimePoint], index: int) -> list[Decision]:
    """Say which of several times was loaded; a warning where it may be the one that nobody chose."""
    if len(times) == 1:
        return []
    labels = "; ".join(f"{k} ({time.label})" for k, time in enumerate(times[:MOST_TIMES_NAMED]))
    more = ", ..." if len(times) > MOST_TIMES_NAMED else ""
    text = f"loaded {times[index].label}, one of {len(times)} volumes; dataset_index chooses: {labels}{more}"
    return [Decision("left out", text, len(times) - 1, None if index else "content")]


def refuse_slide(header: Header) -> None:
    """Raise for frames that are tiles of one large picture (DICOM PS3.3 C.7.6.17.3)."""
    if tags.TOTAL_PIXEL_MATRIX_COLUMNS in header:
        raise UnsupportedFormatError(
            "this is the segmentation of a slide, whose frames are tiles of one large picture, and planes in a patient "
            "are required",
            path=header.path,
            advice="read it with a library for slides, such as highdicom",
        )


def find_shown_segment(
    attributes: Attributes, segmentation: DicomSegmentation, described: Collection[int], number: int
) -> int:
    """Find the segment that a frame shows (DICOM PS3.3 C.8.20.3.1), from its own groups or the shared ones.

    A frame that names none belongs to the only segment there is.
    """
    if segmentation.kind == "LABELMAP":
        return ALL_SEGMENTS
    segment = attributes.short(tags.REFERENCED_SEGMENT_NUMBER)
    if segment is None and len(described) == 1:
        return segmentation.segments[0].number
    if segment is None or segment not in described:
        which = "no segment" if segment is None else f"segment {segment}, which is not described"
        raise CorruptFileError(
            f"its frame {number + 1} shows {which}",
            path=attributes.path,
            advice="export the file again",
            segment=segment,
            frame=number,
        )
    return segment


def describe_repeated_frames(planes: tuple[tuple[Layer, ...], ...], segmentation: DicomSegmentation) -> list[Decision]:
    """Say which segments have several frames on one plane."""
    extra = sum(len(plane) - len({layer.segment for layer in plane}) for plane in planes)
    if not extra:
        return []
    if segmentation.kind == "LABELMAP":
        raise header_error(segmentation.header, f"{extra} of its frames lie on a plane that another one has taken")
    text = (
        f"{extra} frame{'s' * (extra != 1)} of a segment on a plane where it has another; a voxel belongs to the "
        "segment if any of them says so"
    )
    return [Decision("assumed", text, extra, "content")]


def find_first_frames(layers: Layers, segment: int | None) -> Mapping[int, int]:
    """Find the first frame of a segment, or of any if None, by the index of the plane on which it lies."""
    return {
        slot: min(layer.frame for layer in plane if segment in (None, layer.segment))
        for slot, plane in enumerate(layers.planes)
        if any(segment in (None, layer.segment) for layer in plane)
    }
