"""NRRD: voxels and geometry equal SimpleITK's on every variety that it reads."""

from __future__ import annotations

import gzip
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import (
    ContentWarning,
    CorruptFileError,
    MissingPathError,
    OptionError,
    UnsupportedFormatError,
    explain,
    load_image,
)
from tests.factories.nrrd_files import encoded, write_nrrd
from tests.factories.oracles import assert_is_as_in_simpleitk
from tests.factories.phantom import PHANTOM

THREE = np.stack([PHANTOM.array, PHANTOM.array + 1000, PHANTOM.array + 2000])
BARE = {"space": None, "space directions": None, "space origin": None}
TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]


def loaded(path, **options):
    """An image, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = load_image(path, **options)
    return image, " ".join(str(one.message) for one in caught)


# --- numbers ---


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", TYPES)
def test_types_and_byte_orders(tmp_path, dtype, order):
    array = (PHANTOM.array % 120) * (1 if np.dtype(dtype).kind == "u" else -1)
    for encoding in ("raw", "text", "hex", "gzip"):
        path = write_nrrd(
            tmp_path / f"{encoding}.nrrd", array=array, dtype=np.dtype(dtype).newbyteorder(order), encoding=encoding
        )
        image = load_image(path)
        np.testing.assert_array_equal(image.array, array)
        assert_is_as_in_simpleitk(path, image)


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2", "text"])
def test_what_is_not_finite_stays(tmp_path, encoding):
    array = np.array([np.nan, np.inf, -np.inf, 1e-30, 0.1, 1e30]).reshape(6, 1, 1)
    image = load_image(write_nrrd(tmp_path / "scan.nrrd", array=array, dtype="<f8", encoding=encoding))
    np.testing.assert_array_equal(image.array, array)


# --- where the data are ---


@pytest.mark.parametrize(
    ("before", "extra"),
    [
        (b"abc", {"byte skip": "3"}),
        (b"abc\ndef\n", {"line skip": "2"}),
        (b"abc\ndef\nxy", {"line skip": "2", "byteskip": "2"}),
        (b"anything at all", {"byte skip": "-1"}),
    ],
)
def test_skips_before_raw_data(tmp_path, before, extra):
    for name, options in (("scan.nrrd", {}), ("scan.nhdr", {}), ("list.nhdr", {"files": 5})):
        path = write_nrrd(tmp_path / name, before=before, extra=extra, **options)
        image = load_image(path)
        np.testing.assert_array_equal(image.array, PHANTOM.array)
        assert_is_as_in_simpleitk(path, image)


def test_lines_are_skipped_before_inflating_and_bytes_after(tmp_path):
    path = write_nrrd(tmp_path / "scan.nhdr", encoding="gzip", extra={"line skip": "1", "byte skip": "3"})
    packed = gzip.compress(b"xyz" + PHANTOM.array.astype("<i2").tobytes("F"))
    (tmp_path / "scan-0.data").write_bytes(b"a line\n" + packed)
    image = load_image(path)
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    assert_is_as_in_simpleitk(path, image)


@pytest.mark.parametrize("encoding", ["raw", "gzip", "text"])
@pytest.mark.parametrize(
    ("files", "named"),
    [
        (5, "scan-%d.data 0 4 1"),
        (5, "scan-%d.data 0 4 1 2"),
        (1, "scan-%01d.data 0 0 1 3"),
        (5, "LIST 2\n" + "\n".join(f"./scan-{k}.data" for k in range(5))),
        (5, "scan-%d.data 4 0 -1"),
    ],
)
def test_data_in_several_files(tmp_path, files, named, encoding):
    path = write_nrrd(tmp_path / "scan.nhdr", files=files, extra={"data file": named}, encoding=encoding)
    image = load_image(path)
    expected = PHANTOM.array[:, :, ::-1] if named.endswith("-1") else PHANTOM.array
    np.testing.assert_array_equal(image.array, expected)
    assert_is_as_in_simpleitk(path, image)
    if files == 5:
        assert {one.frame for one in image.provenance.slices} == {0}
        assert len({one.file for one in image.provenance.slices}) == 5


@pytest.mark.parametrize("named", ["LIST 1\na\nb", "scan-%d.data 0 3 1", "LIST", "scan-%d.data 0 4 0", "LIST 3\na\nb"])
def test_too_many_or_too_few_files(tmp_path, named):
    with pytest.raises(CorruptFileError, match="files"):
        load_image(write_nrrd(tmp_path / "scan.nhdr", extra={"data file": named}))


@pytest.mark.parametrize("pattern", ["%s%d", "%999999999d", "%d%d", "%n"])
def test_patterns_of_something_else(tmp_path, pattern):
    with pytest.raises((CorruptFileError, MissingPathError)):
        load_image(write_nrrd(tmp_path / "scan.nhdr", extra={"data file": f"{pattern} 0 4 1"}))


def test_a_missing_data_file_is_named_with_its_header(tmp_path):
    path = write_nrrd(tmp_path / "scan.nhdr", files=5)
    (tmp_path / "scan-3.data").unlink()
    with pytest.raises(MissingPathError, match=r"scan-3\.data.*scan\.nhdr"):
        load_image(path)


@pytest.mark.parametrize("how", ["absolute", "above", "round about"])
def test_data_outside_the_folder_are_refused_unless_allowed(tmp_path, how):
    (tmp_path / "inside").mkdir()
    path = write_nrrd(tmp_path / "inside" / "scan.nhdr")
    outside = (tmp_path / "inside" / "scan-0.data").rename(tmp_path / "voxels.data")
    named = {"absolute": str(outside), "above": "../voxels.data", "round about": "x/../../voxels.data"}[how]
    path = write_nrrd(tmp_path / "inside" / "scan.nhdr", extra={"data file": named})
    for door in (load_image, explain):
        with pytest.raises(OptionError, match=r"outside.*allow_outside_files=True"):
            door(path)
    np.testing.assert_array_equal(load_image(path, allow_outside_files=True).array, PHANTOM.array)


def test_data_in_a_folder_below_and_paths_that_lead_back(tmp_path, monkeypatch):
    (tmp_path / "raw").mkdir()
    path = write_nrrd(tmp_path / "scan.nhdr")
    (tmp_path / "scan-0.data").rename(tmp_path / "raw" / "scan.raw")
    for named in ("raw/scan.raw", f"../{tmp_path.name}/raw/scan.raw", str(tmp_path / "raw/scan.raw")):
        path = write_nrrd(tmp_path / "scan.nhdr", extra={"data file": named})
        np.testing.assert_array_equal(load_image(path).array, PHANTOM.array)
    monkeypatch.chdir(tmp_path)
    assert load_image("scan.nhdr").provenance.slices[0].file == str(tmp_path / "raw/scan.raw")


def test_a_header_that_names_itself(tmp_path):
    path = write_nrrd(tmp_path / "scan.nhdr", extra={"data file": "./scan.nhdr"})
    with pytest.raises(CorruptFileError, match="itself"):
        load_image(path)


def test_bytes_and_open_files(tmp_path):
    path = write_nrrd(tmp_path / "scan.nrrd", encoding="gzip")
    np.testing.assert_array_equal(load_image(path.read_bytes()).array, PHANTOM.array)
    detached = write_nrrd(tmp_path / "scan.nhdr")
    with detached.open("rb") as file:
        np.testing.assert_array_equal(load_image(file).array, PHANTOM.array)
    with pytest.raises(OptionError, match="cannot be found beside bytes"):
        load_image(detached.read_bytes())


# --- several volumes ---


@pytest.mark.parametrize("encoding", ["raw", "gzip", "text"])
@pytest.mark.parametrize("kind", ["list"])
@pytest.mark.parametrize("where", [0, 3])
def test_an_axis_that_is_not_spatial_counts_volumes(tmp_path, where, kind, encoding):
    array = np.moveaxis(THREE, 0, where)
    kinds = ["domain"] * 3
    kinds.insert(where, kind)
    path = write_nrrd(
        tmp_path / "scan.nrrd",
        array=array,
        leading=int(where == 0),
        encoding=encoding,
        extra={"kinds": " ".join(kinds)},
    )
    for index in range(3):
        image = load_image(path, dataset_index=index)
        np.testing.assert_array_equal(image.array, THREE[index])
        assert_is_as_in_simpleitk(path, image, index)
    with pytest.raises(OptionError, match="3 volumes"):
        load_image(path, dataset_index=3)
    assert [one.dataset_index for one in explain(path).volumes] == [0, 1, 2]


@given(
    sizes=st.permutations([2, 3, 4, 5, 2]),
    others=st.sets(st.integers(0, 4), min_size=2, max_size=2),
    encoding=st.sampled_from(["raw", "gzip", "bzip2"]),
    files=st.booleans(),
    index=st.integers(0, 3),
)
@settings(max_examples=40)
def test_axes_in_any_order(tmp_path, sizes, others, encoding, files, index):
    """Axes without a direction count through the volumes wherever they stand, the faster one first."""
    array = np.arange(np.prod(sizes), dtype=np.int32).reshape(sizes, order="F")
    steps = iter(["(2,0,0)", "(0,3,0)", "(0,0,4)"])
    directions = " ".join("none" if axis in others else next(steps) for axis in range(5))
    name = "scan.nhdr" if files else "scan.nrrd"
    path = write_nrrd(
        tmp_path / name,
        array=array,
        dtype="<i4",
        encoding=encoding,
        files=sizes[-1] if files else 0,
        extra={"space directions": directions},
    )
    one, two = sorted(others)
    index %= sizes[one] * sizes[two]
    expected = array.take(index // sizes[one], two).take(index % sizes[one], one)
    image = load_image(path, dataset_index=index)
    np.testing.assert_array_equal(image.array, expected)
    assert image.spacing == (2.0, 3.0, 4.0)


def test_a_picture_in_color_gives_one_of_its_colors_and_says_so(tmp_path):
    path = write_nrrd(tmp_path / "scan.nrrd", array=THREE, leading=1, extra={"kinds": "RGB-color domain domain domain"})
    with pytest.warns(ContentWarning, match="rgb-color"):
        image = load_image(path, dataset_index=1)
    np.testing.assert_array_equal(image.array, THREE[1])


def test_kinds_alone_tell_which_axes_are_spatial(tmp_path):
    extra = {**BARE, "spacings": "NaN 0.75 1.125 2.5", "kinds": "vector space space space"}
    image, _ = loaded(write_nrrd(tmp_path / "scan.nrrd", array=THREE, extra=extra), dataset_index=1)
    np.testing.assert_array_equal(image.array, THREE[1])
    assert image.spacing == PHANTOM.spacing


# --- what else a header says ---


def test_keys_and_fields_beside_the_grid(tmp_path):
    extra = {
        "0008|0060=": "PT", "a key: with a colon=": "a value\\nof two lines \\\\ one", "sample units": '"BQML"',
        "measurement frame": "(1,0,0) (0,1,0) (0,0,1)", "old min": "0", "content": "something", "number": "210",
        "thicknesses": "1 1 1", "labels": '"x" "y" "z"', "a field of later versions": "42",
    }  # fmt: skip
    image = load_image(write_nrrd(tmp_path / "scan.nrrd", extra=extra))
    assert image.modality == "PT"
    assert image.metadata == {"units": "BQML"}
    texts = " ".join(one.text for one in image.provenance.decisions)
    assert "measurement frame" in texts
    assert "quantization" in texts
    np.testing.assert_array_equal(image.array, PHANTOM.array)


def test_options_that_mean_nothing_are_told(tmp_path):
    with pytest.warns(ContentWarning, match="apply_rescale"):
        load_image(write_nrrd(tmp_path / "scan.nrrd"), apply_rescale=False)


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("type", "block", UnsupportedFormatError), ("encoding", "zrl", UnsupportedFormatError),
        ("type", "quaternion", CorruptFileError), ("encoding", "rot13", CorruptFileError),
        ("endian", None, CorruptFileError), ("endian", "middle", CorruptFileError),
        ("dimension", "17", CorruptFileError), ("dimension", "three", CorruptFileError),
        ("dimension", None, CorruptFileError), ("sizes", "7 6", CorruptFileError),
        ("sizes", "7 6 0", CorruptFileError), ("sizes", "7 6 -5", CorruptFileError),
        ("sizes", f"7 6 {10**4000}", CorruptFileError), ("sizes", "7 6 " + "9" * 5000, CorruptFileError),
        ("sizes", f"{2**40} {2**40} {2**40}", CorruptFileError), ("sizes", "7 6 6", CorruptFileError),
        ("space", "outer", CorruptFileError), ("space origin", "(1,2)", CorruptFileError),
        ("space origin", "1 2 3", CorruptFileError), ("space directions", "(1,0,0) (0,1,0)", CorruptFileError),
        ("space directions", "(a,0,0) (0,1,0) (0,0,1)", CorruptFileError), ("kinds", "domain", CorruptFileError),
        ("spacings", "x y z", CorruptFileError), ("byte skip", "-5000", CorruptFileError),
        ("byte skip", str(2**70), CorruptFileError), ("line skip", "-1", CorruptFileError),
        ("line skip", str(2**62), CorruptFileError), ("data file", "../\0", CorruptFileError),
    ],
)  # fmt: skip
def test_impossible_fields(tmp_path, field, value, kind):
    path = write_nrrd(tmp_path / "scan.nrrd", extra={field: value})
    for door in (load_image, explain):
        with pytest.raises(kind, match=r"scan\.nrrd"):
            door(path)


@pytest.mark.parametrize("encoding", ["gzip", "bzip2", "text", "hex"])
def test_damaged_data(tmp_path, encoding):
    path = write_nrrd(tmp_path / "scan.nrrd", encoding=encoding)
    start = len(path.read_bytes()) - len(encoded(PHANTOM.array.astype("<i2"), encoding))
    content = bytearray(path.read_bytes())
    content[start + 60 : start + 70] = b"?" * 10
    path.write_bytes(content)
    with pytest.raises(CorruptFileError, match=r"scan\.nrrd"):
        load_image(path)


@pytest.mark.parametrize("encoding", ["gzip", "bzip2", "text", "hex", "raw"])
def test_data_for_more_than_there_is(tmp_path, encoding):
    for sizes in ("7 6 50", f"7 6 {10**12}", f"{10**9} {10**9} {10**9}"):
        path = write_nrrd(tmp_path / "scan.nrrd", encoding=encoding, extra={"sizes": sizes})
        with pytest.raises(CorruptFileError, match=r"scan\.nrrd"):
            load_image(path)


def test_text_out_of_the_range_of_its_type(tmp_path):
    path = write_nrrd(tmp_path / "scan.nrrd", encoding="text", extra={"type": "signed char"})
    with pytest.raises(CorruptFileError, match="int8"):
        load_image(path)


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"\n",
        b"\n" + b"x" * 100_000,
        b"\ntype: short\n\n",
        b"\n" + b"#" * (1 << 25),
        b"\ntype: short\ntype: short\n\n",
        b"\n\xff\xfe: \x00\n\n",
        b"\n" + bytes(range(256)) * 40,
    ],
    ids=range(8),
)
def test_headers_that_are_none(tmp_path, rest):
    path = tmp_path / "scan.nrrd"
    path.write_bytes(b"NRRD0004" + rest)
    with pytest.raises(CorruptFileError, match=r"scan\.nrrd"):
        load_image(path)


@given(at=st.integers(0, 400), value=st.integers(0, 255))
@settings(max_examples=150)
def test_one_wrong_byte(tmp_path, at, value):
    """It loads, perhaps as something else, or is refused; nothing else happens."""
    path = write_nrrd(tmp_path / "scan.nrrd")
    content = bytearray(path.read_bytes())
    content[at] = value
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            load_image(path)
        except ValueError as error:
            assert str(path) in str(error)
