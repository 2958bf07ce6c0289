"""An image and a mask on its voxels -> what is known of each label."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..array_types import AnyArray, BoolArray
from ..checks import option_error
from ..geometry import Grid
from ..image import Image
from ..image_checks import check_image, find_valid_voxels, name_of
from ..preprocessing.mask_labels import check_mask, read_mask_labels
from ..preprocessing.regions import compute_mean_and_deviation
from ..provenance import give_warnings
from .label_groups import LabelGroup, group_by_label
from .measurements import Measurement, Measurements
from .peaks import find_peak

__all__ = ["measure"]

USUAL_PERCENTILES = (5.0, 25.0, 50.0, 75.0, 95.0)
NOWHERE = (float("nan"),) * 3


def measure(
    image: Image, mask: Image, *, percentiles: Sequence[float] = USUAL_PERCENTILES, peak: bool | None = None
) -> Measurements:
    """Measure every label of a mask: its size, its place, and the values of the image in it.

    Values come from voxels that hold valid data: inside the image's source mask, and finite. Labels that the mask names
    and no voxel has are there as well, with 0 voxels.

    Args:
        image: The image.
        mask: A mask or label map on the image's voxels; load it with ``reference_image=image``. Values of zero and
            below mark nothing.
        percentiles: Which percentiles of the values to give, from 0 to 100.
        peak: Also find the largest mean in a sphere of 1 ml (SUVpeak). None does so for PET.

    Returns:
        Each label measured, in ascending order; ``to_pandas()``, ``to_csv()`` and ``to_records()`` give tables.

    Raises:
        GeometryError: If the mask does not lie on the image's voxels.
        OptionError: If the mask holds fractions, or a percentile is not from 0 to 100.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image, measure
        >>> scan = Image(np.full((4, 4, 4), 40.0), (1.0, 1.0, 2.5), (0.0, 0.0, 0.0), metadata={"units": "HU"})
        >>> mask = Image((scan.array > 0).astype(np.uint8), scan.spacing, scan.origin, labels={1: "liver"})
        >>> found = measure(scan, mask)["liver"]
        >>> round(found.milliliters, 2), found.mean, found.units
        (0.16, 40.0, 'HU')
    """
    image = check_image(image)
    check_mask(image, mask)
    percents = check_percents(percentiles)
    validity = find_valid_voxels(image)
    give_warnings(name_of(image) or "image", validity.decisions)
    with_peak = image.modality == "PT" if peak is None else bool(peak)
    found = {
        group.label: measure_group(image, validity.mask, group, mask.labels.get(group.label, ""), percents, with_peak)
        for group in group_by_label(read_mask_labels(mask))
    }
    for label in sorted(set(mask.labels) - set(found)):
        if label > 0:
            found[label] = describe_absent(label, mask.labels[label], image, percents, with_peak)
    return Measurements(found[label] for label in sorted(found))


def check_percents(percentiles: Sequence[float]) -> tuple[float, ...]:
    """Check that percentiles are numbers from 0 to 100."""
    try:
        # Text would be taken letter by letter, and a truth value for 0 or 1.
        percents = tuple(math.nan if isinstance(given, (str, bool)) else float(given) for given in percentiles)
    except (TypeError, ValueError) as error:
        raise option_error("percentiles", percentiles, "numbers from 0 to 100") from error
    if not all(0 <= percent <= 100 for percent in percents):
        raise option_error("percentiles", percentiles, "numbers from 0 to 100")
    return percents


def measure_group(
    image: Image,
    valid: BoolArray | None,
    group: LabelGroup,
    name: str,
    percents: tuple[float, ...],
    with_peak: bool,
) -> Measurement:
    """Measure the voxels of one label."""
    grid, box = image.grid, group.box
    voxels = int(np.count_nonzero(group.inside))
    counting = group.inside if valid is None else group.inside & valid[box]
    values = image.array[box][counting]
    low, high = grid[box].bounds
    peak = find_peak(image.array, valid, grid.spacing, box, counting) if with_peak else None
    return Measurement(
        label=group.label,
        name=name,
        voxels=voxels,
        valid_voxels=int(values.size),
        milliliters=voxels * find_voxel_volume(grid),
        peak=peak,
        units=image.metadata.get("units", ""),
        centroid=as_point(grid.index_to_world(find_middle(group))),
        low=as_point(low),
        high=as_point(high),
        **summarize(values, percents),
    )


def summarize(values: AnyArray, percents: tuple[float, ...]) -> dict[str, Any]:
    """Mean, deviation, extremes and percentiles of some values; NaN where there are none."""
    if not values.size:
        nan = float("nan")
        return {"mean": nan, "sd": nan, "minimum": nan, "maximum": nan, "percentiles": dict.fromkeys(percents, nan)}
    mean, deviation = compute_mean_and_deviation(values)
    at: Any = np.percentile(values, percents) if percents else ()
    return {
        "mean": mean,
        "sd": deviation,
        "minimum": float(values.min()),
        "maximum": float(values.max()),
        "percentiles": {percent: float(value) for percent, value in zip(percents, at, strict=True)},
    }


def describe_absent(label: int, name: str, image: Image, percents: tuple[float, ...], with_peak: bool) -> Measurement:
    """A label that the mask names and no voxel has."""
    return Measurement(
        label=label,
        name=name,
        voxels=0,
        valid_voxels=0,
        milliliters=0.0,
        peak=float("nan") if with_peak else None,
        units=image.metadata.get("units", ""),
        centroid=NOWHERE,
        low=NOWHERE,
        high=NOWHERE,
        **summarize(np.empty(0), percents),
    )


def find_middle(group: LabelGroup) -> list[float]:
    """Mean voxel index of the voxels of a label."""
    middle = []
    for axis, side in enumerate(group.box):
        counts = np.count_nonzero(group.inside, axis=tuple(k for k in range(3) if k != axis))
        middle.append(side.start + float(counts @ np.arange(counts.size)) / float(counts.sum()))
    return middle


def find_voxel_volume(grid: Grid) -> float:
    """Volume of one voxel, ml."""
    return float(np.prod(grid.spacing)) / 1000


def as_point(position: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """A position as plain numbers."""
    x, y, z = (float(value) for value in position)
    return x, y, z
