"""napari: layers, and the plugin by which it opens files."""

from __future__ import annotations

import warnings
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import pictologics
from pictologics import GeometryError, Grid, Image, OptionError, load_image, save_image
from pictologics.bridges.napari import from_napari, get_reader, load_layers, make_whole_labels, to_napari
from pictologics.labels.label_colors import color_of_label
from tests.bridges.crossings import assert_came_back, images
from tests.factories.dicom_series import write_series
from tests.factories.grids import grids
from tests.factories.phantom import PHANTOM

MANIFEST = Path(pictologics.__file__).parent / "bridges" / "napari.yaml"


@pytest.fixture
def scan() -> Image:
    grid = Grid(PHANTOM.shape, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    return Image.from_grid(PHANTOM.array.astype(np.float32), grid, modality="CT", metadata={"units": "HU"})


@pytest.fixture
def organs(scan) -> Image:
    labels = {1: "liver", 3: "spleen"}
    array = np.zeros(scan.shape, np.uint8)
    array[1:4], array[4:6] = 1, 3
    return Image.from_grid(array, scan.grid, modality="SEG", labels=labels)


def test_files_that_are_read_here_are_offered_and_no_others(scan, tmp_path):
    save_image(scan, tmp_path / "scan.nrrd")
    write_series(tmp_path / "dicom")
    (tmp_path / "notes.txt").write_text("no image")
    assert get_reader(str(tmp_path / "scan.nrrd")) is load_layers
    assert get_reader([str(tmp_path / "dicom")]) is load_layers
    assert get_reader(str(tmp_path / "notes.txt")) is None
    assert get_reader(str(tmp_path / "missing.nii")) is None


def test_labels_of_any_size_are_whole_numbers():
    for label in (-2.0, 7.0, 3e9):
        whole = make_whole_labels(np.full((2, 2, 2), label))
        assert whole.dtype.kind == "i"
        assert (whole == label).all()
    for label in (0.5, np.nan, np.inf):
        with pytest.raises(OptionError, match="labels are not whole numbers"):
            make_whole_labels(np.full((2, 2, 2), label))


def test_the_manifest_names_what_is_there():
    (command,) = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["contributions"]["commands"]
    assert command["python_name"] == "pictologics.bridges.napari:get_reader"
    points = metadata.entry_points(group="napari.manifest")
    assert [point.value for point in points if point.name == "pictologics"] in ([], ["pictologics.bridges:napari.yaml"])


def test_npe2_accepts_the_manifest():
    with warnings.catch_warnings():
        # What the library says of others while it is imported.
        warnings.simplefilter("ignore")
        npe2 = pytest.importorskip("npe2", reason="npe2 is not installed")
    manifest = npe2.PluginManifest.from_file(MANIFEST)
    assert manifest.name == "pictologics"
    assert manifest.contributions.readers[0].accepts_directories


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
class TestWithNapari:
    @pytest.fixture(autouse=True)
    def napari(self):
        with warnings.catch_warnings():
            # What the library says of others while it is imported.
            warnings.simplefilter("ignore")
            pytest.importorskip("napari.layers", reason="napari is not installed")
            return pytest.importorskip("napari")

    @settings(max_examples=25, deadline=None)
    @given(images())
    def test_everything_comes_back(self, image):
        layer = image.to_napari()
        # The layer's first voxel, wherever its axes begin.
        place = np.array(layer.data_to_world((0, 0, 0)))[::-1]
        index = np.rint(image.grid.world_to_index(place)).astype(int)
        np.testing.assert_allclose(place, image.grid.index_to_world(index), rtol=0, atol=1e-6)
        assert layer.data[0, 0, 0] == image.array[tuple(index)]
        back = Image.from_napari(layer)
        assert_came_back(image, back)

    @settings(max_examples=25, deadline=None)
    @given(grids(st.tuples(*[st.integers(1, 5)] * 3)))
    def test_a_layer_of_theirs_lies_where_it_is(self, grid):
        layers = pytest.importorskip("napari.layers")
        affine = grid.affine[::-1, ::-1]
        affine = np.block([[affine[1:, 1:], affine[1:, :1]], [np.zeros((1, 3)), np.ones((1, 1))]])
        theirs = layers.Image(np.zeros(grid.shape[::-1]), affine=affine, units="mm")
        assert from_napari(theirs).grid.corner_error(grid) * max(grid.spacing) < 1e-6

    def test_voxels_are_shared_both_ways(self, scan, organs):
        for image in (scan, organs):
            layer = to_napari(image)
            assert np.shares_memory(layer.data, image.array)
            assert np.shares_memory(from_napari(layer).array, image.array)

    def test_axes_run_as_napari_shows_them_best(self):
        """To superior, posterior and left, whatever way a scanner stores them."""
        array = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
        sagittal = Image(array, (3.0, 1.0, 1.0), (9.0, 5.0, 7.0), np.array([[0, 0, -1.0], [1, 0, 0], [0, -1, 0]]))
        layer = to_napari(sagittal)
        np.testing.assert_allclose(np.diag(layer.affine.affine_matrix)[:3], (1, 3, 1))
        assert_came_back(sagittal, from_napari(layer))
        drawn = type(layer)(layer.data)
        assert from_napari(drawn, like=sagittal).equals(Image.from_grid(array, sagittal.grid))

    def test_labels_have_their_names_and_colors(self, napari, organs):
        layer = to_napari(organs)
        assert isinstance(layer, napari.layers.Labels)
        for value in organs.labels:
            np.testing.assert_allclose(layer.get_color(value)[:3], np.array(color_of_label(value)) / 255, atol=0.01)
        assert layer.features["label"].tolist() == ["background", "liver", "spleen"]
        assert from_napari(layer).labels == organs.labels
        layer.features.loc[1, "label"] = "left lobe"
        assert from_napari(layer).labels == {1: "left lobe", 3: "spleen"}

    def test_a_scan_has_the_window_of_our_pictures(self, napari, scan):
        layer = to_napari(scan, name="CT of the chest")
        assert isinstance(layer, napari.layers.Image)
        assert layer.contrast_limits == [-160.0, 240.0]
        assert (layer.name, layer.axis_labels) == ("CT of the chest", ("z", "y", "x"))

    def test_files_open_as_layers(self, napari, scan, organs, tmp_path):
        save_image(scan, tmp_path / "scan.nii.gz")
        save_image(organs, tmp_path / "organs.nii.gz")
        data = load_layers([str(tmp_path / "scan.nii.gz"), str(tmp_path / "organs.nii.gz")])
        image, labels = (napari.layers.Layer.create(*each) for each in data)
        assert (image.name, labels.name) == ("scan.nii.gz", "organs.nii.gz")
        assert from_napari(image).equals(scan)
        assert from_napari(labels).labels == organs.labels

    def test_a_viewer_opens_files_by_the_plugin(self, napari, scan, organs, tmp_path):
        npe2 = pytest.importorskip("npe2")
        from napari.components import ViewerModel

        save_image(organs, tmp_path / "organs.nii.gz")
        write_series(tmp_path / "dicom")
        plugins = npe2.PluginManager.instance()
        plugins.register(npe2.PluginManifest.from_file(MANIFEST))
        try:
            viewer = ViewerModel()
            viewer.open([tmp_path / "organs.nii.gz", tmp_path / "dicom"], plugin="pictologics")
        finally:
            plugins.unregister("pictologics")
        assert from_napari(viewer.layers[0]).equals(organs)
        assert from_napari(viewer.layers[1]).equals(load_image(tmp_path / "dicom"))

    def test_what_napari_moves_a_layer_by_counts(self, scan):
        layer = to_napari(scan)
        layer.translate = (1, 2, 3)
        expected = scan.grid.index_to_world((3, 2, 1))
        np.testing.assert_allclose(from_napari(layer).origin, expected, atol=1e-6)

    def test_what_was_drawn_in_pixels_takes_the_place_of_its_image(self, napari, scan):
        drawn = napari.layers.Labels((scan.array.T > 50).astype(int), name="drawn")
        with pytest.raises(GeometryError, match=r"'drawn' is in pixel and mm are required; pass the image .* as like"):
            from_napari(drawn)
        back = from_napari(drawn, like=scan)
        assert (back.grid, back.modality) == (scan.grid, "SEG")
        with pytest.raises(GeometryError, match="shape"):
            from_napari(drawn, like=scan[1:])

    def test_what_cannot_be_kept_is_refused(self, napari, scan):
        sheared = to_napari(scan)
        sheared.shear = (0.5, 0, 0)
        for layer, error, match in (
            (sheared, GeometryError, "sheared"),
            (napari.layers.Image(np.zeros((4, 5))), GeometryError, "2 axes"),
            (napari.layers.Image(np.zeros((4, 5, 3), np.uint8), rgb=True), OptionError, "colors"),
            (napari.layers.Points(np.zeros((2, 3))), OptionError, "an Image or Labels layer"),
        ):
            with pytest.raises(error, match=match):
                Image.from_napari(layer)
        with pytest.raises(OptionError, match="not whole numbers"):
            to_napari(Image.from_grid(scan.array + 0.5, scan.grid, modality="SEG"))
