"""The Image: one 3D array that stands where it belongs in the patient."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import GeometryError
from .geometry import CORNER_ERROR_REFUSED, Grid, format_numbers
from .provenance import Decision, Provenance
from .validity import as_source_mask

__all__ = ["Image", "check_lies_on", "create_full_mask", "note_other_frame", "report_other_frame"]


@dataclass(eq=False, repr=False)
class Image:
    """A 3D array of voxels, and where they lie in the patient; the same for every file format.

    Making an Image checks nothing. Functions that need a sound one check it themselves and name what is wrong.

    Attributes:
        array: Voxel values, shape (x, y, z). Loaded images are float32 where that holds every stored value
            exactly and float64 otherwise, in Fortran order: x runs fastest, as in every file format.
        spacing: Distance between voxel centers along (x, y, z), mm.
        origin: Center of the first voxel, LPS mm.
        direction: 3x3 unit cosines; column k is the way axis k runs, LPS. None becomes the identity.
        modality: DICOM modality such as ``"CT"``, ``"MR"``, ``"PT"``, or ``"Unknown"``.
        source_mask: True where a voxel holds valid data, same shape as the array; None means everywhere.
        metadata: Facts about the image by name: ``series_instance_uid``, ``frame_of_reference_uid``,
            ``series_description``, ``series_number``, ``phase``, ``units``. Nothing that identifies a patient.
        labels: Of a label map or a mask, what its values stand for: value to name. Empty if no file says it.
        provenance: What the image was made of and what was decided on the way.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> Image(np.zeros((4, 5, 6), np.float32), (0.5, 0.5, 2.0), (0.0, 0.0, 0.0))
        Image(shape=(4, 5, 6), spacing=(0.5, 0.5, 2) mm, orientation='LPS', modality='Unknown', float32 0 to 0)
    """

    array: npt.NDArray[Any]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: npt.NDArray[np.floating[Any]] | None = None
    modality: str = "Unknown"
    source_mask: npt.NDArray[np.bool_] | None = None
    metadata: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    labels: Mapping[int, str] = field(default_factory=dict, kw_only=True)
    provenance: Provenance = field(default_factory=Provenance, kw_only=True)

    def __post_init__(self) -> None:
        if self.direction is None:
            self.direction = np.eye(3)

    @classmethod
    def from_grid(cls, array: npt.NDArray[Any], grid: Grid, **fields: Any) -> Image:
        """Make an image of an array whose voxels lie on a grid.

        Args:
            array: Voxel values, of the grid's shape.
            grid: Where they lie.
            **fields: Any other field of the class.
        """
        return cls(array, grid.spacing, grid.origin, np.array(grid.direction), **fields)

    @property
    def grid(self) -> Grid:
        """Where the voxels lie.

        Raises:
            GeometryError: If array, spacing, origin and direction describe no 3D grid.
        """
        direction = np.eye(3) if self.direction is None else np.asarray(self.direction, dtype=np.float64)
        return Grid(np.shape(self.array), self.spacing, self.origin, direction)

    @property
    def affine(self) -> npt.NDArray[np.float64]:
        """4x4 matrix from voxel index to LPS mm."""
        return self.grid.affine

    @property
    def has_source_mask(self) -> bool:
        """Whether some voxels may be marked as holding no valid data."""
        return self.source_mask is not None

    def with_source_mask(self, mask: npt.NDArray[np.bool_] | npt.NDArray[np.integer[Any]] | Image) -> Image:
        """A copy of this image that knows which of its voxels hold valid data.

        The copy shares the voxel values, which are never written to; the mask is its own.

        Args:
            mask: True, or greater than zero, where the data is valid; an array of this image's shape, or an
                Image that lies on the same voxels.

        Returns:
            The new image.

        Raises:
            ValueError: If the mask has another shape, or holds neither truth values nor real numbers.
            GeometryError: If the mask is an Image that lies elsewhere in the world (also a ValueError).
        """
        values = np.asarray(mask.array if isinstance(mask, Image) else mask)
        valid = as_source_mask(values, np.shape(self.array))
        if isinstance(mask, Image):
            check_lies_on(mask, self, "the source mask")
        # What the caller passed may be written to later.
        return replace(self, source_mask=np.array(valid, order="K") if valid is values else valid)

    def __repr__(self) -> str:
        return "Image(" + ", ".join(f"{name}={text}" if name else text for name, text in self.summary()) + ")"

    def _repr_html_(self) -> str:
        """The table that a notebook shows."""
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name or 'values')}</th>"
            f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
            for name, text in self.summary()
        )
        return f"<table><caption>pictologics.Image</caption>{rows}</table>"

    def summary(self) -> list[tuple[str, str]]:
        """What to know at a glance, as names and texts; works for any array."""
        array = np.asarray(self.array)
        try:
            orientation = repr(self.grid.orientation)
        except (GeometryError, TypeError, ValueError):
            orientation = "none"
        lines = [
            ("shape", str(array.shape)),
            ("spacing", f"({format_numbers(self.spacing)}) mm"),
            ("orientation", orientation),
            ("modality", repr(self.modality)),
            ("", describe_values(array, self.metadata.get("units", ""))),
        ]
        if self.source_mask is not None:
            lines.append(("source_mask", f"{np.count_nonzero(self.source_mask)} of {array.size} voxels valid"))
        return lines


def check_lies_on(mask: Image, image: Image, what: str = "the mask", path: str | None = None) -> None:
    """Check that a mask lies on an image's voxels.

    Args:
        mask: The mask.
        image: The image.
        what: What the mask is, for messages.
        path: Its file.

    Raises:
        GeometryError: If it has another shape, or a corner lies a tenth of a voxel or more from the image's.
    """
    own, grid = mask.grid, image.grid
    advice = "place the mask on the image first: load it with reference_image="
    if own.shape != grid.shape:
        raise GeometryError(
            f"{what} has shape {own.shape} and the image {grid.shape}",
            path=path,
            advice=advice,
            mask_shape=own.shape,
            image_shape=grid.shape,
        )
    error = grid.corner_error(own)
    # "not (a < x)" also refuses NaN.
    if not error < CORNER_ERROR_REFUSED:
        raise GeometryError(
            f"{what} lies elsewhere: its worst corner is {error:.3g} voxels from the image's, "
            f"{CORNER_ERROR_REFUSED} is the limit",
            path=path,
            advice=advice,
            corner_error=error,
        )


def report_other_frame(own: str, reference: str) -> tuple[Decision, ...]:
    """The warning that is due where something of one frame of reference is put on something of another.

    Positions of two frames are not related (DICOM PS3.3 C.7.4.1) unless somebody registered them, which no file of
    voxels tells. Formats without such a frame are taken at their word.

    Args:
        own: UID of the frame, empty if unknown.
        reference: That of what it is put on.
    """
    if not own or not reference or own == reference:
        return ()
    text = (
        f"its frame of reference ({own}) is not the reference's ({reference}): the same position may be another place "
        "in the patient"
    )
    return (Decision("assumed", text, warning="geometry"),)


def note_other_frame(image: Image, reference: Image) -> Image:
    """Record in an image that its frame of reference is not that of the image on which it is to be placed."""
    name = "frame_of_reference_uid"
    decisions = report_other_frame(image.metadata.get(name, ""), reference.metadata.get(name, ""))
    return replace(image, provenance=image.provenance.with_decisions(*decisions)) if decisions else image


def describe_values(array: npt.NDArray[Any], units: str) -> str:
    """Type and range of an array's values, such as ``"float32 -1024 to 3071 HU"``."""
    if array.size == 0 or array.dtype.kind not in "biuf":
        return str(array.dtype)
    # fmin and fmax pass over NaN.
    low, high = np.fmin.reduce(array, axis=None), np.fmax.reduce(array, axis=None)
    return f"{array.dtype} {low:.6g} to {high:.6g}" + (f" {units}" if units else "")


def create_full_mask(reference_image: Image, dtype: npt.DTypeLike = np.uint8) -> Image:
    """Make a mask that covers a whole image.

    Args:
        reference_image: The image whose place is taken over.
        dtype: Type of the mask's values.

    Returns:
        An Image of modality ``"SEG"`` on the same voxels, 1 everywhere.

    Raises:
        ValueError: If the reference image has no 3D array (a GeometryError).

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image, create_full_mask
        >>> scan = Image(np.zeros((4, 5, 6)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> int(create_full_mask(scan).array.sum())
        120
    """
    array = getattr(reference_image, "array", None)
    if not isinstance(array, np.ndarray) or array.ndim != 3 or array.size == 0:
        found = f"an array of shape {array.shape}" if isinstance(array, np.ndarray) else "no array"
        raise GeometryError(
            f"the reference image has {found} and a mask needs a 3D one",
            advice="pass an image with axes (x, y, z)",
        )
    return Image(
        np.ones(array.shape, dtype=dtype, order="F"),
        reference_image.spacing,
        reference_image.origin,
        None if reference_image.direction is None else np.array(reference_image.direction),
        "SEG",
        metadata={key: value for key, value in reference_image.metadata.items() if key == "frame_of_reference_uid"},
    )
