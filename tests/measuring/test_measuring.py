"""Labels measured on an image, beside SimpleITK, scipy and the reference values of the IBSI."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from pictologics import (
    ContentWarning,
    GeometryError,
    Grid,
    Image,
    OptionError,
    load_image,
    measure,
)
from pictologics.measuring.label_groups import group_by_label
from tests.factories.phantom import PHANTOM

GRID = Grid((30, 24, 20), (1.5, 2.0, 3.0), (-20.0, 40.0, 7.0), PHANTOM.direction)


@pytest.fixture(scope="module")
def scan() -> Image:
    rng = np.random.default_rng(3)
    values = ndimage.gaussian_filter(rng.normal(0, 300, GRID.shape), 1.5).astype(np.float32)
    return Image.from_grid(np.asfortranarray(values), GRID, modality="PT", metadata={"units": "g/ml"})


@pytest.fixture(scope="module")
def organs() -> Image:
    rng = np.random.default_rng(4)
    labels = np.zeros(GRID.shape, np.uint8, order="F")
    for label in (1, 2, 5, 200):
        low = rng.integers(0, 12, 3)
        labels[tuple(slice(a, a + int(n)) for a, n in zip(low, rng.integers(3, 9, 3), strict=True))] = label
    return Image.from_grid(labels, GRID, modality="SEG", labels={1: "liver", 2: "spleen", 5: "kidney", 9: "gone"})


def to_sitk(image: Image) -> sitk.Image:
    made = sitk.GetImageFromArray(np.asarray(image.array).T)
    made.SetSpacing(image.spacing)
    made.SetOrigin(image.origin)
    made.SetDirection(np.asarray(image.direction).ravel().tolist())
    return made


def test_simpleitk_and_scipy_say_the_same(scan, organs):
    truth = sitk.LabelIntensityStatisticsImageFilter()
    truth.Execute(to_sitk(organs), to_sitk(scan))
    found = measure(scan, organs, percentiles=(10, 50))
    assert [part.label for part in found if part.voxels] == list(truth.GetLabels())
    for part in found:
        if not part.voxels:
            continue
        k = part.label
        assert part.voxels == truth.GetNumberOfPixels(k)
        assert part.milliliters == pytest.approx(truth.GetPhysicalSize(k) / 1000)
        assert part.mean == pytest.approx(truth.GetMean(k), rel=1e-6)
        assert (part.minimum, part.maximum) == pytest.approx((truth.GetMinimum(k), truth.GetMaximum(k)))
        assert part.centroid == pytest.approx(truth.GetCentroid(k))
        values = scan.array[organs.array == k].astype(np.float64)
        assert part.sd == pytest.approx(ndimage.standard_deviation(values))
        assert part.percentiles == pytest.approx({10.0: np.percentile(values, 10), 50.0: np.median(values)})
        assert part.units == "g/ml"


def test_the_box_holds_every_corner_of_every_voxel(scan, organs):
    for part in measure(scan, organs):
        if part.voxels:
            index = np.argwhere(organs.array == part.label)
            corners = (index[:, None, :] + np.array(list(np.ndindex(2, 2, 2))) - 0.5).reshape(-1, 3)
            world = GRID.index_to_world(corners)
            assert (np.array(part.low) <= world.min(axis=0) + 1e-9).all()
            assert (np.array(part.high) >= world.max(axis=0) - 1e-9).all()


def find_peak_slowly(array, valid, spacing, chosen) -> float:
    radius = 10 * (3 / (4 * np.pi)) ** (1 / 3)
    everywhere = np.argwhere(valid)
    best = -np.inf
    for voxel in np.argwhere(chosen & valid):
        near = everywhere[(((everywhere - voxel) * spacing) ** 2).sum(axis=1) <= radius**2]
        best = max(best, array[tuple(near.T)].mean(dtype=np.float64))
    return best


@pytest.mark.parametrize("with_mask", [False, True])
def test_the_peak_is_the_largest_mean_around_any_voxel(scan, organs, with_mask):
    valid = np.random.default_rng(5).random(GRID.shape) > 0.3 if with_mask else np.ones(GRID.shape, bool)
    image = scan.with_source_mask(valid) if with_mask else scan
    for part in measure(image, organs):
        if part.voxels:
            assert part.peak == pytest.approx(
                find_peak_slowly(scan.array, valid, GRID.spacing, organs.array == part.label), rel=1e-9
            )


def test_the_peak_is_of_pet_unless_asked_for(scan, organs):
    ct = replace(scan, modality="CT")
    assert measure(ct, organs)[0].peak is None
    assert measure(ct, organs, peak=True)[0].peak == measure(scan, organs)[0].peak
    assert measure(scan, organs, peak=False)[0].peak is None


def test_only_valid_voxels_count(scan, organs):
    values = scan.array.copy()
    liver = organs.array == 1
    values[liver & (values > 0)] = np.nan
    valid = ~((organs.array == 2) | (organs.array == 5) & (values < 0))
    image = replace(scan, array=values).with_source_mask(valid)
    with pytest.warns(ContentWarning, match="NaN"):
        found = measure(image, organs)
    assert found["liver"].maximum <= 0
    assert found["liver"].valid_voxels == (liver & (values <= 0)).sum()
    assert found["liver"].voxels == liver.sum()
    assert found["spleen"].valid_voxels == 0
    assert np.isnan([found["spleen"].mean, found["spleen"].peak]).all()
    assert found["spleen"].milliliters > 0
    assert found["kidney"].minimum >= 0


def test_a_label_that_is_named_and_has_no_voxel_is_there(scan, organs):
    gone = measure(scan, organs)["gone"]
    assert (gone.label, gone.voxels, gone.milliliters) == (9, 0, 0.0)
    assert np.isnan([gone.mean, gone.peak, *gone.centroid, *gone.percentiles.values()]).all()


def test_of_nothing_there_is_nothing(scan):
    assert measure(scan, Image.from_grid(np.zeros(GRID.shape, np.uint8), GRID)) == ()


def test_a_mask_elsewhere_and_fractions_are_refused(scan, organs):
    with pytest.raises(GeometryError, match="load_mask"):
        measure(scan, organs[1:])
    with pytest.raises(OptionError, match="whole numbers"):
        measure(scan, replace(organs, array=organs.array * 0.5))
    for percentiles in ((101,), ("median",), 50, "50", (True,)):
        with pytest.raises(OptionError, match="from 0 to 100"):
            measure(scan, organs, percentiles=percentiles)


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_image_and_mask_exchanged_are_refused(organs, dtype):
    rng = np.random.default_rng(5)
    values = np.asfortranarray(rng.normal(0, 400, organs.shape).round().astype(dtype))
    ct = Image.from_grid(values, organs.grid, modality="CT")
    with pytest.raises(OptionError, match=r"as those of an image do.*exchange the arguments"):
        measure(organs, ct)
    # What is marked as a mask is one, and so are numbers in regions or of single points.
    assert len(measure(ct, replace(ct, modality="SEG"))) > 300
    regions = np.arange(organs.array.size // 6).repeat(6).reshape(organs.shape, order="F")
    assert len(measure(ct, replace(ct, array=regions.astype(dtype)))) > 300


def test_tables(scan, organs, tmp_path):
    found = measure(scan, organs, percentiles=(50,))
    frame = found.to_pandas()
    assert list(frame["name"]) == ["liver", "spleen", "kidney", "gone", ""]
    assert frame["p50"][0] == found[0].percentiles[50.0]
    found.to_csv(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == list(frame["name"])
    assert float(rows[1]["centroid_z"]) == found[1].centroid[2]
    assert "<th>label</th>" in found._repr_html_()
    with pytest.raises(OptionError, match="does not exist"):
        found.to_csv(tmp_path / "nowhere" / "table.csv")
    with pytest.raises(KeyError, match="no label is called 'heart'"):
        found["heart"]


def test_names_are_no_markup(scan, organs):
    page = measure(scan, replace(organs, labels={1: "<script>"}))._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("largest", [255, 65536, 2**31])
@given(st.lists(st.sampled_from([0, 0, 1, 2, 7, 255]), min_size=24, max_size=24))
def test_groups_hold_each_voxel_once(largest, numbers):
    numbers = [largest if number == 255 else number for number in numbers]
    labels = np.array(numbers, np.uint8 if largest == 255 else np.uint32).reshape(2, 3, 4)
    groups = list(group_by_label(labels))
    assert [group.label for group in groups] == sorted(set(numbers) - {0})
    for group in groups:
        whole = np.zeros(labels.shape, bool)
        whole[group.box] = group.inside
        np.testing.assert_array_equal(whole, labels == group.label)


def test_the_digital_phantom_of_the_ibsi(shared_data):
    """Values of the IBSI reference manual, 5.3 and 5.4: statistics and the global intensity peak."""
    folder = shared_data / "ibsi_digital" / "nifti"
    image = load_image(folder / "image" / "phantom.nii.gz")
    (found,) = measure(image, load_image(folder / "mask" / "mask.nii.gz"), percentiles=(10, 50, 90), peak=True)
    assert found.voxels == 74
    assert found.milliliters == pytest.approx(0.592)
    assert found.mean == pytest.approx(2.15, abs=0.005)
    assert found.sd**2 == pytest.approx(3.05, abs=0.005)
    assert (found.minimum, found.maximum) == (1, 6)
    assert found.percentiles == {10.0: 1.0, 50.0: 1.0, 90.0: 4.0}
    assert found.peak == pytest.approx(3.1, abs=0.005)


def test_a_prompt_shows_a_line_for_each_label():
    image = Image(np.arange(8.0).reshape(2, 2, 2), (10.0, 10.0, 10.0), (0.0, 0.0, 0.0), metadata={"units": "HU"})
    mask = Image((image.array > 4).astype(np.uint8) + (image.array > 6), (10.0,) * 3, (0.0,) * 3, labels={2: "tumor"})
    assert str(measure(image, mask)).splitlines() == [
        "1: 2 ml, mean 5.5, sd 0.5, 5 to 6 HU",
        "2 tumor: 1 ml, mean 7, sd 0, 7 to 7 HU",
    ]
