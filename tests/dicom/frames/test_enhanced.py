"""Enhanced multi-frame objects: every frame where its functional groups put it."""

from __future__ import annotations

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

from pictologics import load_image
from tests.factories.dicom_series import SYNTAXES
from tests.factories.enhanced import (
    KINDS,
    item,
    planes_of,
    write_enhanced,
)
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
