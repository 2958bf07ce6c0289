"""The tree of errors, their message, and warnings that point at the caller."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path

import pytest

import pictologics
from pictologics import errors

KINDS = {
    errors.PictologicsError: (Exception,),
    errors.UnsupportedFormatError: (errors.PictologicsError, ValueError),
    errors.CorruptFileError: (errors.PictologicsError, ValueError),
    errors.GeometryError: (errors.PictologicsError, ValueError),
    errors.AmbiguousSeriesError: (errors.PictologicsError, ValueError),
    errors.OptionError: (errors.PictologicsError, ValueError),
    errors.FileAccessError: (errors.PictologicsError, ValueError, OSError),
    errors.MissingPathError: (errors.FileAccessError, ValueError, FileNotFoundError),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_is_also_the_built_in_that_the_contract_names(kind):
    for base in KINDS[kind]:
        assert issubclass(kind, base)


def test_every_public_error_is_in_the_tree():
    public = {getattr(errors, name) for name in errors.__all__}
    assert {kind for kind in public if issubclass(kind, Exception) and not issubclass(kind, Warning)} == set(KINDS)
    assert {kind for kind in public if issubclass(kind, Warning)} == {
        errors.GeometryWarning,
        errors.ContentWarning,
    }


def test_no_error_is_a_built_in_that_hides_another_kind():
    assert not issubclass(errors.CorruptFileError, OSError)
    assert not issubclass(errors.GeometryError, errors.OptionError)


@pytest.mark.parametrize("kind", [errors.GeometryWarning, errors.ContentWarning])
def test_warnings_are_user_warnings(kind):
    assert issubclass(kind, UserWarning)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_message_is_path_then_finding_then_advice(kind):
    error = kind("it ends after 3 of 4 bytes", path=Path("a b") / "c.nii", advice="copy it again", end=3)
    assert str(error) == f"'{Path('a b') / 'c.nii'}': it ends after 3 of 4 bytes; copy it again"
    assert error.path == str(Path("a b") / "c.nii")
    assert error.found == "it ends after 3 of 4 bytes"
    assert error.advice == "copy it again"
    assert error.values == {"end": 3}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_message_without_path_and_advice_is_the_finding(kind):
    error = kind("nothing fits")
    assert str(error) == "nothing fits"
    assert error.path is None
    assert error.advice == ""
    assert error.values == {}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_survives_pickling(kind, protocol):
    error = kind("two differ", path="x/y", advice="choose", numbers=(1.0, 2.0))
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is kind
    assert str(again) == str(error)
    assert (again.path, again.found, again.advice, again.values) == ("x/y", "two differ", "choose", error.values)


def test_warning_points_at_the_line_that_called():
    with pytest.warns(errors.ContentWarning, match="left out") as caught:
        errors.warn("2 files left out", errors.ContentWarning)
    assert caught[0].filename == __file__


def package_function(source: str, name: str):
    """A function whose code says that it stands in a file of the package."""
    path = Path(pictologics.__file__).parent / "dicom" / "imagined.py"
    namespace = {"warn": errors.warn, "GeometryWarning": errors.GeometryWarning}
    exec(compile(source, str(path), "exec"), namespace)
    return namespace[name]


def test_warning_from_deep_inside_points_at_the_callers_line():
    outer = package_function(
        "def inner():\n    warn('assumed', GeometryWarning)\ndef middle():\n    inner()\ndef outer():\n    middle()\n",
        "outer",
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outer()
        line = outer_line()
    assert [(w.filename, w.lineno, w.category) for w in caught] == [
        (__file__, line - 1, errors.GeometryWarning),
    ]


def outer_line() -> int:
    """The line of the call of this function."""
    import sys

    return sys._getframe(1).f_lineno


def test_a_warning_is_shown_once_for_each_calling_line():
    outer = package_function("def outer():\n    warn('assumed', GeometryWarning)\n", "outer")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            outer()
        outer()
    assert len(caught) == 2
