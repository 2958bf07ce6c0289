"""Libraries that are not installed are named, all of them at once."""

from __future__ import annotations

import pytest

from pictologics import OptionError
from pictologics.cohort import libraries


def test_all_that_are_missing_are_named(monkeypatch):
    libraries.check_libraries()
    monkeypatch.setattr(libraries, "find_spec", lambda name: None if name in {"duckdb", "distributed"} else name)
    with pytest.raises(OptionError, match=r"not installed: duckdb, distributed; run: pip install duckdb dask"):
        libraries.check_libraries()


def test_an_import_that_fails_names_all_that_are_missing(monkeypatch):
    monkeypatch.setattr(libraries, "find_spec", lambda name: None if name in {"duckdb", "pyarrow"} else name)
    with pytest.raises(OptionError, match="not installed: pyarrow, duckdb;") as caught:
        fail_to_import("duckdb")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)
    with pytest.raises(OptionError, match="the library zarr"):
        fail_to_import("zarr.core")


def fail_to_import(name: str) -> None:
    with libraries.name_missing_library():
        raise ModuleNotFoundError(name=name)
