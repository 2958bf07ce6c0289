"""Enhanced multi-frame objects: every frame where its functional groups put it."""

from __future__ import annotations

import struct
import time
from dataclasses import replace

import highdicom
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import RLELossless

from pictologics import (
    CorruptFileError,
    GeometryError,
    OptionError,
    PictologicsError,
    explain,
    load_image,
)
from tests.factories.dicom_series import SYNTAXES, UNCOMPRESSED
from tests.factories.enhanced import (
    KINDS,
    PlaneSpec,
    item,
    large_enhanced_file,
    planes_of,
    real_world_mapping,
    write_enhanced,
)
from tests.factories.hostile import cut, within_seconds
from tests.factories.phantom import PHANTOM, Phantom
from tests.factories.truth import assert_shows, values_at

pytestmark = pytest.mark.usefixtures("no_handle_left")

places = st.sampled_from(["frame", "shared", "top"])
integer_kinds = sorted(set(KINDS) - {"parametric map"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("enhanced")


def other(factor: int) -> Phantom:
    """The phantom with other values."""
    return PHANTOM.with_array(PHANTOM.array + 1000 * factor)


def labels(path) -> list[str]:
    return [volume.phase for volume in explain(path).volumes]


# --- one volume ---


@given(
    order=st.permutations(range(5)),
    kind=st.sampled_from(integer_kinds),
    orientation=places,
    measures=places,
    rescale=places | st.just("none"),
    dimensions=st.booleans(),
    with_stack=st.booleans(),
    undefined_lengths=st.booleans(),
    syntax=st.sampled_from(sorted(SYNTAXES)),
)
def test_any_order_and_layout_gives_the_same_volume(folder, order, kind, syntax, **options):
    planes = planes_of()
    path = write_enhanced(folder / "any.dcm", [planes[k] for k in order], kind=kind, syntax=SYNTAXES[syntax], **options)
    image = load_image(path)
    assert_shows(image, PHANTOM)
    assert image.grid.corner_error(PHANTOM.lps_affine) < 1e-6
    assert image.modality == KINDS[kind][1]
    assert [source.frame for source in image.provenance.slices] == [order.index(k) for k in range(5)]


@given(
    kept=st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda ends: ends[0] < ends[1]),
    step=st.sampled_from([1, 2]),
    seed=st.randoms(use_true_random=False),
)
def test_a_part_of_the_frames_shows_the_same_at_the_same_place(folder, kept, step, seed):
    chosen = planes_of()[kept[0] : kept[1] + 1 : step]
    if len(chosen) < 2:
        return
    shown = PHANTOM.array[:, :, kept[0] : kept[1] + 1 : step]
    part = replace(
        PHANTOM,
        array=shown,
        origin=tuple(PHANTOM.position((0, 0, kept[0]))),
        spacing=(*PHANTOM.spacing[:2], PHANTOM.spacing[2] * step),
    )
    seed.shuffle(chosen)
    assert_shows(load_image(write_enhanced(folder / "part.dcm", chosen)), part)


@pytest.mark.parametrize("pixels", ["int16", "uint16", "uint8"])
@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_pixel_types(tmp_path, pixels, syntax):
    image = load_image(write_enhanced(tmp_path / "scan.dcm", syntax=syntax, pixels=pixels))
    assert_shows(image, PHANTOM)
    assert image.array.dtype == np.float32
    assert image.array.flags.f_contiguous


@given(
    exponents=st.lists(st.integers(-4, 3), min_size=5, max_size=5),
    intercepts=st.lists(st.integers(-512, 512), min_size=5, max_size=5),
)
def test_each_frame_has_its_own_rescale(folder, exponents, intercepts):
    """Powers of two, so that the values come out exactly."""
    slopes = [2.0**exponent for exponent in exponents]
    planes = [
        replace(plane, slope=slope, intercept=float(intercept))
        for plane, slope, intercept in zip(planes_of(), slopes, intercepts, strict=True)
    ]
    path = write_enhanced(folder / "pet.dcm", planes, kind="PET")
    assert_shows(load_image(path), PHANTOM.with_array(PHANTOM.array * np.array(slopes) + np.array(intercepts)))
    assert_shows(load_image(path, apply_rescale=False), PHANTOM)
    sources = load_image(path).provenance.slices
    assert [(source.slope, source.intercept) for source in sources] == list(zip(slopes, intercepts, strict=True))


def test_what_stands_with_the_frame_counts_before_what_is_shared_or_at_the_top(tmp_path):
    def mislead(ds: Dataset) -> None:
        ds.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence = DicomSequence(
            [item(RescaleSlope=50.0, RescaleIntercept=7.0)]
        )
        ds.RescaleSlope, ds.RescaleIntercept = 99.0, 9.0
        ds.PixelSpacing, ds.ImagePositionPatient = [77.0, 77.0], [1.0, 2.0, 3.0]

    assert_shows(load_image(write_enhanced(tmp_path / "scan.dcm", None, mislead)), PHANTOM)


def test_groups_that_mean_something_else_do_not_count(tmp_path):
    """A frame's sources have positions too, and private sequences may hold anything."""

    def decoys(ds: Dataset) -> None:
        for one in ds.PerFrameFunctionalGroupsSequence:
            source = item(ImagePositionPatient=[1.0, 2.0, 3.0], PixelSpacing=[9.0, 9.0], RescaleSlope=5.0)
            derivation = item(SourceImageSequence=DicomSequence([source]))
            one.DerivationImageSequence = DicomSequence([derivation])
            block = one.private_block(0x2005, "PHANTOM WORKS", create=True)
            block.add_new(0x0F, "SQ", DicomSequence([source]))
            one[block.get_tag(0x0F)].is_undefined_length = True
        ds.SourceImageEvidenceSequence = DicomSequence([item(Rows=4, NumberOfFrames=2)])

    assert_shows(load_image(write_enhanced(tmp_path / "scan.dcm", None, decoys)), PHANTOM)
    open_path = write_enhanced(tmp_path / "open.dcm", None, decoys, undefined_lengths=True, syntax=SYNTAXES["implicit"])
    assert_shows(load_image(open_path), PHANTOM)


def test_a_single_frame(tmp_path):
    path = write_enhanced(tmp_path / "one.dcm", planes_of()[2:3], lambda ds: setattr(ds, "SpacingBetweenSlices", 2.5))
    image = load_image(path)
    part = replace(PHANTOM, array=PHANTOM.array[:, :, 2:3], origin=tuple(PHANTOM.position((0, 0, 2))))
    assert_shows(image, part)


@pytest.mark.parametrize("kind", ["CT", "MR", "PET", "legacy CT"])
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "rle"])
def test_equals_highdicom(tmp_path, kind, syntax):
    planes = [replace(plane, slope=0.5 + k, intercept=-k * 3.0) for k, plane in enumerate(planes_of())]
    path = write_enhanced(tmp_path / "scan.dcm", planes[::-1], kind=kind, syntax=SYNTAXES[syntax])
    volume = highdicom.imread(path).get_volume(apply_real_world_transform=False)
    image = load_image(path)
    index = np.stack(np.meshgrid(*map(np.arange, volume.spatial_shape), indexing="ij"), -1).reshape(-1, 3)
    positions = index @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    np.testing.assert_allclose(values_at(image, positions), volume.array.reshape(-1), rtol=1e-6)


