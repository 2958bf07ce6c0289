"""The Image: one 3D array that stands where it belongs in the patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .bridges.methods import BridgeMethods
from .checks import option_error
from .errors import GeometryError
from .geometry import CORNER_ERROR_REFUSED, Grid, format_numbers, resolve_slices
from .provenance import Decision, Provenance, give_warnings
from .validity import as_source_mask

__all__ = [
    "Image",
    "copy_image",
    "create_full_mask",
    "mark_valid",
]

MOST_LOOKED_AT: Final = 1 << 27
"""Voxels whose range is found exactly, in a tenth of a second; of more, a part is looked at and the text says so."""


@dataclass(eq=False, repr=False)
class Image(BridgeMethods):
    """A 3D array of voxels, and where they lie in the patient; the same for every file format.

    Making an Image checks nothing and copies nothing: it holds the array that it is given. Functions that need a sound
    one check it themselves and name what is wrong. Every function and method of the package that returns an Image
    returns one of its own: writing to its array, source mask, direction, metadata or labels changes nothing else. Only
    what crosses from another library shares its voxels with it, where that function says so.

    Images compare by identity, so that they can be keys of a dict; :meth:`equals` compares what they hold.

    Attributes:
        array: Voxel values, shape (x, y, z). Loaded images are float32 where that holds every stored value
            exactly and float64 otherwise, in Fortran order: x runs fastest, as in every file format.
        spacing: Distance between voxel centers along (x, y, z), mm.
        origin: Center of the first voxel, LPS mm.
        direction: 3x3 unit cosines; column k is the way axis k runs, LPS. None becomes the identity.
        modality: DICOM modality such as ``"CT"``, ``"MR"``, ``"PT"``, or ``"Unknown"``.
        source_mask: True where a voxel holds valid data, same shape as the array; None means everywhere. Of one that
            is given as numbers, those above zero are True.
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
        mask = self.source_mask
        if isinstance(mask, np.ndarray) and mask.dtype != np.bool_ and mask.dtype.kind in "iuf":
            # Once and here, so that whoever reads the mask finds truth values.
            self.source_mask = mask > 0

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
        direction: Any = np.eye(3) if self.direction is None else self.direction
        return Grid(np.shape(self.array), self.spacing, self.origin, direction)

    @property
    def affine(self) -> npt.NDArray[np.float64]:
        """4x4 matrix from voxel index to LPS mm."""
        return self.grid.affine

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array, (x, y, z)."""
        return np.shape(self.array)

    @property
    def ndim(self) -> int:
        """Number of axes of the array: 3."""
        return np.ndim(self.array)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the voxels."""
        return np.asarray(self.array).dtype

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """The voxels, for numpy: ``np.asarray(image)`` is ``image.array`` itself, not a copy."""
        if copy:
            return np.array(self.array, dtype, order="K")
        array = np.asarray(self.array, dtype)
        # A memory map is seen through an array of its own, which is no copy.
        if copy is False and not (isinstance(self.array, np.ndarray) and np.may_share_memory(array, self.array)):
            raise ValueError(f"voxels of type {self.dtype} become {array.dtype} only by a copy, and copy=False")
        return array

    def __getitem__(self, index: Any) -> Image:
        """Some of the voxels as an image: each stays where it is in the world.

        Args:
            index: Up to three slices, as with numpy; one with a step takes one voxel in so many, one with a negative
                step turns the axis round. For single values and boolean masks, index ``image.array``.

        Returns:
            An image of its own, with the same labels, metadata and, cut alike, source mask.

        Raises:
            ValueError: If a slice takes no voxel, or is none (an OptionError); if the array has not three axes, or the
                source mask another shape (a GeometryError).

        Examples:
            >>> import numpy as np
            >>> from pictologics import Image
            >>> scan = Image(np.zeros((4, 5, 6)), (0.5, 0.5, 2.0), (10.0, 20.0, 30.0))
            >>> part = scan[1:3, :, ::2]
            >>> part.shape, part.spacing, part.origin
            ((2, 5, 3), (0.5, 0.5, 4.0), (10.5, 20.0, 30.0))
        """
        grid = self.grid[index]
        box, _ = resolve_slices(index, self.shape)
        valid = None if self.source_mask is None else as_source_mask(np.asarray(self.source_mask), self.shape)
        slices = self.provenance.slices
        if len(slices) == self.shape[2]:
            slices = slices[box[2]]
        text = f"cropped from {self.shape} to {grid.shape} voxels"
        provenance = replace(self.provenance.with_decisions(Decision("processed", text)), slices=slices)
        return copy_image(
            self,
            array=np.array(np.asarray(self.array)[box], order="F"),
            spacing=grid.spacing,
            origin=grid.origin,
            direction=np.array(grid.direction),
            source_mask=None if valid is None else np.array(valid[box], order="F"),
            provenance=provenance,
        )

    # An image is no sequence of planes, as Python would take it for where there are brackets.
    __iter__ = None
    __contains__ = None

    def copy(self) -> Image:
        """The same image with an array, source mask, direction, metadata and labels of its own."""
        return copy_image(self)

    @property
    def has_source_mask(self) -> bool:
        """Whether some voxels may be marked as holding no valid data."""
        return self.source_mask is not None

    def with_source_mask(self, mask: npt.NDArray[np.bool_] | npt.NDArray[np.integer[Any]] | Image) -> Image:
        """A copy of this image that knows which of its voxels hold valid data.

        The copy shares nothing with this image or the mask: writing to either changes the other in no way.

        Args:
            mask: True, or greater than zero, where the data is valid; an array of this image's shape, or an
                Image of that shape, which a GeometryWarning says if it lies elsewhere in the world.

        Returns:
            The new image.

        Raises:
            ValueError: If the mask has another shape, or holds neither truth values nor real numbers.
        """
        return copy_image(mark_valid(self, mask))

    def equals(self, other: object) -> bool:
        """Whether another image holds the same: voxels, place, modality, source mask, metadata and labels.

        NaN equals NaN, and types of voxels may differ. What the provenance says does not count.

        Examples:
            >>> import numpy as np
            >>> from pictologics import Image
            >>> ones = Image(np.ones((2, 2, 2)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
            >>> ones.equals(Image(np.ones((2, 2, 2)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)))
            True
        """
        return isinstance(other, Image) and all(
            have_same_values(getattr(self, name), getattr(other, name))
            for name in ("array", "spacing", "origin", "direction", "modality", "source_mask", "metadata", "labels")
        )

    def __repr__(self) -> str:
        return "Image(" + ", ".join(f"{name}={text}" if name else text for name, text in self.summary()) + ")"

    def _repr_html_(self) -> str:
        """What a notebook shows: three planes and the facts below."""
        # Imported when it is called: what draws is made of images.
        card: str = import_module(f"{__package__}.pictures.cards").make_card(self)
        return card

    def summary(self) -> list[tuple[str, str]]:
        """What to know at a glance, as names and texts; works for any array."""
        array = np.asarray(self.array)
        try:
            orientation = repr(self.grid.orientation)
            spacing = f"({format_numbers(self.spacing)}) mm"
        except (GeometryError, TypeError, ValueError):
            orientation, spacing = "none", repr(self.spacing)
        lines = [
            ("shape", str(array.shape)),
            ("spacing", spacing),
            ("orientation", orientation),
            ("modality", repr(self.modality)),
            ("", describe_values(array, self.metadata.get("units", ""))),
        ]
        if self.source_mask is not None:
            lines.append(("source_mask", f"{np.count_nonzero(self.source_mask)} of {array.size} voxels valid"))
        return lines


