"""Series and 4D files as one object: each volume is the one that load_image gives."""

from __future__ import annotations

import gzip
import pickle
import tracemalloc
import warnings
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

from pictologics import (
    AmbiguousSeriesError,
    ContentWarning,
    CorruptFileError,
    GeometryError,
    Image,
    OptionError,
    UnsupportedFormatError,
    load_image,
    load_series,
    save_image,
)
from pictologics.storage import inflation
from tests.factories.dicom_series import write_series
from tests.factories.enhanced import planes_of, write_enhanced
from tests.factories.phantom import OBLIQUE, PHANTOM
from tests.factories.phases import PATTERNS, kinds, phase_phantom, put, standard_diffusion, write_phases
from tests.factories.segmentations import frames_of, write_seg

SHAPE, VOLUMES = (6, 5, 4), 7
VALUES = np.random.default_rng(4).integers(-900, 900, (*SHAPE, VOLUMES)).astype(np.int16)
AFFINE = np.eye(4)
AFFINE[:3, :3] = OBLIQUE * (2.0, 2.5, 3.0)


def write_bold(path: Path, values=VALUES, step=2.5, start=0.0, unit="sec") -> Path:
    image = nibabel.Nifti1Image(values, AFFINE)
    image.header.set_xyzt_units("mm", unit)
    image.header["pixdim"][4], image.header["toffset"] = step, start
    nibabel.save(image, path)
    return path


@pytest.fixture(params=["scan.nii", "scan.nii.gz", "scan.hdr"])
def bold(request, tmp_path) -> Path:
    return write_bold(tmp_path / request.param)


@pytest.mark.usefixtures("no_handle_left")
def test_each_volume_is_that_of_load_image(bold):
    with load_series(bold) as series:
        assert len(series) == VOLUMES
        for k, image in enumerate(series):
            assert image.equals(load_image(bold, k))
            assert image.provenance.slices == load_image(bold, k).provenance.slices
        for k in (3, 0, 6, 5, 5):
            assert series[k].equals(load_image(bold, k))
        np.testing.assert_array_equal(series.to_array(), VALUES)
        assert series.to_array().dtype == np.float32
        assert series.grid == load_image(bold).grid
        assert series.values("time").tolist() == [0, 2.5, 5, 7.5, 10, 12.5, 15]
        assert series.axes[0].units == "s"


@pytest.mark.parametrize(("unit", "scale"), [("sec", 1.0), ("msec", 1e-3), ("usec", 1e-6)])
def test_times_are_seconds(tmp_path, unit, scale):
    series = load_series(write_bold(tmp_path / "scan.nii", step=500.0, start=250.0, unit=unit))
    np.testing.assert_allclose(series.values("time"), (250 + 500 * np.arange(VOLUMES)) * scale)


@pytest.mark.parametrize(("step", "unit"), [(0.0, "sec"), (1.0, 0)])
def test_times_that_a_header_does_not_say_are_not_made_up(tmp_path, step, unit):
    series = load_series(write_bold(tmp_path / "scan.nii", step=step, unit=unit))
    assert series.axes[0].units == ""
    assert series.values("time").tolist() == list(range(VOLUMES))


def test_frequencies(tmp_path):
    series = load_series(write_bold(tmp_path / "scan.nii", step=31.25, unit="ppm"))
    assert (series.axes[0].name, series.axes[0].units) == ("frequency", "ppm")


def count_inflations(monkeypatch) -> list[str]:
    begun = []
    plain = inflation.Inflater.__init__

    def note(self, file, packing, start):
        begun.append(file.name)
        plain(self, file, packing, start)

    monkeypatch.setattr(inflation.Inflater, "__init__", note)
    return begun


WAYS = {
    "all": (list, 1),
    "some": (lambda series: list(series[::2]), 1),
    "by number": (lambda series: [series[k] for k in (0, 2, 3, 6)], 1),
    "array": (lambda series: series.to_array(), 1),
    "some as array": (lambda series: series[1::2].to_array(), 1),
    "mean": (lambda series: series.mean(), 1),
    "deviation": (lambda series: series[2:].std(), 1),
    "backwards": (lambda series: [series[k] for k in (6, 3, 0)], 3),
}