def test_equals_pydicom_frame_by_frame(tmp_path):
    path = write_enhanced(tmp_path / "scan.dcm", planes_of()[::-1], syntax=RLELossless)
    image, pixels = load_image(path), pydicom.dcmread(path).pixel_array
    for k, source in enumerate(image.provenance.slices):
        np.testing.assert_array_equal(image.array[:, :, k].T, pixels[source.frame])


# --- several volumes in one file ---


def interleaved(count: int, **changes) -> list[PlaneSpec]:
    """Several volumes, slice by slice, the last volume first."""
    volumes = [planes_of(other(t), temporal=t + 1) for t in range(count)]
    return [volumes[t][k] for k in range(PHANTOM.shape[2]) for t in reversed(range(count))]


@given(seed=st.randoms(use_true_random=False), count=st.integers(2, 5), undefined_lengths=st.booleans())
def test_temporal_positions_are_phases(folder, seed, count, undefined_lengths):
    planes = interleaved(count)
    seed.shuffle(planes)
    path = write_enhanced(folder / "times.dcm", planes, undefined_lengths=undefined_lengths)
    for t in range(count):
        image = load_image(path, dataset_index=t)
        assert_shows(image, other(t))
    with pytest.raises(OptionError, match=str(count)):
        load_image(path, dataset_index=count)
    assert labels(path) == [f"Time {t + 1}" for t in range(count)]


