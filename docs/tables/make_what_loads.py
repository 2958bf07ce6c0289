"""Say what becomes of every DICOM file in pydicom's wheel: ``python docs/tables/make_what_loads.py [FILE]``.

Each file is explained, and each volume that the explanation lists is loaded with the keywords it names. Without an
argument, the table goes between the two marks of ``docs/what-loads.md``.
"""

from __future__ import annotations

import re
import sys
import textwrap
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pydicom
from pydicom.uid import UID

from pictologics import (
    Image,
    PictologicsError,
    explain,
    load_image,
)
from pictologics.loaders.protocol import VolumeInfo

DATA = Path(pydicom.__file__).parent / "data"
PAGE = Path(__file__).parents[1] / "what-loads.md"
BEGIN, END = "<!-- made by docs/tables/make_what_loads.py -->\n", "<!-- end of what was made -->\n"
SECTIONS = ("test_files", "test_files/dicomdirtests", "charset_files", "palettes")
LONGEST_WHY = 160
LONGEST_SENTENCE = 100


class Row(NamedTuple):
    """What becomes of a file."""

    content: str
    result: str
    why: str


def dicom_files() -> Iterator[Path]:
    """Every file of the wheel that says it is DICOM, by its suffix or its mark."""
    for path in sorted(DATA.rglob("*"), key=lambda path: path.as_posix().lower()):
        if path.is_file() and (path.suffix == ".dcm" or path.read_bytes()[128:132] == b"DICM"):
            yield path


def content_of(path: Path) -> str:
    """What pydicom says that a file is: its class and how it is encoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    meta = dataset.file_meta
    uid = dataset.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID")
    kind = UID(uid).name.removesuffix(" Storage") if uid else "no SOP class"
    syntax = UID(meta.get("TransferSyntaxUID", "")).name
    syntax = re.sub(r" Image Compression|, Non-Hierarchical.*| \(Process.*", "", syntax)
    return f"{kind}, {syntax}" if syntax else kind


def row_of(path: Path) -> Row:
    """Load whatever a file holds, and say how that went."""
    content = content_of(path)
    try:
        volumes = explain(path).volumes
        loading = [volume for volume in volumes if volume.loads]
        with warnings.catch_warnings():
            # What was assumed is in the record, and the row tells it.
            warnings.simplefilter("ignore")
            # One that does not load says why.
            images = [load_image(path, **dict(volume.options)) for volume in loading or volumes[:1]]
    except PictologicsError as error:
        return Row(content, f"`{type(error).__name__}`", shortened(error.found))
    reasons = [note for volume in volumes if not volume.loads for note in volume.notes]
    reasons += [one.text for image in images for one in image.provenance.decisions if one.warning is not None]
    why = "; ".join(shortened(text) for text in dict.fromkeys(reasons))
    return Row(content, described(images, volumes), why)


def described(images: list[Image], volumes: Sequence[VolumeInfo]) -> str:
    """How many volumes load, the shape of a single one, and the keywords that they need."""
    if len(volumes) == 1:
        result = f"loads, {'x'.join(map(str, images[0].array.shape))}"
    else:
        result = f"{len(images)} of {len(volumes)} volumes load"
    needed = {
        f"`{name}={value!r}`" if name == "color" else f"`{name}=`"
        for volume in volumes
        for name, value in volume.options
    }
    return f"{result}, with {' and '.join(sorted(needed))}" if needed else result


def shortened(text: str) -> str:
    """The first part of a message, so that it fits into a table."""
    first = text.splitlines()[0].split("; ")[0]
    if len(first) > LONGEST_SENTENCE:
        # What follows a colon are the details.
        first = first.split(": ")[0]
    first = first.rstrip(": ")
    return textwrap.shorten(first, LONGEST_WHY, placeholder=" ...").replace("|", "\\|").replace("<", "&lt;")


def section_of(place: Path) -> str:
    """The heading under which a file is listed."""
    return max((one for one in SECTIONS if place.is_relative_to(one)), key=len)


def names_of(places: list[Path], section: str) -> str:
    """Files of a row: by name, and those in folders below the section by their number."""
    below = Counter(place.parent.relative_to(section).as_posix() for place in places)
    names = [f"`{place.name}`" for place in places if place.parent == Path(section)]
    return ", ".join([*names, *(f"`{folder}/` ({count})" for folder, count in below.items() if folder != ".")])


def table() -> str:
    """The tables, with files that share their fate in one row."""
    rows: defaultdict[str, defaultdict[Row, list[Path]]] = defaultdict(lambda: defaultdict(list))
    results: Counter[bool] = Counter()
    for path in dicom_files():
        place, row = path.relative_to(DATA), row_of(path)
        rows[section_of(place)][row].append(place)
        results["load" in row.result] += 1
    lines = [
        f"Of the {results.total()} DICOM files in the wheel of pydicom {pydicom.__version__}, {results[True]} load "
        f"and {results[False]} are refused."
    ]
    for section in SECTIONS:
        lines += [
            "",
            f"### `{section}`",
            "",
            "| File | Content | Result | Why, or what is assumed |",
            "|---|---|---|---|",
        ]
        lines += [f"| {names_of(places, section)} | {' | '.join(row)} |" for row, places in rows[section].items()]
    return "\n".join([*lines, ""])


def main(target: Path | None) -> None:
    """Write the tables to a file, or into their page."""
    if target is not None:
        target.write_text(table(), encoding="utf-8", newline="\n")
        return
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
