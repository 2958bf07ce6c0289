"""Where planes lie of which only some are there: steps, gaps, jitter, and what forms no grid."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import (
    GeometryError,
    GeometryWarning,
    Grid,
    Image,
)
from pictologics.loaders import load_seg
from tests.factories.phantom import OBLIQUE, Phantom
from tests.factories.segmentations import SegFrame, frames_of, write_seg

STEP = 2.5
PLACE = Phantom(np.zeros((6, 5, 400)), (0.75, 1.125, STEP), (-61.25, 104.5, -733.75), OBLIQUE)


def frames_at(slots, place: Phantom = PLACE, jitter=None) -> list[SegFrame]:
    """One frame for each slot, with as many pixels set as its number, from the first on."""
    frames = []
    for number, slot in enumerate(slots, 1):
        plane = np.zeros((6, 5), np.uint8)
        plane.reshape(-1)[:number] = 1
        (frame,) = frames_of({1: plane[:, :, None]}, replace(place, origin=tuple(place.position((0, 0, slot)))))
        if jitter is not None:
            frame = replace(
                frame, position=[p + jitter[number - 1] * OBLIQUE[k, 2] for k, p in enumerate(frame.position)]
            )
        frames.append(frame)
    return frames


def load(tmp_path, frames, reference=None, **options) -> Image:
    return load_seg(write_seg(tmp_path / "seg.dcm", frames, **options), reference_image=reference)


def assert_planes_at(image: Image, slots) -> None:
    """The voxels of each frame are where its slot is in the world."""
    for number, slot in enumerate(slots, 1):
        k = image.grid.world_to_index(PLACE.position((0, 0, slot)))
        np.testing.assert_allclose(k, np.rint(k), atol=0.02)
        assert np.count_nonzero(image.array[:, :, round(k[2])]) == number
    assert np.count_nonzero(image.array) == sum(range(len(slots) + 1))


@settings(max_examples=30)
@given(st.lists(st.integers(0, 300), min_size=2, max_size=8, unique=True), st.randoms(use_true_random=False))
def test_stated_step_with_jitter(tmp_path_factory, slots, random):
    jitter = [random.uniform(-0.004, 0.004) for _ in slots]
    image = load(tmp_path_factory.mktemp("seg"), frames_at(slots, jitter=jitter), step=STEP)
    assert image.spacing[2] == pytest.approx(STEP, rel=5e-3)
    assert image.array.shape[2] == max(slots) - min(slots) + 1
    assert_planes_at(image, slots)


def test_the_smallest_gap_where_no_step_is_stated(tmp_path):
    slots = [0, 3, 5, 6, 40, 42]
    image = load(tmp_path, frames_at(slots))
    assert image.spacing[2] == pytest.approx(STEP)
    assert_planes_at(image, slots)
    assert [one.value for one in image.provenance.decisions] == [37]


def test_a_stated_step_that_does_not_fit_is_passed_over(tmp_path):
    slots = [0, 1, 2, 90]
    image = load(tmp_path, frames_at(slots), step=STEP * 1.008 + 1)
    assert image.spacing[2] == pytest.approx(STEP)
    assert_planes_at(image, slots)


def test_a_negative_step_is_its_size(tmp_path):
    image = load(tmp_path, frames_at([0, 2]), step=-STEP)
    assert image.array.shape[2] == 3


def reference_grid() -> Image:
    grid = Grid.from_affine(PLACE.lps_affine, (6, 5, 60))
    return Image.from_grid(np.zeros(grid.shape, np.uint8), grid)


def test_the_reference_s_step_before_the_smallest_gap(tmp_path):
    slots = [4, 6, 10]
    image = load(tmp_path, frames_at(slots), reference_grid())
    assert image.array.shape == (6, 5, 60)
    assert np.flatnonzero(image.array.any(axis=(0, 1))).tolist() == slots


def test_gaps_that_are_no_multiples_of_the_smallest(tmp_path):
    slots = [0, 2, 5]
    with pytest.raises(GeometryError, match=r"not evenly spaced: the gaps are 5, 7\.5 mm"):
        load(tmp_path, frames_at(slots))
    with pytest.warns(GeometryWarning, match=r"multiples of the slice thickness, 2\.5 mm"):
        image = load(tmp_path, frames_at(slots), thickness=STEP)
    assert_planes_at(image, slots)
    assert np.flatnonzero(load(tmp_path, frames_at(slots), reference_grid()).array.any(axis=(0, 1))).tolist() == slots


def test_one_plane(tmp_path):
    frames = frames_at([7])
    assert load(tmp_path, frames, step=3.0).spacing[2] == 3.0
    assert np.flatnonzero(load(tmp_path, frames, reference_grid()).array.any(axis=(0, 1))).tolist() == [7]
    with pytest.warns(GeometryWarning, match="the slice thickness of 4 mm was used"):
        assert load(tmp_path, frames, thickness=4.0).spacing[2] == 4.0
    with pytest.warns(GeometryWarning, match="1 mm was assumed"):
        assert load(tmp_path, frames).spacing[2] == 1.0


def test_positions_of_one_plane_as_other_text(tmp_path):
    one, other = frames_at([0, 0])
    third = frames_at([1])[0]
    same = replace(other, position=[f"{p:.6e}" for p in one.position], segment=2)
    path = write_seg(tmp_path / "seg.dcm", [one, same, replace(third, segment=2)])
    assert load_seg(path, combine_segments=False)[1].array.shape[2] == 2


@settings(max_examples=20)
@given(st.integers(0, 2), st.floats(2.0, 3.0), st.sampled_from([-1, 1]))
def test_planes_that_are_not_parallel(tmp_path_factory, axis, degrees, sign):
    angle = sign * np.radians(degrees)
    i, j = [k for k in range(3) if k != axis]
    turn = np.eye(3)
    turn[i, i] = turn[j, j] = np.cos(angle)
    turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
    first, second = frames_at([0, 1])
    turned = [*(turn @ OBLIQUE[:, 0]), *(turn @ OBLIQUE[:, 1])]
    with pytest.raises(GeometryError, match="not parallel"):
        load(tmp_path_factory.mktemp("seg"), [first, replace(second, cosines=turned)])


def test_how_far_planes_are_turned_is_told_from_the_first(tmp_path):
    """One way and the other, so that the last two lie twice as far apart."""
    frames = frames_at([0, 1, 2])
    for k, degrees in ((1, 5.0), (2, -4.0)):
        angle = np.radians(degrees)
        column = np.cos(angle) * OBLIQUE[:, 1] + np.sin(angle) * OBLIQUE[:, 2]
        frames[k] = replace(frames[k], cosines=[*OBLIQUE[:, 0], *column])
    apart = max(np.abs(np.subtract(frame.cosines, frames[0].cosines)).max() for frame in frames)
    assert apart < 0.09
    with pytest.raises(GeometryError, match=f"up to 5 degrees and their cosines up to {apart:.3g} apart"):
        load(tmp_path, frames)


def test_a_tilted_stack(tmp_path):
    frames = frames_at([0, 1, 2])
    moved = [replace(f, position=np.add(f.position, k * 0.3 * OBLIQUE[:, 1]).tolist()) for k, f in enumerate(frames)]
    with pytest.raises(GeometryError, match=r"moved sideways by up to 0\.533 voxels"):
        load(tmp_path, moved)


def test_a_plane_far_away(tmp_path):
    frames = [*frames_at([0, 1]), *frames_at([10**7])]
    with pytest.raises(GeometryError, match=r"its 3 planes spread over 2\.5e\+07 mm, 10000001 times"):
        load(tmp_path, frames)


def write_with_spacings(path, spacings):
    """Planes side by side, each with distances between its rows and its columns."""

    def change(ds):
        shared = ds.SharedFunctionalGroupsSequence[0]
        for group, spacing in zip(ds.PerFrameFunctionalGroupsSequence, spacings, strict=True):
            group.PixelMeasuresSequence = deepcopy(shared.PixelMeasuresSequence)
            group.PixelMeasuresSequence[0].PixelSpacing = list(spacing)
        del shared.PixelMeasuresSequence

    return write_seg(path, frames_at(range(len(spacings))), change)


@pytest.mark.parametrize("which", [1, 2])
def test_a_pixel_spacing_that_varies_is_named_with_both(tmp_path, which):
    spacings = [(1.125, 0.75)] * 3
    spacings[which] = (1.125, 0.9)
    path = write_with_spacings(tmp_path / "seg.dcm", spacings)
    with pytest.raises(GeometryError, match=r"varies: 1\.125, 0\.75 mm and 1\.125, 0\.9 mm"):
        load_seg(path)


def test_of_pixel_spacings_that_hardly_differ_the_first_counts(tmp_path):
    path = write_with_spacings(tmp_path / "seg.dcm", [(1.125, 0.75), (1.125, 0.75), (1.125, 0.7503)])
    assert load_seg(path).spacing[:2] == (0.75, 1.125)


def test_nothing_is_said_where_no_plane_is_missing(tmp_path):
    image = load(tmp_path, frames_at(range(260)))
    assert image.array.shape[2] == 260
    assert not image.provenance.decisions


def test_some_planes_without_a_position(tmp_path):
    def forget(ds):
        del ds.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence

    path = write_seg(tmp_path / "seg.dcm", frames_at([0, 1, 2]), forget)
    with pytest.raises(GeometryError, match="1 of its 3 frames have no position"):
        load_seg(path)
