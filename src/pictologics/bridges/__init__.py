"""Bridges between an Image and the libraries that people use: one module for each, named as the library is.

``pictologics.bridges.sitk.to_sitk(image)`` is also ``image.to_sitk()``, and ``from_sitk`` is also ``Image.from_sitk``.
A library is imported when its bridge is used; one that is missing is named by an error. World corners are exact both
ways to a millionth of a millimeter, and modality, units, names of labels and the source mask cross too where the other
library has a place for them. Where the order of memory allows it, both sides share the voxels: each function says so.
"""

from __future__ import annotations

from ..public_names import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
