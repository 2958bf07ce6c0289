"""Say what becomes of every DICOM file in pydicom's wheel: ``python docs/tables/make_what_loads.py [FILE]``.

Each file is explained, and each volume that the explanation lists is loaded with the keywords it names. Without an
argument, the table goes between the two marks of ``docs/what-loads.md``.
"""

from __future__ import annotations

import sys
import textwrap
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pydicom

from pictologics import Image, PictologicsError, explain, load_image

DATA = Path(pydicom.__file__).parent / "data"
PAGE = Path(__file__).parents[1] / "what-loads.md"
BEGIN, END = "<!-- made by docs/tables/make_what_loads.py -->\n", "<!-- end of what was made -->\n"

# Where more files than this share a row, it counts them.
NAMED = 6
LONGEST_WHY = 170

Row = tuple[str, str, str]
"""Content, result and reason."""


def dicom_files() -> Iterator[Path]:
    """Every file of the wheel that says it is DICOM, by its suffix or its mark."""
    for path in sorted(DATA.rglob("*"), key=lambda path: path.relative_to(DATA).as_posix().lower()):
        if path.is_file() and (path.suffix == ".dcm" or path.read_bytes()[128:132] == b"DICM"):
            yield path


def content_of(path: Path) -> str:
    """What pydicom says that a file is: its class and how it is encoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
        meta = dataset.file_meta
        uid = dataset.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID")
        syntax = meta.get("TransferSyntaxUID")
    kind = pydicom.uid.UID(uid).name.removesuffix(" Storage") if uid else "no class"
    return f"{kind}; {pydicom.uid.UID(syntax).name}" if syntax else kind


def row_of(path: Path) -> Row:
    """What becomes of a file."""
    try:
        volumes = explain(path).volumes
        keywords = [dict(volume.options) for volume in volumes]
        with warnings.catch_warnings():
            # Every assumption is in the record, which is what the row tells.
            warnings.simplefilter("ignore")
            images = [load_image(path, **options) for options in keywords]
    except PictologicsError as error:
        return content_of(path), f"`{type(error).__name__}`", shortened(error.found)
    named = sorted({keyword(name, value) for options in keywords for name, value in options.items()})
    result = f"loads, {shapes_of(images)}" + (f", with {' and '.join(named)}" if named else "")
    assumed = [
        decision.text for image in images for decision in image.provenance.decisions if decision.warning is not None
    ]
    return content_of(path), result, "; ".join(shortened(text) for text in dict.fromkeys(assumed))


def keyword(name: str, value: object) -> str:
    """A keyword of a call; numbers and UIDs differ from volume to volume and are left out."""
    return f"`{name}={value!r}`" if name in {"colour", "irregular"} else f"`{name}=`"


def shapes_of(images: list[Image]) -> str:
    """The shape of one volume, or how many volumes there are."""
    if len(images) > 1:
        return f"{len(images)} volumes"
    return "x".join(map(str, images[0].array.shape))


def shortened(text: str) -> str:
    """The first part of a message, so that it fits into a table."""
    first = text.splitlines()[0].split("; ")[0].split(" (SOP class")[0].rstrip(": ")
    return textwrap.shorten(first, LONGEST_WHY, placeholder=" ...").replace("|", "\\|").replace("<", "&lt;")


def table() -> str:
    """The table, with files of one folder that share their fate in one row."""
    rows: defaultdict[tuple[str, Row], list[str]] = defaultdict(list)
    for path in dicom_files():
        place = path.relative_to(DATA)
        rows[place.parent.as_posix(), row_of(path)].append(place.name)
    results = Counter("load" if row[1].startswith("loads") else "refused" for (_, row), names in rows.items() for _ in names)
    lines = [
        f"Of the {results.total()} DICOM files of pydicom {pydicom.__version__}, {results['load']} load and "
        f"{results['refused']} are refused.",
    ]
    folder = ""
    for (place, (content, result, why)), names in rows.items():
        if place != folder:
            folder = place
            lines += ["", f"### `{folder}`", "", "| File | Content | Result | Why |", "|---|---|---|---|"]
        files = ", ".join(f"`{name}`" for name in names) if len(names) <= NAMED else f"{len(names)} files"
        lines.append(f"| {files} | {content} | {result} | {why} |")
    return "\n".join([*lines, ""])


def main(target: Path | None) -> None:
    """Write the table to a file, or into its page."""
    if target is not None:
        target.write_text(table(), encoding="utf-8", newline="\n")
        return
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
