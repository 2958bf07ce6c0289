"""MetaImage: voxels and geometry equal SimpleITK's on every variety that it reads."""

from __future__ import annotations

import warnings
import zlib

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import (
    ContentWarning,
    CorruptFileError,
    GeometryError,
    GeometryWarning,
    MissingPathError,
    OptionError,
    UnsupportedFormatError,
    explain,
    load_image,
)
from pictologics.geometry import CORNER_ERROR_NOTED
from tests.factories.grids import grids
from tests.factories.metaimage_files import write_metaimage
from tests.factories.oracles import assert_is_as_in_simpleitk
from tests.factories.phantom import PHANTOM, Phantom, counting

THREE = np.stack([PHANTOM.array, PHANTOM.array + 1000, PHANTOM.array + 2000])
TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]


# --- numbers ---


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", TYPES)
def test_types_and_byte_orders(tmp_path, dtype, order):
    array = (PHANTOM.array % 120) * (1 if np.dtype(dtype).kind == "u" else -1)
    stored = np.dtype(dtype).newbyteorder(order)
    for name, options in (("a.mha", {}), ("b.mha", {"compressed": True}), ("c.mhd", {"files": 5})):
        path = write_metaimage(tmp_path / name, array=array, dtype=stored, **options)
        image = load_image(path)
        np.testing.assert_array_equal(image.array, array)
        assert_is_as_in_simpleitk(path, image)


def test_other_names_of_the_same(tmp_path):
    path = write_metaimage(
        tmp_path / "scan.mha",
        dtype=">i2",
        extra={
            "BinaryDataByteOrderMSB": None, "ElementByteOrderMSB": "True", "Comment": "a = b: c", "Name": "scan",
            "TransformMatrix": None, "Orientation": "0 1 0 1 0 0 0 0 1", "Offset": None, "Position": "1 2 3",
            "ElementSpacing": None, "ElementSize": "4 5 6", "a field of others": "42",
        },
    )  # fmt: skip
    image = load_image(path)
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    assert_is_as_in_simpleitk(path, image)
    path = write_metaimage(
        path, extra={"TransformMatrix": None, "Rotation": "0 1 0 1 0 0 0 0 1", "Offset": None, "Origin": "1 2 3"}
    )
    assert_is_as_in_simpleitk(path, load_image(path))


def test_long_is_four_bytes(tmp_path):
    path = write_metaimage(tmp_path / "scan.mha", dtype="<i4", extra={"ElementType": "MET_LONG"})
    assert_is_as_in_simpleitk(path, load_image(path))


def test_slope_and_offset_give_values_unless_they_are_not_wanted(tmp_path):
    """The tags are MetaIO's; ITK gives the stored numbers."""
    extra = {"ElementToIntensityFunctionSlope": "0.5", "ElementToIntensityFunctionOffset": "-1024"}
    path = write_metaimage(tmp_path / "scan.mha", extra=extra)
    np.testing.assert_array_equal(load_image(path).array, PHANTOM.array * 0.5 - 1024)
    stored = load_image(path, apply_rescale=False)
    assert_is_as_in_simpleitk(path, stored)


# --- where the data are ---


@pytest.mark.parametrize("size", ["3", "-1"])
@pytest.mark.parametrize("name", ["scan.mhd", "list.mhd"])
def test_bytes_before_the_data(tmp_path, name, size):
    path = write_metaimage(tmp_path / name, before=b"abc", extra={"HeaderSize": size}, files=5 * (name == "list.mhd"))
    image = load_image(path)
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    assert_is_as_in_simpleitk(path, image)


def test_data_at_the_end_of_the_header_s_file(tmp_path):
    path = write_metaimage(tmp_path / "scan.mha", before=b"anything", extra={"HeaderSize": "-1"})
    assert_is_as_in_simpleitk(path, load_image(path))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CorruptFileError):
        load_image(write_metaimage(path, extra={"HeaderSize": "20"}))


def test_a_stream_whose_size_is_not_said(tmp_path):
    for name in ("scan.mha", "scan.mhd"):
        path = write_metaimage(tmp_path / name, compressed=True, extra={"CompressedDataSize": None})
        np.testing.assert_array_equal(load_image(path).array, PHANTOM.array)


def test_what_follows_the_stream_is_nothing(tmp_path):
    path = write_metaimage(tmp_path / "scan.mha", compressed=True)
    path.write_bytes(path.read_bytes() + b"what else there is")
    with pytest.warns(ContentWarning, match=r"CompressedDataSize is \d+, and \d+ bytes are there"):
        np.testing.assert_array_equal(load_image(path).array, PHANTOM.array)


