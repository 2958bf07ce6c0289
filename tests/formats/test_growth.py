"""The work of reading headers and structure sets grows as they do: counted in steps of Python, never in time."""

from __future__ import annotations

import io
import math
import re
import sys
import warnings
from types import ModuleType

import pytest

import pictologics
from pictologics.dicom.structures.contours import describe_left_out
from pictologics.formats.metaimage.header_text import find_first_field_end, find_last_field_end, split_fields
from pictologics.formats.nrrd.header import split_quoted
from pictologics.formats.nrrd.header_text import read_nrrd_text
from pictologics.formats.nrrd.segments import list_segments
from pictologics.storage.detached_files import split_numbered_files
from pictologics.storage.files import MemoryFile

SIZES = (1000, 4000, 16000, 64000)
STEEPEST = 1.2


def count_steps(call):
    """How many instructions of the interpreter a call takes."""
    steps = 0

    def trace(frame, event, _):
        nonlocal steps
        frame.f_trace_opcodes = True
        steps += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return steps


def fit_exponent(counts):
    """The slope of the logarithms: 1 is linear, 2 is quadratic."""
    x, y = [math.log(size) for size in SIZES], [math.log(max(count, 1)) for count in counts]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum((a - mean_x) ** 2 for a in x)


def nrrd(line, size):
    """A NRRD header with so many lines."""
    text = "NRRD0004\n" + "".join(line.format(k) + "\n" for k in range(size)) + "\n"
    return read_nrrd_text(MemoryFile("<bytes>", text.encode()))


WORK = {
    "MetaImage fields": lambda size: split_fields("\n".join(f"a{k} = 1" for k in range(size)), "a.mha"),
    "MetaImage blank lines": lambda size: find_first_field_end(b"\n" * size + b"x\n"),
    "MetaImage comments": lambda size: find_first_field_end(b"#\n" * size + b"x\n"),
    "MetaImage false ends": lambda size: find_last_field_end(b"x ElementDataFile\n" * size),
    "NRRD keys": lambda size: nrrd("a{}:=1\\n", size),
    "NRRD comments": lambda size: nrrd("# {}", size),
    "NRRD units": lambda size: split_quoted('"mm" ' * size),
    "numbered files": lambda size: split_numbered_files("% " + "1 " * size, 4),
    "segments": lambda size: list_segments({f"Segment{k}_LabelValue": str(k + 1) for k in range(size)}, 1, "a.nrrd"),
    "contours left out": lambda size: describe_left_out({(f"{k}", f"kind {k % 3}"): 1 for k in range(size)}),
    "kinds of contours": lambda size: describe_left_out({("1", f"kind {k}"): 1 for k in range(size)}),
}


@pytest.mark.parametrize("name", WORK)
def test_steps_grow_as_the_input_does(name):
    assert fit_exponent([count_steps(lambda size=size: WORK[name](size)) for size in SIZES]) < STEEPEST


UNBOUNDED = {
    r"none|\(([^()]*)\)": "stops at the next parenthesis, where a new match may begin",
    r"LIST(?:\s+(\d{1,18}))?": "is matched whole, and spaces and digits do not overlap",
    r"LIST(?:\s+(\d{1,2})D?)?": "is matched whole, and spaces and digits do not overlap",
    r"(?:c[/.])?(\d{1,18}(?:[/.]\d{1,18})*)": "is matched whole, and numbers end at what parts them",
    r"Segment(\d{1,9})_([A-Za-z]+)": "is matched whole",
    r"[^\s,]+": "stops at what begins no match",
}
"""Regular expressions of formats that repeat without limit, and why none is worse than linear."""


def test_regular_expressions_of_headers_are_known():
    """A new one that repeats without limit is looked at by a person, who adds it above with a reason."""
    found = set()
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{pictologics.__name__}.formats") and isinstance(module, ModuleType):
            patterns = [value.pattern for value in vars(module).values() if isinstance(value, re.Pattern)]
            found |= {text.decode() if isinstance(text, bytes) else text for text in patterns}
    assert {text for text in found if set(text) & set("*+")} <= set(UNBOUNDED)


@pytest.mark.parametrize(
    "line",
    [
        "a" + " " * 60000,
        "Comment = x" + " " * 60000 + "y",
        "\n" * 60000 + "x",
        "ElementDataFile = " + "%" * 60000 + " x",
        ":" * 60000,
    ],
)
def test_long_lines_of_metaimage_headers_end_at_once(line):
    """A parser that is worse than linear would take minutes here."""
    text = (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nDimSize = 4 4 2\nElementType = MET_UCHAR\n"
        f"{line}\nElementDataFile = LOCAL\n"
    )
    refuse_or_load(text.encode() + bytes(32))


@pytest.mark.parametrize(
    "line", ["data file: %" + " " * 60000 + "x", 'units: "' + '\\"' * 60000, "data file: " + "%" * 60000, "a" * 60000]
)
def test_long_lines_of_nrrd_headers_end_at_once(line):
    text = f"NRRD0005\ntype: uchar\ndimension: 3\nsizes: 4 4 2\nencoding: raw\n{line}\n\n"
    refuse_or_load(text.encode() + bytes(32))


def refuse_or_load(content):
    """Load bytes, or get an error of ours that does not repeat them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pictologics.load_image(io.BytesIO(content))
        except pictologics.PictologicsError as error:
            assert len(str(error)) < 1000
