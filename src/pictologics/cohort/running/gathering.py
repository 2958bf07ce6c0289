"""The rows of a manifest in one Parquet file, as tables are read best."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ...storage.paths import escape_bytes
from ..libraries import name_missing_library
from .manifest import ManifestRow, iterate_rows, read_run_facts
from .run_folder import RunFolder, open_run_folder

__all__ = ["GATHERED_FILE", "gather_manifest"]

GATHERED_FILE: Final = "manifest.parquet"

ROWS_IN_TURN: Final = 1000
"""Rows that are held in memory."""


def gather_manifest(out: str | os.PathLike[str] | RunFolder) -> str:
    """Write ``manifest.parquet``: all rows of a run as they are now, for DuckDB, pandas and polars.

    A run does it at its end; after one that was killed, this does it.

    Args:
        out: The folder that the run writes to, or its URL.

    Returns:
        The path of the file.

    Raises:
        MissingPathError: If no run has written there.
        OptionError: If pyarrow is not installed.
    """
    folder = out if isinstance(out, RunFolder) else open_run_folder(out)
    read_run_facts(folder)
    with name_missing_library():
        import pyarrow
        import pyarrow.parquet
    schema = make_schema(pyarrow)
    # Opened here, since the folder may be called what is no text.
    with (
        folder.open_for_writing(GATHERED_FILE) as path,
        path.open("wb") as file,
        pyarrow.parquet.ParquetWriter(file, schema) as writer,
    ):
        for rows in take_in_turns(iterate_rows(folder)):
            writer.write_table(pyarrow.Table.from_pylist([escape_text(flatten_row(row)) for row in rows], schema))
    return folder.locate(GATHERED_FILE)


def take_in_turns(rows: Iterator[ManifestRow]) -> Iterator[Sequence[ManifestRow]]:
    """Rows, some at a time."""
    held: list[ManifestRow] = []
    for row in rows:
        held.append(row)
        if len(held) == ROWS_IN_TURN:
            yield held
            held = []
    if held:
        yield held


def flatten_row(row: ManifestRow) -> dict[str, Any]:
    """A row as columns: the geometry in columns of its own, what differs from case to case as JSON."""
    content = row.to_dict()
    geometry = content.pop("geometry") or {}
    images = [part.facts.get("modality", "") for part in row.inputs if part.role == "image"]
    return {
        **content,
        **{name: geometry.get(name) for name in ("shape", "spacing", "origin", "direction", "orientation")},
        "modalities": images,
        "labels": sorted(content["labels"].items()),
        "versions": sorted(content["versions"].items()),
        "inputs": [
            {**part, "files": list(part["files"]), "facts": json.dumps(part["facts"])} for part in content["inputs"]
        ],
        "outputs": [{**part, "labels": sorted(part["labels"].items())} for part in content["outputs"]],
    }


def escape_text(part: Any) -> Any:
    """The same with a backslash and a number for what no text in UTF-8 can hold: bytes of names of files."""
    if isinstance(part, str):
        return escape_bytes(part)
    if isinstance(part, dict):
        return {escape_text(name): escape_text(inner) for name, inner in part.items()}
    return type(part)(map(escape_text, part)) if isinstance(part, (list, tuple)) else part


def make_schema(pyarrow: Any) -> Any:
    """The columns."""
    text, whole, real, several = pyarrow.string(), pyarrow.int64(), pyarrow.float64(), pyarrow.list_
    labels = pyarrow.map_(whole, text)
    parts = {"name": text, "role": text}
    inputs = {**parts, "series_key": text, "files": several(text), "bytes": whole, "fingerprint": text, "facts": text}
    outputs = {**parts, "path": text, "sha256": text, "bytes": whole, "labels": labels}
    columns = {
        "case_id": text,
        "status": text,
        "modalities": several(text),
        "shape": several(whole),
        "spacing": several(real),
        "origin": several(real),
        "direction": several(real),
        "orientation": text,
        "inputs": several(pyarrow.struct(list(inputs.items()))),
        "outputs": several(pyarrow.struct(list(outputs.items()))),
        "decisions": several(text),
        "warnings": several(pyarrow.struct([("kind", text), ("text", text)])),
        "labels": labels,
        "error_class": text,
        "error_text": text,
        "seconds": real,
        "peak_bytes": whole,
        "attempts": whole,
        "versions": pyarrow.map_(text, text),
        "parameters_hash": text,
        "started": text,
        "ended": text,
        "version": whole,
    }
    return pyarrow.schema(list(columns.items()))
