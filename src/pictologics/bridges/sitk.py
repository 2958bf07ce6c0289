"""SimpleITK: its images lie in LPS mm as ours do, with x first in sizes and indices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import GeometryError, OptionError
from ..formats.json_comment import ImageFacts
from ..formats.packed_masks import PACKED_MASK_KEY
from ..formats.text_fields import ITK_MODALITY, is_modality
from ..formats.voxel_writing import convert_voxels
from ..geometry import Grid
from ..image import Image
from ..image_checks import check_image, name_of
from ..provenance import Provenance
from .facts import FACTS_KEY, find_facts, make_fact_texts, make_image_of
from .libraries import check_type, import_library

__all__ = ["from_sitk", "to_sitk"]

SITK_TYPES = frozenset(
    np.dtype(name)
    for name in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")
)
"""Types of voxels that SimpleITK has."""


def to_sitk(image: Image) -> Any:
    """Make an image of SimpleITK.

    The voxels are copied, as SimpleITK always does; truth values become uint8, float16 float32. Spacing, origin and
    direction are the same numbers. Modality, metadata, names of labels and the source mask go into its metadata under
    keys that begin with ``pictologics``, and the modality also under ``0008|0060``, as ITK has it of DICOM files. They
    come back by :func:`from_sitk`, and by ``load_image`` from an NRRD file that SimpleITK writes.

    Args:
        image: The image.

    Returns:
        A ``SimpleITK.Image`` of three dimensions.

    Raises:
        OptionError: If SimpleITK is not installed, or has no type that holds the voxels.
        GeometryError: If the image has no 3D grid.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> scan = Image(np.zeros((4, 5, 6), np.int16), (0.5, 0.5, 2.0), (10.0, 20.0, 30.0), modality="CT")
        >>> scan.to_sitk().GetSize()  # doctest: +SKIP
        (4, 5, 6)
    """
    sitk = import_library("SimpleITK")
    sound = check_image(image)
    stored = convert_voxels(sound.array, SITK_TYPES, "SimpleITK", name_of(sound))
    grid = sound.grid
    # Its arrays have z first, so that the same bytes are meant.
    made = sitk.GetImageFromArray(stored.T)
    made.SetSpacing(grid.spacing)
    made.SetOrigin(grid.origin)
    made.SetDirection(grid.direction.ravel().tolist())
    for key, text in make_fact_texts(sound, stored.dtype).items():
        made.SetMetaData(key, text)
    if is_modality(sound.modality) and sound.modality != "Unknown":
        made.SetMetaData(ITK_MODALITY, sound.modality)
    return made


def from_sitk(image: Any) -> Image:
    """Make an Image of one of SimpleITK.

    The voxels are copied and keep their type. What :func:`to_sitk` put into its metadata comes back if it is still
    there: most filters of SimpleITK drop metadata. A source mask comes back only if the voxels are what and
    where they were; else a ContentWarning says so.

    Args:
        image: A ``SimpleITK.Image`` of three dimensions and one real number for each voxel.

    Returns:
        The image, in Fortran order.

    Raises:
        OptionError: If SimpleITK is not installed, or the image has another type or several numbers for each voxel.
        GeometryError: If it has not three dimensions, or its axes are not at right angles.

    Examples:
        >>> import SimpleITK as sitk  # doctest: +SKIP
        >>> Image.from_sitk(sitk.ReadImage("scan.nii.gz"))  # doctest: +SKIP
    """
    sitk = import_library("SimpleITK")
    check_type(image, sitk.Image, "an image of SimpleITK")
    check_sitk_image(image)
    array = sitk.GetArrayFromImage(image).T
    grid = make_sitk_grid(image)
    # No others: what a DICOM file holds may be a patient's name, or no UTF-8.
    keys = (FACTS_KEY, PACKED_MASK_KEY, ITK_MODALITY)
    texts = {key: image.GetMetaData(key) for key in keys if image.HasMetaDataKey(key)}
    named = texts.get(ITK_MODALITY, "").strip()
    facts = find_facts(texts, grid) or ImageFacts(grid, named if is_modality(named) else "Unknown")
    return make_image_of(array, facts, texts, Provenance(reader="SimpleITK"))


def check_sitk_image(image: Any) -> None:
    """Refuse images that are no volume of real numbers."""
    dimensions = image.GetDimension()
    if dimensions != 3:
        raise GeometryError(
            f"the image of SimpleITK has {dimensions} dimensions and 3 are required",
            advice="take a volume of it, such as image[:, :, :, 0]" if dimensions > 3 else "use SimpleITK.JoinSeries",
            dimensions=dimensions,
        )
    kind = image.GetPixelIDTypeAsString()
    # Others begin with what they are: vector of 8-bit unsigned integer, complex of 32-bit float, label of ...
    if not kind[0].isdigit():
        raise OptionError(
            f"the voxels of the image of SimpleITK are of type '{kind}' and must be real numbers",
            advice="use VectorIndexSelectionCast, ComplexToModulus or LabelMapToLabel of SimpleITK first",
            kind=kind,
        )


def make_sitk_grid(image: Any) -> Grid:
    """The grid of the same numbers.

    Raises:
        GeometryError: If the direction is sheared, or there is no voxel or no place, which SimpleITK allows.
    """
    direction = np.reshape(image.GetDirection(), (3, 3))
    try:
        return Grid(image.GetSize(), image.GetSpacing(), image.GetOrigin(), direction)
    except GeometryError as error:
        if "direction" not in error.values:
            raise
        raise GeometryError(
            f"the image of SimpleITK has the direction {direction.tolist()}, which is not a set of orthogonal unit "
            "vectors",
            advice="resample it onto a rectangular grid with SimpleITK.Resample",
            direction=direction.tolist(),
        ) from error
