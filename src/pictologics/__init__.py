"""Load any medical image or mask into one Image, right in the world.

Public names are imported when they are first used, so that ``import pictologics`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .errors import (
        AmbiguousSeriesError,
        ContentWarning,
        CorruptFileError,
        FileAccessError,
        GeometryError,
        GeometryWarning,
        MissingPathError,
        OptionError,
        PictologicsError,
        UnsupportedFormatError,
    )
    from .geometry import Grid
    from .image import Image, create_full_mask
    from .loader import explain, load_and_merge_images, load_image
    from .saving import save_image
    from .threads import set_num_threads
    from .utilities import DicomPhaseInfo, get_dicom_phases, save_planes

_HOME = {
    "AmbiguousSeriesError": "errors",
    "ContentWarning": "errors",
    "CorruptFileError": "errors",
    "DicomPhaseInfo": "utilities",
    "FileAccessError": "errors",
    "GeometryError": "errors",
    "GeometryWarning": "errors",
    "Grid": "geometry",
    "Image": "image",
    "MissingPathError": "errors",
    "OptionError": "errors",
    "PictologicsError": "errors",
    "UnsupportedFormatError": "errors",
    "create_full_mask": "image",
    "explain": "loader",
    "get_dicom_phases": "utilities",
    "load_and_merge_images": "loader",
    "load_image": "loader",
    "save_image": "saving",
    "save_planes": "utilities",
    "set_num_threads": "threads",
}

__all__ = [
    "AmbiguousSeriesError",
    "ContentWarning",
    "CorruptFileError",
    "DicomPhaseInfo",
    "FileAccessError",
    "GeometryError",
    "GeometryWarning",
    "Grid",
    "Image",
    "MissingPathError",
    "OptionError",
    "PictologicsError",
    "UnsupportedFormatError",
    "__version__",
    "create_full_mask",
    "explain",
    "get_dicom_phases",
    "load_and_merge_images",
    "load_image",
    "save_image",
    "save_planes",
    "set_num_threads",
]


def __getattr__(name: str) -> Any:
    """Import a public name's module when the name is first asked for (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