@pytest.mark.usefixtures("no_handle_left")
@pytest.mark.parametrize(("take", "passes"), WAYS.values(), ids=WAYS)
def test_a_compressed_file_is_inflated_once(tmp_path, monkeypatch, take, passes):
    with load_series(write_bold(tmp_path / "scan.nii.gz")) as series:
        begun = count_inflations(monkeypatch)
        take(series)
        assert len(begun) == passes


@pytest.mark.parametrize("name", ["vectors.nrrd", "vectors.mha"])
@pytest.mark.parametrize("components", [3, 6])
def test_volumes_between_one_another_are_inflated_once_too(tmp_path, monkeypatch, name, components):
    values = np.random.default_rng(0).integers(0, 999, (4, 5, 6, components)).astype(np.int16)
    image = sitk.GetImageFromArray(values, isVector=True)
    sitk.WriteImage(image, tmp_path / name, useCompression=True)
    series = load_series(tmp_path / name)
    assert series.axes[0].name == "component"
    begun = count_inflations(monkeypatch)
    images = list(series)
    assert len(begun) == 1
    for k, one in enumerate(images):
        np.testing.assert_array_equal(one.array, values[..., k].transpose(2, 1, 0))


def test_an_array_of_xarray_leaves_nothing_open(tmp_path):
    pytest.importorskip("xarray", reason="xarray is not installed")
    values = np.random.default_rng(0).integers(0, 30000, (64, 64, 40, 3)).astype(np.int16)
    series = load_series(write_bold(tmp_path / "large.nii.gz", values))
    np.testing.assert_array_equal(series.to_xarray().values, values)
    assert series._source.opened.kept.stream is None


@pytest.mark.usefixtures("no_handle_left")
def test_a_large_file_closes_what_it_kept(tmp_path):
    values = np.random.default_rng(0).integers(0, 30000, (64, 64, 40, 6)).astype(np.int16)
    path = write_bold(tmp_path / "large.nii.gz", values)
    series = load_series(path)
    np.testing.assert_array_equal(series[1].array, values[..., 1])
    np.testing.assert_array_equal(series[4].array, values[..., 4])
    series.close()
    np.testing.assert_array_equal(series[5].array, values[..., 5])
    for image in series:
        np.testing.assert_array_equal(image.array, values[..., 0])
        break
    del series, image


@pytest.mark.usefixtures("no_handle_left")
def test_damage_is_an_error_of_the_volume_that_has_it(tmp_path):
    values = np.random.default_rng(0).integers(0, 30000, (64, 64, 40, 6)).astype(np.int16)
    path = write_bold(tmp_path / "cut.nii.gz", values)
    path.write_bytes(path.read_bytes()[:-400_000])
    with load_series(path) as series:
        np.testing.assert_array_equal(series[1].array, values[..., 1])
        with pytest.raises(CorruptFileError, match="ends too early"):
            series[5]
        np.testing.assert_array_equal(series[0].array, values[..., 0])
        with pytest.raises(CorruptFileError):
            series.mean()


def test_one_volume_is_in_memory_at_a_time(tmp_path):
    values = np.random.default_rng(0).integers(0, 30000, (64, 64, 40, 20)).astype(np.int16)
    for name in ("large.nii.gz", "large.nii"):
        series = load_series(write_bold(tmp_path / name, values))
        one = series[0].array.nbytes
        for work, volumes in ((lambda series=series: [image.shape for image in series], 3), (series.mean, 8)):
            tracemalloc.start()
            work()
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            # The pieces that are inflated ahead are a few megabytes more.
            assert peak < volumes * one + 4_000_000 < 20 * one


def test_a_series_travels_to_another_process(tmp_path):
    write_phases(tmp_path / "series", PATTERNS["cardiac phase"].touches, modality="CT")
    for source in (write_bold(tmp_path / "scan.nii.gz"), tmp_path / "series"):
        series = load_series(source)
        first = series[0]
        again = pickle.loads(pickle.dumps(series))
        assert again.axes == series.axes
        assert again[0].equals(first)
        assert again[2].equals(series[2])


