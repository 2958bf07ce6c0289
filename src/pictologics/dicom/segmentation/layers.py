"""Which segment each frame of a segmentation shows, and on which plane."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ...errors import CorruptFileError, UnsupportedFormatError
from ...geometry import Grid
from ...provenance import Decision
from ..frames.file_frames import refuse_absurd_count
from ..frames.frame import Frame, make_frame
from ..frames.plane_attributes import read_orientation, read_plane_size, read_position
from ..headers import tags
from ..headers.attributes import Attributes
from ..headers.functional_groups import read_frame_values
from ..headers.header import Header
from ..stacks.sparse_planes import stack_sparse_planes
from .segmentation_header import DicomSegmentation, header_error

__all__ = ["ALL_SEGMENTS", "Layer", "Layers", "find_layers"]

ALL_SEGMENTS = -1
"""In place of a segment's number: a frame of a label map shows all of them."""


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
            has no frame.
        decisions: Decisions about positions and repeated frames.
    """

    grid: Grid
    template: Frame
    planes: tuple[tuple[Layer, ...], ...]
    decisions: tuple[Decision, ...]

    @property
    def frame_count(self) -> int:
        """How many frames the file must hold, counted up to the last one that lies on a plane."""
        return max(layer.frame for plane in self.planes for layer in plane) + 1


def find_layers(segmentation: DicomSegmentation, reference: Grid | None = None) -> Layers:
    """Find the plane and the segment of each frame of a segmentation.

    Args:
        segmentation: The file.
        reference: The grid of the image that it belongs to, if it is known.

    Raises:
        UnsupportedFormatError: If it is the segmentation of a slide.
        CorruptFileError: If the frames contradict the header, or name segments that are not described.
        GeometryError: If the planes are not parallel or do not lie on a regular grid.
    """
    header = segmentation.header
    refuse_slide(header)
    size = read_plane_size(header)
    # One that is there must say how many there are; 0 and an empty value are errors, not one frame.
    count = 1 if tags.NUMBER_OF_FRAMES not in header else header.integer(tags.NUMBER_OF_FRAMES) or 0
    if not all(size) or count < 1 or not header.pixel_tag:
        content = "no pixel data" if not header.pixel_tag else f"{count} frames of {size[1]}x{size[0]} pixels"
        raise header_error(header, f"this segmentation has {content}")
    refuse_absurd_count(header, count)
    described = frozenset(segmentation.numbers)
    # Hundreds of frames share a plane or a segment, written alike: what is written is read once.
    unique: dict[tuple[bytes | None, ...], int] = {}
    shown: dict[bytes | None, int] = {}
    frames: list[Frame] = []
    on_plane: list[tuple[int, Layer]] = []
    for number, values in enumerate(read_frame_values(header)):
        get = values.get
        written = get(tags.IMAGE_POSITION_PATIENT), get(tags.IMAGE_ORIENTATION_PATIENT), get(tags.PIXEL_SPACING)
        if written not in unique:
            attributes = Attributes(header.path, values, header.little_endian)
            unique[written] = len(frames)
            position, orientation = read_position(attributes), read_orientation(attributes)
            frames.append(make_frame(header, attributes, number, size=size, position=position, orientation=orientation))
        segment_bytes = None if segmentation.kind == "LABELMAP" else get(tags.REFERENCED_SEGMENT_NUMBER)
        if segment_bytes not in shown:
            attributes = Attributes(header.path, values, header.little_endian)
            shown[segment_bytes] = find_shown_segment(attributes, segmentation, described, number)
        on_plane.append((unique[written], Layer(shown[segment_bytes], number)))
    found = stack_sparse_planes(frames, reference, header.path)
    slots = found.slots.tolist()
    planes: list[list[Layer]] = [[] for _ in range(found.grid.shape[2])]
    for plane, layer in on_plane:
        planes[slots[plane]].append(layer)
    # Ascending, so that painting in this order leaves the higher number where segments overlap.
    ordered = tuple(tuple(sorted(plane, key=lambda layer: layer.segment)) for plane in planes)
    return Layers(found.grid, frames[0], ordered, (*found.decisions, *describe_repeated_frames(ordered, segmentation)))


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
