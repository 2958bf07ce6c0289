"""Write what every column of a cohort's tables means: ``python docs/tables/make_cohort_tables.py [FILE]``.

It comes from ``pictologics.cohort.schema``. Without an argument, it goes between the two marks of
``docs/cohort-tables.md``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pictologics.cohort.schema import SCHEMA_VERSION, TABLES

PAGE = Path(__file__).parents[1] / "cohort-tables.md"
BEGIN, END = "<!-- made by docs/tables/make_cohort_tables.py -->\n", "<!-- end of what was made -->\n"

ROWS_OF = {
    "patients": "A row for each patient.",
    "studies": "A row for each study.",
    "series": "A row for each series, and for each image or mask that is no DICOM.",
    "phases": "A row for each volume of a series: a time point, an echo, a b-value.",
    "files": "A row for each file, and for each entry of an archive. With problems, the only table that holds paths.",
    "links": "A row for each mask, structure set and dose whose image was found.",
    "problems": "A row for each thing that somebody should know of.",
}

TYPES = {
    "text": "text",
    "whole": "whole number",
    "real": "number",
    "truth": "true or false",
    "texts": "list of texts",
    "reals": "list of numbers",
}

MARKS = {"": "", "pseudonym": " *Pseudonym.*", "text": " *Free text.*"}


def table() -> str:
    """Every table, column by column."""
    lines = [f"This is version {SCHEMA_VERSION}."]
    for name, columns in TABLES.items():
        lines += ["", f"## {name}", "", ROWS_OF[name], "", "| Column | Type | Meaning |", "|---|---|---|"]
        lines += [
            f"| `{column.name}` | {TYPES[column.type]} | {column.meaning}.{MARKS[column.identifies]} |"
            for column in columns
        ]
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
