"""The source frames that the frames of a segmentation were drawn on, and where frames lie that say only that.

A segmentation of images without a frame of reference has no plane positions: each frame lies pixel for pixel on the one
that its Derivation Image names (DICOM PS3.3 A.51.5, C.7.6.16.2.6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from ...errors import GeometryError
from ...image import Image
from ...provenance import Decision
from ..frames.frame import Frame
from ..frames.plane_attributes import AXIAL
from ..headers import tags
from ..headers.header import Header
from ..headers.sequence_parser import walk_items
from ..stacks.distances import find_pixel_spacings, find_unplaced_step
from ..stacks.planes import make_orthonormal_axes, make_plane_grid
from ..stacks.sparse_planes import SparsePlanes

__all__ = ["SourceFrame", "place_all_by_source", "read_source_frames"]

DERIVATION: Final = frozenset({tags.DERIVATION_IMAGE_SEQUENCE, tags.SOURCE_IMAGE_SEQUENCE})
"""The sequences in which a frame names its source."""


class SourceFrame(NamedTuple):
    """A frame of an image: the SOP Instance UID, and the number of the frame from 1, 0 where there is only one."""

    instance: str
    number: int


def read_source_frames(header: Header, count: int) -> list[SourceFrame | None]:
    """Read for each frame the first source frame that it names, in its own groups or the shared ones; None if none.

    Args:
        header: The file.
        count: Its number of frames.
    """
    both = (tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    shared, own = (
        [find_named_source(item.sequences) for item in walk_items(header, tag, content, DERIVATION)]
        for tag, content in zip(both, header.read_located(*both), strict=True)
    )
    common = shared[0] if shared else None
    return [source or common for source in own] if own else [common] * count


def find_named_source(sequences: Mapping[int, Sequence]) -> SourceFrame | None:  # type: ignore[type-arg]
    """Find the source that a group of functions names."""
    for derivation in sequences.get(tags.DERIVATION_IMAGE_SEQUENCE, ()):
        for image in derivation.sequences.get(tags.SOURCE_IMAGE_SEQUENCE, ()):
            instance = image.text(tags.REFERENCED_SOP_INSTANCE_UID)
            if instance:
                return SourceFrame(instance, image.integer(tags.REFERENCED_FRAME_NUMBER) or 0)
    return None


def list_reference_planes(reference: Image | None) -> dict[SourceFrame, int]:
    """List the source frames of a loaded image, with the plane that each became; none where planes were resampled."""
    if reference is None or reference.provenance.is_resampled:
        return {}
    slices = reference.provenance.slices
    if len(slices) != reference.array.shape[2]:
        return {}
    places: dict[SourceFrame, int] = {}
    for plane, stored in enumerate(slices):
        if stored.sop_instance_uid:
            places[SourceFrame(stored.sop_instance_uid, stored.frame + 1)] = plane
            # The only frame of a file is named without a number.
            places.setdefault(SourceFrame(stored.sop_instance_uid, 0), plane)
    return places


def place_all_by_source(
    template: Frame, sources: Sequence[SourceFrame | None], reference: Image | None, path: str
) -> SparsePlanes:
    """Place frames, none of which has a position, by the source frames that they name.

    On a reference that was made of those source frames they lie where these do. Otherwise they are stacked in the order
    of the source's frames, as the source is that has no positions either.

    Args:
        template: Any of the frames.
        sources: The source of each.
        reference: The image that the segmentation belongs to, if it is known.
        path: The file, for messages.

    Raises:
        GeometryError: If frames name no source, or the source is not the reference.
    """
    named = [source for source in sources if source is not None]
    if len(named) < len(sources):
        raise unplaced_error(len(sources) - len(named), len(sources), path)
    known = list_reference_planes(reference)
    if reference is not None and reference.array.shape[:2] != (template.columns, template.rows):
        raise GeometryError(
            f"its frames have no position and {template.columns}x{template.rows} pixels, and the reference image has "
            f"{reference.array.shape[0]}x{reference.array.shape[1]}",
            path=path,
            advice="pass the image that was segmented as reference_image",
        )
    if reference is not None and known and all(source in known for source in named):
        slots = np.array([known[source] for source in named], np.intp)
        text = "frames have no position and went to the planes of the source frames that they reference"
        return SparsePlanes(reference.grid, slots, (Decision("placed", text, len(slots)),))
    instances = list(dict.fromkeys(source.instance for source in named))
    if reference is not None and (len(instances) > 1 or known):
        raise GeometryError(
            "its frames have no position and reference frames that are not those of the reference image",
            path=path,
            advice="pass the image that was segmented as reference_image, loaded from its DICOM files",
        )
    return stack_by_source(template, named, instances)


def stack_by_source(template: Frame, named: Sequence[SourceFrame], instances: Sequence[str]) -> SparsePlanes:
    """Stack frames in the order of the source's frames, the first of which lies at the origin."""
    decisions: list[Decision] = []
    # What the template says of distances holds for all frames: twice, for the distance of several planes.
    (spacing, _), step = find_pixel_spacings([template] * 2, decisions), find_unplaced_step([template] * 2, decisions)
    if len(instances) == 1:
        numbers = np.array([max(source.number, 1) for source in named])
        first = int(numbers.min())
        slots, order = numbers - first, "in the order of the source's frames"
    else:
        distinct = list(dict.fromkeys(named))
        first, order = 1, "in the order in which the file names them, for they are files of their own"
        slots = np.array([distinct.index(source) for source in named])
    axes = make_orthonormal_axes(np.array(template.orientation or AXIAL))
    text = (
        f"frames have no position and follow the source frames that they reference, {order}, {step:.6g} mm apart, "
        "with the first frame of the source at the origin"
    )
    decisions.append(Decision("assumed", text, step, "geometry"))
    origin = axes[:, 2] * step * (first - 1)
    grid = make_plane_grid(template, origin, axes, spacing, step, int(slots.max()) + 1)
    return SparsePlanes(grid, slots.astype(np.intp), tuple(decisions))


def find_missing_positions(
    frames: Sequence[Frame], sources: Sequence[SourceFrame | None], reference: Image | None, path: str
) -> list[Frame]:
    """Give frames without a position that of another frame with the same source, or of the reference's plane.

    Raises:
        GeometryError: If there is one for which neither is known.
    """
    known = list_reference_planes(reference)
    placed = {
        source: frame
        for frame, source in zip(frames, sources, strict=True)
        if source is not None and frame.position is not None and frame.orientation is not None
    }
    found = []
    for frame, source in zip(frames, sources, strict=True):
        if frame.position is not None and frame.orientation is not None:
            found.append(frame)
        elif source in placed:
            like = placed[source]
            found.append(replace(frame, position=like.position, orientation=like.orientation))
        elif source in known and reference is not None:
            origin = reference.grid.index_to_world([[0, 0, known[source]]])[0].tolist()
            x, y = np.array(reference.grid.direction)[:, :2].T.tolist()
            cosines = (x[0], x[1], x[2], y[0], y[1], y[2])
            found.append(replace(frame, position=tuple(origin), orientation=cosines))
        else:
            lacking = sum(other.position is None or other.orientation is None for other in frames)
            raise unplaced_error(lacking, len(frames), path)
    return found


def unplaced_error(lacking: int, count: int, path: str) -> GeometryError:
    """Make the error for frames that say neither where they lie nor what they were drawn on."""
    return GeometryError(
        f"{lacking} of its {count} frames have no position or orientation, and reference no source frame whose place "
        "is known",
        path=path,
        advice="export the file again, with the positions of its planes",
    )
