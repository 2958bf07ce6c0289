"""Flat dicts, one for each row, as a table of pandas or a file of comma-separated values."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import OptionError
from .file_writing import replace_file
from .remote_writing import write_anywhere

if TYPE_CHECKING:
    import pandas

__all__ = ["Record", "make_data_frame", "write_csv_file"]

Record = dict[str, Any]


def make_data_frame(records: Sequence[Record]) -> pandas.DataFrame:
    """A table of pandas, one row for each record.

    Raises:
        OptionError: If pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise OptionError(
            "a table of pandas needs pandas, which is not installed",
            advice="install it with pip install pandas, or use to_records()",
        ) from error
    return pandas.DataFrame.from_records(records)


def write_csv_file(records: Sequence[Record], path: str | os.PathLike[str]) -> None:
    """Write a file of comma-separated values, whole or not at all; a column that a record lacks stays empty.

    Raises:
        OptionError: If its folder is not there.
        FileAccessError: If it cannot be written.
    """
    names = list(dict.fromkeys(name for record in records for name in record))
    with (
        write_anywhere(path) as target,
        replace_file(target) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(records)
