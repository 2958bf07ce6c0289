"""Diffusion: the b-value and the direction of the gradient, wherever a vendor writes them, in patient coordinates.

The standard, Siemens and Philips write directions in the patient's coordinates (DICOM PS3.3 C.8.13.5.9). GE, United
Imaging and Canon write them relative to the image: those are turned with the plane's orientation. All of it was checked
against dcm2niix.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...errors import CorruptFileError
from ..frames.frame import Frame
from ..frames.plane_attributes import find_normal
from ..headers import tags
from ..headers.siemens_csa import read_csa
from .phase_values import GE_CREATOR, Value, round_digits

__all__ = [
    "DIFFUSION_TAGS",
    "Diffusion",
    "UnitVector",
    "read_csa_diffusion",
    "read_diffusion",
    "read_volume_diffusion",
    "turn_to_image",
]

CANON_COMMENT = re.compile(r"^\s*b\s*=\s*([\d.eE+-]+)\s*\(([^,()]+),([^,()]+),([^,()]+)\)")
"""Canon writes b-value and direction into the comments: ``b=1500(0.445,0.000,0.895)``."""

DIFFUSION_TAGS = frozenset(
    {
        tags.DIFFUSION_B_VALUE,
        tags.DIFFUSION_GRADIENT_ORIENTATION,
        tags.IMAGE_COMMENTS,
        tags.SIEMENS_B_VALUE,
        tags.SIEMENS_GRADIENT_DIRECTION,
        tags.GE_B_VALUE,
        tags.GE_GRADIENT_X,
        tags.GE_GRADIENT_Y,
        tags.GE_GRADIENT_Z,
        tags.UIH_B_VALUE,
        tags.UIH_GRADIENT_DIRECTION,
        tags.PHILIPS_B_VALUE,
        tags.PHILIPS_GRADIENT_X,
        tags.PHILIPS_GRADIENT_Y,
        tags.PHILIPS_GRADIENT_Z,
    }
)
"""What b-value and direction are read from."""

LEAST_LENGTH = 1e-3
"""A vector that is shorter has no direction: vendors write zeros for b = 0 and for means over all directions."""

GE_SCALED = (0.03, 0.97)
"""Length of a GE direction between which it scales the b-value.

