"""The demo's files say what its truth says, as independent readers see them."""

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from pictologics.cli.demo_anatomy import BODY_CENTER, ORGAN_NAMES
from pictologics.cli.demo_series import DemoTruth, write_demo_series

SLICES, SIZE = 120, 128

#: Middle of a tissue, in the body's frame (mm), and its Hounsfield units.
TISSUES = {
    "liver": ((-90.0, -20.0, -60.0), 110.0),
    "left lung": ((75.0, -5.0, 125.0), -855.0),
    "descending aorta": ((15.0, 18.0, 30.0), 310.0),
    "left ventricle": ((40.0, -22.0, 2.0), 230.0),
    "right kidney": ((-70.0, 48.0, -125.0), 195.0),
    "air beside the body": ((-120.0, -120.0, 0.0), -1000.0),
}


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> DemoTruth:
    return write_demo_series(tmp_path_factory.mktemp("demo"), slices=SLICES, size=SIZE)


@pytest.fixture(scope="module")
def slices(truth: DemoTruth) -> list[Dataset]:
    return [pydicom.dcmread(file) for file in truth.slice_files]


@pytest.fixture(scope="module")
def volume(truth: DemoTruth) -> sitk.Image:
    return sitk.ReadImage([str(file) for file in truth.slice_files], sitk.sitkFloat32)


def mean_near(volume: sitk.Image, position: tuple[float, float, float], half_width: int = 1) -> float:
    index = volume.TransformPhysicalPointToIndex(position)
    x, y, z = (slice(i - half_width, i + half_width + 1) for i in index)
    return float(sitk.GetArrayViewFromImage(volume)[z, y, x].mean())


def test_folder_holds_the_slices_and_the_localizer(truth: DemoTruth):
    folder = truth.localizer_file.parent
    assert sorted(folder.iterdir()) == sorted([*truth.slice_files, truth.localizer_file])
    assert len(set(truth.slice_files)) == SLICES
    # Neither the names nor the instance numbers give the order away.
    assert sorted(truth.slice_files) != list(truth.slice_files)
    assert not any(file.suffix for file in truth.slice_files)


def test_simpleitk_finds_the_grid_of_the_truth(truth: DemoTruth, volume: sitk.Image):
    assert volume.GetSize() == truth.grid.shape == (SIZE, SIZE, SLICES)
    np.testing.assert_allclose(volume.GetSpacing(), truth.grid.spacing, rtol=1e-9)
    np.testing.assert_allclose(volume.GetOrigin(), truth.grid.origin, atol=1e-9)
    np.testing.assert_allclose(np.reshape(volume.GetDirection(), (3, 3)), truth.grid.direction, atol=1e-9)
    corner = tuple(n - 1 for n in truth.grid.shape)
    np.testing.assert_allclose(
        volume.TransformIndexToPhysicalPoint(corner), truth.grid.index_to_world(corner), atol=1e-6
    )


def test_orientation_is_oblique_and_the_spacing_anisotropic(truth: DemoTruth):
    assert truth.grid.is_right_handed
    assert truth.grid.orientation == "LPS"
    assert (np.abs(np.diag(truth.grid.direction)) < 0.999).all()
    assert len({round(s, 6) for s in truth.grid.spacing}) == 2
    assert min(np.abs(truth.grid.origin)) > 100


def test_headers_place_every_slice_where_the_truth_does(truth: DemoTruth, slices: list[Dataset]):
    for k, dataset in enumerate(slices):
        np.testing.assert_allclose(dataset.ImagePositionPatient, truth.grid.index_to_world((0, 0, k)), atol=1e-10)
        row, column = np.reshape(dataset.ImageOrientationPatient, (2, 3))
        np.testing.assert_allclose(np.column_stack([row, column]), truth.grid.direction[:, :2], atol=1e-12)
        assert tuple(dataset.PixelSpacing) == (truth.grid.spacing[1], truth.grid.spacing[0])
        assert dataset.InstanceNumber == SLICES - k


def test_truth_is_exactly_what_the_files_say(truth: DemoTruth, slices: list[Dataset]):
    first = slices[0]
    assert tuple(first.ImagePositionPatient) == truth.grid.origin
    row, column = np.reshape(first.ImageOrientationPatient, (2, 3)).astype(float)
    assert np.array_equal(np.column_stack([row, column, np.cross(row, column)]), truth.grid.direction)
    assert abs(row @ column) < 1e-13


def test_values_keep_to_their_representations(truth: DemoTruth):
    # Strict, pydicom refuses a decimal string of more than 16 characters, a UID or a code of the wrong form.
    with pydicom.config.strict_reading():
        for file in (truth.slice_files[5], truth.localizer_file):
            assert len(pydicom.dcmread(file).to_json_dict()) > 40


