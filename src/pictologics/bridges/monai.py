"""MONAI: MetaTensors, channel first and in RAS mm, and a reader for its ``LoadImage``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import (
    ContentWarning,
    GeometryError,
    GeometryWarning,
    OptionError,
    PictologicsError,
    UnsupportedFormatError,
)
from ..formats.header_grids import fit_grid
from ..formats.json_comment import ImageFacts
from ..geometry import WorldFrame
from ..image import Image
from ..image_checks import check_image, check_lies_on
from ..loader import load_image
from ..provenance import Provenance
from .facts import find_facts, make_fact_texts, make_image_of
from .libraries import check_type, import_library
from .loader_workers import bound_worker_threads
from .tensors import make_array, make_tensor, take_volume

if TYPE_CHECKING:
    ImageReader = object
else:
    # Without MONAI the class can be looked at and documented, and says what is missing when it is used.
    try:
        from monai.data import ImageReader
    except ModuleNotFoundError:
        ImageReader = object

__all__ = ["PictologicsReader", "from_monai", "to_monai"]


def to_monai(image: Image) -> Any:
    """Make a MetaTensor of an image.

    It has the axes (channel, x, y, z), with one channel, and the affine of MONAI's own readers, in RAS. The voxels are
    shared with the image as by :func:`pictologics.bridges.torch.to_torch`. Modality, metadata, names of labels and the
    source mask go into ``meta`` as texts, which MONAI collates and carries along.

    Args:
        image: The image.

    Returns:
        A ``monai.data.MetaTensor``.

    Raises:
        OptionError: If MONAI is not installed, or PyTorch has no type that holds the voxels.
        GeometryError: If the image has no 3D grid.

    Examples:
        >>> from monai.transforms import Spacing  # doctest: +SKIP
        >>> fine = Image.from_monai(Spacing((1.0, 1.0, 1.0))(scan.to_monai()))  # doctest: +SKIP
    """
    monai_data = import_library("monai.data")
    sound = check_image(image)
    tensor = make_tensor(sound.array)[None]
    return monai_data.MetaTensor(tensor, meta=make_meta(sound, make_array(tensor).dtype))


def from_monai(tensor: Any) -> Image:
    """Make an Image of a MetaTensor.

    The voxels are shared with a tensor in main memory. What :func:`to_monai` or :class:`PictologicsReader` put into
    ``meta`` comes back, wherever transforms have moved the image since; after transforms that change the values it is
    for you to say that their units are others. A source mask comes back only if the voxels are what
    and where they were; else a ContentWarning says so.

    Args:
        tensor: A ``monai.data.MetaTensor`` of one channel, (1, x, y, z) or (x, y, z).

    Raises:
        OptionError: If MONAI is not installed, or what is passed is no MetaTensor or one with pending transforms.
        GeometryError: If it has several channels or is a batch, or its affine is sheared.

    Examples:
        >>> from monai.transforms import LoadImage  # doctest: +SKIP
        >>> scan = Image.from_monai(LoadImage(ensure_channel_first=True)("scan.nii.gz"))  # doctest: +SKIP
    """
    monai_data = import_library("monai.data")
    check_type(
        tensor, monai_data.MetaTensor, "a MetaTensor of MONAI", name="tensor", advice="of plain tensors use from_torch"
    )
    if tensor.has_pending_operations:
        raise OptionError(
            "the MetaTensor has pending transforms, so that its voxels are not where its affine says",
            advice="apply them first, with monai.transforms.lazy.functional.apply_pending",
        )
    advice = "take one channel, such as tensor[:1], and one item of a batch with monai.data.decollate_batch"
    if tensor.is_batch:
        raise GeometryError(f"the MetaTensor is a batch of shape {tuple(tensor.shape)}", advice=advice)
    array = take_volume(make_array(tensor.as_tensor()), "the MetaTensor", advice)
    affine, frame = tensor.affine.cpu().numpy(), find_world_frame(tensor.meta)
    world = fit_grid(affine, array.shape, frame, "error", "MetaTensor", "resample it with monai.transforms.Spacing")
    facts = find_facts(tensor.meta, world.grid) or ImageFacts(world.grid)
    source = tensor.meta.get("filename_or_obj", "")
    record = Provenance(source if isinstance(source, str) else "", "MONAI", decisions=world.decisions)
    return make_image_of(array, facts, tensor.meta, record)


def find_world_frame(meta: Mapping[str, Any]) -> WorldFrame:
    """The world frame of an affine; RAS, as of all of MONAI's readers, where nothing says it.

    Raises:
        GeometryError: If it is another than MONAI has.
    """
    space = meta.get("space", "RAS")
    # A member of an enumeration of texts, or its text.
    name = getattr(space, "value", space)
    if name == "LPS":
        return "LPS"
    if name != "RAS":
        raise GeometryError(f"the space of the MetaTensor is {name!r} and must be RAS or LPS", space=name)
    return "RAS"


class PictologicsReader(ImageReader):
    """A reader for ``monai.transforms.LoadImage``: every format and every check of ``load_image``.

    MONAI tries other readers when one raises. What this one refuses for a reason, such as a series with missing slices,
    is refused: the error comes up when MONAI asks for the data. Only files of no format that is read here are left to
    MONAI's other readers. Several paths become channels, and must lie on one grid.

    Args:
        **options: Keywords of ``load_image``.

    Raises:
        OptionError: If MONAI is not installed.

    Examples:
        >>> from monai.transforms import LoadImage  # doctest: +SKIP
        >>> reader = PictologicsReader(irregular="resample")  # doctest: +SKIP
        >>> LoadImage(reader=reader, ensure_channel_first=True)("ct_scan").shape  # doctest: +SKIP
        torch.Size([1, 64, 64, 24])
    """

    def __init__(self, **options: Any) -> None:
        import_library("monai.data")
        super().__init__()
        self.options = options

    def verify_suffix(self, filename: Any) -> bool:
        """Whether to try a file: any, since the name proves nothing."""
        return True

    def read(self, data: Any, **kwargs: Any) -> list[Image] | Exception:
        """Load one or several images; what is refused comes back as the error that :meth:`get_data` raises.

        Args:
            data: A path, or several.
            **kwargs: Keywords of ``load_image``, which count before those of the reader.

        Raises:
            UnsupportedFormatError: If a file is of no format that is read.
        """
        bound_worker_threads()
        paths: Sequence[Any] = [data] if isinstance(data, (str, os.PathLike)) else list(data)
        try:
            images = [load_image(path, **{**self.options, **kwargs}) for path in paths]
            for image in images[1:]:
                check_lies_on(image, images[0], "an image of another channel", image.provenance.source)
        except UnsupportedFormatError:
            raise
        except (PictologicsError, ContentWarning, GeometryWarning) as error:
            # A warning comes here where somebody turned warnings into errors.
            return error
        return images

    def get_data(self, img: Any) -> tuple[npt.NDArray[Any], dict[str, Any]]:
        """Voxels and metadata, as MONAI's readers give them.

        Args:
            img: What :meth:`read` returned.

        Returns:
            (x, y, z), or (channel, x, y, z) of several images; and the metadata of the first.

        Raises:
            PictologicsError: If ``read`` found a reason to refuse.
        """
        if isinstance(img, Exception):
            raise img
        images = img if isinstance(img, list) else [img]
        arrays = [image.array.view(np.uint8) if image.dtype == np.bool_ else image.array for image in images]
        meta = make_meta(images[0], arrays[0].dtype)
        # What MONAI takes for "no channel".
        meta["original_channel_dim"] = float("nan") if len(arrays) == 1 else 0
        return arrays[0] if len(arrays) == 1 else np.stack(arrays), meta


def make_meta(image: Image, stored: np.dtype[Any]) -> dict[str, Any]:
    """What MONAI keeps of an image beside its voxels, which are of the given type there."""
    ras_affine = image.grid.affine_in("RAS")
    source = {"filename_or_obj": image.provenance.source} if image.provenance.source else {}
    return {
        "affine": ras_affine,
        "original_affine": ras_affine.copy(),
        "spatial_shape": np.array(image.shape),
        "space": import_library("monai.utils").SpaceKeys.RAS,
        **source,
        **make_fact_texts(image, stored),
    }
