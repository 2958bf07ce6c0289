"""Intensities: clipping, rounding, normalizing and discretizing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from ..checks import check_choice, check_number, check_range, check_whole, format_range, is_number, option_error
from ..errors import OptionError
from ..image import Image
from ..image_checks import check_is_image, derive_image, find_valid_voxels, name_of
from ..labels import LARGEST_LABEL, choose_label_type
from ..provenance import Decision
from ..threads import run_in_shares
from .regions import Region, compute_mean_and_deviation, find_region

__all__ = ["clip_intensities", "discretize_image", "normalize_image", "round_intensities"]

Normalization = Literal["z-score", "min-max", "percentiles"]
ValueRange = tuple[float | None, float | None]


def clip_intensities(image: Image, value_range: ValueRange) -> Image:
    """Replace values beyond a range by its nearer end.

    Args:
        image: The image; its invalid voxels are left as they are.
        value_range: Lowest and highest value; None for an end that is open.

    Returns:
        The image with the same type of voxels.

    Raises:
        OptionError: If the range is not valid, or holds no value that the type of the voxels can.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import clip_intensities
        >>> scan = Image(np.array([[[-3000.0, 40.0]]]), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> clip_intensities(scan, (-1000, None)).array.tolist()
        [[[-1000.0, 40.0]]]
    """
    low, high = check_range("value_range", value_range)
    validity = find_valid_voxels(image)
    text = f"values clipped to {format_range(low, high)}"
    array = np.array(image.array, order="F")
    if array.dtype.kind in "iu":
        # A bound between two whole numbers moves inwards to the next; an open end is the limit of the type.
        limits = np.iinfo(array.dtype)
        low, high = max(np.ceil(low), limits.min), min(np.floor(high), limits.max)
        if low > high:
            required = (
                f"a range with a whole number from {limits.min} to {limits.max}, because the voxels are {array.dtype}"
            )
            raise option_error("value_range", tuple(value_range), required, "convert the image to float32 first")
        np.clip(array, int(low), int(high), out=array)
    else:
        np.clip(array, low, high, out=array)
    if validity.mask is not None:
        np.copyto(array, image.array, where=~validity.mask)
    return derive_image(image, *validity.decisions, Decision("processed", text), array=array)


def round_intensities(image: Image) -> Image:
    """Round values to whole numbers, as IBSI does with Hounsfield units after interpolation (IBSI 2.4).

    Args:
        image: The image.

    Returns:
        The image with the same type of voxels. Halves go to the even neighbor (IEEE 754).

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import round_intensities
        >>> scan = Image(np.array([[[-0.6, 40.2]]]), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> round_intensities(scan).array.tolist()
        [[[-1.0, 40.0]]]
    """
    check_is_image("image", image)
    # Adding zero turns -0.0 into 0.0.
    array = image.array if image.array.dtype.kind in "biu" else np.rint(image.array) + image.array.dtype.type(0)
    return derive_image(image, Decision("processed", "values rounded to whole numbers"), array=array)


def normalize_image(
    image: Image,
    mask: Image | None = None,
    method: Normalization = "z-score",
    percentiles: tuple[float, float] = (1.0, 99.0),
) -> Image:
    """Put the values of an image on a common scale.

    Args:
        image: The image.
        mask: Where the scale is taken from, all labels together; None for every valid voxel. The whole image is
            put on that scale.
        method: ``"z-score"`` subtracts the mean and divides by the standard deviation (that of the population:
            divided by n); ``"min-max"`` makes the lowest value 0 and the highest 1; ``"percentiles"`` makes the two
            percentiles 0 and 1, which a few bright voxels do not change. Nothing is clipped.
        percentiles: The lower and the upper percentile of the last method.

    Returns:
        The image, float32, or float64 if it was. Invalid voxels are 0.

    Raises:
        OptionError: If all values of the mask are equal, or it holds no valid voxel, or a parameter is not valid.
        GeometryError: If the mask does not lie on the image's voxels.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import normalize_image
        >>> scan = Image(np.array([[[100.0, 300.0, 500.0]]]), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> normalize_image(scan, method="min-max").array.tolist()
        [[[0.0, 0.5, 1.0]]]
    """
    check_choice("method", method, get_args(Normalization))
    region = find_region(image, mask)
    values = region.take_values(image)
    if method == "z-score":
        shift, scale = compute_mean_and_deviation(values)
    elif method == "min-max":
        shift, scale = float(values.min()), float(values.max()) - float(values.min())
    else:
        low, high = np.percentile(values, check_percentiles(percentiles))
        shift, scale = float(low), float(high - low)
    if not scale > 0:
        raise OptionError(
            f"the values to normalize by are all {shift:.6g}, and a spread is required",
            path=name_of(image),
            advice="give a mask of varying values",
        )
    array = scale_values(image, shift, scale)
    text = f"values normalized ({method}): {shift:.6g} becomes 0 and {shift + scale:.6g} becomes 1"
    metadata = {name: value for name, value in image.metadata.items() if name != "units"}
    return derive_image(image, *region.decisions, Decision("processed", text), array=array, metadata=metadata)


def scale_values(image: Image, shift: float, scale: float) -> npt.NDArray[np.floating[Any]]:
    """Values less the shift, in units of the scale, computed in float64; invalid voxels are 0."""
    valid = find_valid_voxels(image).mask
    dtype = np.float64 if image.array.dtype == np.float64 else np.float32
    array = np.zeros(image.array.shape, dtype, order="F")

    def work(planes: Iterable[int]) -> None:
        for plane in planes:
            values = (image.array[:, :, plane].astype(np.float64) - shift) / scale
            array[:, :, plane] = values if valid is None else np.where(valid[:, :, plane], values, 0)

    run_in_shares(work, image.array.shape[2])
    return array


def discretize_image(
    image: Image,
    mask: Image | None = None,
    bin_number: int | None = None,
    bin_size: float | None = None,
    minimum: float | None = None,
) -> Image:
    """Sort the values of a mask into bins that count from 1, as IBSI defines it (IBSI 2.7).

    A fixed bin number N: the bin is floor(N (x - low) / (high - low)) + 1, and N for x = high, with low and high the
    lowest and the highest value of the mask. A fixed bin size w: the bin is floor((x - minimum) / w) + 1.

    Args:
        image: The image.
        mask: What is discretized; None for every valid voxel. Each label of a label map has its own range, as if it
            were the only one.
        bin_number: How many bins there are.
        bin_size: How wide each bin is, in units of the image.
        minimum: Where the first bin of a fixed size begins: the lower end of the range to which the mask was
            resegmented (IBSI). None for the lowest value of the mask.

    Returns:
        The bin of each voxel, of the smallest unsigned integer type; 0 for every voxel that does not count.

    Raises:
        OptionError: If not exactly one of ``bin_number`` and ``bin_size`` is given, a value lies below ``minimum``, or
            the mask marks no valid voxel.
        GeometryError: If the mask does not lie on the image's voxels.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import discretize_image
        >>> scan = Image(np.array([[[0.0, 24.0, 25.0, 100.0]]]), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> discretize_image(scan, bin_size=25).array.tolist()
        [[[1, 1, 2, 5]]]
        >>> discretize_image(scan, bin_number=4).array.tolist()
        [[[1, 1, 2, 4]]]
    """
    check_bins(bin_number, bin_size, minimum)
    region = find_region(image, mask)
    bins: list[tuple[int, npt.NDArray[np.float64]]] = []
    for number in region.list_numbers():
        values = region.take_values(image, number).astype(np.float64)
        if bin_number is not None:
            bins.append((number, assign_bins_by_number(values, bin_number)))
        else:
            bins.append((number, assign_bins_by_size(values, float(bin_size or 0), minimum, image)))
    most = int(max(binned.max() for _, binned in bins))
    part = np.zeros(region.labels.shape, find_bin_type(most, region, image), order="F")
    for number, binned in bins:
        part[region.labels == number] = binned
    array = np.zeros(image.array.shape, part.dtype, order="F")
    array[region.box] = part
    how = f"{bin_number} bins" if bin_number is not None else f"bins of {bin_size:g}"
    text = f"values discretized into {how}; the highest is {most}"
    metadata = {name: value for name, value in image.metadata.items() if name != "units"}
    return derive_image(image, *region.decisions, Decision("processed", text, most), array=array, metadata=metadata)


def assign_bins_by_number(values: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.float64]:
    """Bins of equal width from the lowest to the highest value; the highest belongs to the last."""
    low, high = values.min(), values.max()
    if low == high:
        return np.full(values.shape, float(count))
    return np.asarray(np.minimum(np.floor(count * (values - low) / (high - low)) + 1, count))


def assign_bins_by_size(
    values: npt.NDArray[np.float64], size: float, minimum: float | None, image: Image
) -> npt.NDArray[np.float64]:
    """Bins of one width from the minimum on."""
    low = float(values.min()) if minimum is None else float(minimum)
    below = int(np.count_nonzero(values < low))
    if below:
        raise OptionError(
            f"{below} voxels of the mask lie below the minimum {low:g}, the lowest at {values.min():.6g}",
            path=name_of(image),
            advice="resegment the mask to a range that begins at the minimum",
            below=below,
        )
    return np.asarray(np.floor((values - low) / size) + 1)


def find_bin_type(most: int, region: Region, image: Image) -> npt.DTypeLike:
    """The smallest unsigned type that counts all bins."""
    try:
        return choose_label_type(most)
    except OptionError as error:
        values = region.take_values(image)
        raise OptionError(
            f"values from {values.min():.6g} to {values.max():.6g} make {most} bins, and 65535 is the limit",
            path=name_of(image),
            advice="give wider bins",
            bins=most,
        ) from error


def check_percentiles(percentiles: Sequence[float]) -> tuple[float, float]:
    """Check two percentiles, the lower one first, and return them."""
    try:
        low, high = percentiles
    except (TypeError, ValueError):
        low = high = -1.0
    if not is_number(low) or not is_number(high) or not 0 <= low < high <= 100:
        raise option_error("percentiles", percentiles, "two numbers from 0 to 100, the lower one first")
    return float(low), float(high)


def check_bins(bin_number: int | None, bin_size: float | None, minimum: float | None) -> None:
    """Check that exactly one rule of discretizing is given, and that its numbers make sense."""
    if (bin_number is None) == (bin_size is None):
        given = "neither" if bin_number is None else "both"
        raise OptionError(f"exactly one of bin_number and bin_size is required, and {given} was given")
    if bin_number is not None:
        check_whole("bin_number", bin_number, 1, LARGEST_LABEL)
    if bin_size is not None:
        check_number("bin_size", bin_size, above=0)
    if minimum is not None:
        check_number("minimum", minimum)
        if bin_number is not None:
            raise OptionError(
                "minimum is where bins of a fixed size begin, and bin_number was given", advice="leave minimum out"
            )


normalise_image = normalize_image
"""Former spelling of ``normalize_image``."""

discretise_image = discretize_image
"""Former spelling of ``discretize_image``."""