def test_files_are_valid_ct_images(truth: DemoTruth, slices: list[Dataset]):
    localizer = pydicom.dcmread(truth.localizer_file)
    for dataset in (*slices, localizer):
        assert dataset.file_meta.MediaStorageSOPClassUID == dataset.SOPClassUID == CTImageStorage
        assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
        assert dataset.SeriesInstanceUID == truth.series_uid
        assert (dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit) == (16, 12, 11)
        assert str(dataset.PatientName) == "DEMO^PHANTOM"
    assert len({dataset.SOPInstanceUID for dataset in (*slices, localizer)}) == SLICES + 1
    assert {tuple(dataset.ImageType) for dataset in slices} == {("ORIGINAL", "PRIMARY", "AXIAL")}


def test_localizer_stands_across_the_slices(truth: DemoTruth):
    localizer = pydicom.dcmread(truth.localizer_file)
    assert list(localizer.ImageType) == ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    assert (localizer.Rows, localizer.Columns) == (SLICES, SIZE)
    down = np.array(localizer.ImageOrientationPatient[3:])
    np.testing.assert_allclose(down, -truth.grid.direction[:, 2], atol=1e-12)
    # Its first row shows the uppermost slice, its last the lowest one.
    bottom = np.array(localizer.ImagePositionPatient) + down * localizer.PixelSpacing[0] * (SLICES - 1)
    np.testing.assert_allclose(truth.grid.world_to_index(bottom), (0, (SIZE - 1) / 2, 0), atol=1e-6)
    assert localizer.pixel_array.std() > 100


@pytest.mark.parametrize("tissue", TISSUES)
def test_tissues_lie_where_the_anatomy_puts_them(volume: sitk.Image, tissue: str):
    place, hu = TISSUES[tissue]
    position = tuple((np.array(place) + BODY_CENTER).tolist())
    # 27 correlated voxels of 11 HU noise: 15 HU is far beyond their mean's error.
    assert mean_near(volume, position) == pytest.approx(hu, abs=15)


def test_organs_are_labeled_where_they_are(truth: DemoTruth, volume: sitk.Image):
    array = sitk.GetArrayViewFromImage(volume).transpose()
    names = {"liver": "liver", "left lung": "left lung", "descending aorta": "aorta", "left ventricle": "heart"}
    for tissue, organ in {**names, "right kidney": "right kidney", "air beside the body": None}.items():
        place, hu = TISSUES[tissue]
        index = np.round(truth.grid.world_to_index(np.array(place) + BODY_CENTER)).astype(int)
        assert ORGAN_NAMES.get(truth.organs[tuple(index)]) == organ
        if organ in {"liver", "aorta"}:
            is_organ = truth.organs == truth.organs[tuple(index)]
            assert np.median(array[is_organ]) == pytest.approx(hu, abs=3)
    assert set(np.unique(truth.organs)) == {0, *ORGAN_NAMES}


def test_nodule_is_found_at_its_position(truth: DemoTruth, volume: sitk.Image):
    array = sitk.GetArrayViewFromImage(volume).transpose()
    index = np.moveaxis(np.indices(array.shape), 0, -1)
    position = truth.grid.index_to_world(index)
    distance = np.sqrt(((position - truth.nodule_position) ** 2).sum(axis=-1))
    near = (distance < 2 * truth.nodule_radius) & (array > -400)
    mass = (array[near] + 855.0)[:, None]
    centroid = (position[near] * mass).sum(axis=0) / mass.sum()
    # Its edge is sampled by whole voxels: a tenth of one is what the centroid may be off.
    np.testing.assert_allclose(centroid, truth.nodule_position, atol=0.1 * max(truth.grid.spacing))
    equivalent_radius = (near.sum() * np.prod(truth.grid.spacing) * 3 / (4 * np.pi)) ** (1 / 3)
    assert equivalent_radius == pytest.approx(truth.nodule_radius, rel=0.1)


def test_values_are_those_of_a_scanner(volume: sitk.Image):
    array = sitk.GetArrayViewFromImage(volume)
    assert array.min() == -1024
    assert 400 < array.max() < 1000
    # Noise in the liver, where nothing else varies.
    x, y, z = volume.TransformPhysicalPointToIndex((np.array((-95.0, -5.0, -70.0)) + BODY_CENTER).tolist())
    assert 8 < array[z - 3 : z + 4, y - 3 : y + 4, x - 3 : x + 4].std() < 14


def test_equal_arguments_write_equal_files(tmp_path):
    first, again, other = (
        write_demo_series(tmp_path / name, slices=4, size=24, seed=seed)
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    assert first.grid == again.grid
    assert [f.name for f in first.slice_files] == [f.name for f in again.slice_files]
    for file, same in zip(first.slice_files, again.slice_files, strict=True):
        assert file.read_bytes() == same.read_bytes()
    assert other.series_uid != first.series_uid
    assert [f.name for f in other.slice_files] != [f.name for f in first.slice_files]