def mr_echo(time: float) -> dict[str, Dataset]:
    return {"MREchoSequence": item(EffectiveEchoTime=time)}


def mr_diffusion(b_value: float, direction=None) -> dict[str, Dataset]:
    ds = item(DiffusionBValue=b_value, DiffusionDirectionality="DIRECTIONAL" if direction else "NONE")
    if direction:
        gradient = item(DiffusionGradientOrientation=list(direction))
        ds.DiffusionGradientDirectionSequence = DicomSequence([gradient])
    return {"MRDiffusionSequence": ds}


GROUPED = {
    "echo time": ("MR", [mr_echo(2.3), mr_echo(4.92), mr_echo(104.0)], ["2.3", "4.92", "104"]),
    "b-value": ("MR", [mr_diffusion(0.0), mr_diffusion(400.0), mr_diffusion(1000.0)], ["b=0", "b=400", "b=1000"]),
    "gradient": (
        "MR",
        [mr_diffusion(0.0), mr_diffusion(800.0, (0.0, 0.6, 0.8)), mr_diffusion(800.0, (1.0, 0.0, 0.0))],
        ["b=0", "0.6", "(1, 0, 0)"],
    ),
    "inversion time": (
        "MR",
        [{"MRModifierSequence": item(InversionTimes=[t])} for t in (50.0, 400.0, 1100.0)],
        ["50", "400", "1100"],
    ),
    "flip angle": (
        "MR",
        [{"MRTimingAndRelatedParametersSequence": item(FlipAngle=a)} for a in (4.0, 15.0, 30.0)],
        ["4", "15", "30"],
    ),
    "cardiac phase": (
        "CT",
        [{"CardiacSynchronizationSequence": item(NominalPercentageOfCardiacPhase=p)} for p in (5.0, 40.0, 75.0)],
        ["Phase 5%", "Phase 40%", "Phase 75%"],
    ),
    "trigger delay": (
        "MR",
        [{"CardiacSynchronizationSequence": item(NominalCardiacTriggerDelayTime=t)} for t in (0.0, 93.5, 110.25)],
        ["0 ms", "93.5 ms", "110.25 ms"],
    ),
    "time offset": (
        "PET",
        [{"TemporalPositionSequence": item(TemporalPositionTimeOffset=t)} for t in (0.0, 60.0, 180.0)],
        ["0", "60", "180"],
    ),
}


@pytest.mark.parametrize("name", GROUPED)
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big_endian"])
def test_phases_by_what_the_groups_say(tmp_path, name, syntax):
    kind, groups, words = GROUPED[name]
    volumes = [planes_of(other(t), groups=one) for t, one in enumerate(groups)]
    planes = [plane for t in (2, 0, 1) for plane in volumes[t]]
    path = write_enhanced(tmp_path / "scan.dcm", planes, kind=kind, syntax=UNCOMPRESSED[syntax])
    for t, (word, label) in enumerate(zip(words, labels(path), strict=True)):
        assert_shows(load_image(path, dataset_index=t), other(t))
        assert word in label


