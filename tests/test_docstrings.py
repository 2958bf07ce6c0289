"""Every example of a docstring runs and says what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import tempfile

import pytest

import pictologics

MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(pictologics.__path__, "pictologics.")
    if not info.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name, tmp_path, monkeypatch):
    # Where examples make their folders, so that nothing is left behind.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    results = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.failed == 0


def test_the_public_functions_have_an_example():
    names = [
        name
        for name in pictologics.__all__
        if callable(getattr(pictologics, name))
        and not (isinstance(getattr(pictologics, name), type) and issubclass(getattr(pictologics, name), Exception))
    ]
    finder = doctest.DocTestFinder(recurse=False)
    without = [name for name in names if not any(t.examples for t in finder.find(getattr(pictologics, name), name))]
    assert without == []