def mark_valid(image: Image, mask: npt.NDArray[Any] | Image) -> Image:
    """An image with another source mask, of which the voxels are shared; see :meth:`Image.with_source_mask`."""
    try:
        values = np.asarray(mask.array if isinstance(mask, Image) else mask)
    except ValueError as ragged:
        # A list whose rows differ in length.
        raise option_error("mask", type(mask).__name__, "an array or an Image") from ragged
    valid = as_source_mask(values, np.shape(image.array))
    decisions: tuple[Decision, ...] = ()
    if isinstance(mask, Image):
        error = mask.grid.corner_error(image.grid)
        if not error < CORNER_ERROR_REFUSED:
            text = (
                f"the source mask lies elsewhere: its worst corner is {error:.3g} voxels from the image's; it was "
                "taken voxel by voxel"
            )
            decisions = (Decision("assumed", text, error, "geometry"),)
            give_warnings(image.provenance.source or "image", decisions)
    return replace(image, source_mask=valid, provenance=image.provenance.with_decisions(*decisions))


def copy_image(image: Image, **changes: Any) -> Image:
    """A copy of an image that shares nothing that can be written to.

    Args:
        image: The image.
        **changes: Fields with other values, which are taken as they are; what they replace is not copied.
    """
    for name in ("array", "direction", "source_mask"):
        value = getattr(image, name)
        if name not in changes and value is not None:
            # Voxels stay in their order of memory.
            changes[name] = np.array(value, order="K")
    for name in ("metadata", "labels"):
        changes.setdefault(name, dict(getattr(image, name)))
    return replace(image, **changes)