@pytest.mark.parametrize("name", ["scan.mha", "scan.mhd"])
@pytest.mark.parametrize("size", ["20", "200000"])
def test_the_stream_counts_whatever_its_size_is_said_to_be(tmp_path, name, size):
    """Of a stream that is longer, MetaIO leaves the rest of the voxels empty and says nothing."""
    path = write_metaimage(tmp_path / name, compressed=True, extra={"CompressedDataSize": size})
    with pytest.warns(ContentWarning, match=f"CompressedDataSize is {size}, and"):
        np.testing.assert_array_equal(load_image(path).array, PHANTOM.array)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("named", ["s%03d.raw 1 5 1", "s%03d.raw 5 1 -1", "s%03d.raw 1 5", "s%03d.raw 1"])
def test_files_by_a_pattern(tmp_path, named, compressed):
    path = write_metaimage(tmp_path / "scan.mhd", files=5, pattern="s%03d.raw", compressed=compressed)
    path.write_text(path.read_text().replace("s%03d.raw 1 5 1", named))
    expected = PHANTOM.array[:, :, ::-1] if named.endswith("-1") else PHANTOM.array
    image = load_image(path)
    np.testing.assert_array_equal(image.array, expected)
    if named.endswith("1 5 1"):
        # Of the others, ITK divides by zero.
        assert_is_as_in_simpleitk(path, image)


def test_lists_of_files_of_fewer_axes(tmp_path):
    path = write_metaimage(tmp_path / "scan.mhd", files=5)
    for word in ("LIST 2", "LIST 2D"):
        path.write_text(path.read_text().replace("= LIST\n", f"= {word}\n"))
        np.testing.assert_array_equal(load_image(path).array, PHANTOM.array)
    path = write_metaimage(tmp_path / "scan.mhd")
    path.write_text(path.read_text().replace("= scan-0.data", "= LIST 3\nscan-0.data"))
    np.testing.assert_array_equal(load_image(path).array, PHANTOM.array)


@pytest.mark.parametrize(
    "named", ["LIST\na\nb", "s%03d.raw 1 4 1", "s%03d.raw 1 5 0", "%s%d 1 5 1", "LIST", "%9999999d 1 5 1"]
)
def test_lists_that_are_wrong(tmp_path, named):
    path = write_metaimage(tmp_path / "scan.mhd")
    path.write_text(path.read_text().replace("= scan-0.data", f"= {named}"))
    with pytest.raises(CorruptFileError, match=r"scan\.mhd"):
        load_image(path)


def test_missing_outside_and_recursive_data_files(tmp_path):
    (tmp_path / "inside").mkdir()
    path = write_metaimage(tmp_path / "inside" / "scan.mhd")
    outside = (tmp_path / "inside" / "scan-0.data").rename(tmp_path / "voxels.raw")
    with pytest.raises(MissingPathError, match=r"scan-0\.data.*scan\.mhd"):
        load_image(path)
    text = path.read_text()
    for named in ("../voxels.raw", str(outside)):
        path.write_text(text.replace("scan-0.data", named))
        with pytest.raises(OptionError, match="outside"):
            load_image(path)
        np.testing.assert_array_equal(load_image(path, allow_outside_files=True).array, PHANTOM.array)
    path.write_text(text.replace("scan-0.data", "scan.mhd"))
    with pytest.raises(CorruptFileError, match="itself"):
        load_image(path)
    with pytest.raises(OptionError, match="cannot be found beside bytes"):
        load_image(path.read_bytes())


def test_bytes_and_open_files(tmp_path):
    path = write_metaimage(tmp_path / "scan.mha", compressed=True)
    np.testing.assert_array_equal(load_image(path.read_bytes()).array, PHANTOM.array)
    with path.open("rb") as file:
        np.testing.assert_array_equal(load_image(file).array, PHANTOM.array)


# --- space ---


@given(grid=grids(st.tuples(*[st.integers(1, 5)] * 3)), compressed=st.booleans())
@settings(max_examples=30)
def test_any_orientation_equals_simpleitk(tmp_path, grid, compressed):
    phantom = Phantom(counting(grid.shape), grid.spacing, grid.origin, grid.direction)
    path = write_metaimage(tmp_path / "scan.mha", phantom, compressed=compressed)
    image = load_image(path)
    assert image.grid.is_right_handed == grid.is_right_handed
    assert image.grid.corner_error(grid) < CORNER_ERROR_NOTED
    assert_is_as_in_simpleitk(path, image)


@given(grid=grids(st.tuples(*[st.integers(1, 5)] * 3)))
@settings(max_examples=40)
def test_the_letters_that_itk_writes_are_no_contradiction(tmp_path, grid):
    image = sitk.GetImageFromArray(counting(grid.shape).T)
    image.SetDirection(grid.direction.ravel().tolist())
    sitk.WriteImage(image, tmp_path / "scan.mha")
    assert "AnatomicalOrientation" in (tmp_path / "scan.mha").read_bytes().decode("latin-1")
    load_image(tmp_path / "scan.mha")