def test_magnitude_and_phase_by_frame_type(tmp_path):
    volumes = [planes_of(other(t), frame_type=("ORIGINAL", "PRIMARY", kind, "NONE")) for t, kind in enumerate("MP")]
    path = write_enhanced(tmp_path / "scan.dcm", volumes[1] + volumes[0], with_stack=False)
    assert labels(path) == ["M", "P"]
    for t in range(2):
        assert_shows(load_image(path, dataset_index=t), other(t))


def test_two_tags_together(tmp_path):
    planes = [
        plane
        for t, (time_index, echo) in enumerate([(1, 3.0), (1, 7.0), (2, 3.0), (2, 7.0)])
        for plane in planes_of(other(t), temporal=time_index, groups=mr_echo(echo))
    ]
    path = write_enhanced(tmp_path / "scan.dcm", planes[::-1])
    assert len(labels(path)) == 4
    for t in range(4):
        assert_shows(load_image(path, dataset_index=t), other(t))


def test_a_time_that_runs_through_one_volume_does_not_split_it(tmp_path):
    planes = [replace(plane, temporal=k + 1) for k, plane in enumerate(planes_of())]
    path = write_enhanced(tmp_path / "scan.dcm", planes)
    assert labels(path) == [""]
    assert_shows(load_image(path), PHANTOM)


def turned() -> Phantom:
    """Another place and orientation, the same matrix."""
    direction = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    return replace(PHANTOM, array=PHANTOM.array + 5000, direction=direction, origin=(10.0, 20.0, 30.0))


def test_stacks_of_two_orientations_are_two_volumes(tmp_path):
    planes = [*planes_of(), *planes_of(turned(), stack="2")]
    path = write_enhanced(tmp_path / "scan.dcm", planes[::-1], orientation="frame")
    volumes = explain(path).volumes
    assert len(volumes) == 2
    assert all(volume.loads for volume in volumes)
    shown = [load_image(path, dataset_index=k) for k in range(2)]
    shown.sort(key=lambda image: image.array.max())
    assert_shows(shown[0], PHANTOM)
    assert_shows(shown[1], turned())


def shifted() -> Phantom:
    """Another slab, parallel, with a gap between the two."""
    return replace(PHANTOM, array=PHANTOM.array + 3000, origin=tuple(PHANTOM.position((0, 0, 11.5))))


@pytest.mark.parametrize("undefined_lengths", [False, True])
def test_parallel_stacks_are_two_volumes(tmp_path, undefined_lengths):
    planes = [*planes_of(), *planes_of(shifted(), stack="2")]
    path = write_enhanced(tmp_path / "scan.dcm", planes, undefined_lengths=undefined_lengths)
    assert len(labels(path)) == 2
    assert_shows(load_image(path, dataset_index=0), PHANTOM)
    assert_shows(load_image(path, dataset_index=1), shifted())


def test_stacks_with_phases_each(tmp_path):
    planes = [
        plane
        for t in range(2)
        for phantom, stack in ((PHANTOM, "1"), (turned(), "2"))
        for plane in planes_of(phantom.with_array(phantom.array + 100 * t), stack=stack, temporal=t + 1)
    ]
    path = write_enhanced(tmp_path / "scan.dcm", planes, orientation="frame")
    assert len(labels(path)) == 4
    assert len(set(labels(path))) == 4
    for k, (phantom, t) in enumerate([(PHANTOM, 0), (PHANTOM, 1), (turned(), 0), (turned(), 1)]):
        assert_shows(load_image(path, dataset_index=k), phantom.with_array(phantom.array + 100 * t))


# --- several files of one series ---


def test_files_of_one_series_are_joined(tmp_path):
    planes = planes_of()
    for number, part in enumerate([planes[3:], planes[:1], planes[1:3]], 1):
        write_enhanced(tmp_path / f"{number}.dcm", part, instance=number)
    image = load_image(tmp_path)
    assert_shows(image, PHANTOM)
    assert len({source.file for source in image.provenance.slices}) == 3