def test_a_header_that_claims_any_number_of_volumes_costs_nothing(tmp_path):
    path = write_bold(tmp_path / "scan.nii")
    content = bytearray(path.read_bytes())
    content[48:50] = (32000).to_bytes(2, "little")
    path.write_bytes(content)
    with pytest.raises(CorruptFileError, match="32000 volumes"):
        load_series(path)


def test_regions_types_and_sentinels(tmp_path):
    path = write_bold(tmp_path / "scan.nii.gz")
    region = np.s_[1:4, ::-1, 2:]
    part = load_series(path, region=region, dtype="int16")
    assert part.grid == load_image(path).grid[region]
    assert part.to_array().dtype == np.int16
    np.testing.assert_array_equal(part.to_array(), VALUES[region])
    with pytest.raises(OptionError, match="takes none of its 6 voxels"):
        load_series(path, region=np.s_[9:12])
    values = np.where(VALUES < 0, -1000, VALUES)
    marked = load_series(write_bold(tmp_path / "holes.nii", values), source_mask_from=-1000.0)
    np.testing.assert_array_equal(marked[2].source_mask, values[..., 2] != -1000)
    np.testing.assert_array_equal(marked.to_array(), values)


def test_scaled_values_and_files_in_memory(tmp_path):
    image = nibabel.Nifti1Image(VALUES.astype(np.float64), AFFINE)
    image.header.set_data_dtype(np.int16)
    image.header.set_slope_inter(0.5, -3)
    nibabel.save(image, tmp_path / "scaled.nii")
    content = (tmp_path / "scaled.nii").read_bytes()
    truth = np.asarray(nibabel.load(tmp_path / "scaled.nii").dataobj)
    for source in (tmp_path / "scaled.nii", content, gzip.compress(content)):
        np.testing.assert_allclose(load_series(source).to_array(), truth, rtol=1e-6)


def test_five_axes(tmp_path):
    values = np.arange(2 * 3 * 4 * 3 * 2, dtype=np.int16).reshape(2, 3, 4, 3, 2)
    image = nibabel.Nifti1Image(values, AFFINE)
    image.header.set_xyzt_units("mm", "sec")
    image.header["pixdim"][4] = 2.0
    nibabel.save(image, tmp_path / "five.nii.gz")
    series = load_series(tmp_path / "five.nii.gz")
    assert [axis.name for axis in series.axes] == ["volume", "time"]
    for a in range(2):
        np.testing.assert_array_equal(series.pick(volume=a).to_array(), values[..., a])
    np.testing.assert_array_equal(series.select(time=4.0).to_array(), values[:, :, :, 2])
    assert series[4].equals(load_image(tmp_path / "five.nii.gz", 4))


def test_one_volume_is_a_series_of_one(tmp_path):
    save_image(Image(np.ones((3, 4, 5), np.float32), (1, 1, 1), (0, 0, 0)), tmp_path / "one.nii.gz")
    series = load_series(tmp_path / "one.nii.gz")
    assert len(series) == 1
    assert series[0].equals(load_image(tmp_path / "one.nii.gz"))


FSL = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.6, 0, 0.8), (0, 0, 0), (0.48, -0.6, 0.64), (0, 0.6, -0.8)]


def write_tables(path: Path, b_values, vectors, transposed: bool = False) -> None:
    np.savetxt(path.with_suffix(".bval"), [b_values], fmt="%g")
    table = np.array(vectors, float)
    np.savetxt(path.with_suffix(".bvec"), table if transposed else table.T)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("mirrored", [False, True])
