"""ImageSeries -> 4D NRRD: one file, or a header and a file of voxels beside it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ...series.image_series import ImageSeries
from ...storage.file_pairs import PAIR_DATA_SUFFIXES, replace_pair
from ...storage.file_writing import replace_file
from ..json_comment import JSON_COMMENT_KEY, make_json_comment
from ..series_writing import VolumesToWrite, find_column, find_time_step
from ..voxel_writing import open_gzip_writer
from .writing import NRRD_TYPE_NAMES, VolumeAxis, make_nrrd_header

__all__ = ["write_nrrd_series"]


def make_gradient_keys(series: ImageSeries) -> dict[str, str]:
    """The gradients of a series of diffusion as 3D Slicer has them; none of any other.

    Their measurement frame is the space of the file, LPS. Gradients are shorter for smaller b-values.
    """
    b_values = [value for value in find_column(series, "b_value") or () if isinstance(value, (int, float))]
    directions = find_column(series, "direction")
    if len(b_values) < len(series) or directions is None or max(b_values) <= 0:
        return {}
    keys = {"modality": "DWMRI", "DWMRI_b-value": f"{max(b_values):.6g}"}
    for k, (b_value, direction) in enumerate(zip(b_values, directions, strict=True)):
        share = math.sqrt(max(b_value, 0.0) / max(b_values))
        vector = np.zeros(3) if not isinstance(direction, tuple) else np.array(direction) * share
        keys[f"DWMRI_gradient_{k:04d}"] = " ".join(f"{number:.9g}" for number in vector + 0.0)
    return keys


def write_nrrd_series(series: ImageSeries, path: Path, smallest: bool) -> None:
    """Write all volumes of a series into one file; see ``pictologics.save_series``."""
    time = find_time_step(series, path)
    volumes = VolumesToWrite(series, frozenset(NRRD_TYPE_NAMES), "NRRD", path, smallest)
    keys = make_gradient_keys(series)
    keys[JSON_COMMENT_KEY] = make_json_comment(volumes.first, volumes.note, series.axes, series.labels)
    axis = VolumeAxis(len(series)) if time is None else VolumeAxis(len(series), time.step, time.start)
    if path.suffix.lower() == ".nhdr":
        with replace_pair(path, PAIR_DATA_SUFFIXES[".nhdr"]) as pair:
            with pair.data.open("wb") as plain, open_gzip_writer(plain) as file:
                volumes.write(file)
            header = make_nrrd_header(series.grid, volumes.stored, keys, pair.place_data(), axis)
            pair.header.write_bytes(header)
    else:
        with replace_file(path) as temporary, temporary.open("wb") as plain:
            plain.write(make_nrrd_header(series.grid, volumes.stored, keys, "", axis) + b"\n")
            with open_gzip_writer(plain) as file:
                volumes.write(file)
    volumes.warn_of_masks()
