"""Figures: what they hold, that they scroll, and that nobody else's figures and settings change."""

from __future__ import annotations

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.backend_bases import FigureManagerBase, KeyEvent, MouseEvent

from pictologics import GeometryError, Image, OptionError
from pictologics.labels.label_colors import color_of_label
from pictologics.pictures import matplotlib_parts
from pictologics.pictures.figure_panels import FIGURE_INK
from pictologics.utilities import visualize_mask_overlay, visualize_slices

SPACING, ORIGIN = (1.0, 1.0, 2.0), (10.0, 20.0, 30.0)
VALUES = np.random.default_rng(1).normal(size=(24, 20, 16)).astype(np.float32)
SCAN = Image(VALUES, SPACING, ORIGIN, metadata={"units": "HU"})
NAMES = {1: "liver", 2: "_hidden", 3: "5 $ and 6 $"}


def label_map() -> Image:
    """Label 1 in slices 3 to 6, all four labels in slice 5."""
    labels = np.zeros(VALUES.shape, np.uint8)
    labels[2:9, 2:9, 3:7] = 1
    for value in (2, 3, 7):
        labels[2 * value + 4 : 2 * value + 6, 10:15, 5] = value
    return Image(labels, SPACING, ORIGIN, labels=NAMES)


def titles(figure) -> list[str]:
    return [panel.get_title(loc="left") for panel in figure.axes]


