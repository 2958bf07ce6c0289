"""The reference values of the Image Biomarker Standardization Initiative, from pipelines of our steps.

IBSI 1: Zwanenburg et al., Radiology 2020, and its reference manual, arXiv 1612.07003: configurations A to E of the CT
phantom. IBSI 2: Whybra et al., Radiology 2024, and its reference manual, arXiv 2006.05470: phase 2, filter
configurations 1 to 9, A in 2D and B in 3D. A value agrees when, rounded to three digits as the reference is, it lies
within the reference's tolerance.
"""

from __future__ import annotations

import csv

import numpy as np
import pytest
from scipy import stats

from pictologics import Image, load_image
from pictologics.preprocessing import Pipeline


def resampled(spacing, interpolation: str) -> dict:
    return {"resample": {"new_spacing": spacing, "interpolation": interpolation, "round_intensities": True}}


IN_AIR = {"resegment": {"value_range": (-1000, 400)}}
IN_TISSUE = {"resegment": {"value_range": (-500, 400)}}

#: Steps, discretization, and the references: voxels of the ROI; mean, variance, minimum, maximum of its intensities;
#: mean, variance and maximum of its histogram. Each with its tolerance.
CONFIGURATIONS = {
    "A": (
        [IN_TISSUE],
        {"bin_size": 25, "minimum": -500},
        [(114596, 0), (13.4, 1.1), (14200, 400), (-500, 0), (377, 9), (21.1, 0.1), (22.8, 0.6), (36, 0.4)],
    ),
    "B": (
        [resampled((2, 2, None), "linear"), IN_TISSUE],
        {"bin_number": 32},
        [(27359, 300), (11.5, 1.1), (14400, 400), (-500, 0), (391, 9), (18.9, 0.3), (18.7, 0.2), (32, 0)],
    ),
    "C": (
        [resampled((2, 2, 2), "linear"), IN_AIR],
        {"bin_size": 25, "minimum": -1000},
        [(45981, 700), (-49, 2.9), (50600, 1400), (-939, 4), (393, 10), (38.6, 0.2), (81.1, 2.1), (56, 0.5)],
    ),
    "D": (
        [resampled((2, 2, 2), "linear"), {"filter_outliers": {"k": 3}}],
        {"bin_number": 32},
        [(44465, 800), (-23.5, 3.9), (32800, 2100), (-724, 12), (521, 22), (18.5, 0.5), (21.7, 0.4), (32, 0)],
    ),
    "E": (
        # Outliers first: IBSI takes their mean and deviation before any other re-segmentation.
        [resampled((2, 2, 2), "cubic"), {"filter_outliers": {"k": 3}}, IN_AIR],
        {"bin_number": 32},
        [(44484, 800), (-22.6, 4.1), (35100, 2200), (-743, 13), (345, 9), (21.7, 0.3), (30.4, 0.8), (32, 0)],
    ),
}


@pytest.fixture(scope="module")
def phantom(shared_data) -> tuple[Image, Image]:
    """The CT of a lung tumor, and its ROI."""
    folder = shared_data / "ibsi_ct" / "nifti"
    return load_image(folder / "image" / "phantom.nii.gz"), load_image(folder / "mask" / "mask.nii.gz")


def roi(image: Image, mask: Image) -> np.ndarray:
    return image.array[mask.array > 0].astype(float)


def agrees(value: float, reference: float, tolerance: float) -> bool:
    return abs(float(f"{value:.3g}") - reference) <= tolerance * (1 + 1e-9)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_ibsi_1_configuration(phantom, name):
    steps, discretization, references = CONFIGURATIONS[name]
    result = Pipeline(steps).run(*phantom)
    binned = Pipeline([("discretize", discretization)]).run(result.image, result.masks)
    values, bins = roi(result.image, result.masks), roi(binned.image, binned.masks)
    (count, _), *others = references
    assert values.size == count, "to the voxel"
    found = [values.mean(), values.var(), values.min(), values.max(), bins.mean(), bins.var(), bins.max()]
    for value, (reference, tolerance) in zip(found, others, strict=True):
        assert agrees(value, reference, tolerance), (name, value, reference)


@pytest.mark.parametrize(
    ("interpolation", "mean", "low", "high"), [("linear", -270, -1000, 1854), ("cubic", -270, -1111, 2637)]
)
def test_the_resampled_phantom(phantom, interpolation, mean, low, high):
    """Diagnostic values of configurations C and E: the whole image, the ROI and its box, before re-segmentation."""
    result = Pipeline([resampled((2, 2, 2), interpolation)]).run(*phantom)
    assert result.image.array.shape == (100, 99, 90)
    assert agrees(result.image.array.mean(dtype=float), mean, 3)
    assert (result.image.array.min(), result.image.array.max()) == (low, high)
    assert np.count_nonzero(result.masks.array) == 45985
    cropped = Pipeline(["crop_to_mask"]).run(result.image, result.masks)
    assert cropped.image.array.shape == (49, 49, 40)


