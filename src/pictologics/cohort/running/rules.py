"""What is the same for all cases of a run, and a hash of what the result of a case depends on."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass, replace
from functools import partial
from typing import Any, Final, Literal

import numpy as np

from ...checks import check_choice, check_fill_value, check_number, option_error
from ...image import Image
from ...interpolation import Interpolation
from ...loaders.keywords import check_suv
from ...loaders.protocol import Suv
from ...preprocessing import Pipeline
from ...saving import StoredType
from ..cases.case import Case
from ..layouts.protocol import Layout
from .nameless_results import KEEPS_ALL, ResultPrivacy
from .run_folder import RunFolder
from .segment_choice import EVERY_SEGMENT, SegmentChoice
from .voxels_without_data import choose_fill_value

__all__ = [
    "CaseFunction",
    "CaseProcess",
    "MaskFiles",
    "RunRules",
    "describe_layout",
    "describe_process",
    "find_numbered_names",
    "hash_parameters",
    "make_rules",
]

ADDRESS: Final = re.compile(" at 0x[0-9A-Fa-f]+")
"""Where an object lies in memory, as Python shows it."""

MaskFiles = Literal["merged", "separate"]

CaseFunction = Callable[[dict[str, Image], dict[str, Image]], tuple[Mapping[str, Image], Mapping[str, Image]]]
"""Given the images and the masks of a case by their names, gives back what is to be written of both."""

CaseProcess = Pipeline | CaseFunction | None


@dataclass(frozen=True)
class RunRules:
    """How every case is worked on; small, as it travels to a worker with each.

    Attributes:
        folder: Where the run writes to, and how voxels are stored there.
        layout: Names and writes the files.
        run: Tells this run from earlier ones into the same folder.
        process: What is done between loading and writing.
        masks: Whether the masks of a case become one label map, or each file one of its own.
        suv: The units of PET; None leaves them as they are stored.
        interpolation: How an image is placed on the voxels of the first.
        time_limit: Seconds that an attempt may take; None for any.
        privacy: What results may hold of UIDs and of what people typed.
        segments: Which segments of the masks are kept.
        fill_value: What voxels without data hold; None for what is usual for the modality.
    """

    folder: RunFolder
    layout: Layout
    run: str
    process: CaseProcess = None
    masks: MaskFiles = "merged"
    suv: Suv | None = None
    interpolation: Interpolation = "linear"
    time_limit: float | None = None
    privacy: ResultPrivacy = KEEPS_ALL
    segments: SegmentChoice = EVERY_SEGMENT
    fill_value: float | None = None


def make_rules(
    folder: RunFolder,
    layout: Layout,
    *,
    process: CaseProcess,
    masks: MaskFiles,
    suv: Suv | None,
    interpolation: Interpolation,
    time_limit: float | None,
    privacy: ResultPrivacy = KEEPS_ALL,
    segments: SegmentChoice = EVERY_SEGMENT,
    fill_value: float | None = None,
    dtype: StoredType,
) -> RunRules:
    """Check how cases are to be worked on.

    Raises:
        OptionError: If anything cannot be honored.
    """
    if not (process is None or isinstance(process, Pipeline) or callable(process)):
        raise option_error("process", process, "a Pipeline, a function, or None")
    return RunRules(
        replace(folder, dtype=check_choice("dtype", dtype, ("own", "smallest"))),
        layout,
        secrets.token_hex(8),
        process,
        check_choice("masks", masks, ("merged", "separate")),
        check_suv(suv),
        check_choice("interpolation", interpolation, ("linear", "nearest", "cubic")),
        None if time_limit is None else check_number("time_limit", time_limit, "s", above=0),
        privacy,
        segments,
        None if fill_value is None else float(check_fill_value(fill_value)),
    )


def find_numbered_names(layout: Layout, process: CaseProcess) -> tuple[str, ...]:
    """The only names of labels that a layout takes, none if it takes every name.

    A function may give labels the names that the layout numbers: then nobody knows which of them are needed.
    """
    names: Mapping[str, int] = getattr(layout, "labels", None) or {}
    return tuple(names) if process is None or isinstance(process, Pipeline) else ()


def hash_parameters(case: Case, rules: RunRules, process: Any = None) -> str:
    """A hash of all that the result of a case depends on besides the content of its files.

    Args:
        case: The case.
        rules: How it is worked on.
        process: What ``describe_process`` gives, if that is known: it is the same for thousands of cases.
    """
    choices = [*case.images.values(), *case.masks]
    content = {
        "layout": [rules.layout.name, describe_layout(rules.layout)],
        "process": process or describe_process(rules.process),
        "masks": rules.masks,
        "segments": asdict(rules.segments),
        "suv": rules.suv,
        "fill_value": [choose_fill_value(choice, rules.fill_value) for choice in case.images.values()],
        "interpolation": rules.interpolation,
        "privacy": [rules.privacy.keeps_uids, rules.privacy.keeps_text],
        "dtype": rules.folder.dtype,
        "series": [[choice.name, choice.kind, choice.drawn_on, dict(choice.options)] for choice in choices],
    }
    text = json.dumps(content, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def describe_layout(layout: Layout) -> Any:
    """The options of a layout."""
    return asdict(layout) if is_dataclass(layout) and not isinstance(layout, type) else repr(layout)


def describe_process(process: Any) -> Any:
    """A process as text that is the same whenever it does the same, as far as can be told: of a function, its code."""
    if process is None or isinstance(process, Pipeline):
        return None if process is None else process.to_dict()
    if isinstance(process, partial):
        given = (process.args, sorted(process.keywords.items()))
        return ["partial", describe_process(process.func), *map(show_values, given)]
    # An object that can be called is its class and what it holds.
    is_object = (
        not isinstance(process, type) and not hasattr(process, "__code__") and not hasattr(process, "__wrapped__")
    )
    try:
        source = inspect.getsource(type(process) if is_object else process)
    except (OSError, TypeError):
        code = getattr(process, "__code__", None)
        source = repr(process) if code is None else f"{code.co_code.hex()} {code.co_names} {code.co_varnames}"
    held = [cell.cell_contents for cell in getattr(process, "__closure__", None) or ()]
    if is_object:
        held.append(getattr(process, "__dict__", {}))
    name = getattr(process, "__qualname__", type(process).__name__)
    return [name, ADDRESS.sub("", source), show_values(held)]


def show_values(values: Sequence[Any]) -> str:
    """Values as text: arrays with all that they hold, and nothing with its place in memory, another in each process."""
    with np.printoptions(threshold=sys.maxsize, floatmode="unique"):
        return ADDRESS.sub("", repr(values))