def test_one_file_for_each_time_point(tmp_path):
    for t in range(3):
        write_enhanced(tmp_path / f"{t}.dcm", planes_of(other(t), temporal=t + 1), instance=9 - t)
    for t in range(3):
        assert_shows(load_image(tmp_path, dataset_index=t), other(t))


def test_files_of_several_stacks_are_joined(tmp_path):
    """Each file holds a time point of both stacks."""
    for t in range(2):
        planes = [
            plane
            for phantom, stack in ((PHANTOM, "1"), (turned(), "2"))
            for plane in planes_of(phantom.with_array(phantom.array + 100 * t), stack=stack, temporal=t + 1)
        ]
        write_enhanced(tmp_path / f"{t}.dcm", planes, orientation="frame", instance=t + 1)
    assert len(labels(tmp_path)) == 4
    for k, (phantom, t) in enumerate([(PHANTOM, 0), (PHANTOM, 1), (turned(), 0), (turned(), 1)]):
        assert_shows(load_image(tmp_path, dataset_index=k), phantom.with_array(phantom.array + 100 * t))


# --- parametric maps ---


@pytest.mark.parametrize("pixels", ["float32", "float64"])
@pytest.mark.parametrize("syntax", UNCOMPRESSED.values(), ids=UNCOMPRESSED)
def test_parametric_maps_of_floats(tmp_path, pixels, syntax):
    array = (PHANTOM.array / 7).astype(pixels)
    path = write_enhanced(
        tmp_path / "map.dcm",
        planes_of(PHANTOM.with_array(array)),
        kind="parametric map",
        pixels=pixels,
        rescale="none",
        syntax=syntax,
    )
    image = load_image(path)
    assert image.array.dtype == pixels
    assert_shows(image, PHANTOM.with_array(array))


@pytest.mark.parametrize("pixels", ["int16", "float32", "float64"])
def test_real_world_values_count_before_a_rescale(tmp_path, pixels):
    groups = {"RealWorldValueMappingSequence": real_world_mapping(0.25, -8.0)}
    planes = [replace(plane, slope=3.0, intercept=1.0) for plane in planes_of(groups=groups)]
    path = write_enhanced(tmp_path / "map.dcm", planes, kind="parametric map", pixels=pixels)
    image = load_image(path)
    assert_shows(image, PHANTOM.with_array(PHANTOM.array * 0.25 - 8))
    assert image.metadata["units"] == "mm2/s"
    assert_shows(load_image(path, apply_rescale=False), PHANTOM)


def test_real_world_values_without_units_do_not_count(tmp_path):
    groups = {"RealWorldValueMappingSequence": real_world_mapping(0.25, -8.0, units="1")}
    planes = [replace(plane, slope=2.0, intercept=1.0) for plane in planes_of(groups=groups)]
    assert_shows(load_image(write_enhanced(tmp_path / "map.dcm", planes)), PHANTOM.with_array(PHANTOM.array * 2 + 1))


def test_a_mapping_by_table_is_not_passed_over(tmp_path):
    """Stored values are no real ones: the table is applied, or the file is refused."""
    mapping = real_world_mapping(1.0, 0.0)
    for keyword in ("RealWorldValueSlope", "RealWorldValueIntercept"):
        delattr(mapping, keyword)
    for keyword, value in (("RealWorldValueFirstValueMapped", 0), ("RealWorldValueLastValueMapped", 210)):
        mapping[keyword].value = value
    mapping.RealWorldValueLUTData = [float(v) ** 2 for v in range(211)]
    planes = planes_of(groups={"RealWorldValueMappingSequence": mapping})
    path = write_enhanced(tmp_path / "map.dcm", planes, kind="parametric map", rescale="none")
    try:
        image = load_image(path)
    except PictologicsError:
        return
    assert_shows(image, PHANTOM.with_array(PHANTOM.array.astype(float) ** 2))


