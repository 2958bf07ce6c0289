"""A region that is read alone is what the whole image has there, in every format."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictologics import (
    CorruptFileError,
    GeometryError,
    GeometryWarning,
    Grid,
    Image,
    OptionError,
    load_image,
    save_image,
)
from pictologics.dicom.pixels.plane_reader import PlaneReader
from pictologics.geometry import find_region_box
from pictologics.storage import files
from tests.factories.compressed import compress
from tests.factories.dicom_series import write_series
from tests.factories.enhanced import planes_of, write_enhanced
from tests.factories.phantom import OBLIQUE, PHANTOM
from tests.factories.segmentations import frames_of, write_seg
from tests.factories.structure_sets import GRID, SCAN, SQUARE, RoiTruth, on_plane, write_structures
from tests.factories.variants import VARIANTS

SHAPE = PHANTOM.shape
every_variant = pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)


def slices_of(size: int):
    """A slice that takes at least one voxel, of any step and direction, or all."""
    ends = st.one_of(st.none(), st.integers(-size - 3, size + 3))
    steps = st.sampled_from([None, 1, 1, 2, 3, -1, -2])
    return st.builds(slice, ends, ends, steps).filter(lambda part: len(range(size)[part]) > 0)


regions = st.tuples(*map(slices_of, SHAPE))


def assert_same(part: Image, expected: Image) -> None:
    """Everything but the decisions, which say how it came about."""
    assert part.equals(expected)
    assert part.array.dtype == expected.array.dtype
    assert part.array.flags.f_contiguous
    assert part.array.flags.owndata or part.array.base.nbytes == part.array.nbytes
    assert part.grid == expected.grid
    assert part.provenance.slices == expected.provenance.slices


@every_variant
def test_a_region_is_what_the_whole_has_there(variant, tmp_path):
    source = variant(tmp_path)
    whole = load_image(source)

    rng = np.random.default_rng(7)
    for region in (np.s_[2:5, 1:6:2, ::-1], np.s_[..., 3:], slice(1, 2), random_box(rng), random_box(rng)):
        assert_same(load_image(source, region=region), whole[region])


def random_box(rng: np.random.Generator) -> tuple[slice, ...]:
    ends = [sorted(rng.choice(size + 1, 2, replace=False)) for size in SHAPE]
    return tuple(slice(int(low), int(high)) for low, high in ends)


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sources")
    names = ("dicom-explicit", "dicom-rle", "dicom-12-bit-overlay", "nifti", "nifti-gz", "nrrd-gzip", "nrrd-hex")
    found = {}
    for name in (*names, "metaimage-text", "itk-mhd-compressed"):
        (folder / name).mkdir()
        found[name] = VARIANTS[name](folder / name)
    return found


@given(region=regions)
def test_any_slices(sources, region):
    for source in sources.values():
        assert_same(load_image(source, region=region), load_image(source)[region])


CORNERS = list(itertools.product((0, 1), repeat=3))


def corners_in(axis: int):
    low, high = PHANTOM_GRID.bounds[:, axis]
    return st.tuples(st.floats(low - 3, high + 3), st.floats(low - 3, high + 3)).map(sorted)


PHANTOM_GRID = Grid(SHAPE, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)


@given(box=st.tuples(*map(corners_in, range(3))).map(lambda pairs: np.array(pairs).T))
def test_a_box_in_mm_holds_every_voxel_that_it_touches(box):
    """Voxels whose center lies in the box are there, whichever way the axes run; and no more than lies around them."""
    indices = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
    positions = PHANTOM_GRID.index_to_world(indices)
    inside = ((positions >= box[0]) & (positions <= box[1])).all(axis=-1)
    try:
        found = find_region_box(box, PHANTOM_GRID)
    except OptionError:
        assert not inside.any()
        return
    taken = np.zeros(SHAPE, bool)
    taken[found.index] = True
    assert (taken | ~inside).all()
    corners = PHANTOM_GRID.world_to_index([[box[side, axis] for axis, side in enumerate(one)] for one in CORNERS])
    for axis, part in enumerate(found.index):
        # A voxel reaches half a voxel beyond its center.
        assert part.start + 0.5 >= corners[:, axis].min() - 1e-9
        assert part.stop - 1.5 <= corners[:, axis].max() + 1e-9


@pytest.mark.parametrize("direction", [np.eye(3), np.diag([-1.0, 1.0, -1.0]), np.eye(3)[[1, 2, 0]], OBLIQUE])
def test_a_part_is_found_by_where_it_lies(tmp_path, direction):
    grid = Grid((8, 9, 7), (0.7, 1.1, 2.3), (-31.3, 14.7, 120.1), direction)
    image = Image.from_grid(np.arange(8 * 9 * 7, dtype=np.float32).reshape(8, 9, 7), grid)
    save_image(image, tmp_path / "scan.nii.gz")
    part = image[2:5, 3:4, 1:6]
    # Bounds are those of the world's axes.
    regions = [part.grid] if direction is OBLIQUE else [part.grid, part.grid.bounds, part[::-1].grid]
    for region in regions:
        found = load_image(tmp_path / "scan.nii.gz", region=region)
        assert found.grid == part.grid
        np.testing.assert_array_equal(found.array, part.array)


@given(start=st.tuples(*[st.integers(-9, 9)] * 3), shape=st.tuples(*[st.integers(1, 9)] * 3))
def test_of_a_grid_on_the_lattice_what_both_have(start, shape):
    part = PHANTOM_GRID.crop(start, shape)
    low = np.maximum(start, 0)
    high = np.minimum(np.add(start, shape), SHAPE)
    if (high <= low).any():
        # Grids that share a face have no voxel in common either.
        with pytest.raises(OptionError, match="lies outside the image"):
            find_region_box(part, PHANTOM_GRID)
        return
    found = find_region_box(part, PHANTOM_GRID)
    assert found.index == tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    is_within = (np.array(start) >= 0).all() and (np.add(start, shape) <= SHAPE).all()
    assert (found.beyond == 0) == is_within


def test_a_point_is_a_region_of_one_voxel(tmp_path):
    source = VARIANTS["nifti"](tmp_path)
    point = PHANTOM.position((3, 2, 4))
    found = load_image(source, region=(point, point))
    assert found.shape == (1, 1, 1)
    assert found.array.item() == PHANTOM.array[3, 2, 4]


@pytest.mark.parametrize("direction", [np.eye(3), np.diag([-1.0, 1.0, -1.0]), np.eye(3)[[1, 2, 0]]])
def test_a_box_beside_the_image_shares_no_voxel_with_it(direction):
    grid = Grid((8, 9, 7), (0.7, 1.1, 2.3), (-31.3, 14.7, 120.1), direction)
    for axis, (side, thickness) in itertools.product(range(3), ((0, -4.0), (1, 4.0), (0, -np.inf), (1, np.inf))):
        box = grid.bounds.copy()
        box[1 - side, axis] = box[side, axis]
        box[side, axis] += thickness
        with pytest.raises(OptionError, match="lies outside the image"):
            find_region_box(box, grid)
        # A plane on a face is a part of the image, and so is whatever reaches over the face.
        box[side, axis] = box[1 - side, axis]
        assert np.sort(grid[find_region_box(box, grid).index].shape)[0] == 1
        box[side, axis] += np.sign(thickness)
        box[1 - side, axis] -= 0.1 * np.sign(thickness)
        assert find_region_box(box, grid).beyond == pytest.approx(1)


def test_an_endless_box_is_all_there_is(tmp_path):
    source = VARIANTS["dicom-explicit"](tmp_path)
    everything = load_image(source, region=[[-np.inf] * 3, [np.inf] * 3])
    assert everything.equals(load_image(source))


def test_beyond_the_image_there_is_a_warning_and_what_lies_within(tmp_path):
    image = Image(np.zeros((4, 5, 6), np.float32), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0))
    save_image(image, tmp_path / "scan.nii")
    with pytest.warns(GeometryWarning, match=r"reaches up to 3.5 mm beyond the image"):
        found = load_image(tmp_path / "scan.nii", region=[[-4.0, 1.0, 2.0], [1.0, 2.0, 4.0]])
    assert found.shape == (2, 2, 2)
    assert found.origin == (0.0, 1.0, 2.0)


WRONG = {
    "outside in mm": ([[500.0, 0.0, 0.0], [600.0, 1.0, 1.0]], r"lies outside the image, which reaches from"),
    "outside in voxels": (np.s_[50:60], r"region: the slice 50:60:None along axis 0 takes none of its 7 voxels"),
    "empty in voxels": (np.s_[:, 3:3], r"takes none of its 6 voxels"),
    "upside down": ([[0, 0, 5], [1, 1, 4]], r"is empty: its lowest corner \(0, 0, 5\) is above its highest"),
    "not a number": ([[0, 0, np.nan], [1, 1, 4]], r"region must be slices in voxels, a Grid, or .* corner"),
    "one corner": ([1.0, 2.0, 3.0], r"region must be slices in voxels, a Grid, or"),
    "text": ("middle", r"'middle' was given"),
    "plane": (3, r"take one plane by 3:4"),
    "planes": (np.s_[:, :, 3], r"take one plane by 3:4"),
    "four axes": (np.s_[:, :, :, 1:2], r"there are 3 axes to slice"),
    "mask": (np.ones(SHAPE, bool), r"of type ndarray was given; .* or a grid: image\.grid"),
    "step of zero": (np.s_[::0], r"a step other than 0"),
    "text in slices": (np.s_["a":"b"], r"not of whole numbers"),
}


@pytest.mark.parametrize("name", ["dicom-explicit", "nifti", "nrrd-gzip", "metaimage-text"])
@pytest.mark.parametrize(("region", "message"), WRONG.values(), ids=WRONG)
def test_what_is_no_region_is_refused(tmp_path, name, region, message):
    source = VARIANTS[name](tmp_path)
    with pytest.raises(OptionError, match=message) as caught:
        load_image(source, region=region)
    if "outside" in message or "takes none" in message:
        assert caught.value.path is not None


@pytest.mark.parametrize("interpolation", [None, "linear"])
def test_on_a_reference_the_region_counts_its_voxels(tmp_path, interpolation):
    source, region = VARIANTS["nifti"](tmp_path), np.s_[1:3, ::-1]
    grid = PHANTOM_GRID.pad(1) if interpolation is None else PHANTOM_GRID.with_spacing((1.0, 1.0, 1.0))
    reference = Image.from_grid(np.zeros(grid.shape, np.float32), grid)
    options = {"reference_image": reference, "interpolation": interpolation, "fill_value": -5.0}
    whole = load_image(source, **options)
    part = load_image(source, **options, region=region)
    assert part.equals(whole[region])
    assert load_image(source, **options, region=reference[2:3, 1:].grid).equals(whole[2:3, 1:])


def test_structure_sets_are_cut_too(tmp_path):
    square = [on_plane(GRID, SQUARE, k) for k in range(3, 9)]
    path = write_structures(tmp_path / "rois.dcm", [RoiTruth("square", square)])
    whole = load_image(path, reference_image=SCAN)
    region = np.s_[6:30, :, 4:6]
    part = load_image(path, reference_image=SCAN, region=region)
    assert part.equals(whole[region])
    assert part.array.any()


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL"])
def test_segments_are_cut(tmp_path, kind):
    full = 255 if kind == "FRACTIONAL" else 1
    content = {value: (PHANTOM.array % 4 == value) * full for value in (1, 2)}
    path = write_seg(tmp_path / "seg.dcm", frames_of(content), kind=kind)
    whole = load_image(path)
    region = np.s_[1:6:2, 2:, 1:4]
    part = load_image(path, region=region)
    assert part.equals(whole[region])
    assert part.labels == whole.labels


def test_segmentations_of_slicer_are_cut(tmp_path):
    values = (np.arange(210).reshape(7, 6, 5) % 3).astype(np.uint8)
    labels = Image(values, (1, 1, 1), (0, 0, 0), labels={1: "a", 2: "b"})
    save_image(labels, tmp_path / "organs.seg.nrrd")
    whole = load_image(tmp_path / "organs.seg.nrrd")
    assert load_image(tmp_path / "organs.seg.nrrd", region=np.s_[2:4, ::-1]).equals(whole[2:4, ::-1])


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha", ".ome.zarr"])
def test_masks_of_voxels_without_data_are_cut_alike(tmp_path, suffix):
    grid = Grid((9, 8, 7), (0.9, 1.1, 2.5), (-31.5, 14.25, 120.0), OBLIQUE)
    values = np.random.default_rng(3).normal(size=grid.shape).astype(np.float32)
    valid = values > -0.5
    save_image(Image.from_grid(np.where(valid, values, -9), grid, source_mask=valid), tmp_path / f"scan{suffix}")
    whole = load_image(tmp_path / f"scan{suffix}")
    for region in (np.s_[2:5, 1:6, 3:], np.s_[::-2], np.s_[:, 3:4]):
        assert_same(load_image(tmp_path / f"scan{suffix}", region=region), whole[region])


def put_padding(ds, k: int) -> None:
    if k in (1, 3):
        ds.PixelPaddingValue = int(PHANTOM.array[2, 2, k])


@pytest.mark.parametrize("region", [np.s_[:, :, :1], np.s_[1:4, 1:4, 2:], np.s_[::2, ::-1, 1:4]])
@pytest.mark.parametrize("mask", ["padding", "sentinel", 9.0])
@pytest.mark.filterwarnings("ignore::pictologics.ContentWarning")
def test_source_masks_are_those_of_the_whole(tmp_path, region, mask):
    write_series(tmp_path / "series", PHANTOM, put_padding)
    whole = load_image(tmp_path / "series", source_mask_from=mask)
    part = load_image(tmp_path / "series", source_mask_from=mask, region=region)
    assert_same(part, whole[region])
    assert part.has_source_mask == whole.has_source_mask


def drop_a_slice(folder: Path) -> Path:
    write_series(folder, PHANTOM)[2].unlink()
    return folder


def test_irregular_stacks(tmp_path):
    source, region = drop_a_slice(tmp_path / "gap"), np.s_[1:5, :, 1:3]
    with pytest.raises(GeometryError, match="do not form a regular grid"):
        load_image(source, region=region)
    whole = load_image(source, irregular="resample", fill_value=-1)
    part = load_image(source, irregular="resample", fill_value=-1, region=region)
    assert part.equals(whole[region])
    assert part.shape[2] == 2
    assert whole.shape[2] == PHANTOM.shape[2]
    with pytest.warns(GeometryWarning, match="kept at a mean distance"):
        whole = load_image(source, irregular="ignore")
    with pytest.warns(GeometryWarning, match="kept at a mean distance"):
        assert load_image(source, irregular="ignore", region=region).equals(whole[region])


def test_the_type_is_that_of_the_whole(tmp_path):
    """Of a series whose slices differ in depth, the deepest one decides, wherever it is."""
    source = VARIANTS["dicom-32-bit"](tmp_path)
    assert load_image(source, region=np.s_[:, :, :1]).dtype == load_image(source).dtype
    assert load_image(source, region=np.s_[:, :, :1], dtype="int16").dtype == np.int16


def test_only_the_planes_of_a_region_are_read(tmp_path, monkeypatch):
    source = VARIANTS["dicom-explicit"](tmp_path)
    read = []
    plain = PlaneReader.read

    def note(self, frame, stored):
        read.append(frame.header.path)
        return plain(self, frame, stored)

    monkeypatch.setattr(PlaneReader, "read", note)
    part = load_image(source, region=np.s_[:, :, 1:3])
    assert sorted(read) == sorted(one.file for one in part.provenance.slices)
    assert len(read) == 2


def test_only_the_frames_of_a_region_are_decoded(tmp_path, monkeypatch):
    path = write_enhanced(tmp_path / "enhanced.dcm", planes_of())
    read = []
    plain = PlaneReader.read

    def note(self, frame, stored):
        read.append((frame.number, frame.rows, frame.columns))
        return plain(self, frame, stored)

    monkeypatch.setattr(PlaneReader, "read", note)
    load_image(path, region=np.s_[2:5, 1:3, 2:4])
    assert len(read) == 2
    assert [size for _, *size in read] == [[2, 3], [2, 3]]


def test_no_more_of_a_plain_file_is_read_than_lies_between_the_voxels(tmp_path, monkeypatch):
    path = tmp_path / "large.nii"
    nibabel.save(nibabel.Nifti1Image(np.zeros((256, 256, 60), np.int16), np.eye(4)), path)
    count = [0]
    fill = files.OpenDiskFile.fill

    def note(self, offset, buffer):
        count[0] += buffer.nbytes
        fill(self, offset, buffer)

    monkeypatch.setattr(files.OpenDiskFile, "fill", note)
    load_image(path, region=np.s_[100:132, 90:122, 20:36])
    assert 32 * 32 * 16 * 2 <= count[0] <= 32 * 256 * 16 * 2


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nrrd", "scan.mha"])
def test_of_a_stream_nothing_is_inflated_beyond_the_region(tmp_path, name):
    """What follows the region may be damaged: nobody looks."""
    values = np.random.default_rng(0).integers(0, 30000, (128, 128, 40)).astype(np.int16)
    image = Image(values, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    save_image(image, tmp_path / name)
    content = bytearray((tmp_path / name).read_bytes())
    content[-2000:] = bytes(2000)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorruptFileError):
        load_image(tmp_path / name)
    part = load_image(tmp_path / name, region=np.s_[:, :, :10])
    np.testing.assert_array_equal(part.array, values[:, :, :10])


@pytest.mark.parametrize("codec", ["jpeg_ls", "jpeg_2000", "jpeg_lossless_1"])
def test_compressed_planes(tmp_path, codec):
    values = np.arange(16 * 24 * 3).reshape((16, 24, 3), order="F") % 200
    for file in write_series(tmp_path / "series", PHANTOM.with_array(values), bits_allocated=8, signed=False):
        ds = pydicom.dcmread(file)
        ds.file_meta.TransferSyntaxUID = compress(ds, codec)
        ds.save_as(file)
    whole, region = load_image(tmp_path / "series"), np.s_[2:6, 1:-3, 1:]
    np.testing.assert_array_equal(whole.array, values)
    assert_same(load_image(tmp_path / "series", region=region), whole[region])


def test_one_volume_of_several(tmp_path):
    values = np.arange(4 * 5 * 6 * 3, dtype=np.int16).reshape(4, 5, 6, 3)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "time.nii.gz")
    part = load_image(tmp_path / "time.nii.gz", dataset_index=2, region=np.s_[1:3, :, 2:])
    np.testing.assert_array_equal(part.array, values[1:3, :, 2:, 2])
    assert part.equals(load_image(tmp_path / "time.nii.gz", dataset_index=2)[1:3, :, 2:])


def test_files_in_memory_and_streams_of_several_members(tmp_path):
    values = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "scan.nii")
    content = (tmp_path / "scan.nii").read_bytes()
    packed = gzip.compress(content[:400]) + gzip.compress(content[400:])
    for one in (content, packed):
        np.testing.assert_array_equal(load_image(one, region=np.s_[:, 2:, 1:3]).array, values[:, 2:, 1:3])