def legend_of(figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


@pytest.fixture
def scrolling():
    """Figures of pyplot's, closed afterwards."""
    yield
    pyplot.close("all")


# --- what is shown ---


def test_one_slice_with_most_of_the_mask_and_its_names():
    figure = visualize_mask_overlay(SCAN, label_map())
    assert titles(figure) == ["axial 5"]
    assert legend_of(figure) == ["liver", "_hidden", "5 $ and 6 $", "label 7"]
    handles = figure.legends[0].legend_handles
    assert [tuple(np.round(np.multiply(h.get_facecolor()[:3], 255))) for h in handles] == [
        color_of_label(value) for value in (1, 2, 3, 7)
    ]
    assert [text.get_text() for text in figure.texts] == ["soft tissue W 400 L 40 HU"]
    assert legend_of(visualize_mask_overlay(SCAN, label_map(), initial_slice=4)) == ["liver"]
    assert not visualize_mask_overlay(SCAN, label_map(), initial_slice=0).legends


def test_slices_planes_and_axes():
    mask = label_map()
    assert titles(visualize_mask_overlay(SCAN, mask, axis=0)) == ["sagittal 8"]
    assert titles(visualize_mask_overlay(SCAN, mask, slices=[9, 2])) == ["axial 9", "axial 2"]
    assert titles(visualize_mask_overlay(SCAN, mask, slices=99)) == [f"axial {k}" for k in (3, 4, 5, 6)]
    assert titles(visualize_mask_overlay(SCAN, mask, view="planes")) == ["axial 5", "coronal 5", "sagittal 8"]
    planes = visualize_slices(SCAN, view="planes", position=(12, 23, 44))
    assert titles(planes) == ["axial 7", "coronal 3", "sagittal 2"]
    assert titles(visualize_slices(SCAN, slices=np.array([3]))) == ["axial 3"]
    assert titles(visualize_slices(SCAN)) == ["axial 8"]


@pytest.mark.parametrize("style", ["fill", "contour", "both"])
def test_styles(style):
    (panel,) = visualize_mask_overlay(SCAN, label_map(), style=style).axes
    assert len(panel.images) == (1 if style == "contour" else 2)
    assert len(panel.collections) == (0 if style == "fill" else 4)


def test_a_line_runs_half_way_to_the_next_voxel_also_along_the_edge():
    labels = np.zeros(VALUES.shape, bool)
    labels[0:3, 0:2] = True
    (panel,) = visualize_mask_overlay(SCAN, Image(labels, SPACING, ORIGIN), style="contour").axes
    points = panel.collections[0].get_paths()[0].vertices
    assert (points.min(axis=0).tolist(), points.max(axis=0).tolist()) == ([-0.5, -0.5], [2.5, 1.5])
    assert (panel.get_xlim(), panel.get_ylim()) == ((-0.5, 23.5), (19.5, -0.5))


def test_invalid_voxels_are_hatched():
    valid = np.ones(VALUES.shape, bool)
    valid[12:] = False
    (panel,) = visualize_slices(SCAN.with_source_mask(valid)).axes
    (areas,) = panel.collections
    box = areas.get_paths()[0].get_extents()
    assert (box.x0, box.x1) == (11.5, 24)
    assert areas.hatches == ["////"]
    (panel,) = visualize_slices(SCAN.with_source_mask(valid | True)).axes
    assert not panel.collections


@pytest.mark.parametrize(
    "values", [VALUES > 0, VALUES * np.nan, VALUES.astype(np.float16), (VALUES * 9).astype("int64")]
)
def test_any_type_of_voxel_is_drawn(values):
    visualize_slices(Image(values, SPACING, ORIGIN)).canvas.draw()


def test_the_pointer_is_told_voxel_position_value_and_label():
    (panel,) = visualize_mask_overlay(SCAN, label_map()).axes
    told = panel.format_coord(3.2, 4.4)
    assert told == f"voxel (3, 4, 5)  (13, 24, 40) mm LPS  {VALUES[3, 4, 5]:.6g} HU  liver"
    assert panel.format_coord(0, 0).endswith("HU")
    assert panel.format_coord(-1, 0) == ""


def test_color_maps():
    handles = {}
    for name in ("tab20", "Set1", "viridis"):
        figure = visualize_mask_overlay(SCAN, label_map(), colormap=name)
        handles[name] = [handle.get_facecolor()[:3] for handle in figure.legends[0].legend_handles]
    assert handles["Set1"][0] == pytest.approx(matplotlib.colormaps["Set1"].colors[0])
    assert len({tuple(color) for color in handles["viridis"]}) == 4
    with pytest.raises(OptionError, match="colormap"):
        visualize_mask_overlay(SCAN, label_map(), colormap="rainbows")


def test_many_labels_with_long_names_leave_the_panels_their_room():
    labels = np.zeros(VALUES.shape, np.uint16)
    labels[..., 5] = np.arange(480).reshape(24, 20)
    mask = Image(
        labels, SPACING, ORIGIN, labels={k: f"label with a name that has no end at all {k}" for k in range(500)}
    )
    figure = visualize_mask_overlay(SCAN, mask, style="fill")
    figure.canvas.draw()
    names = legend_of(figure)
    assert names[-1] == "and 419 more"
    assert max(map(len, names)) == 32
    legend = figure.legends[0].get_window_extent()
    panel = figure.axes[0].get_window_extent()
    assert legend.x0 >= panel.x1
    assert legend.x1 <= figure.bbox.x1 and legend.y0 >= 0


# --- scrolling ---


def scroll(figure, button, panel=0):
    axes = figure.axes[panel]
    x, y = axes.transAxes.transform((0.5, 0.5))
    figure.canvas.callbacks.process("scroll_event", MouseEvent("scroll_event", figure.canvas, x, y, button))


def press(figure, key):
    figure.canvas.callbacks.process("key_press_event", KeyEvent("key_press_event", figure.canvas, key))


def test_wheel_keys_and_slider_move_a_slice(scrolling, monkeypatch):
    given = []
    monkeypatch.setattr(FigureManagerBase, "set_window_title", lambda manager, title: given.append(title))
    figure = visualize_mask_overlay(SCAN, label_map(), interactive=True, window_title="Case 7")
    figure.canvas.draw()
    assert given[-1] == "Case 7"
    panel, slider = figure.axes
    seen = []
    for move in ("up", "down", "down"):
        scroll(figure, move)
        seen.append(panel.get_title(loc="left"))
    assert seen == ["axial 6", "axial 5", "axial 4"]
    assert legend_of(figure) == ["liver"]
    for key, index in (
        ("up", 5),
        ("right", 6),
        ("pageup", 15),
        ("left", 14),
        ("home", 0),
        ("down", 0),
        ("end", 15),
        ("x", 15),
    ):
        press(figure, key)
        assert panel.get_title(loc="left") == f"axial {index}"
    assert not figure.legends
    assert slider.texts[-1].get_text() == "15"
    x, y = slider.transData.transform((5, 0.5))
    for kind in ("button_press_event", "button_release_event"):
        figure.canvas.callbacks.process(kind, MouseEvent(kind, figure.canvas, x, y, 1))
    assert panel.get_title(loc="left") == "axial 5"
    assert panel.format_coord(3, 4).startswith("voxel (3, 4, 5)")
    np.testing.assert_array_equal(panel.images[0].get_array(), VALUES[:, :, 5].T)


def test_each_plane_moves_by_itself(scrolling):
    figure = visualize_slices(SCAN, view="planes", interactive=True)
    figure.canvas.draw()
    before = titles(figure)
    scroll(figure, "up", panel=1)
    assert titles(figure) == [before[0], "coronal 11", before[2]]


def test_one_slice_has_nowhere_to_go(scrolling):
    figure = visualize_slices(Image(VALUES[:, :, :1], SPACING, ORIGIN), interactive=True)
    press(figure, "up")
    assert titles(figure) == ["axial 0"]


def test_by_itself_it_scrolls_only_where_somebody_can(monkeypatch, scrolling):
    for backend, answers in (("agg", False), ("module://matplotlib_inline.backend_inline", False), ("TkAgg", True)):
        monkeypatch.setattr(matplotlib, "get_backend", lambda backend=backend: backend)
        assert matplotlib_parts.can_interact() is answers
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot")
    assert not matplotlib_parts.can_interact()


# --- manners ---

QUIET = """
import sys
import numpy as np
import matplotlib
before = matplotlib.rcParams.copy()
from pictologics import Image
from pictologics.utilities import visualize_mask_overlay
scan = Image(np.zeros((5, 6, 7)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
figure = visualize_mask_overlay(scan, Image(np.ones((5, 6, 7)), scan.spacing, scan.origin))
assert figure._repr_png_().startswith(b"\\x89PNG")
assert matplotlib.rcParams.copy() == before
assert "matplotlib.pyplot" not in sys.modules
"""

MISSING = """
import sys
sys.modules["matplotlib"] = None
import numpy as np
from pictologics import Image
from pictologics.utilities import save_planes, visualize_slices
scan = Image(np.zeros((5, 6, 7)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
save_planes(scan, sys.argv[1], mask=scan)
try:
    visualize_slices(scan)
except ValueError as error:
    assert "pip install matplotlib" in str(error)
else:
    raise AssertionError
"""


@pytest.mark.parametrize("code", [QUIET, MISSING], ids=["settings", "no matplotlib"])
def test_in_a_fresh_interpreter(tmp_path, code):
    subprocess.run([sys.executable, "-W", "error", "-c", code, str(tmp_path / "planes.png")], check=True)


def test_no_figure_is_left_with_pyplot():
    before = pyplot.get_fignums()
    visualize_slices(SCAN, slices=2)
    assert pyplot.get_fignums() == before


def test_styles_of_the_caller_change_nothing_that_counts():
    with matplotlib.rc_context(
        {"image.origin": "lower", "axes.grid": True, "image.aspect": "auto", "text.color": "red"}
    ):
        figure = visualize_slices(SCAN)
        figure.canvas.draw()
    (panel,) = figure.axes
    assert panel.images[0].origin == "upper"
    assert {text.get_color() for text in panel.texts} == {FIGURE_INK}


@pytest.mark.parametrize(
    ("keywords", "reason"),
    [
        ({"axis": 3}, "axis"),
        ({"initial_slice": 16}, "0 to 15"),
        ({"initial_slice": -1}, "0 to 15"),
        ({"initial_slice": 1.5}, "0 to 15"),
        ({"slices": []}, "slices"),
        ({"slices": 0}, "slices"),
        ({"slices": "all"}, "slices"),
        ({"slices": [3, 99]}, "0 to 15"),
        ({"slices": [3], "initial_slice": 3}, "contradict"),
        ({"view": "axial"}, "view"),
        ({"view": "planes", "slices": 3}, "position"),
        ({"position": (0, 0, 0)}, "planes"),
        ({"alpha": "half"}, "alpha"),
        ({"window": "liver"}, "soft tissue"),
        ({"style": "dots"}, "style"),
    ],
)
def test_what_cannot_be_drawn(keywords, reason):
    with pytest.raises(OptionError, match=reason):
        visualize_mask_overlay(SCAN, label_map(), **keywords)


def test_a_mask_elsewhere_is_refused_with_a_way_out():
    moved = Image(label_map().array, SPACING, (10.4, 20.0, 30.0))
    with pytest.raises(GeometryError, match=r"load_mask\(path, image\)"):
        visualize_mask_overlay(SCAN, moved)
