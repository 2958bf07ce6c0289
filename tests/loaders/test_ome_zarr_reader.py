"""OME-Zarr: what the library zarr wrote, by the words of the standard, loads where it says; and damage is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import zarr

from pictologics import (
    CorruptFileError,
    GeometryError,
    GeometryWarning,
    Image,
    OptionError,
    UnsupportedFormatError,
    explain,
    load_image,
    save_image,
)
from pictologics.errors import ContentWarning
from pictologics.loaders import load_seg
from tests.factories.hostile import ends_at_last
from tests.factories.ome_zarr_files import write_ome_zarr
from tests.factories.phantom import PHANTOM

NOT_THE_PATIENT = "does not say where the patient's left, back and head are"


def space(names="zyx", unit="millimeter"):
    return [{"name": name, "type": "space", **({"unit": unit} if unit else {})} for name in names]


PLAIN_IMAGE = {"axes": space(), "datasets": [{"path": "0"}]}
"""The least that the JSON of an image says."""


def edit(path, change):
    """Change the JSON of a group; what ``change`` gets is the first image, and what holds it."""
    file = path / "zarr.json"
    content = json.loads(file.read_text())
    ome = content["attributes"]["ome"]
    change(ome["multiscales"][0], ome)
    file.write_text(json.dumps(content))


# --- where it lies ---


def test_other_software_leaves_the_patient_open(tmp_path):
    path = write_ome_zarr(tmp_path / "scan.ome.zarr", direction=False)
    with pytest.warns(GeometryWarning, match=NOT_THE_PATIENT):
        image = load_image(path)
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    assert (image.spacing, image.origin) == (tuple(PHANTOM.spacing), tuple(PHANTOM.origin))
    assert image.grid.orientation == "LPS"


def test_units_are_converted_and_a_missing_one_is_told(tmp_path):
    path = write_ome_zarr(
        tmp_path / "a.zarr", axes=space(unit="micrometer"), scale=[3000, 750, 500], translation=[1000, 0, -2000]
    )
    image = load_image(path)
    np.testing.assert_allclose(image.spacing, (0.5, 0.75, 3.0))
    np.testing.assert_allclose(image.origin, (-2.0, 0.0, 1.0))
    with pytest.warns(GeometryWarning, match="no unit; millimeters were assumed"):
        assert np.allclose(
            load_image(write_ome_zarr(tmp_path / "b.zarr", axes=space(unit=""))).spacing, PHANTOM.spacing
        )
    with pytest.raises(UnsupportedFormatError, match="none of length"):
        load_image(write_ome_zarr(tmp_path / "c.zarr", axes=space(unit="second")))


def test_axes_stand_in_the_order_that_the_file_says(tmp_path):
    stored = PHANTOM.array  # x slowest
    path = write_ome_zarr(
        tmp_path / "a.zarr", array=stored, axes=space("xyz"), scale=[1, 2, 3], translation=[10, 20, 30], direction=False
    )
    with pytest.warns(GeometryWarning, match=NOT_THE_PATIENT):
        image = load_image(path)
    assert image.spacing == (3.0, 2.0, 1.0)
    assert image.origin == (10.0, 20.0, 30.0)
    for index in np.ndindex(*stored.shape):
        x, y, z = index
        assert image.array[z, y, x] == stored[index]
        assert np.allclose(image.grid.index_to_world((z, y, x)), (10 + x, 20 + 2 * y, 30 + 3 * z))


def test_transformations_follow_one_another(tmp_path):
    path = write_ome_zarr(tmp_path / "a.zarr", scale=[1, 1, 1], translation=[1, 2, 3])
    edit(path, lambda image, _: image.update(coordinateTransformations=[{"type": "scale", "scale": [2, 2, 2]}]))
    image = load_image(path)
    assert image.spacing == (2.0, 2.0, 2.0)
    assert image.origin == (6.0, 4.0, 2.0)


def test_one_plane_is_an_image_of_one_slice(tmp_path):
    path = tmp_path / "a.zarr"
    group = zarr.create_group(str(path), attributes={})
    group.create_array("0", shape=(4, 5), dtype="uint8", chunks=(2, 2))[...] = np.arange(20).reshape(4, 5)
    image = {
        "axes": space("yx"),
        "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [2.0, 0.5]}]}],
    }
    group.attrs["ome"] = {"version": "0.5", "multiscales": [image]}
    with (
        pytest.warns(GeometryWarning, match=NOT_THE_PATIENT),
        pytest.warns(GeometryWarning, match="one plane of unknown thickness; 1 mm was assumed"),
    ):
        loaded = load_image(path)
    assert loaded.array[..., 0].T.tolist() == np.arange(20).reshape(4, 5).tolist()
    assert loaded.spacing == (0.5, 2.0, 1.0)


# --- which volume ---


def test_channels_and_times_are_volumes(tmp_path):
    stored = np.stack([PHANTOM.array.T + 1000 * k for k in range(6)]).reshape(2, 3, *PHANTOM.shape[::-1])
    axes = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}, *space()]
    path = write_ome_zarr(tmp_path / "a.ome.zarr", array=stored, axes=axes)
    assert len(explain(path).volumes) == 6
    for k in range(6):
        image = load_image(path, dataset_index=k)
        np.testing.assert_array_equal(image.array, PHANTOM.array + 1000 * k)
    with pytest.raises(OptionError, match="dataset_index 6"):
        load_image(path, dataset_index=6)


def test_of_several_resolutions_the_highest_is_read(tmp_path):
    path = write_ome_zarr(tmp_path / "a.ome.zarr", levels=2)
    image = load_image(path)
    assert image.array.shape == PHANTOM.shape
    assert any("1 smaller copies" in decision.text for decision in image.provenance.decisions)


def test_a_label_map_below_an_image_has_its_names(tmp_path):
    path = write_ome_zarr(
        tmp_path / "scan.ome.zarr" / "labels" / "organs",
        dtype="uint8",
        extra={
            "image-label": {"version": "0.5", "properties": [{"label-value": 1, "name": "liver"}, {"label-value": 2}]}
        },
    )
    image = load_image(path)
    assert image.modality == "SEG"
    assert dict(image.labels) == {1: "liver"}


# --- what pictologics writes ---


def test_the_words_of_the_standard_are_written(tmp_path):
    image = Image(
        np.asfortranarray(PHANTOM.array.astype(np.int16)), (0.5, 0.75, 3.0), (10.0, 20.0, 30.0), modality="CT"
    )
    save_image(image, tmp_path / "scan.ome.zarr")
    group = zarr.open_group(str(tmp_path / "scan.ome.zarr"), mode="r")
    assert group.metadata.zarr_format == 3
    ome = group.attrs["ome"]
    assert ome["version"] == "0.5"
    (described,) = ome["multiscales"]
    assert described["axes"] == space()
    assert described["datasets"] == [
        {
            "path": "0",
            "coordinateTransformations": [
                {"type": "scale", "scale": [3.0, 0.75, 0.5]},
                {"type": "translation", "translation": [30.0, 20.0, 10.0]},
            ],
        }
    ]
    np.testing.assert_array_equal(group["0"][...], PHANTOM.array.T)
    assert group["0"].metadata.dimension_names == ("z", "y", "x")


def test_what_other_software_moved_is_where_it_says_now(tmp_path):
    image = Image(np.asfortranarray(PHANTOM.array), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), PHANTOM.direction, modality="CT")
    save_image(image, tmp_path / "a.ome.zarr")

    def move(described, _):
        described["datasets"][0]["coordinateTransformations"][1]["translation"] = [30.0, 20.0, 10.0]

    edit(tmp_path / "a.ome.zarr", move)
    moved = load_image(tmp_path / "a.ome.zarr")
    assert moved.origin == (10.0, 20.0, 30.0)
    assert np.allclose(moved.direction, PHANTOM.direction)
    assert moved.modality == "Unknown"


def test_label_maps_are_listed_beside_their_image(tmp_path):
    image = Image(
        np.asfortranarray(PHANTOM.array.astype(np.int16)), (0.5, 0.75, 3.0), (10.0, 20.0, 30.0), modality="CT"
    )
    organs = Image(
        np.asfortranarray(PHANTOM.array % 3).astype(np.uint8),
        (0.5, 0.75, 3.0),
        (10.0, 20.0, 30.0),
        modality="SEG",
        labels={1: "liver", 2: "spleen"},
    )
    scan = tmp_path / "scan.ome.zarr"
    save_image(image, scan)
    for name in ("organs.zarr", "again.zarr", "organs.zarr"):
        save_image(organs, scan / "labels" / name)
    group = zarr.open_group(str(scan), mode="r")
    assert group["labels"].attrs["ome"] == {"version": "0.5", "labels": ["organs.zarr", "again.zarr"]}
    described = group["labels/organs.zarr"].attrs["ome"]["image-label"]
    assert described["properties"] == [{"label-value": 1, "name": "liver"}, {"label-value": 2, "name": "spleen"}]
    assert load_image(scan / "labels/organs.zarr").equals(organs)
    assert load_image(scan).equals(image)
    with pytest.raises(OptionError, match="a label map of whole numbers is required there"):
        save_image(Image(np.zeros((2, 2, 2)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), scan / "labels/x.zarr")
    for text in ("{}", "[" * 100_000):
        (scan / "labels/zarr.json").write_text(text)
        with pytest.raises(CorruptFileError, match="does not list label maps"):
            save_image(organs, scan / "labels/more.zarr")


def test_a_folder_of_another_kind_is_not_overwritten(tmp_path):
    image = Image(np.zeros((2, 2, 2)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr/thesis.txt").write_text("mine")
    (tmp_path / "b.zarr").write_text("mine")
    for name in ("a.zarr", "b.zarr"):
        with pytest.raises(OptionError, match="not overwritten"):
            save_image(image, tmp_path / name)
    assert (tmp_path / "a.zarr/thesis.txt").read_text() == "mine"
    save_image(image, tmp_path / "c.zarr")
    save_image(Image(np.ones((2, 2, 2)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), tmp_path / "c.zarr")
    assert load_image(tmp_path / "c.zarr").array.min() == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zarr", "b.zarr", "c.zarr"]


# --- damage and lies ---


def test_a_lost_chunk_of_ours_is_refused_and_one_of_others_is_told(tmp_path):
    image = Image(np.asfortranarray(np.zeros((200, 130, 4), np.int16)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    save_image(image, tmp_path / "ours.zarr")
    assert load_image(tmp_path / "ours.zarr").equals(image)
    shutil.rmtree(tmp_path / "ours.zarr/0/c/0/1")
    with pytest.raises(CorruptFileError, match="2 of its 4 chunks are missing"):
        load_image(tmp_path / "ours.zarr")
    path = write_ome_zarr(tmp_path / "theirs.zarr")
    lost = max(file for file in (path / "0").rglob("*") if file.is_file() and "z" not in file.name)
    lost.unlink()
    with pytest.warns(ContentWarning, match="1 of its 12 chunks are not there.*fill value, 0"):
        assert load_image(path).array.shape == PHANTOM.shape
    shutil.rmtree(path / "0/c")
    with pytest.raises(CorruptFileError, match="12 of its 12 chunks are missing"):
        load_image(path)


@pytest.mark.parametrize("name", [".DS_Store", "c/.DS_Store", "c/0/0/0.1234.partial", "c/0/0/9", "0.0.0.0", "c/x/0/0"])
def test_a_file_of_another_name_takes_no_lost_chunks_place(tmp_path, name):
    image = Image(np.asfortranarray(np.ones((200, 130, 4), np.int16)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    path = tmp_path / "a.zarr"
    save_image(image, path)
    (path / "0/c/0/1/1").unlink()
    stray = path / "0" / name
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"stray")
    with pytest.raises(CorruptFileError, match="1 of its 4 chunks are missing"):
        load_image(path)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_chunks_of_every_naming_count(tmp_path, version):
    for k, encoding in enumerate([{"name": "v2", "separator": "."}, {"name": "v2", "separator": "/"}, None]):
        options = {"chunk_key_encoding": encoding} if encoding else {}
        path = write_ome_zarr(tmp_path / f"{k}.zarr", version=version, **options)
        np.testing.assert_array_equal(load_image(path).array, PHANTOM.array)


def test_a_label_map_of_others_may_be_empty(tmp_path):
    zeros = np.zeros(PHANTOM.shape[::-1])
    extra = {"image-label": {}}
    path = write_ome_zarr(tmp_path / "labels.zarr", array=zeros, dtype="uint8", extra=extra, chunks=(3, 3, 3))
    assert not (path / "0/c").exists()
    with pytest.warns(ContentWarning, match="chunks are not there"):
        labels = load_image(path)
    assert labels.shape == PHANTOM.shape and labels.array.max() == 0
    save_image(labels, tmp_path / "ours.zarr")
    shutil.rmtree(tmp_path / "ours.zarr/0/c")
    with pytest.raises(CorruptFileError, match="chunks are missing"):
        load_image(tmp_path / "ours.zarr")


@pytest.mark.parametrize("name", ["0/c/0/0/0", "0/zarr.json", ".zattrs", "0/.zarray"])
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_nothing_waits_for_a_pipe_or_reads_a_device(tmp_path, name, kind):
    path = write_ome_zarr(tmp_path / "a.zarr")
    file = path / name
    file.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to("/dev/zero")
    with ends_at_last(), pytest.raises(CorruptFileError):
        load_image(path)


def test_a_chunk_out_of_proportion_is_refused_until_it_is_trusted(tmp_path, monkeypatch):
    shape = (700, 700, 700)
    path = tmp_path / "a.zarr"
    group = zarr.create_group(str(path), attributes={"ome": {"multiscales": [PLAIN_IMAGE]}})
    group.create_array("0", shape=shape, chunks=shape, dtype="uint8")
    (path / "0/c/0/0").mkdir(parents=True)
    # As much as 343 MB of zeros take.
    (path / "0/c/0/0/0").write_bytes(bytes(10_000))
    with pytest.raises(CorruptFileError, match="times as many bytes, and 1032 times are allowed"):
        explain(path)
    monkeypatch.setenv("PICTOLOGICS_MAX_EXPANSION", "inf")
    assert explain(path).volumes[0].shape == shape


@pytest.mark.parametrize(
    "change",
    [
        lambda image, _: image.pop("axes"),
        lambda image, _: image.pop("datasets"),
        lambda image, _: image.update(datasets=[]),
        lambda image, _: image.update(axes=[1, 2, 3]),
        lambda image, _: image.update(axes="zyx"),
        lambda image, _: image["datasets"][0].update(path="../other"),
        lambda image, _: image["datasets"][0].update(path="/etc"),
        lambda image, _: image["datasets"][0].update(path="nothing"),
        lambda image, _: image["datasets"][0].update(path=7),
        lambda image, _: image["datasets"][0].update(coordinateTransformations=[{"type": "affine", "affine": []}]),
        lambda image, _: image["datasets"][0].update(coordinateTransformations=[{"type": "scale", "scale": [1, 2]}]),
        lambda image, _: image["datasets"][0].update(coordinateTransformations=[{"type": "scale", "scale": [1, 0, 1]}]),
        lambda image, _: image["datasets"][0].update(coordinateTransformations=[{"type": "scale", "scale": ["a"] * 3}]),
        lambda image, _: image["datasets"][0].update(coordinateTransformations=7),
        lambda image, _: image.update(axes=[*space(), {"name": "t", "type": "time"}]),
        lambda _, ome: ome.update(multiscales=[7]),
        lambda _, ome: ome.update(multiscales={"0": 1}),
        lambda _, ome: ome.update({"image-label": {"properties": [{"label-value": "x", "name": "y"}]}}),
    ],
)
def test_json_that_makes_no_sense_is_refused(tmp_path, change):
    path = write_ome_zarr(tmp_path / "a.zarr")
    edit(path, change)
    with pytest.raises(CorruptFileError, match=str(path)):
        load_image(path)


@pytest.mark.parametrize("names", ["zy", "zyq", "zzx"])
def test_axes_that_are_not_of_space_are_refused(tmp_path, names):
    path = write_ome_zarr(tmp_path / "a.zarr")
    edit(path, lambda image, _: image.update(axes=[{"name": name, "type": "space"} for name in names]))
    with pytest.raises((UnsupportedFormatError, CorruptFileError)):
        load_image(path)


@pytest.mark.parametrize("text", ["", "{", "7", '{"zarr_format": 9}', '{"zarr_format": 3, "node_type": "group"'])
def test_a_damaged_description_is_refused(tmp_path, text):
    path = write_ome_zarr(tmp_path / "a.zarr")
    (path / "zarr.json").write_text(text)
    with pytest.raises(CorruptFileError, match="is damaged"):
        load_image(path)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [10**6] * 3},
        {"shape": [10**12, 4, 4]},
        {"shape": [-4, 6, 7]},
        {"shape": [0, 6, 7]},
        {"shape": [5, 6]},
        {"data_type": "complex64"},
        {"data_type": "string"},
        {"data_type": "int99"},
        {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [10**5] * 3}}},
        {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [0, 0, 0]}}},
        {"codecs": [{"name": "sharding_indexed", "configuration": {"chunk_shape": [0, 1, 1]}}]},
        {"codecs": [{"name": "bytes"}, {"name": "unheard-of"}]},
        {"codecs": []},
    ],
)
def test_an_array_that_lies_is_refused_soon(tmp_path, change):
    path = write_ome_zarr(tmp_path / "a.zarr")
    file = path / "0/zarr.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with ends_at_last(), pytest.raises((CorruptFileError, UnsupportedFormatError, GeometryError)):
        load_image(path)


def test_a_garbled_chunk_is_refused(tmp_path):
    path = write_ome_zarr(tmp_path / "a.zarr")
    for file in (path / "0/c").rglob("*"):
        if file.is_file():
            content = bytearray(file.read_bytes())
            content[:8] = b"\xff" * 8
            file.write_bytes(bytes(content))
    with pytest.raises(CorruptFileError, match="a chunk of it is cut off or damaged"):
        load_image(path)


def test_a_group_without_an_image_says_what_to_pass(tmp_path):
    path = write_ome_zarr(tmp_path / "a.zarr")
    edit(path, lambda _, ome: ome.pop("multiscales"))
    with pytest.raises(UnsupportedFormatError, match="pass the folder inside it"):
        load_image(path)
    with pytest.raises((UnsupportedFormatError, CorruptFileError)):
        load_image(path / "0")


def test_segments_are_asked_for_elsewhere(tmp_path):
    path = write_ome_zarr(tmp_path / "a.zarr")
    with pytest.raises(UnsupportedFormatError, match="this is an OME-Zarr file"):
        load_seg(path)


def test_a_missing_library_is_named(tmp_path):
    path = write_ome_zarr(tmp_path / "a.zarr")
    code = (
        "import sys; sys.modules['zarr'] = None\n"
        "from pictologics import load_image, OptionError\n"
        "try: load_image(sys.argv[1])\n"
        "except OptionError as error: print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert (
        'needs the library zarr, version 3.1 or newer, which is not installed; run: pip install "zarr>=3.1"'
        in run.stdout
    )


SAVE_ON_A_FULL_DISK = """
import resource, signal, sys
import numpy as np
from pictologics import Image, save_image
noise = np.random.default_rng(0).random((64, 64, 64))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
save_image(Image(noise, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), sys.argv[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="files have no limits there")
def test_a_full_disk_is_told_by_the_name_of_the_image(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SAVE_ON_A_FULL_DISK, tmp_path / "a.ome.zarr"],
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert f"FileAccessError: '{tmp_path / 'a.ome.zarr'}': the folder cannot be written" in done.stderr
    assert not list(tmp_path.iterdir())