def test_tables_of_gradients_beside_the_file(tmp_path, mirrored, transposed):
    affine = AFFINE @ np.diag([-1, 1, 1, 1]) if mirrored else AFFINE
    nibabel.save(nibabel.Nifti1Image(VALUES, affine), tmp_path / "dwi.nii")
    b_values = [0 if vector == (0, 0, 0) else 1000 for vector in FSL]
    write_tables(tmp_path / "dwi.nii", b_values, FSL, transposed)
    series = load_series(tmp_path / "dwi.nii")
    assert series.axes[0].name == "direction"
    assert series.values("b_value").tolist() == b_values
    # FDT: voxel axes, the first one turned round where the determinant is positive.
    sign = -1 if np.linalg.det(affine[:3, :3]) > 0 else 1
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    for label, vector in zip(series.axes[0].labels, FSL, strict=True):
        if vector == (0, 0, 0):
            assert label is None
            continue
        ras = axes @ (np.array(vector) * (sign, 1, 1))
        np.testing.assert_allclose(label, ras * (-1, -1, 1), atol=1e-6)


def test_tables_of_another_scan_are_not_used(tmp_path):
    write_bold(tmp_path / "dwi.nii")
    write_tables(tmp_path / "dwi.nii", [0, 1000], FSL[:2])
    with pytest.warns(ContentWarning, match=r"of 2 volumes, and it holds 7; not used"):
        series = load_series(tmp_path / "dwi.nii")
    assert series.axes[0].name == "time"
    write_bold(tmp_path / "text.nii")
    for content in (
        "no numbers\n",
        "",
        "0 1 2\n3 4\n",
        "nan " * VOLUMES,
        "1 " * VOLUMES + "\n" + "2 " * VOLUMES,
        "\0" * 9,
    ):
        (tmp_path / "text.bval").write_text(content)
        with pytest.warns(ContentWarning, match=r"text\.bval' beside it is no table of gradients"):
            assert load_series(tmp_path / "text.nii").axes[0].name == "time"


def write_nrrd_list(path: Path, fields: dict[str, str], keys: dict[str, str], values=VALUES) -> Path:
    """A 4D file whose list comes first, as 3D Slicer writes it."""
    stored = np.moveaxis(values, 3, 0)
    lines = ["NRRD0005", "type: short", "dimension: 4", "space: left-posterior-superior"]
    lines += [f"sizes: {' '.join(map(str, stored.shape))}", "space directions: none (1,0,0) (0,1,0) (0,0,2)"]
    lines += ["kinds: list domain domain domain", "endian: little", "encoding: gzip", "space origin: (0,0,0)"]
    lines += [*(f"{name}: {value}" for name, value in fields.items()), *(f"{k}:={v}" for k, v in keys.items()), "", ""]
    path.write_bytes("\n".join(lines).encode() + gzip.compress(stored.tobytes(order="F")))
    return path


def test_series_of_3d_slicer(tmp_path):
    keys = {
        "MultiVolume.FrameIdentifyingDICOMTagName": "TriggerTime",
        "MultiVolume.FrameLabels": "0,500,1000,1500,2000,2500,3000",
        "MultiVolume.FrameIdentifyingDICOMTagUnits": "ms",
    }
    series = load_series(write_nrrd_list(tmp_path / "cine.nrrd", {}, keys))
    assert series.axes[0].units == "s"
    assert series.values("time").tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3]
    np.testing.assert_array_equal(series.to_array(), VALUES)
    for k in (4, 1):
        np.testing.assert_array_equal(series[k].array, VALUES[..., k])


def test_gradients_of_3d_slicer(tmp_path):
    vectors = [(0, 0, 0), (1, 0, 0), (0, 0.5, 0), (0, 0, 1), (0.6, 0.8, 0), (0, 0.6, 0.8), (0.48, -0.6, 0.64)]
    keys = {"modality": "DWMRI", "DWMRI_b-value": "1000"}
    keys |= {f"DWMRI_gradient_{k:04d}": " ".join(map(str, vector)) for k, vector in enumerate(vectors)}
    series = load_series(
        write_nrrd_list(tmp_path / "dwi.nrrd", {"measurement frame": "(0,1,0) (-1,0,0) (0,0,1)"}, keys)
    )
    assert series.modality == "MR"
    assert series.values("b_value").tolist() == [0, 1000, 250, 1000, 1000, 1000, 1000]
    assert series.axes[0].labels[0] is None
    # The columns of the measurement frame are where its axes point.
    np.testing.assert_allclose(series.axes[0].labels[1], (0, 1, 0))
    np.testing.assert_allclose(series.axes[0].labels[2], (-1, 0, 0))


