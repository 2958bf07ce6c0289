"""save_dicom: what is written loads to the same values at the same place, in the study of the source."""

from __future__ import annotations

import subprocess

import dcm2niix
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

from pictologics import (
    AmbiguousSeriesError,
    ContentWarning,
    GeometryError,
    Grid,
    Image,
    MissingPathError,
    OptionError,
    gaussian_filter,
    load_image,
    resample_image,
    save_dicom,
)
from tests.factories.dicom_series import uid, write_series
from tests.factories.enhanced import write_enhanced
from tests.factories.pet import pet, write_pet
from tests.factories.phantom import OBLIQUE, Phantom
from tests.factories.validators import find_errors

VALUES = np.random.default_rng(11).integers(-1000, 2000, (13, 11, 9)).astype("int16")
PLACE = Phantom(VALUES, (0.75, 1.125, 2.5), (-61.25, 104.5, -733.75), OBLIQUE)


def describe_scanner(ds, k) -> None:
    ds.Manufacturer, ds.KVP, ds.PatientPosition, ds.Laterality = "Scanners", 120, "HFS", ""
    ds.add_new(0x00290010, "LO", "SECRET")
    ds.add_new(0x00291010, "LO", "about the pixels")
    ds.SmallestImagePixelValue = 77


@pytest.fixture
def series(tmp_path):
    write_series(tmp_path / "ct", PLACE, describe_scanner)
    return tmp_path / "ct"


def read_by_simpleitk(folder) -> tuple[np.ndarray, Grid]:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    found = reader.Execute()
    array = sitk.GetArrayFromImage(found).T
    return array, Grid(array.shape, found.GetSpacing(), found.GetOrigin(), np.reshape(found.GetDirection(), (3, 3)))


def assert_comes_back(saved, folder, image) -> Image:
    again = load_image(folder)
    assert again.grid.corner_error(image.grid) < 1e-6
    assert np.abs(again.array - image.array).max() <= saved.largest_error
    theirs, grid = read_by_simpleitk(folder)
    assert np.abs(theirs - image.array).max() <= saved.largest_error
    assert grid.corner_error(image.grid) < 1e-4
    return again


def test_a_scan_comes_back_exactly(series, tmp_path, no_handle_left):
    scan = load_image(series)
    saved = save_dicom(scan, tmp_path / "made", like=series)
    assert saved.largest_error == 0
    again = assert_comes_back(saved, tmp_path / "made", scan)
    assert (again.modality, again.metadata["units"]) == ("CT", "HU")
    assert again.metadata["series_instance_uid"] == saved.series_instance_uid != uid("a")
    assert sorted((tmp_path / "made").iterdir()) == list(saved.files)
    assert not list(tmp_path.glob(".*"))


def test_a_resampled_scan_belongs_to_the_study(series, tmp_path):
    fine = resample_image(load_image(series), (1.0, 1.0, 1.0))
    saved = save_dicom(fine, tmp_path / "made", like=series)
    assert_comes_back(saved, tmp_path / "made", fine)
    assert saved.largest_error < (fine.array.max() - fine.array.min()) / 65535
    written = [pydicom.dcmread(file) for file in saved.files]
    for ds in written:
        assert (ds.PatientID, ds.StudyInstanceUID, ds.FrameOfReferenceUID) == (
            "secret-id", uid("study"), uid("frame of reference"),
        )  # fmt: skip
        assert list(ds.ImageType) == ["DERIVED", "SECONDARY", "AXIAL"]
        assert (ds.KVP, ds.Manufacturer, ds.SeriesDescription) == (120, "Scanners", "Phantom a derived")
        assert (
            ds.DerivationDescription == "from 13 x 11 x 9 voxels of 0.75, 1.125, 2.5 mm to 10 x 13 x 23 of 1, 1, 1 mm"
        )
        assert "SmallestImagePixelValue" not in ds
        assert not any(tag.is_private for tag in ds.keys())  # noqa: SIM118
    assert len({ds.SOPInstanceUID for ds in written}) == len(written)
    # Slices of 2.5 mm and planes of 1 mm: 10 mm up is the fifth slice.
    place = next(ds for ds in written if abs(fine.grid.world_to_index(ds.ImagePositionPatient)[2] - 11) < 1e-3)
    named = {item.ReferencedSOPInstanceUID for item in place.SourceImageSequence}
    assert str(uid("a", "slice", 4)) in named
    assert len(named) <= 2
    assert find_errors(saved.files[0]) == []