# --- IBSI 2, phase 2 ---

FILTERS = {
    "1": lambda d: None,
    "2": lambda d: {"mean_filter": {"support": 5, "dimensions": d}},
    "3": lambda d: {"laplacian_of_gaussian": {"sigma_mm": 1.5, "truncate": 4, "dimensions": d}},
    "4": lambda d: {
        "laws_filter": {
            "kernels": "L5E5E5"[: 2 * d],
            "rotation_invariance": True,
            "pooling": "max",
            "energy_distance": 7,
            "dimensions": d,
        }
    },
    "5": lambda d: {
        "gabor_filter": {
            "sigma_mm": 5,
            "wavelength_mm": 2,
            "gamma": 1.5,
            "rotation_invariance": True,
            "theta_step": 22.5,
            "orthogonal_planes": d == 3,
        }
    },
    "6": lambda d: wavelet("LLH"[3 - d :], 1, d),
    "7": lambda d: wavelet("HHH"[3 - d :], 2, d),
    "8": lambda d: {"simoncelli_filter": {"level": 1, "dimensions": d}},
    "9": lambda d: {"simoncelli_filter": {"level": 2, "dimensions": d}},
}


def wavelet(decomposition: str, level: int, dimensions: int) -> dict:
    options = {"decomposition": decomposition, "level": level, "dimensions": dimensions}
    return {"wavelet_filter": {"wavelet": "db3", "rotation_invariance": True, "pooling": "mean", **options}}


def statistics(values: np.ndarray) -> dict[str, float]:
    """The statistical features of IBSI 1, section 3.3."""
    p10, p25, p75, p90 = np.percentile(values, [10, 25, 75, 90])
    robust = values[(values >= p10) & (values <= p90)]
    return {
        "stat_mean": values.mean(),
        "stat_var": values.var(),
        "stat_skew": stats.skew(values),
        "stat_kurt": stats.kurtosis(values),
        "stat_median": np.median(values),
        "stat_min": values.min(),
        "stat_p10": p10,
        "stat_p90": p90,
        "stat_max": values.max(),
        "stat_iqr": p75 - p25,
        "stat_range": np.ptp(values),
        "stat_mad": np.abs(values - values.mean()).mean(),
        "stat_rmad": np.abs(robust - robust.mean()).mean(),
        "stat_medad": np.abs(values - np.median(values)).mean(),
        "stat_cov": values.std() / values.mean(),
        "stat_qcod": (p75 - p25) / (p75 + p25),
        "stat_energy": (values**2).sum(),
        "stat_rms": np.sqrt((values**2).mean()),
    }


@pytest.fixture(scope="module")
def prepared(phantom) -> dict[str, tuple[Image, Image]]:
    """The phantom as phase 2 wants it: A as it is, B in cubes of 1 mm; both resegmented."""
    results = {
        "A": Pipeline([IN_AIR]).run(*phantom),
        "B": Pipeline([resampled((1, 1, 1), "cubic"), IN_AIR]).run(*phantom),
    }
    return {name: (result.image, result.masks) for name, result in results.items()}


@pytest.fixture(scope="module")
def references(shared_data) -> dict[str, dict[str, tuple[float, float]]]:
    """Reference values and their tolerances by filter configuration and feature; one feature has no consensus."""
    found: dict[str, dict[str, tuple[float, float]]] = {}
    with (shared_data / "ibsi2" / "reference_values.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter=";"):
            if row["consensus_value"]:
                pair = float(row["consensus_value"]), float(row["tolerance"])
                found.setdefault(row["filter_id"], {})[row["feature_tag"]] = pair
    return found


@pytest.mark.parametrize("configuration", [f"{number}.{letter}" for letter in "AB" for number in FILTERS])
def test_ibsi_2_phase_2(prepared, references, configuration):
    number, letter = configuration.split(".")
    image, mask = prepared[letter]
    step = FILTERS[number](2 if letter == "A" else 3)
    if step is not None:
        image = Pipeline([step]).run(image, mask).image
    found = statistics(roi(image, mask))
    assert len(references[configuration]) >= 17
    wrong = {
        feature: (found[feature], *expected)
        for feature, expected in references[configuration].items()
        if not agrees(found[feature], *expected)
    }
    assert not wrong
