"""Diffusion: the b-value and the direction of the gradient, wherever a vendor writes them, in patient coordinates.

The standard, Siemens and Philips write directions in the patient's coordinates (DICOM PS3.3 C.8.13.5.9). GE, United
Imaging and Canon write them relative to the image: those are turned with the plane's orientation. All of it was checked
against dcm2niix.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import CorruptFileError
from ..frames.frame import Frame
from ..headers import tags
from ..headers.siemens_csa import read_csa
from .phase_values import GE_CREATOR, Value, round_digits

__all__ = ["DIFFUSION_TAGS", "Diffusion", "read_csa_diffusion", "read_diffusion", "read_volume_diffusion"]

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

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Diffusion:
    """The diffusion weighting of a plane.

    Attributes:
        b_value: s/mm2.
        direction: Unit vector of the gradient in patient coordinates (LPS); None where there is none.
    """

    b_value: float
    direction: Vector | None = None

    @property
    def key(self) -> tuple[float, ...]:
        """What tells volumes apart: the b-value, and the direction where it has one."""
        return (self.b_value, *(round(component, 4) + 0.0 for component in self.direction or ()))


def read_diffusion(frame: Frame) -> Value | None:
    """The b-value, s/mm2, and the gradient direction; the direction of b = 0 means nothing."""
    found = find_diffusion(frame)
    return found.key if found else None


def read_csa_diffusion(frame: Frame) -> Value | None:
    """The b-value and direction from the CSA header, the only place where older Siemens scanners write them."""
    found = find_csa_diffusion(frame)
    return found.key if found else None


def read_volume_diffusion(frames: Sequence[Frame]) -> Diffusion | None:
    """The diffusion weighting of a volume, from its first plane; None where the files do not say it.

    The CSA header counts where it alone gives a direction.
    """
    found = find_diffusion(frames[0])
    if found is None or (found.b_value and found.direction is None):
        found = find_csa_diffusion(frames[0]) or found
    return found


def find_diffusion(frame: Frame) -> Diffusion | None:
    """The standard attributes, or those of a vendor whom a private creator names."""
    attributes = frame.attributes
    comment = CANON_COMMENT.match(attributes.text(tags.IMAGE_COMMENTS))
    b_value = attributes.try_number(tags.DIFFUSION_B_VALUE)
    direction: Sequence[float] = attributes.try_numbers(tags.DIFFUSION_GRADIENT_ORIENTATION) or ()
    if b_value is None and comment:
        b_value = parse_number(comment[1])
    if not direction and comment:
        direction = turn_to_patient(frame, [parse_number(comment[k]) or 0.0 for k in (2, 3, 4)])
    if b_value is not None and direction:
        return make_diffusion(b_value, direction)
    if attributes.text(tags.SIEMENS_MR_HEADER).startswith("SIEMENS MR HEADER"):
        private_b = attributes.try_number(tags.SIEMENS_B_VALUE)
        private: Sequence[float] = attributes.try_numbers(tags.SIEMENS_GRADIENT_DIRECTION) or ()
    elif attributes.text(tags.GE_PARAMETERS) == GE_CREATOR:
        private_b, private = read_ge_diffusion(frame, b_value)
    elif attributes.text(tags.UIH_IMAGE_HEADER) == tags.UIH_CREATOR:
        private_b = attributes.try_number(tags.UIH_B_VALUE)
        private = turn_to_patient(frame, attributes.try_numbers(tags.UIH_GRADIENT_DIRECTION) or ())
    else:
        private_b, private = read_philips_diffusion(frame)
    if b_value is None:
        b_value = private_b
    return None if b_value is None else make_diffusion(b_value, direction or private)


def make_diffusion(b_value: float, direction: Sequence[float]) -> Diffusion:
    """A weighting with a unit vector; none for b = 0, nor for a vector of no length or of another number of parts."""
    length = float(np.linalg.norm(direction)) if len(direction) == 3 else 0.0
    b_value = round_digits(b_value)
    if not b_value or length < LEAST_LENGTH:
        return Diffusion(b_value)
    x, y, z = (component / length + 0.0 for component in direction)
    return Diffusion(b_value, (x, y, z))


def read_philips_diffusion(frame: Frame) -> tuple[float | None, Sequence[float]]:
    """Groups 2001 and 2005 of Philips, in patient coordinates: right-left, anterior-posterior, feet-head."""
    attributes = frame.attributes
    b_value = None
    if attributes.text(tags.PHILIPS_IMAGING).upper().startswith("PHILIPS IMAGING"):
        b_value = attributes.try_number(tags.PHILIPS_B_VALUE)
    if not attributes.text(tags.PHILIPS_MR_IMAGING).upper().startswith("PHILIPS MR IMAGING"):
        return b_value, ()
    return b_value, read_vector(frame, tags.PHILIPS_GRADIENT_X, tags.PHILIPS_GRADIENT_Y, tags.PHILIPS_GRADIENT_Z)


def read_ge_diffusion(frame: Frame, standard: float | None) -> tuple[float | None, Sequence[float]]:
    """Groups 0019 and 0043 of GE: b-value, and direction relative to frequency, phase and slice.

    GE adds 1e9 to the b-value in scans with several of them.
    """
    stored = frame.attributes.try_number(tags.GE_B_VALUE)
    b_value = standard if standard is not None else None if stored is None else stored % 1e9
    vector = read_vector(frame, tags.GE_GRADIENT_X, tags.GE_GRADIENT_Y, tags.GE_GRADIENT_Z)
    length = float(np.linalg.norm(vector)) if vector else 0.0
    if b_value is not None and standard is None and GE_SCALED[0] < length < GE_SCALED[1]:
        b_value *= length**2
    if not vector:
        return b_value, ()
    x, y, z = vector
    if frame.attributes.text(tags.IN_PLANE_PHASE_ENCODING_DIRECTION).upper().startswith("R"):
        # The first two run along frequency and phase, and the phase runs along rows here.
        x, y = y, -x
    # In the image's axes: against rows and columns where slices go on along the normal.
    return b_value, turn_to_patient(frame, (-x, -y, z))


def turn_to_patient(frame: Frame, vector: Sequence[float]) -> Sequence[float]:
    """A vector along rows, columns and their cross product, in patient coordinates; none without an orientation."""
    if len(vector) != 3 or frame.orientation is None:
        return ()
    row, column = np.array(frame.orientation[:3]), np.array(frame.orientation[3:])
    turned = vector[0] * row + vector[1] * column + vector[2] * np.cross(row, column)
    return [float(component) for component in turned]


def find_csa_diffusion(frame: Frame) -> Diffusion | None:
    """The b-value and direction of the CSA header; None if it has none or is damaged."""
    try:
        csa = read_csa(frame.header)
    except CorruptFileError:
        # A damaged header is no reason to refuse the pixels: something else may tell the volumes apart.
        return None
    b_value = csa.get("B_value")
    return make_diffusion(b_value[0], csa.get("DiffusionGradientDirection", [])) if b_value else None


def read_vector(frame: Frame, *components: int) -> list[float]:
    """A vector whose components are attributes of their own; empty unless all are there."""
    numbers = [frame.attributes.try_number(tag) for tag in components]
    found = [number for number in numbers if number is not None]
    return found if len(found) == len(numbers) else []


def parse_number(text: str) -> float | None:
    """A number from text; None if it is none."""
    try:
        return float(text)
    except ValueError:
        return None
