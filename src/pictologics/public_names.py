"""Public names of a package, listed once in its stub and imported when they are first used."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["attach_stub"]

PACKAGE_ITSELF = "."
"""Where ``from . import filters`` takes its name from: the name is that of a module."""


def attach_stub(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Make ``__getattr__``, ``__dir__`` and ``__all__`` of a package (PEP 562) from its ``__init__.pyi``.

    Type checkers read the names there as well, so they are listed once. This is ``attach_stub`` of lazy-loader
    (Scientific Python's SPEC 1), which takes no names from beside the package, as ``from ..sentinels import``.

    Args:
        package: Name of the package.
    """
    homes = read_stub(package)

    def import_name(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = homes[name]
        if home == PACKAGE_ITSELF:
            return importlib.import_module(f".{name}", package)
        value = getattr(importlib.import_module(home, package), name)
        # From now on Python finds it without calling this function.
        setattr(sys.modules[package], name, value)
        return value

    def list_names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    # Modules are attributes, but "from package import *" does not load them.
    return import_name, list_names, sorted(name for name, home in homes.items() if home != PACKAGE_ITSELF)


def read_stub(package: str) -> dict[str, str]:
    """Read which names a package's stub imports, and the module, relative to the package, in which each is."""
    spec: Any = sys.modules[package].__spec__
    # The loader reads it also from an archive, and costs no import of pathlib.
    stub = ast.parse(spec.loader.get_data(f"{spec.origin}i"))
    return {
        alias.name: "." * node.level + (node.module or "")
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
