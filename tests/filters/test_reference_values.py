"""The reference values of IBSI 2, phase 2: statistics of the filtered chest CT, slice by slice, not interpolated."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from pictologics import Image, filters, load_image

FILTERS: dict[str, Callable[[Image], Image]] = {
    "1.A": lambda image: image,
    "2.A": lambda image: filters.mean_filter(image, 5, dimensions=2),
    "3.A": lambda image: filters.laplacian_of_gaussian(image, 1.5, dimensions=2),
    "4.A": lambda image: filters.laws_filter(image, "L5E5", rotation_invariance=True, energy_distance=7, dimensions=2),
    "5.A": lambda image: filters.gabor_filter(image, 5.0, 2.0, 1.5, rotation_invariance=True, theta_step=22.5),
    "6.A": lambda image: filters.wavelet_filter(image, "db3", "LH", 1, rotation_invariance=True, dimensions=2),
    "7.A": lambda image: filters.wavelet_filter(image, "db3", "HH", 2, rotation_invariance=True, dimensions=2),
    "8.A": lambda image: filters.simoncelli_filter(image, 1, dimensions=2),
    "9.A": lambda image: filters.simoncelli_filter(image, 2, dimensions=2),
}


def statistics(values: np.ndarray) -> dict[str, float]:
    """The intensity statistics of IBSI 1, by their tags."""
    p10, p25, median, p75, p90 = np.percentile(values, [10, 25, 50, 75, 90])
    mean, robust = values.mean(), values[(values >= p10) & (values <= p90)]
    return {
        "stat_mean": mean,
        "stat_var": values.var(),
        "stat_skew": stats.skew(values),
        "stat_kurt": stats.kurtosis(values),
        "stat_median": median,
        "stat_min": values.min(),
        "stat_p10": p10,
        "stat_p90": p90,
        "stat_max": values.max(),
        "stat_iqr": p75 - p25,
        "stat_range": np.ptp(values),
        "stat_mad": np.abs(values - mean).mean(),
        "stat_rmad": np.abs(robust - robust.mean()).mean(),
        "stat_medad": np.abs(values - median).mean(),
        "stat_cov": values.std() / mean,
        "stat_qcod": (p75 - p25) / (p75 + p25),
        "stat_energy": (values**2).sum(),
        "stat_rms": np.sqrt((values**2).mean()),
    }


@cache
def scan(folder: Path) -> tuple[Image, np.ndarray]:
    """The CT, and the voxels of its tumor within -1000 to 400 HU."""
    image = load_image(folder / "image" / "phantom.nii.gz")
    mask = load_image(folder / "mask" / "mask.nii.gz")
    return image, (mask.array > 0) & (image.array >= -1000) & (image.array <= 400)


@pytest.mark.parametrize("name", FILTERS)
def test_statistics_of_the_response_are_the_reference_values(shared_data, name):
    with (shared_data / "ibsi2" / "reference_values.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream, delimiter=";") if row["filter_id"] == name]
    image, roi = scan(shared_data / "ibsi_ct" / "nifti")
    found = statistics(FILTERS[name](image).array[roi].astype(np.float64))
    assert len(rows) == len(found)
    wrong = {
        row["feature_tag"]: (found[row["feature_tag"]], row["consensus_value"])
        for row in rows
        if abs(found[row["feature_tag"]] - float(row["consensus_value"])) > float(row["tolerance"])
    }
    assert not wrong