@pytest.mark.parametrize(
    ("letters", "agrees"),
    [
        *((one, True) for one in ("RAI", "LPS", "rai", "???")),
        *((one, False) for one in ("ARI", "LAI", "RAS", "SPL", "RRI", "ABC")),
    ],
)
def test_letters_against_the_matrix(tmp_path, letters, agrees):
    """The side from which an axis comes, as ITK writes it, or towards which it runs, as MetaIO's page has it."""
    path = write_metaimage(tmp_path / "scan.mha", extra={"AnatomicalOrientation": letters})
    if agrees:
        load_image(path)
        return
    with pytest.warns(GeometryWarning, match="AnatomicalOrientation .* and the matrix says"):
        image = load_image(path)
    assert_is_as_in_simpleitk(path, image)


@pytest.mark.parametrize(
    ("left_out", "told"),
    [("Offset", "origin of zero"), ("ElementSpacing", "1 mm was assumed"), ("TransformMatrix", "")],
)
def test_what_is_missing_is_told(tmp_path, left_out, told):
    path = write_metaimage(tmp_path / "scan.mha", extra={left_out: None})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = load_image(path)
    assert told in " ".join(str(one.message) for one in caught)
    assert bool(caught) == bool(told)
    assert_is_as_in_simpleitk(path, image)


def test_units_and_the_center_of_rotation(tmp_path):
    """ITK passes over the unit."""
    extra = {"DistanceUnits": "um", "CenterOfRotation": "1 2 3", "Modality": "MET_MOD_CT"}
    image = load_image(write_metaimage(tmp_path / "scan.mha", extra=extra))
    np.testing.assert_allclose(image.spacing, np.divide(PHANTOM.spacing, 1000))
    np.testing.assert_allclose(image.origin, np.divide(PHANTOM.origin, 1000))
    assert image.modality == "CT"
    assert any("center of rotation" in one.text for one in image.provenance.decisions)


def test_a_plane_alone_is_one_voxel_thick(tmp_path):
    path = tmp_path / "scan.mha"
    plane = sitk.GetImageFromArray(PHANTOM.array[:, :, 0].T)
    plane.SetSpacing(PHANTOM.spacing[:2])
    plane.SetOrigin((3.0, -4.0))
    plane.SetDirection((0.0, -1.0, 1.0, 0.0))
    sitk.WriteImage(plane, path)
    with pytest.warns(GeometryWarning, match="unknown thickness"):
        image = load_image(path)
    assert_is_as_in_simpleitk(path, image)
    np.testing.assert_allclose(image.direction, [[0, -1, 0], [1, 0, 0], [0, 0, 1]])


def test_shear_is_refused_by_its_number_and_may_be_ignored(tmp_path):
    path = write_metaimage(tmp_path / "scan.mha", extra={"TransformMatrix": "1 0 0 0.3 1 0 0 0 1"})
    with pytest.raises(GeometryError, match="sheared"):
        load_image(path)
    with pytest.warns(GeometryWarning, match="orthogonal"):
        load_image(path, irregular="ignore")


# --- several volumes ---


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.filterwarnings("ignore:.*a voxel has 3 numbers")
def test_channels_and_a_fourth_axis_count_volumes(tmp_path, compressed):
    channels = write_metaimage(tmp_path / "a.mha", array=THREE, channels=3, compressed=compressed)
    times = write_metaimage(tmp_path / "b.mha", array=np.moveaxis(THREE, 0, -1), compressed=compressed)
    for path in (channels, times):
        for index in range(3):
            image = load_image(path, dataset_index=index)
            np.testing.assert_array_equal(image.array, THREE[index])
            assert_is_as_in_simpleitk(path, image, index)
        with pytest.raises(OptionError, match="3 volumes"):
            load_image(path, dataset_index=3)
        assert len(explain(path).volumes) == 3