def test_dcm2niix_reads_filtered_values(series, tmp_path):
    smooth = gaussian_filter(load_image(series), 2.0)
    saved = save_dicom(smooth, tmp_path / "made", like=series, series_description="smooth", derivation="sigma 2 mm")
    again = assert_comes_back(saved, tmp_path / "made", smooth)
    assert again.metadata["series_description"] == "smooth"
    assert pydicom.dcmread(saved.files[0]).DerivationDescription == "sigma 2 mm"
    command = [dcm2niix.bin, "-z", "n", "-o", str(tmp_path), "-f", "nii", str(tmp_path / "made")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    theirs = load_image(tmp_path / "nii.nii", reference_image=smooth)
    # NIfTI has 24 bits for the slope.
    assert np.abs(theirs.array - smooth.array).max() <= saved.largest_error * 1.02


def complete_pet(ds, k) -> None:
    ds.CountsSource, ds.SeriesType, ds.FrameReferenceTime = "EMISSION", ["STATIC", "IMAGE"], 0
    ds.DecayFactor, ds.ActualFrameDuration, ds.Laterality = 1.0, 60000, ""
    nuclide = Dataset()
    nuclide.CodeValue, nuclide.CodingSchemeDesignator, nuclide.CodeMeaning = "77004003", "SCT", "^18^Fluorine"
    ds.RadiopharmaceuticalInformationSequence[0].RadionuclideCodeSequence = [nuclide]


@pytest.mark.parametrize("suv", [None, "bw", "lbm", "bsa"])
def test_pet_keeps_its_units_and_what_uptake_needs(tmp_path, suv):
    write_pet(tmp_path / "pet", pet(), complete_pet)
    scan = load_image(tmp_path / "pet", suv=suv)
    saved = save_dicom(scan, tmp_path / "made", like=tmp_path / "pet")
    again = assert_comes_back(saved, tmp_path / "made", scan)
    slopes = {float(pydicom.dcmread(file).RescaleSlope) for file in saved.files}
    assert len(slopes) > 1
    # Written with the slopes with which it was read; but not with 5.0, by which GDCM would take all for whole numbers.
    assert saved.largest_error <= scan.array.max() * (2**-22 if suv else 2**-16)
    smooth = gaussian_filter(scan, 1.0)
    assert_comes_back(save_dicom(smooth, tmp_path / "smooth", like=tmp_path / "pet"), tmp_path / "smooth", smooth)
    assert again.metadata["units"] == {None: "BQML", "bsa": "CM2ML"}.get(suv, "GML")
    kind = suv or "bw"
    uptake = load_image(tmp_path / "made", suv=kind)
    expected = load_image(tmp_path / "pet", suv=kind)
    np.testing.assert_allclose(uptake.array, expected.array, rtol=1e-3)
    assert find_errors(saved.files[0]) == []
    twice = save_dicom(again, tmp_path / "twice", like=tmp_path / "made")
    assert pydicom.dcmread(twice.files[0]).get("SUVType") == pydicom.dcmread(saved.files[0]).get("SUVType")


@pytest.mark.parametrize("lowest", [0.0, -3.25])
def test_pet_with_an_empty_slice_and_values_below_zero(tmp_path, lowest):
    write_pet(tmp_path / "pet", pet(), complete_pet)
    scan = load_image(tmp_path / "pet")
    scan.array[:, :, 0] = 0
    scan.array[2, 2, 2] = lowest
    # GDCM takes the type of all slices from the first one.
    saved = save_dicom(scan, tmp_path / "made", like=tmp_path / "pet")
    assert_comes_back(saved, tmp_path / "made", scan)
    assert len({pydicom.dcmread(file).PixelRepresentation for file in saved.files}) == 1


def test_pet_without_units_is_refused(tmp_path):
    write_pet(tmp_path / "pet", pet(), complete_pet)
    scan = load_image(tmp_path / "pet")
    scan.metadata = {}
    with pytest.raises(OptionError, match=r'does not say what its values count, and PET must; pass units="Bq/ml"'):
        save_dicom(scan, tmp_path / "made", like=tmp_path / "pet")
    with pytest.raises(OptionError, match="units is 'mg per ml'"):
        save_dicom(scan, tmp_path / "made", like=tmp_path / "pet", units="mg per ml")
    save_dicom(scan, tmp_path / "made", like=tmp_path / "pet", units="Bq/ml")
    assert load_image(tmp_path / "made").metadata["units"] == "BQML"


def test_mr_with_another_unit(tmp_path):
    write_series(tmp_path / "mr", PLACE, describe_scanner, modality="MR")
    scan = load_image(tmp_path / "mr")
    scan.array = scan.array / 7
    saved = save_dicom(scan, tmp_path / "made", like=tmp_path / "mr", units="10^-6 mm2/s")
    again = assert_comes_back(saved, tmp_path / "made", scan)
    assert (again.modality, again.metadata["units"]) == ("MR", "10^-6 mm2/s")
    assert find_errors(saved.files[0]) == []


def test_voxels_without_data_stay_without(series, tmp_path):
    scan = load_image(series)
    valid = np.ones(scan.shape, bool)
    valid[:3] = valid[:, :, 8] = False
    for image in (scan, gaussian_filter(scan, 2.0)):
        folder = tmp_path / f"made {len(list(tmp_path.iterdir()))}"
        saved = save_dicom(image.with_source_mask(valid), folder, like=series)
        again = load_image(folder, source_mask_from="padding")
        np.testing.assert_array_equal(again.source_mask, valid)
        assert np.abs(again.array - image.array)[valid].max() <= saved.largest_error
    broken = scan.copy()
    broken.array[2, 2, 2] = np.nan
    with pytest.warns(ContentWarning, match="1 voxels are NaN or infinite"):
        save_dicom(broken, tmp_path / "nan", like=series)
    again = load_image(tmp_path / "nan", source_mask_from="padding")
    assert np.argwhere(~again.source_mask).tolist() == [[2, 2, 2]]
    with pytest.raises(OptionError, match="no voxel holds valid data"):
        save_dicom(scan.with_source_mask(np.zeros(scan.shape, bool)), tmp_path / "none", like=series)


def test_any_order_of_axes_and_a_crop(series, tmp_path):
    scan = load_image(series)
    part = scan[2:9, 1:8, 2:7]
    for number, (axes, flips) in enumerate(
        [((1, 0, 2), ()), ((2, 0, 1), (0,)), ((0, 1, 2), (2,)), ((0, 2, 1), (1, 2))]
    ):
        grid, array = part.grid.permute(axes), part.array.transpose(axes)
        for axis in flips:
            grid, array = grid.flip(axis), np.flip(array, axis)
        save_dicom(Image.from_grid(np.asfortranarray(array), grid), tmp_path / str(number), like=series)
        again = load_image(tmp_path / str(number), reference_image=part)
        np.testing.assert_array_equal(again.array, part.array)


def test_a_multi_frame_source(tmp_path):
    source = write_enhanced(tmp_path / "enhanced.dcm", kind="CT")
    scan = load_image(source)
    saved = save_dicom(scan, tmp_path / "made", like=source)
    assert_comes_back(saved, tmp_path / "made", scan)
    written = pydicom.dcmread(saved.files[0])
    assert written.SourceImageSequence[0].ReferencedFrameNumber >= 1
    assert "SharedFunctionalGroupsSequence" not in written
    assert "NumberOfFrames" not in written


def test_whole_numbers_beyond_16_bits_are_told(series, tmp_path):
    scan = load_image(series)
    large = Image.from_grid(scan.array.astype("int32") * 1000, scan.grid, modality="CT")
    with pytest.warns(ContentWarning, match="beyond 16 bits and were stored to within"):
        saved = save_dicom(large, tmp_path / "made", like=series)
    assert_comes_back(saved, tmp_path / "made", large)
    assert saved.largest_error < 30
    with pytest.raises(OptionError, match=r"to within .* only, and max_error is 1; clip the values"):
        save_dicom(large, tmp_path / "other", like=series, max_error=1)
    assert not (tmp_path / "other").exists()


def test_what_does_not_belong_to_the_series(series, tmp_path):
    scan = load_image(series)
    made = tmp_path / "made"
    away = Image.from_grid(scan.array, Grid(scan.shape, scan.spacing, (900.0, 0.0, 0.0)), modality="CT")
    with pytest.raises(GeometryError, match=r"lies beside the series: it reaches from \(.*pass the series"):
        save_dicom(away, made, like=series)
    other = Image.from_grid(scan.array, scan.grid, metadata={"frame_of_reference_uid": "1.2"})
    with pytest.raises(GeometryError, match=r"frame of reference 1\.2 and the series"):
        save_dicom(other, made, like=series)
    with pytest.raises(OptionError, match="the image is of the modality PT and the series of CT; pass the PT series"):
        save_dicom(Image.from_grid(scan.array, scan.grid, modality="PT"), made, like=series)
    for mask in (
        Image.from_grid(scan.array > 0, scan.grid),
        Image.from_grid((scan.array > 0).astype("u1"), scan.grid, labels={1: "bone"}),
        Image.from_grid((scan.array > 0).astype("u1"), scan.grid, modality="SEG"),
    ):
        with pytest.raises(OptionError, match=r"the image is a mask.*save_seg or save_rtstruct"):
            save_dicom(mask, made, like=series)
    write_series(tmp_path / "sc", PLACE, modality="OT")
    with pytest.raises(OptionError, match="the series is of the modality OT"):
        save_dicom(scan, made, like=tmp_path / "sc")
    with pytest.raises(MissingPathError):
        save_dicom(scan, made, like=tmp_path / "nowhere")
    with pytest.raises(OptionError, match="series_number"):
        save_dicom(scan, made, like=series, series_number=10**12)
    assert not made.exists()


def test_folders_that_are_not_written_to(series, tmp_path):
    scan = load_image(series)
    before = {file.name: file.read_bytes() for file in series.iterdir()}
    with pytest.raises(OptionError, match="this is the folder of the series"):
        save_dicom(scan, series, like=series)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(OptionError, match="something else is there, which is not overwritten"):
        save_dicom(scan, tmp_path / "full", like=series)
    with pytest.raises(OptionError, match="not sent to a URL"):
        save_dicom(scan, "memory://bucket/made", like=series)
    with pytest.raises(OptionError, match=r"folder .* does not exist"):
        save_dicom(scan, tmp_path / "no" / "made", like=series)
    (tmp_path / "empty").mkdir()
    save_dicom(scan, tmp_path / "empty", like=series)
    assert len(list((tmp_path / "empty").iterdir())) == scan.shape[2]
    assert {file.name: file.read_bytes() for file in series.iterdir()} == before
    assert (tmp_path / "full" / "notes.txt").read_text() == "mine"


def test_a_failure_leaves_nothing(series, tmp_path, monkeypatch):
    scan = load_image(series)
    written = []
    save = Dataset.save_as

    def fail_at_the_third(self, *args, **options):
        written.append(args)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        return save(self, *args, **options)

    monkeypatch.setattr(Dataset, "save_as", fail_at_the_third)
    with pytest.raises(OSError, match="cannot be written"):
        save_dicom(scan, tmp_path / "made", like=series)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ct"]


def test_uneven_slices_resampled_to_even_ones(tmp_path):
    write_series(tmp_path / "ct", PLACE, slices=[0, 1, 2, 4, 5, 6, 8])
    even = load_image(tmp_path / "ct", irregular="resample")
    saved = save_dicom(even, tmp_path / "made", like=tmp_path / "ct")
    again = load_image(tmp_path / "made", source_mask_from="padding")
    np.testing.assert_array_equal(again.source_mask, even.source_mask)
    assert np.abs(again.array - even.array)[even.source_mask].max() <= saved.largest_error


def test_one_volume_of_several(tmp_path):
    for echo, values in enumerate((VALUES, VALUES // 2)):
        phantom = Phantom(values, PLACE.spacing, PLACE.origin, PLACE.direction)

        def tell_echo(ds, k, echo=echo):
            ds.SeriesInstanceUID, ds.EchoTime, ds.SOPInstanceUID = uid("echoes"), 10.0 * (echo + 1), uid(echo, k)

        write_series(
            tmp_path / "mr", phantom, describe_scanner, tell_echo, modality="MR", name=f"{echo}-{{}}.dcm".format
        )
    scans = [load_image(tmp_path / "mr", dataset_index=index) for index in (0, 1)]
    with pytest.raises(AmbiguousSeriesError, match=r"holds 2 volumes.*pass dataset_index="):
        save_dicom(scans[1], tmp_path / "made", like=tmp_path / "mr")
    with pytest.raises(OptionError, match="dataset_index 2 is out of range"):
        save_dicom(scans[1], tmp_path / "made", like=tmp_path / "mr", dataset_index=2)
    saved = save_dicom(scans[1], tmp_path / "made", like=tmp_path / "mr", dataset_index=1)
    assert_comes_back(saved, tmp_path / "made", scans[1])
    assert {pydicom.dcmread(file).EchoTime for file in saved.files} == {20.0}
