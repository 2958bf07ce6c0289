"""Masks whose files lost their place: the voxels of the image on which they were drawn, taken for theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...errors import GeometryError
from ...geometry import Grid, format_numbers
from ...image import Image
from ...placement import AxisOrder, find_axis_orders, transpose
from ...provenance import Decision

__all__ = ["take_reference_geometry"]


def take_reference_geometry(mask: Image, reference: Image, axes: Sequence[int] | None, path: str) -> Image:
    """Take a mask's voxels one for one for those of an image, wherever its file puts them.

    Args:
        mask: The mask.
        reference: The image.
        axes: The order of its axes that is asked for, already applied; None to find the one that fits.
        path: The file, for messages.

    Raises:
        GeometryError: If its shape is not the image's in any order of axes, or in several.
    """
    target = reference.grid
    order = find_order(mask, target, axes, path)
    moved = mask if order == (0, 1, 2) else transpose(mask, order, target)
    # The positions of its slices are those of the place that is not used.
    record = replace(moved.provenance.without_geometry_warnings(), slices=())
    provenance = record.with_decisions(describe_trust(mask.grid, target, order))
    return Image.from_grid(
        moved.array,
        target,
        modality=mask.modality,
        source_mask=moved.source_mask,
        metadata=take_frame(mask, reference),
        labels=dict(mask.labels),
        provenance=provenance,
    )


def take_frame(mask: Image, reference: Image) -> dict[str, str]:
    """What is known of a mask, whose frame of reference is now that of the image."""
    name = "frame_of_reference_uid"
    facts = {fact: text for fact, text in mask.metadata.items() if fact != name}
    return facts | ({name: reference.metadata[name]} if name in reference.metadata else {})


def find_order(mask: Image, target: Grid, axes: Sequence[int] | None, path: str) -> AxisOrder:
    """The one order of a mask's axes that gives it the shape of an image; that in which they are, if one was asked for.

    Raises:
        GeometryError: If there is none, or several.
    """
    orders = find_axis_orders(mask.shape, target.shape)
    if axes is not None and orders != [(0, 1, 2)]:
        orders = []
    if not orders:
        turned = "" if axes is None else f" with its axes in the order {tuple(axes)}"
        raise GeometryError(
            f'the mask has shape {mask.shape}{turned} and the image {target.shape}, and geometry="reference" takes '
            "voxels one for one",
            path=path,
            advice="pass the image on which it was drawn, or leave geometry out if the file says where it lies",
            mask_shape=mask.shape,
            image_shape=target.shape,
        )
    if len(orders) > 1:
        raise GeometryError(
            f"the mask has shape {mask.shape} and the image {target.shape}, and several orders of its axes fit: "
            f"{', '.join(map(str, orders))}",
            path=path,
            advice=f"pass one as transpose_axes; {suggest_order(orders)}",
            orders=orders,
        )
    return orders[0]


def suggest_order(orders: Sequence[AxisOrder]) -> str:
    """Which order is the likely one, in words."""
    if (2, 1, 0) in orders:
        return "(2, 1, 0) is right for arrays stored as (z, y, x), as SimpleITK and pydicom give them"
    return "look at the result to see which is right"


def describe_trust(own: Grid, target: Grid, order: AxisOrder) -> Decision:
    """The warning that says what was taken on trust."""
    turned = "" if order == (0, 1, 2) else f", its axes in the order {order}, the only one that gives the image's shape"
    x, y, z = target.shape
    same = [
        f"{first} and {second}"
        for first, second, equal in (("x", "y", x == y), ("x", "z", x == z), ("y", "z", y == z))
        if equal
    ]
    exchanged = f", or {' or '.join(same)} exchanged," if same else ""
    text = (
        f'its voxels were taken one for one for the image\'s{turned}, as geometry="reference" asks: whether an axis '
        f"runs the other way{exchanged} cannot be seen from the file; the place it gives (origin "
        f"{format_numbers(own.origin)} mm, spacing {format_numbers(own.spacing)} mm) was not used"
    )
    return Decision("assumed", text, None, "geometry")
