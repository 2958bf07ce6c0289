"""A key of pseudonyms for tests and pages, so that the one of the user who runs them is neither used nor made."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["use_test_key"]

VARIABLE = "PICTOLOGICS_COHORT_KEY"


@contextmanager
def use_test_key() -> Iterator[Path]:
    """Name the file of a key in the environment, for this process and for those that it starts."""
    before = os.environ.get(VARIABLE)
    with tempfile.TemporaryDirectory(prefix="key-") as folder:
        path = Path(folder) / "cohort.key"
        path.write_text("a key that only tests and pages have", encoding="ascii")
        os.environ[VARIABLE] = str(path)
        try:
            yield path
        finally:
            os.environ.pop(VARIABLE)
            if before is not None:
                os.environ[VARIABLE] = before