def test_axes_of_time_of_nrrd(tmp_path):
    fields = {"spacings": "0.25 NaN NaN NaN", "units": '"s" "" "" ""'}
    series = load_series(write_nrrd_list(tmp_path / "time.nrrd", fields, {}))
    np.testing.assert_allclose(series.values("time"), 0.25 * np.arange(7))


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.filterwarnings("ignore::pictologics.ContentWarning", "ignore::pictologics.GeometryWarning")
def test_volumes_of_dicom_series(tmp_path, name):
    pattern = PATTERNS[name]
    write_phases(tmp_path / "series", pattern.touches, modality=pattern.modality)
    series = load_series(tmp_path / "series")
    assert len(series) == pattern.count
    assert np.prod([len(axis) for axis in series.axes]) == pattern.count
    for k in range(pattern.count):
        expected = load_image(tmp_path / "series", k)
        number = int(np.flatnonzero(series._numbers.ravel() == k)[0])
        assert series[number].equals(expected)


KNOWN = {
    "cardiac phase": ("phase", "%", [5, 40, 75]),
    "trigger time": ("time", "s", [0.0095, 0.088, 0.1665]),
    "temporal position": ("time", "", [2, 9, 11]),
    "b-value": ("b_value", "s/mm2", [0, 400, 800]),
}


@pytest.mark.parametrize("name", KNOWN)
def test_axes_of_dicom_series(tmp_path, name):
    axis, units, labels = KNOWN[name]
    write_phases(tmp_path / "series", PATTERNS[name].touches, modality=PATTERNS[name].modality)
    series = load_series(tmp_path / "series")
    assert (series.axes[0].name, series.axes[0].units) == (axis, units)
    np.testing.assert_allclose(series.values(axis), labels)
    assert series.labels == tuple(load_image(tmp_path / "series", k).metadata["phase"] for k in range(3))
    assert series[series.labels[1]].equals(load_image(tmp_path / "series", 1))


def both(*touches):
    def touch(ds: Dataset, k: int) -> None:
        for one in touches:
            one(ds, k)

    return touch


def test_echoes_of_magnitude_and_phase_lie_along_two_axes(tmp_path):
    touches = [both(kind, put(EchoTime=echo)) for kind in kinds("M", "P") for echo in (4.92, 7.38, 9.84)]
    write_phases(tmp_path / "series", touches, modality="MR")
    series = load_series(tmp_path / "series")
    assert sorted(axis.name for axis in series.axes) == ["component", "echo"]
    for t, component in ((0, "magnitude"), (3, "phase")):
        for k, echo in enumerate((4.92, 7.38, 9.84)):
            (image,) = series.select(component=component, echo=echo)
            np.testing.assert_array_equal(image.array, phase_phantom(t + k).array)


def test_directions_have_their_b_values(tmp_path):
    directions = [(1.0, 0.0, 0.0), (0.0, 0.6, 0.8)]
    touches = [standard_diffusion(0), *(standard_diffusion(800, one) for one in directions)]
    write_phases(tmp_path / "series", touches, modality="MR")
    series = load_series(tmp_path / "series")
    assert series.values("b_value").tolist() == [0, 800, 800]
    assert len(series.select(b_value=800)) == 2
    np.testing.assert_array_equal(series.select(direction=directions[1])[0].array, phase_phantom(2).array)


def test_times_of_acquisition_are_seconds_from_the_first(tmp_path):
    # Each slice at a time of its own: a volume begins with the first of them.
    times = [put(AcquisitionTime=lambda k, t=t: f"0959{46 + 4 * t + k % 2:02d}.250000") for t in range(3)]
    write_phases(tmp_path / "series", times, modality="MR")
    series = load_series(tmp_path / "series")
    assert series.axes[0].units == "s"
    assert series.values("time").tolist() == [0, 4, 8]


