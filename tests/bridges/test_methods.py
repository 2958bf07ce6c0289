"""The methods of Image and the functions of the bridges are the same; a library is imported when it is used."""

from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest

import pictologics
from pictologics import Image, OptionError
from pictologics.bridges.methods import BridgeMethods, open_bridge

METHODS = [name for name, member in vars(BridgeMethods).items() if not name.startswith("_")]
LIBRARIES = ("SimpleITK", "nibabel", "torch", "torchio", "xarray", "napari", "ipyniivue")


def bridge_of(method: str) -> str:
    return "niivue" if method == "view" else method.partition("_")[2]


@pytest.mark.parametrize("method", METHODS)
def test_a_method_and_its_function_take_the_same(method):
    own = inspect.signature(getattr(BridgeMethods, method)).parameters
    function = getattr(open_bridge(bridge_of(method)), method)
    theirs = inspect.signature(function).parameters
    names = [name for name in own if name != "self"]
    expected = list(theirs)[0 if method.startswith("from_") else 1 :]
    assert names == expected
    for name in names:
        assert own[name].default == theirs[name].default
        assert own[name].kind == theirs[name].kind


def test_every_bridge_is_found_in_the_package():
    for method in METHODS:
        assert getattr(pictologics.bridges, bridge_of(method)) is open_bridge(bridge_of(method))


def test_libraries_are_imported_when_they_are_used():
    code = (
        "import sys; from pictologics import Image, bridges; "
        "[getattr(bridges, name) for name in ('sitk', 'nibabel', 'torch', 'torchio', 'xarray', 'napari', 'niivue')]; "
        f"print([name for name in {LIBRARIES} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("method", "library"),
    [
        ("to_sitk", "SimpleITK"),
        ("to_nibabel", "nibabel"),
        ("to_torch", "torch"),
        ("to_monai", "monai.data"),
        ("to_torchio", "torchio"),
        ("to_xarray", "xarray"),
        ("to_napari", "napari.layers"),
        ("view", "ipyniivue"),
    ],
)
def test_a_missing_library_is_named(method, library, monkeypatch):
    image = Image(np.zeros((2, 2, 2), np.float32), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    # What Python leaves for a module that is known to be missing.
    monkeypatch.setitem(sys.modules, library, None)
    name = library.partition(".")[0]
    with pytest.raises(OptionError, match=f"needs the library {name}, which is not installed; run: pip install {name}"):
        getattr(image, method)()


@pytest.mark.parametrize("method", [name for name in METHODS if not name.startswith("from_")])
def test_what_is_no_image_is_refused(method):
    pytest.importorskip({"sitk": "SimpleITK", "niivue": "ipyniivue"}.get(bridge_of(method), bridge_of(method)))
    with pytest.raises(OptionError, match="must be an Image"):
        getattr(open_bridge(bridge_of(method)), method)(np.zeros((2, 2, 2)))
