"""The ROIs of a new structure set: names, kinds and colors, as far as they are known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from ...dicom.segmentation.cielab import WRITTEN_COLOR
from ...dicom.structures.rois import Roi
from ...errors import OptionError
from ...labels.label_colors import color_of_label
from ..call_checks import check_text
from ..segment_facts import Facts, collect_facts

__all__ = ["make_rois"]

CODE_STRING: Final = re.compile(r"[A-Z0-9_ ]{0,16}")
"""DICOM PS3.5 6.2."""

TARGET: Final = re.compile(r"GTV|CTV|PTV")
"""Names of targets begin in this way (AAPM TG-263, 6.1)."""

Keyed = Mapping[int, str] | Mapping[str, str] | None
"""Texts by the number or the name of a ROI."""


def make_rois(
    described: Mapping[int, str] | Sequence[Facts] | None,
    labels: Mapping[int, str],
    numbers: Sequence[int],
    interpreted_types: Keyed,
    colors: Keyed,
) -> list[Roi]:
    """Make the description of each ROI, in the order of the numbers.

    Args:
        described: Names by number, or facts of ROIs, as ``save_rtstruct`` takes them.
        labels: Names that the masks have for them.
        numbers: The ROIs that there are.
        interpreted_types: Kinds of ROIs, which go before what ``described`` says.
        colors: Colors of ROIs, likewise.

    Raises:
        OptionError: If one is described badly, or is not there.
    """
    rois = [make_roi(*found) for found in collect_facts("rois", described, labels, numbers)]
    kinds = spread("interpreted_types", interpreted_types, rois)
    shades = spread("colors", colors, rois)
    return [
        Roi(
            roi.number,
            roi.name,
            roi.description,
            roi.algorithm,
            check_code(f"the interpreted type of ROI {roi.title}", kinds.get(roi.number, roi.interpreted_type)),
            check_color(roi, shades.get(roi.number, roi.color)),
        )
        for roi in rois
    ]


def make_roi(number: int, name: str, facts: Facts) -> Roi:
    """Make a ROI of the facts under the names of ``get_segment_info``."""
    texts = {key: str(value) for key, value in facts.items()}
    label = check_text(f"the name of ROI {number}", texts.get("segment_label") or name or f"ROI {number}", 64)
    target = TARGET.match(label)
    kind = texts.get("type")
    return Roi(
        number,
        label,
        check_text(f"the description of ROI {number}", texts.get("segment_description", ""), 1024),
        check_code(f"algorithm_type of ROI {number}", texts.get("algorithm_type", "")),
        (target[0] if target else "") if kind is None else kind,
        texts.get("recommended_color") or "#{:02x}{:02x}{:02x}".format(*color_of_label(number)),
    )


def spread(keyword: str, given: Keyed, rois: Sequence[Roi]) -> dict[int, str]:
    """Find which ROIs are meant by numbers or names.

    Raises:
        OptionError: If there is none of a number or name.
    """
    if given is not None and not isinstance(given, Mapping):
        raise OptionError(
            f"{keyword} is of type {type(given).__name__} and must be a dict", advice="give texts by number or name"
        )
    found: dict[int, str] = {}
    for key, text in (given or {}).items():
        meant = [roi.number for roi in rois if key in (roi.number, roi.name)]
        if not meant:
            listed = ", ".join(f"{roi.name!r} ({roi.number})" for roi in rois)
            raise OptionError(
                f"{keyword} names {key!r}, and the ROIs are {listed}", advice="use the numbers or names of these"
            )
        found.update(dict.fromkeys(meant, text))
    return found


def check_code(what: str, text: object) -> str:
    """Check that a text is a code string of DICOM, and put it in capitals.

    Raises:
        OptionError: If it is not.
    """
    code = text.strip().upper() if isinstance(text, str) else ""
    if not isinstance(text, str) or not CODE_STRING.fullmatch(code):
        raise OptionError(
            f"{what} is {text!r} and must be at most 16 letters, digits or underscores",
            advice='use a term of the standard, such as "ORGAN", "GTV" or "MANUAL"',
        )
    return code


def check_color(roi: Roi, color: object) -> str:
    """Check that a color is written as all are.

    Raises:
        OptionError: If it is not.
    """
    if not isinstance(color, str) or not WRITTEN_COLOR.fullmatch(color):
        raise OptionError(
            f"the color of ROI {roi.title} is {color!r}", advice='write it as "#rrggbb", such as "#e6194b"'
        )
    return color.lower()