def test_a_mapping_in_two_pieces_is_not_passed_over(tmp_path):
    """Each piece has values of its own: both are applied, or the file is refused."""
    low, high = real_world_mapping(1.0, 0.0), real_world_mapping(10.0, 5.0)
    low.RealWorldValueLastValueMapped, high.RealWorldValueFirstValueMapped = 100, 101

    def piecewise(ds: Dataset) -> None:
        for one in ds.PerFrameFunctionalGroupsSequence:
            one.RealWorldValueMappingSequence = DicomSequence([low, high])

    path = write_enhanced(tmp_path / "map.dcm", None, piecewise, kind="parametric map", rescale="none")
    try:
        image = load_image(path)
    except PictologicsError:
        return
    stored = PHANTOM.array.astype(float)
    assert_shows(image, PHANTOM.with_array(np.where(stored > 100, stored * 10 + 5, stored)))


def test_a_map_written_by_highdicom(tmp_path):
    """An independent writer, with float values and a plane of its own for each frame."""
    from highdicom.pm import ParametricMap, RealWorldValueMapping

    from tests.factories.dicom_series import write_series

    def complete(ds: Dataset, k: int) -> None:
        """What a writer copies from its sources must be there, if empty."""
        for keyword in ("PatientBirthDate", "PatientSex", "StudyID", "ReferringPhysicianName", "Manufacturer"):
            setattr(ds, keyword, "")

    sources = [pydicom.dcmread(path) for path in write_series(tmp_path / "source", PHANTOM, complete, modality="MR")]
    rng = np.random.default_rng(0)
    values = rng.normal(size=(5, 6, 7)).astype(np.float32)
    mapping = RealWorldValueMapping(
        lut_label="ADC",
        lut_explanation="diffusion coefficient",
        unit=pydicom.sr.codedict.codes.UCUM.SquareMillimeterPerSecond,
        value_range=(-10.0, 10.0),
        slope=2.0,
        intercept=1.0,
    )
    made = ParametricMap(
        source_images=sources,
        pixel_array=values,
        series_instance_uid=highdicom.UID(),
        series_number=3,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="Phantom",
        manufacturer_model_name="Phantom",
        software_versions="1",
        device_serial_number="1",
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        voi_lut_transformations=[highdicom.VOILUTTransformation(window_center=0, window_width=1)],
    )
    made.save_as(tmp_path / "map.dcm")
    expected = PHANTOM.with_array(values.T.astype(np.float64) * 2 + 1)
    assert_shows(load_image(tmp_path / "map.dcm"), expected, rtol=1e-6)


# --- only what is needed is read, and soon ---


def test_only_the_asked_for_volume_is_decoded(tmp_path):
    """The other volume's compressed frames are garbage."""
    path = tmp_path / "scan.dcm"
    planes = planes_of(temporal=1) + planes_of(other(1), temporal=2)
    write_enhanced(path, planes, syntax=RLELossless)
    ds = pydicom.dcmread(path)
    fragments = list(pydicom.encaps.generate_frames(ds.PixelData, number_of_frames=10))
    ds.PixelData = pydicom.encaps.encapsulate([*fragments[:5], *[b"\xff" * 64] * 5])
    ds["PixelData"].is_undefined_length = True
    ds.save_as(path)
    assert_shows(load_image(path, dataset_index=0), PHANTOM)
    with pytest.raises(PictologicsError, match=r"scan\.dcm"):
        load_image(path, dataset_index=1)


def test_thousands_of_frames_are_understood_in_a_second(tmp_path):
    path = large_enhanced_file(tmp_path / "large.dcm", slices=50, times=100)
    load_image(path, dataset_index=3)
    start = time.perf_counter()
    image = load_image(path, dataset_index=7)
    assert time.perf_counter() - start < 2.0  # one on a machine that does nothing else
    np.testing.assert_array_equal(image.array[0, 0], np.arange(50) * 100 + 7)
    assert image.spacing == (1.25, 1.5, 2.5)


# --- headers that lie ---


