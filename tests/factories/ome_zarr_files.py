"""OME-Zarr of a phantom, written by the library zarr with JSON of its own; nothing here is shared with the reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import zarr

from tests.factories.phantom import PHANTOM, Phantom

__all__ = ["write_ome_zarr"]

AXES = [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"]


def write_ome_zarr(
    path: Path,
    phantom: Phantom = PHANTOM,
    *,
    version: str = "0.5",
    array: np.ndarray | None = None,
    dtype: str = "int16",
    chunks: tuple[int, ...] | None = None,
    axes: list[dict] | None = None,
    scale: list[float] | None = None,
    translation: list[float] | None = None,
    direction: bool = True,
    levels: int = 1,
    extra: dict | None = None,
    **options,
) -> Path:
    """Write a phantom.

    Args:
        path: The folder.
        phantom: Where the voxels are, and their values.
        version: 0.5, in Zarr 3, or 0.4, in Zarr 2.
        array: Stored values, slowest axis first, in place of the phantom's.
        dtype: Type to store.
        chunks: Sizes of a chunk, slowest axis first.
        axes: As the JSON has them.
        scale: Steps, slowest axis first.
        translation: Where the first element is, slowest axis first.
        direction: Whether the direction cosines are kept beside the standard's words, as pictologics keeps them.
        levels: How many resolutions there are, each half of the one before.
        extra: What else stands beside the multiscales.
        **options: See ``zarr.Group.create_array``.
    """
    stored = np.ascontiguousarray(phantom.array.T if array is None else array).astype(dtype)
    axes = axes or AXES
    leading = len(axes) - 3
    scale = scale or [1.0] * leading + [float(step) for step in phantom.spacing[::-1]]
    translation = translation or [0.0] * leading + [float(place) for place in phantom.origin[::-1]]
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": [
                {"type": "scale", "scale": [*scale[:-3], *(step * 2**level for step in scale[-3:])]},
                {"type": "translation", "translation": translation},
            ],
        }
        for level in range(levels)
    ]
    described = {"multiscales": [{"axes": axes, "datasets": datasets}], **(extra or {})}
    if version == "0.5":
        attributes: dict = {"ome": {"version": version, **described}}
    else:
        described["multiscales"][0]["version"] = version
        attributes = described
    if direction:
        attributes["pictologics"] = {"pictologics": 1, "direction": phantom.direction.tolist()}
    zarr_format = 3 if version == "0.5" else 2
    group = zarr.create_group(str(path), zarr_format=zarr_format, attributes=attributes)
    for level in range(levels):
        piece = stored[(..., *[slice(None, None, 2**level)] * 3)]
        made = group.create_array(
            str(level),
            shape=piece.shape,
            dtype=piece.dtype,
            chunks=chunks or tuple(min(3, n) for n in piece.shape),
            **options,
        )
        made[...] = piece
    return path