def have_same_values(own: Any, other: Any) -> bool:
    """Whether two fields of images are equal, NaN to NaN; None equals None only."""
    if own is None or other is None:
        return own is other
    if isinstance(own, (str, Mapping)):
        return bool(own == other)
    own, other = np.asarray(own), np.asarray(other)
    if "O" in (own.dtype.kind, other.dtype.kind):
        return False
    return np.array_equal(own, other, equal_nan=own.dtype.kind in "fc" and other.dtype.kind in "fc")


def describe_values(array: npt.NDArray[Any], units: str) -> str:
    """Type and range of an array's values, such as ``"float32 -1024 to 3071 HU"``."""
    if array.size == 0 or array.dtype.kind not in "biuf":
        return str(array.dtype)
    step = max(1, round((array.size / MOST_LOOKED_AT) ** (1 / array.ndim)))
    looked_at = array[(slice(None, None, step),) * array.ndim]
    # fmin and fmax pass over NaN.
    low, high = np.fmin.reduce(looked_at, axis=None), np.fmax.reduce(looked_at, axis=None)
    about = "about " if step > 1 else ""
    return f"{array.dtype} {about}{low:.6g} to {high:.6g}" + (f" {units}" if units else "")


def check_mask_type(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """Check that a type is one of truth values or numbers."""
    try:
        checked = np.dtype(dtype)
    except (TypeError, ValueError) as error:
        raise option_error("dtype", dtype, "a NumPy dtype") from error
    if checked.kind not in "biufc":
        raise option_error("dtype", dtype, "a type of numbers")
    return checked


def create_full_mask(reference_image: Image, dtype: npt.DTypeLike = np.uint8) -> Image:
    """Make a mask that covers a whole image.

    Args:
        reference_image: The image whose place is taken over.
        dtype: Type of the mask's values.

    Returns:
        An Image of modality ``"SEG"`` on the same voxels, 1 everywhere.

    Raises:
        ValueError: If the reference image has no 3D array (a GeometryError), or the type is none of numbers (an
            OptionError).

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
            f"the reference image has {found} and a 3D image is required for a mask",
            advice="pass an image with axes (x, y, z)",
        )
    grid = reference_image.grid
    return Image.from_grid(
        np.ones(array.shape, check_mask_type(dtype), order="F"),
        grid,
        modality="SEG",
        metadata={key: value for key, value in reference_image.metadata.items() if key == "frame_of_reference_uid"},
    )
