"""The libraries that cohorts need beside those of the package: a missing one is named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ..errors import OptionError

__all__ = ["name_missing_library"]

LIBRARIES: Final = {
    "pyarrow": "pyarrow",
    "duckdb": "duckdb",
    "dask": "dask distributed",
    "distributed": "dask distributed",
    "fsspec": "fsspec",
    "jinja2": "jinja2",
    "pandas": "pandas",
    "polars": "polars",
    "torch": "torch",
    "zarr": "zarr",
}
"""What may be missing, and what pip installs for it."""


@contextmanager
def name_missing_library() -> Iterator[None]:
    """Turn the failed import of a library in the block into an error that says what to install.

    Raises:
        OptionError: If one of ``LIBRARIES`` is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in LIBRARIES:
            raise
        raise OptionError(
            f"cohorts need the library {library}, which is not installed",
            advice=f"run: pip install {LIBRARIES[library]}",
            library=library,
        ) from error
