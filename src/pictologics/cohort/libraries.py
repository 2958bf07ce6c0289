"""The libraries that cohorts need beside those of the package: a missing one is named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

from ..errors import OptionError

__all__ = ["check_duckdb", "check_libraries", "name_missing_library"]

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

NEEDED: Final = ("pyarrow", "duckdb", "distributed", "fsspec", "jinja2")
"""What index, check, run and report need together."""


def check_libraries(cause: ImportError | None = None) -> None:
    """Make sure that all libraries are there, so that a long way does not end half-way.

    Args:
        cause: The failed import that made somebody ask.

    Raises:
        OptionError: If one is not installed; it names all that are not.
    """
    missing = [library for library in NEEDED if find_spec(library) is None]
    if missing:
        raise OptionError(
            f"cohorts need libraries that are not installed: {', '.join(missing)}",
            advice=f"run: pip install {' '.join(LIBRARIES[library] for library in missing)}",
            libraries=missing,
        ) from cause


def check_duckdb() -> None:
    """Make sure that DuckDB is there, without importing it: what needs it may come at the end of hours of work.

    Raises:
        OptionError: If it is not installed.
    """
    if find_spec("duckdb") is None:
        check_libraries()


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
        if library in NEEDED:
            # Where one is missing the others often are, and nobody wants to learn that one after another.
            check_libraries(error)
        raise OptionError(
            f"cohorts need the library {library}, which is not installed",
            advice=f"run: pip install {LIBRARIES[library]}",
            library=library,
        ) from error