def test_times_of_day_around_midnight_say_nothing(tmp_path):
    write_phases(tmp_path / "series", [put(AcquisitionTime=time) for time in ("235958", "000002")], modality="MR")
    series = load_series(tmp_path / "series")
    assert series.axes[0].units == ""


def test_enhanced_files(tmp_path):
    later = PHANTOM.with_array(PHANTOM.array + 1000)
    path = write_enhanced(tmp_path / "e.dcm", [*planes_of(PHANTOM, temporal=1), *planes_of(later, temporal=2)])
    series = load_series(path)
    np.testing.assert_array_equal(series.to_array()[..., 1], later.array)
    region = np.s_[2:4, :, 1:3]
    np.testing.assert_array_equal(load_series(path, region=region).to_array()[..., 1], later.array[region])


def test_volumes_on_different_grids_are_refused(tmp_path):
    files = write_phases(tmp_path / "series", PATTERNS["cardiac phase"].touches, modality="CT")
    for k in (3, 4):
        files[2, k].unlink()
    with pytest.raises(GeometryError, match=r"'Phase 75%' has shape \(7, 6, 3\) and the first volume \(7, 6, 5\)"):
        load_series(tmp_path / "series")


def test_a_gap_is_refused_or_resampled(tmp_path):
    files = write_phases(tmp_path / "series", PATTERNS["cardiac phase"].touches, modality="CT")
    for t in range(3):
        files[t, 2].unlink()
    with pytest.raises(GeometryError, match="do not form a regular grid"):
        load_series(tmp_path / "series")
    series = load_series(tmp_path / "series", irregular="resample")
    assert series.shape == (7, 6, 5, 3)
    for k, image in enumerate(series):
        assert image.equals(load_image(tmp_path / "series", k, irregular="resample"))
    part = load_series(tmp_path / "series", irregular="resample", region=np.s_[:, 2:])
    assert part[1].equals(series[1][:, 2:])


def test_segments_are_no_series(tmp_path):
    path = write_seg(tmp_path / "seg.dcm", frames_of({1: PHANTOM.array > 100}))
    with pytest.raises(UnsupportedFormatError, match="hold segments and no series of images; load them with load_seg"):
        load_series(path)
    labels = Image((PHANTOM.array % 3).astype(np.uint8), (1, 1, 1), (0, 0, 0), labels={1: "a", 2: "b"})
    save_image(labels, tmp_path / "organs.seg.nrrd")
    with pytest.raises(UnsupportedFormatError, match="holds segments and no series"):
        load_series(tmp_path / "organs.seg.nrrd")


def test_what_load_image_refuses_is_refused(tmp_path):
    write_series(tmp_path / "two")
    write_series(tmp_path / "two", name="b{:03d}.dcm".format, series="other")
    with pytest.raises(AmbiguousSeriesError):
        load_series(tmp_path / "two")
    with pytest.raises(ValueError, match="there is no such file or folder"):
        load_series(tmp_path / "nowhere")
    with pytest.raises(OptionError, match="suv"):
        load_series(write_bold(tmp_path / "scan.nii"), suv="bw")


@pytest.mark.usefixtures("shared_data")
@pytest.mark.parametrize(("name", "warned"), [("siemens_mosaic", 0), ("ge_epi", 1)])
def test_real_scans(shared_data, name, warned):
    reference = nibabel.load(shared_data / name / "reference.nii")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ContentWarning)
        series = load_series(shared_data / name, recursive=True)
        assert [(image.shape, len(caught)) for image in series] == [(reference.shape[:3], warned)] * len(series)
    assert all("tells its 10 volumes apart" in str(one.message) for one in caught)
    assert len(series) == reference.shape[3]
    if series.axes[0].units == "s":
        step = np.diff(series.values("time")).mean()
        assert step == pytest.approx(float(reference.header["pixdim"][4]), rel=0.02)