# --- what is refused ---


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("ObjectType", "Scene", UnsupportedFormatError), ("ElementType", "MET_STRING", UnsupportedFormatError),
        ("ElementType", "MET_ODD", CorruptFileError), ("ElementType", None, CorruptFileError),
        ("NDims", "0", CorruptFileError), ("NDims", "11", CorruptFileError), ("NDims", "x", CorruptFileError),
        ("NDims", "1", CorruptFileError), ("DimSize", "7 6", CorruptFileError), ("DimSize", "7 6 0", CorruptFileError),
        ("DimSize", "7 6 -5", CorruptFileError), ("DimSize", "7 6 inf", CorruptFileError),
        ("DimSize", "7 6 5.5", CorruptFileError), ("DimSize", f"7 6 {'9' * 300}", CorruptFileError),
        ("DimSize", "1e18 1e18 1e18", CorruptFileError), ("DimSize", None, CorruptFileError),
        ("DimSize", "7 6 6", CorruptFileError), ("BinaryData", "maybe", CorruptFileError),
        ("ElementNumberOfChannels", "0", CorruptFileError), ("ElementNumberOfChannels", str(2**40), CorruptFileError),
        ("TransformMatrix", "1 0 0", CorruptFileError), ("Offset", "a b c", CorruptFileError),
        ("ElementSpacing", "0 1 1", GeometryError), ("ElementSpacing", "nan 1 1", GeometryError),
        ("TransformMatrix", "0 0 0 0 0 0 0 0 0", GeometryError), ("Offset", "inf 0 0", GeometryError),
        ("HeaderSize", "-2", CorruptFileError), ("HeaderSize", str(2**61), CorruptFileError),
        ("ElementToIntensityFunctionSlope", "nan", CorruptFileError),
    ],
)  # fmt: skip
def test_impossible_fields(tmp_path, field, value, kind):
    extra = {field: value}
    if field != "ElementType" and field not in ("NDims", "DimSize"):
        extra |= {"CompressedData": "False"}
    path = write_metaimage(tmp_path / "scan.mha", extra=extra)
    for door in (load_image, explain):
        with pytest.raises(kind, match=r"scan\.mha"):
            door(path)


def test_a_negative_spacing_turns_the_axis(tmp_path):
    path = write_metaimage(tmp_path / "scan.mha", extra={"ElementSpacing": "0.75 1.125 -2.5"})
    image = load_image(path)
    np.testing.assert_allclose(image.direction[:, 2], -PHANTOM.direction[:, 2])


def test_a_damaged_stream_is_told(tmp_path):
    path = write_metaimage(tmp_path / "scan.mha", compressed=True)
    content = bytearray(path.read_bytes())
    for at in (-1, -60):
        damaged = bytearray(content)
        damaged[at] ^= 0xFF
        path.write_bytes(damaged)
        with pytest.raises(CorruptFileError, match="zlib"):
            load_image(path)
    stream = zlib.compress(PHANTOM.array.tobytes("F")[:200])
    path.write_bytes(content[: content.index(b"LOCAL\n") + 6] + stream)
    with pytest.raises(CorruptFileError, match="ends after"):
        load_image(path)


@pytest.mark.parametrize(
    "content",
    [
        b"ObjectType = Image\n",
        b"ObjectType = Image\nNDims = 3\nDimSize = 7 6 5\n",
        b"NDims = 3\nElementDataFile = LOCAL\n" + bytes(100),
        b"ObjectType = Image\nwhat is this\nElementDataFile = LOCAL\n",
        b"ObjectType = Image\n" + b"x = " + b"y" * (1 << 21) + b"\nElementDataFile = LOCAL\n",
        b"ObjectType = Image\nElementDataFile =",
    ],
    ids=range(6),
)
def test_headers_that_are_none(tmp_path, content):
    path = tmp_path / "scan.mha"
    path.write_bytes(content)
    with pytest.raises(CorruptFileError, match=r"scan\.mha"):
        load_image(path)


@pytest.mark.parametrize("content", [b"ObjectTypes = Image\n", b"Comment = a letter\nDear all,\n", b"NDims are three\n",
                                     b"ObjectType = Image\0\n"])  # fmt: skip
def test_other_text_is_no_metaimage(tmp_path, content):
    path = tmp_path / "scan.txt"
    path.write_bytes(content)
    with pytest.raises(UnsupportedFormatError, match="MetaImage"):
        load_image(path)


@given(at=st.integers(0, 450), value=st.integers(0, 255))
@settings(max_examples=150)
def test_one_wrong_byte(tmp_path, at, value):
    """It loads, perhaps as something else, or is refused; nothing else happens."""
    path = write_metaimage(tmp_path / "scan.mha")
    content = bytearray(path.read_bytes())
    content[at] = value
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            load_image(path)
        except ValueError as error:
            assert str(tmp_path) in str(error)


@pytest.mark.parametrize("name", ["TransformMatrix", "Offset", "ElementSpacing", "DimSize", "ElementType"])
def test_fields_that_contradict_each_other_are_refused(tmp_path, name):
    """MetaIO takes the last one, other readers the first."""
    path = write_metaimage(tmp_path / "a.mha", PHANTOM)
    head, voxels = path.read_bytes().split(b"ElementDataFile", 1)
    line = next(line for line in head.splitlines(keepends=True) if line.startswith(name.encode()))
    path.write_bytes(head + line + b"Comment = one\nComment = two\nElementDataFile" + voxels)
    assert load_image(path).array.shape == PHANTOM.shape
    path.write_bytes(head + line.rstrip() + b" 1\nElementDataFile" + voxels)
    with pytest.raises(CorruptFileError, match=rf"has the field '{name}' twice, with other values"):
        load_image(path)