Several b-values of one scan are made with the strongest gradient and shorter vectors: b grows as the square of the
gradient."""

UnitVector = tuple[float, float, float]


@dataclass(frozen=True)
class Diffusion:
    """The diffusion weighting of a plane.

    Attributes:
        b_value: s/mm2; None where the file does not say it.
        direction: Unit vector of the gradient in patient coordinates (LPS); None where there is none, or where the file
            does not say relative to what it stands.
        stored: Unit vector as the file has it.
    """

    b_value: float | None = None
    direction: UnitVector | None = None
    stored: UnitVector | None = None

    @property
    def key(self) -> tuple[float, ...] | None:
        """What tells volumes apart: the b-value, and the direction where it has one; None where neither is known."""
        if self.b_value is None:
            return None
        return (self.b_value, *(round(component, 4) + 0.0 for component in self.direction or self.stored or ()))


def read_diffusion(frame: Frame) -> Value | None:
    """The b-value, s/mm2, and the gradient direction; the direction of b = 0 means nothing."""
    return find_diffusion(frame).key


def read_csa_diffusion(frame: Frame) -> Value | None:
    """The b-value and direction from the CSA header, the only place where older Siemens scanners write them."""
    return find_csa_diffusion(frame).key


def read_volume_diffusion(frames: Sequence[Frame]) -> Diffusion:
    """The diffusion weighting of a volume, from its first plane.

    The CSA header counts where it alone gives a b-value or a direction.
    """
    first = frames[0]
    found = find_diffusion(first)
    is_open = found.b_value is None or (found.b_value and found.stored is None)
    if is_open and first.header.text(tags.MODALITY) == "MR":
        other = find_csa_diffusion(first)
        return found if other.b_value is None else other
    return found


def find_diffusion(frame: Frame) -> Diffusion:
    """The standard attributes, or those of a vendor whom a private creator or the form of a comment names."""
    attributes = frame.attributes
    b_value = attributes.try_number(tags.DIFFUSION_B_VALUE)
    direction = attributes.try_numbers(tags.DIFFUSION_GRADIENT_ORIENTATION)
    if b_value is not None and direction:
        return make_diffusion(b_value, direction)
    comment = CANON_COMMENT.match(attributes.text(tags.IMAGE_COMMENTS))
    if comment:
        found = read_canon_diffusion(frame, comment)
    elif attributes.text(tags.SIEMENS_MR_HEADER).startswith("SIEMENS MR HEADER"):
        found = make_diffusion(
            attributes.try_number(tags.SIEMENS_B_VALUE), attributes.try_numbers(tags.SIEMENS_GRADIENT_DIRECTION)
        )
    elif attributes.text(tags.GE_PARAMETERS) == GE_CREATOR:
        found = read_ge_diffusion(frame)
    elif attributes.text(tags.UIH_IMAGE_HEADER) == tags.UIH_CREATOR:
        vector = attributes.try_numbers(tags.UIH_GRADIENT_DIRECTION)
        found = make_diffusion(attributes.try_number(tags.UIH_B_VALUE), turn_to_patient(frame, vector))
    else:
        found = read_philips_diffusion(frame)
    if b_value is None:
        return found
    if not found.b_value:
        return make_diffusion(b_value, direction)
    return replace(found, b_value=round_digits(b_value))


def make_diffusion(b_value: float | None, direction: Sequence[float] | None) -> Diffusion:
    """A weighting in patient coordinates; without a direction for b = 0 and for a vector of no length."""
    if b_value is None:
        return Diffusion()
    vector = make_unit(direction) if b_value else None
    return Diffusion(round_digits(b_value), vector, vector)


def make_unit(vector: Sequence[float] | None) -> UnitVector | None:
    """A vector at length 1; None if it has none or is no vector."""
    if vector is None or len(vector) != 3 or np.linalg.norm(vector) < LEAST_LENGTH:
        return None
    x, y, z = (np.asarray(vector) / np.linalg.norm(vector)).tolist()
    return x, y, z


def read_philips_diffusion(frame: Frame) -> Diffusion:
    """Groups 2001 and 2005 of Philips, in patient coordinates: right-left, anterior-posterior, feet-head."""
    attributes = frame.attributes
    if not attributes.text(tags.PHILIPS_IMAGING).upper().startswith("PHILIPS IMAGING"):
        return Diffusion()
    vector = None
    if attributes.text(tags.PHILIPS_MR_IMAGING).upper().startswith("PHILIPS MR IMAGING"):
        vector = read_vector(frame, tags.PHILIPS_GRADIENT_X, tags.PHILIPS_GRADIENT_Y, tags.PHILIPS_GRADIENT_Z)
    return make_diffusion(attributes.try_number(tags.PHILIPS_B_VALUE), vector)


def read_ge_diffusion(frame: Frame) -> Diffusion:
    """Groups 0019 and 0043 of GE: b-value, and direction relative to frequency, phase and slice.

    GE adds 1e9 to the b-value in scans with several of them.
    """
    stored = frame.attributes.try_number(tags.GE_B_VALUE)
    vector = read_vector(frame, tags.GE_GRADIENT_X, tags.GE_GRADIENT_Y, tags.GE_GRADIENT_Z)
    if stored is None:
        return Diffusion()
    b_value = stored % 1e9
    length = float(np.linalg.norm(vector)) if vector else 0.0
    if GE_SCALED[0] < length < GE_SCALED[1]:
        b_value *= length**2
    return place_by_encoding(frame, b_value, vector)


def read_canon_diffusion(frame: Frame, comment: re.Match[str]) -> Diffusion:
    """The comment of Canon; its direction is that of GE with the first two components exchanged."""
    try:
        b_value, x, y, z = map(float, comment.groups())
    except ValueError:
        return Diffusion()
    if not np.isfinite((b_value, x, y, z)).all():
        return Diffusion()
    return place_by_encoding(frame, b_value, (y, x, z))


def place_by_encoding(frame: Frame, b_value: float, vector: Sequence[float] | None) -> Diffusion:
    """A weighting along frequency, phase and slice, in patient coordinates.

    The rule is that of dicm2nii and dcm2niix, which was found on scans of phantoms: for axial and sagittal planes the
    components run against rows, against columns and along the normal; the second is turned in coronal planes, and where
    the phase runs along rows the first two change places. The sign of the whole means nothing and is theirs, too.
    """
    plain, vector = make_diffusion(b_value, vector), make_unit(vector)
    encoding = frame.attributes.text(tags.IN_PLANE_PHASE_ENCODING_DIRECTION).upper()[:1]
    if vector is None or not b_value:
        return plain
    if frame.orientation is None or encoding not in ("R", "C"):
        return replace(plain, direction=None)
    x, y, z = vector
    sagittal, coronal, _ = np.eye(3)[np.argmax(np.abs(find_normal(frame.orientation)))]
    if coronal:
        y = -y
    if encoding == "R":
        x, y = y, -x
    along = (x, y, -z) if sagittal else (-x, -y, z)
    return replace(plain, direction=make_unit(turn_to_patient(frame, along)))


def turn_to_patient(frame: Frame, vector: Sequence[float] | None) -> list[float] | None:
    """A vector along rows, columns and their cross product, in patient coordinates; None without an orientation."""
    if vector is None or len(vector) != 3 or frame.orientation is None:
        return None
    row, column = np.array(frame.orientation[:3]), np.array(frame.orientation[3:])
    turned = vector[0] * row + vector[1] * column + vector[2] * np.cross(row, column)
    return [float(component) for component in turned]


def find_csa_diffusion(frame: Frame) -> Diffusion:
    """The b-value and direction of the CSA header; neither if it has none or is damaged."""
    try:
        csa = read_csa(frame.header)
    except CorruptFileError:
        # A damaged header is no reason to refuse the pixels: something else may tell the volumes apart.
        return Diffusion()
    b_value = csa.get("B_value")
    return make_diffusion(b_value[0] if b_value else None, csa.get("DiffusionGradientDirection"))


def turn_to_image(frame: Frame, vector: UnitVector | None) -> UnitVector | None:
    """A vector in patient coordinates along rows, columns and their cross product; None without an orientation."""
    if vector is None or frame.orientation is None:
        return None
    row, column = np.array(frame.orientation[:3]), np.array(frame.orientation[3:])
    x, y, z = (float(axis @ np.array(vector)) for axis in (row, column, np.cross(row, column)))
    return x, y, z


def read_vector(frame: Frame, *components: int) -> list[float] | None:
    """A vector whose components are attributes of their own; None unless all are there."""
    numbers = [frame.attributes.try_number(tag) for tag in components]
    found = [number for number in numbers if number is not None]
    return found if len(found) == len(numbers) else None
