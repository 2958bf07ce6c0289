"""nibabel: its images lie in RAS mm, and say where by an affine."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import GeometryError, OptionError
from ..formats.header_grids import fit_grid
from ..formats.json_comment import ImageFacts, read_json_comment
from ..formats.nifti.vocabulary import COMMENT_CODE, NIFTI_TYPES
from ..formats.voxel_writing import convert_voxels
from ..image import Image
from ..image_checks import check_image, name_of
from ..provenance import Provenance
from .facts import FACTS_KEY, find_facts, make_fact_texts, make_image_of
from .libraries import check_type, import_library

__all__ = ["from_nibabel", "to_nibabel"]

LONGEST_AXIS = 32767
"""NIfTI-1 counts voxels along an axis with 16 bits and a sign."""


def to_nibabel(image: Image) -> Any:
    """Make an image of nibabel.

    The voxels are shared with the image, unless they are float16 or of another byte order than the machine's; truth
    values are seen as uint8. The affine is exact as long as the image is in memory, and a file holds it as float32.
    Modality, metadata, names of labels and the source mask go into comments in its header. They come back by
    :func:`from_nibabel`, and by ``load_image`` from a file that nibabel saves; of a source mask whose text is longer
    than what is read of a header, a ContentWarning says so then.

    Args:
        image: The image.

    Returns:
        A ``nibabel.Nifti1Image``, or a ``Nifti2Image`` where an axis is too long for NIfTI-1.

    Raises:
        OptionError: If nibabel is not installed, or NIfTI has no type that holds the voxels.
        GeometryError: If the image has no 3D grid.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> scan = Image(np.zeros((4, 5, 6), np.int16), (0.5, 0.5, 2.0), (10.0, 20.0, 30.0), modality="CT")
        >>> scan.to_nibabel().affine[:3, 3].tolist()  # doctest: +SKIP
        [-10.0, -20.0, 30.0]
    """
    nibabel = import_library("nibabel")
    sound = check_image(image)
    stored = convert_voxels(sound.array, frozenset(NIFTI_TYPES.values()), "NIfTI", name_of(sound))
    ras_affine = sound.grid.affine_in("RAS")
    kind = nibabel.Nifti2Image if max(stored.shape) > LONGEST_AXIS else nibabel.Nifti1Image
    header = kind.header_class()
    header.set_data_shape(stored.shape)
    header.set_data_dtype(stored.dtype)
    header.set_xyzt_units("mm")
    # 1 is the code of positions in the patient as the scanner gives them.
    header.set_qform(ras_affine, 1)
    header.set_sform(ras_affine, 1)
    for key, text in make_fact_texts(sound, stored.dtype).items():
        content = text if key == FACTS_KEY else json.dumps({key: text})
        header.extensions.append(nibabel.nifti1.Nifti1Extension(COMMENT_CODE, content.encode()))
    return kind(stored, ras_affine, header)


def from_nibabel(image: Any) -> Image:
    """Make an Image of one of nibabel.

    The voxels are shared with an image that was made of an array; those of one that stands for a file are read from it
    now, as nibabel scales them. What :func:`to_nibabel` or ``save_image`` put into the comment comes back.

    Args:
        image: A ``nibabel`` image of a volume: NIfTI, MGH and others that have an affine.

    Returns:
        The image.

    Raises:
        OptionError: If nibabel is not installed, the image is of another type, or its voxels are not real numbers.
        GeometryError: If it has not three dimensions, no affine, one that is sheared, or says that its unit is another
            than the millimeter.

    Examples:
        >>> import nibabel  # doctest: +SKIP
        >>> Image.from_nibabel(nibabel.load("brain.nii.gz"))  # doctest: +SKIP
    """
    nibabel = import_library("nibabel")
    check_type(image, nibabel.spatialimages.SpatialImage, "an image of nibabel that has an affine")
    path = image.get_filename() or ""
    check_nibabel_space(image, path)
    array = take_nibabel_voxels(image, path)
    affine = np.asarray(image.affine, np.float64)
    world = fit_grid(
        affine, array.shape, "RAS", "error", path or "image of nibabel", "resample it onto a rectangular grid"
    )
    texts = read_comments(image)
    facts = find_facts(texts, world.grid) or ImageFacts(world.grid)
    noted = read_json_comment(texts.get(FACTS_KEY, ""), world.grid)
    if noted is not None and np.array_equal(np.float32(noted.grid.affine_in("RAS")), np.float32(affine)):
        # All that keeps the affine from the exact grid is that a file holds float32.
        facts = replace(facts, grid=noted.grid)
    return make_image_of(array, facts, texts, Provenance(path, "nibabel", decisions=world.decisions))


def check_nibabel_space(image: Any, path: str) -> None:
    """Refuse images that lie nowhere, or whose affine is not in millimeters."""
    if image.affine is None:
        raise GeometryError("the image of nibabel has no affine", path=path or None, advice="make it with one")
    get_units = getattr(image.header, "get_xyzt_units", None)
    unit = get_units()[0] if get_units else "unknown"
    if unit not in ("mm", "unknown"):
        raise GeometryError(
            f"the image of nibabel has the unit '{unit}' and millimeters are required",
            path=path or None,
            advice="multiply its affine, and set_xyzt_units('mm'); or load its file with load_image, which does",
            unit=unit,
        )


def take_nibabel_voxels(image: Any, path: str) -> npt.NDArray[Any]:
    """The voxels as (x, y, z): the array that the image was made of, or what its file holds."""
    shape = image.shape
    if len(shape) < 2 or any(size != 1 for size in shape[3:]):
        raise GeometryError(
            f"the image of nibabel has shape {shape} and a volume is required",
            path=path or None,
            advice="take one of its volumes, such as image.slicer[..., 0]",
            shape=shape,
        )
    array = np.asanyarray(image.dataobj)
    # A map of the file would keep it open, and change with it.
    array = np.array(array, order="K") if isinstance(array, np.memmap) else np.asarray(array)
    if array.dtype.kind not in "biuf":
        raise OptionError(
            f"the voxels of the image of nibabel are of type {array.dtype} and must be real numbers",
            path=path or None,
            advice="take their magnitude, or one component",
        )
    return array.reshape((*shape, 1)[:3])


def read_comments(image: Any) -> dict[str, str]:
    """The texts that :func:`to_nibabel` or ``save_image`` put into a header."""
    texts: dict[str, str] = {}
    for extension in getattr(image.header, "extensions", ()):
        if extension.get_code() == COMMENT_CODE:
            try:
                text = bytes(extension.get_content()).rstrip(b"\0").decode()
                content = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(content, dict):
                texts |= {FACTS_KEY: text} if FACTS_KEY in content else content
    return texts