@pytest.mark.parametrize("frames", [0, -1, 4, 6, 1_000_000, 2**31 - 1])
@pytest.mark.parametrize("syntax", ["explicit", "deflated", "rle"])
def test_another_number_of_frames_than_groups(tmp_path, frames, syntax):
    path = write_enhanced(tmp_path / "scan.dcm", None, lambda ds: None, syntax=SYNTAXES[syntax])
    ds = pydicom.dcmread(path)
    ds.NumberOfFrames = frames
    ds.save_as(path)
    with within_seconds(2), pytest.raises(CorruptFileError, match=r"scan\.dcm"):
        load_image(path)


def test_a_million_frames_that_share_everything(tmp_path):
    def lie(ds: Dataset) -> None:
        del ds.PerFrameFunctionalGroupsSequence
        ds.NumberOfFrames = 1_000_000

    path = write_enhanced(tmp_path / "scan.dcm", None, lie)
    with within_seconds(5), pytest.raises(PictologicsError):
        load_image(path)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("Rows", 6000), ("Columns", 8), ("BitsAllocated", 32), ("BitsAllocated", 24), ("BitsStored", 17), ("Rows", 0)],
)
def test_other_sizes_than_there_are_pixels(tmp_path, keyword, value):
    path = write_enhanced(tmp_path / "scan.dcm", None, lambda ds: setattr(ds, keyword, value))
    with within_seconds(2), pytest.raises(PictologicsError, match=r"scan\.dcm"):
        load_image(path)


@pytest.mark.parametrize("hundredths", range(10, 100, 7))
@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_cut_files(tmp_path, hundredths, syntax):
    path = write_enhanced(tmp_path / "scan.dcm", syntax=syntax)
    cut(path, path.stat().st_size * hundredths // 100)
    with within_seconds(2), pytest.raises(PictologicsError, match=r"scan\.dcm"):
        load_image(path)


@given(at=st.integers(132, 6000), value=st.integers(0, 255), syntax=st.sampled_from(sorted(SYNTAXES)))
def test_one_wrong_byte_is_survived(folder, at, value, syntax):
    import warnings

    path = write_enhanced(folder / "bent.dcm", syntax=SYNTAXES[syntax], undefined_lengths=at % 2 == 0)
    content = bytearray(path.read_bytes())
    content[at % len(content)] = value
    path.write_bytes(content)
    with within_seconds(2), warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)
        try:
            load_image(path)
        except PictologicsError as error:
            assert isinstance(error, ValueError)


def test_a_frame_without_position_among_frames_with_one(tmp_path):
    def forget(ds: Dataset) -> None:
        del ds.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence

    path = write_enhanced(tmp_path / "scan.dcm", None, forget)
    with pytest.raises(GeometryError, match="position"):
        load_image(path)


def test_a_frame_left_out_is_named(tmp_path):
    planes = planes_of()
    path = write_enhanced(tmp_path / "scan.dcm", planes[:2] + planes[3:])
    with pytest.raises(GeometryError, match="missing"):
        load_image(path)


@pytest.mark.parametrize("depth", [20, 300, 20_000])
def test_deeply_nested_groups_end(tmp_path, depth):
    """Nesting deeper than any real file has is refused, not followed to the end of the stack."""
    nested = b""
    for _ in range(depth):
        inner = struct.pack("<HHI", 0xFFFE, 0xE000, len(nested)) + nested
        nested = struct.pack("<HH2sHI", 0x0028, 0x9110, b"SQ", 0, len(inner)) + inner

    def nest(ds: Dataset) -> None:
        # A sequence and other bytes are written alike, but for the name of the value representation.
        first = ds.PerFrameFunctionalGroupsSequence[0]
        first.add_new(0x00289110, "OB", struct.pack("<HHI", 0xFFFE, 0xE000, len(nested)) + nested)

    path = write_enhanced(tmp_path / "scan.dcm", None, nest)
    with within_seconds(2):
        try:
            assert_shows(load_image(path), PHANTOM)
        except PictologicsError:
            assert depth > 20
