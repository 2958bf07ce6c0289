"""File -> everything that its NIfTI header says, checked against the file's size."""

from __future__ import annotations

from functools import partial
from math import isfinite

from ...provenance import Decision
from ...series.axes import SeriesAxis, number_axis
from ...storage.files import StoredFile
from ...storage.probed_file import probe_file
from ..volume_file import VolumeFile
from ..volume_layout import check_file_sizes
from .facts import read_nifti_facts
from .header import NiftiHeader, parse_nifti_header
from .long_comments import read_long_comment
from .vocabulary import STEP_UNITS
from .voxels import find_companion, find_voxel_parts, locate_nifti_voxels
from .world import find_nifti_grid

__all__ = ["open_nifti"]

FOURTH_AXIS = 3
"""Its number among the axes of the stored array, counted from 0, where a voxel is one number."""

STEP_DECIMALS = 6
"""Decimals of times that count: NIfTI-1 has the step as float32, and microseconds are its smallest unit."""


def open_nifti(file: StoredFile, irregular: str = "error") -> VolumeFile:
    """Read the header of a file, or of either file of a pair.

    Args:
        file: The file.
        irregular: ``"ignore"`` keeps a sheared affine as its nearest rectangular grid, with a warning.
    """
    if file.name.lower().endswith((".img", ".img.gz")):
        file = find_companion(file, ".hdr") or file
    probed = probe_file(file)
    header = parse_nifti_header(probed, probed.inflated_head)
    layout = locate_nifti_voxels(header)
    surplus = check_file_sizes(layout)
    world = find_nifti_grid(header, irregular)
    facts = read_nifti_facts(read_long_comment(header, probed), world.grid)
    decisions = (*world.decisions, *compare_bits(header), *surplus)
    return VolumeFile(
        layout,
        facts,
        world.shear,
        decisions,
        find_voxel_parts(header),
        list_axes=partial(list_nifti_axes, header),
    )


def list_nifti_axes(header: NiftiHeader) -> dict[int, SeriesAxis]:
    """What the header says of the fourth axis."""
    return {FOURTH_AXIS + (header.numbers > 1): make_step_axis(header)} if header.fourth > 1 else {}


def make_step_axis(header: NiftiHeader) -> SeriesAxis:
    """The fourth axis: times in seconds, or frequencies; its numbers alone where the header does not say the step."""
    # SPM and others leave a step of 0, and what knows no time one of 1 without a unit.
    if header.step_units not in STEP_UNITS or not isfinite(header.step) or header.step <= 0:
        return number_axis("time", header.fourth)
    name, units, scale = STEP_UNITS[header.step_units]
    start = header.start if isfinite(header.start) else 0.0
    labels = (round((start + k * header.step) * scale, STEP_DECIMALS) for k in range(header.fourth))
    return SeriesAxis(name, tuple(labels), units)


def compare_bits(header: NiftiHeader) -> tuple[Decision, ...]:
    """Warn if bitpix contradicts the type; the type counts, as for nibabel and the library of the format."""
    bits = 8 * header.stored.itemsize * header.numbers
    if header.bits in (0, bits):
        return ()
    text = f"its bitpix says {header.bits} bits for a voxel and its type has {bits}; the type was used"
    return (Decision("assumed", text, header.bits, "content"),)
