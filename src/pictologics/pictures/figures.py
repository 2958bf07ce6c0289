"""Figures to look at images and masks, drawn with Matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy.typing as npt

from ..checks import check_choice
from ..errors import OptionError
from ..image import Image
from ..labels.label_colors import name_of_label
from .figure_layout import FigureLayout, lay_out_figure
from .figure_panels import FIGURE_PALE_INK, FigurePanel
from .matplotlib_parts import (
    ColorOf,
    can_interact,
    find_label_colors,
    make_figure,
    require_matplotlib,
)
from .scene import Scene, Slices, Style
from .screen import ScreenPlane
from .scrolling import Scroller
from .windows import Window

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["visualize_mask_overlay", "visualize_slices"]

FigureView = Literal["slices", "planes"]

LEGEND_TEXT_SIZE = 10
"""Names in the legend, points."""

CAPTION_TEXT_SIZE = 9
"""The window, points."""

MOST_NAMED_LABELS = 60
"""More names than these would make the legend larger than the picture."""

LONGEST_LABEL_NAME = 32
"""Letters of a name in the legend; a longer one is cut."""


def visualize_mask_overlay(
    image: Image,
    mask: Image,
    alpha: float = 0.25,
    colormap: str = "tab20",
    axis: int = 2,
    initial_slice: int | None = None,
    window_title: str = "Mask overlay",
    *,
    slices: Slices | None = None,
    view: FigureView = "slices",
    position: npt.ArrayLike | None = None,
    window: Window | None = None,
    style: Style = "both",
    interactive: bool | None = None,
) -> Figure:
    """Draw a mask or label map over its image.

    The picture is the radiological way round (the patient's right on the left, anterior and superior up), whatever the
    storage order, in true proportions, with the patient directions at the edges. Each label has its color, always the
    same one, and its name in a legend. Voxels that the image's ``source_mask`` marks as invalid are hatched.

    Args:
        image: The image.
        mask: The mask or label map; 0 is background. Its lattice must meet the image's: it may be cropped, flipped, or
            have its axes in another order.
        alpha: How much the color of a label covers, from 0 to 1.
        colormap: A color map of Matplotlib. One of few colors, such as ``"tab20"``, gives label 1 its first color
            and begins again after its last; from a continuous one colors are taken far apart.
        axis: The array axis across which the slices lie: 2 is the slices as scanned. They are shown in the view
            (axial, coronal, sagittal) that they are nearest to.
        initial_slice: Index of the slice that is shown, or shown first; by default the one that holds most of the mask.
        window_title: Title of the window, where there is one.
        slices: Several slices side by side: a list of indices, or a number of slices, evenly spread over the mask.
        view: ``"planes"`` shows the axial, coronal and sagittal planes through a point instead.
        position: That point, LPS mm; by default where most of the mask is.
        window: ``"lung"``, ``"bone"``, ``"brain"`` or ``"soft tissue"`` (for Hounsfield units), or (center, width). By
            default soft tissue for Hounsfield units, the 0.5th to 99.5th percentile otherwise.
        style: ``"fill"``, ``"contour"`` or ``"both"``.
        interactive: Make a figure of pyplot's that scrolls: with the mouse wheel, the arrow and page keys and, for one
            slice, a slider. By default if pyplot is in use with a window or a notebook canvas that answers
            (``%matplotlib widget``). Otherwise a figure that pyplot does not know, to be shown by a notebook or saved
            with ``savefig``.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        GeometryError: If the image has no place in the world, or the mask does not lie on it.
        OptionError: If a parameter cannot be honored, or Matplotlib (``pip install matplotlib``) is
            missing.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.utilities import visualize_mask_overlay
        >>> scan = Image(np.random.rand(40, 50, 60), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0))
        >>> organs = Image((scan.array > 0.5).astype(np.uint8), scan.spacing, scan.origin, labels={1: "liver"})
        >>> figure = visualize_mask_overlay(scan, organs, view="planes", window=(0.5, 1.0))
        >>> len(figure.axes)
        3
    """
    require_matplotlib()
    scene = Scene.of(image, mask, window, alpha, style)
    planes = choose_planes(scene, axis, initial_slice, slices, view, position)
    return draw_figure(scene, planes, find_label_colors(colormap), window_title, interactive)


def visualize_slices(
    image: Image,
    axis: int = 2,
    initial_slice: int | None = None,
    window_title: str = "Slices",
    *,
    mask: Image | None = None,
    alpha: float = 0.25,
    colormap: str = "tab20",
    slices: Slices | None = None,
    view: FigureView = "slices",
    position: npt.ArrayLike | None = None,
    window: Window | None = None,
    style: Style = "both",
    interactive: bool | None = None,
) -> Figure:
    """Draw slices of an image; in a window or a live notebook they scroll.

    With pyplot in use on a window, or on a notebook canvas that answers, the mouse wheel, the arrow keys (one slice),
    the page keys (ten), Home and End move the plane under the pointer, and a slider moves a single slice. Elsewhere the
    figure is simply drawn.

    Args:
        image: The image.
        axis: The array axis across which the slices lie: 2 is the slices as scanned.
        initial_slice: Index of the slice that is shown, or shown first; by default the middle one, or the one that
            holds most of the mask.
        window_title: Title of the window, where there is one.
        mask: A mask or label map to lay over the image, as in ``visualize_mask_overlay``.
        alpha: As there.
        colormap: As there.
        slices: Several slices side by side: a list of indices, or a number of slices, evenly spread.
        view: ``"planes"`` shows the axial, coronal and sagittal planes through a point instead.
        position: That point, LPS mm; by default where most of the mask is, or the middle of the image.
        window: ``"lung"``, ``"bone"``, ``"brain"``, ``"soft tissue"``, or (center, width).
        style: ``"fill"``, ``"contour"`` or ``"both"``.
        interactive: As there.

    Returns:
        A ``matplotlib.figure.Figure``.

    Raises:
        GeometryError: If the image has no place in the world, or the mask does not lie on it.
        OptionError: If a parameter cannot be honored, or Matplotlib is missing.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.utilities import visualize_slices
        >>> scan = Image(np.random.rand(40, 50, 60), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0))
        >>> len(visualize_slices(scan, slices=6).axes)
        6
    """
    require_matplotlib()
    scene = Scene.of(image, mask, window, alpha, style)
    planes = choose_planes(scene, axis, initial_slice, slices, view, position)
    return draw_figure(scene, planes, find_label_colors(colormap), window_title, interactive)


def choose_planes(
    scene: Scene,
    axis: int,
    initial_slice: int | None,
    slices: Slices | None,
    view: FigureView,
    position: npt.ArrayLike | None,
) -> list[ScreenPlane]:
    """The planes that are asked for, in one of three ways."""
    check_choice("view", view, get_args(FigureView))
    if view == "planes":
        if slices is not None or initial_slice is not None:
            raise OptionError(
                'view="planes" shows the planes through one point, and slices were given too',
                advice="say which point with position, or leave view out",
            )
        return scene.three_planes(position)
    if position is not None:
        raise OptionError('position is the point of view="planes"', advice='pass view="planes" as well')
    if slices is None:
        return [scene.one_plane(axis, initial_slice)]
    if initial_slice is not None:
        raise OptionError("slices and initial_slice contradict each other", advice="leave one of them out")
    return scene.planes(axis, slices)


def draw_figure(
    scene: Scene, planes: Sequence[ScreenPlane], color_of: ColorOf, window_title: str, interactive: bool | None
) -> Figure:
    """Draw planes side by side, with a legend and a caption, and let them scroll if somebody can."""
    scrolls = can_interact() if interactive is None else bool(interactive)
    # Its size follows once it is known which labels there are to be named.
    figure = make_figure((6.0, 6.0), scrolls)
    figure.set_label(window_title)
    panels = [
        FigurePanel(figure.add_axes((0, 0, 1, 1), label=str(k)), scene, plane, color_of)
        for k, plane in enumerate(planes)
    ]
    named = set(scene.mask.names) if scrolls and scene.mask is not None else set()
    names = list_legend_names(sorted(named.union(*(panel.shown for panel in panels))), scene)
    layout = lay_out_figure(planes, names, has_slider=scrolls and len(planes) == 1)
    figure.set_size_inches(*layout.size)
    for panel, box in zip(panels, layout.panels, strict=True):
        panel.axes.set_position(box)
    figure.text(*layout.caption, scene.grays.text, color=FIGURE_PALE_INK, fontsize=CAPTION_TEXT_SIZE, parse_math=False)
    write_legend(figure, panels, scene, color_of, layout)
    if scrolls:
        scroller = Scroller(figure, panels, lambda: write_legend(figure, panels, scene, color_of, layout))
        if len(panels) == 1:
            scroller.add_slider(layout.slider)
        if figure.canvas.manager is not None:
            figure.canvas.manager.set_window_title(window_title)
    return figure


def list_legend_names(labels: Sequence[int], scene: Scene) -> list[str]:
    """What the legend says of labels, short enough to stand beside the picture."""
    names = [name_of_label(value, scene.names()) for value in labels[:MOST_NAMED_LABELS]]
    names = [name if len(name) <= LONGEST_LABEL_NAME else name[: LONGEST_LABEL_NAME - 1] + "…" for name in names]
    return names + [f"and {len(labels) - MOST_NAMED_LABELS} more"] * (len(labels) > MOST_NAMED_LABELS)


def write_legend(
    figure: Figure, panels: Sequence[FigurePanel], scene: Scene, color_of: ColorOf, layout: FigureLayout
) -> None:
    """Name the labels that are shown, in place of any legend before."""
    from matplotlib.patches import Patch

    for legend in figure.legends:
        legend.remove()
    labels = sorted(set().union(*(panel.shown for panel in panels)))
    if not labels:
        return
    names = list_legend_names(labels, scene)
    colors = [color_of(value) for value in labels[:MOST_NAMED_LABELS]]
    handles = [Patch(facecolor=color, edgecolor="none") for color in colors]
    handles += [Patch(facecolor="none", edgecolor="none")] * (len(names) - len(handles))
    legend = figure.legend(
        handles,
        [str(k) for k in range(len(names))],
        loc="upper left",
        bbox_to_anchor=layout.legend,
        borderaxespad=0.0,
        ncols=layout.legend_columns,
        frameon=False,
        fontsize=LEGEND_TEXT_SIZE,
        labelcolor=FIGURE_PALE_INK,
        handlelength=1.0,
        handleheight=1.0,
        columnspacing=1.0,
    )
    for text, name in zip(legend.get_texts(), names, strict=True):
        # Set afterwards: a name may begin with an underscore, or hold dollar signs.
        text.set_parse_math(False)
        text.set_text(name)
