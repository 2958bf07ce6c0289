"""The layouts by their names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, cast

from ...errors import OptionError
from .bids import BidsLayout
from .flat import FlatLayout
from .monai_list import MonaiLayout
from .nnunet import NnunetLayout
from .protocol import Layout

__all__ = ["LAYOUTS", "make_layout"]

LAYOUTS: dict[str, Callable[..., Layout]] = {
    "flat": FlatLayout,
    "bids": BidsLayout,
    "nnunet": NnunetLayout,
    "monai": MonaiLayout,
}
"""A new layout is one more line here."""


def make_layout(layout: str | Layout, suffix: str = ".nii.gz", **options: Any) -> Layout:
    """Make a layout.

    Args:
        layout: Its name, or a layout, which is taken as it is.
        suffix: What the format's files end with.
        **options: What else it takes, see each layout.

    Raises:
        OptionError: If there is no such layout, or it has no such option.
    """
    if not isinstance(layout, str):
        return layout
    if layout not in LAYOUTS:
        raise OptionError(f"there is no layout {layout!r}", advice=f"layouts are {', '.join(LAYOUTS)}")
    make = LAYOUTS[layout]
    known = [field.name for field in fields(cast(Any, make)) if field.name != "suffix"]
    unknown = sorted(set(options).difference(known))
    if unknown:
        takes = ", ".join(known) or "none"
        raise OptionError(f"the layout {layout} has no option {unknown[0]}", advice=f"its options are {takes}")
    return make(suffix=suffix, **options)
