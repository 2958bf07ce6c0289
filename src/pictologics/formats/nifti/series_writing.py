"""ImageSeries -> 4D NIfTI, with times, and b-values and directions in files beside it as FSL keeps them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np

from ...errors import ContentWarning, OptionError, warn
from ...series.axes import AxisLabel
from ...series.image_series import ImageSeries
from ...storage.file_writing import replace_file
from ..json_comment import make_json_comment
from ..series_writing import TimeStep, VolumesToWrite, find_column, find_time_step
from ..voxel_writing import open_gzip_writer
from .facts import wrap_comment
from .gradients import make_gradient_tables
from .vocabulary import NIFTI_TYPES, UNIT_MILLIMETER, UNIT_SECOND
from .writing import is_long, make_nifti_header, warn_of_long

__all__ = ["write_nifti_series"]

GRADIENT_TABLES = (".bval", ".bvec")


def write_nifti_series(series: ImageSeries, path: Path, smallest: bool) -> None:
    """Write all volumes of a series into one file; see ``pictologics.save_series``."""
    tables = make_tables(series, path)
    time = find_time_step(series, path)
    smallest = smallest or is_long(series[0].array.dtype)
    volumes = VolumesToWrite(series, frozenset(NIFTI_TYPES.values()), "NIfTI", path, smallest)
    warn_of_long(volumes.stored, path)
    comment = wrap_comment(make_json_comment(volumes.first, volumes.note, series.axes, series.labels))
    header = make_nifti_header(series.grid, volumes.stored, len(comment), len(series))
    if time is not None:
        put_times(header, time)
    with ExitStack() as stack:
        temporary = stack.enter_context(replace_file(path))
        # What is entered later is in place earlier: the tables are there when the image appears.
        for suffix, content in tables.items():
            stack.enter_context(replace_file(find_table(path, suffix))).write_text(content, encoding="ascii")
        plain = stack.enter_context(temporary.open("wb"))
        file = stack.enter_context(open_gzip_writer(plain, path.name.lower().endswith(".gz")))
        file.write(header.tobytes() + b"\1\0\0\0" + comment)
        volumes.write(file)
    volumes.warn_of_masks()


def put_times(header: np.ndarray[tuple[int, ...], np.dtype[np.void]], time: TimeStep) -> None:
    """Write when the volumes begin into a header (nifti1.h, "pixdim", "toffset")."""
    header["pixdim"][4] = time.step
    header["toffset"] = time.start
    header["xyzt_units"] = UNIT_MILLIMETER | UNIT_SECOND


def find_table(path: Path, suffix: str) -> Path:
    """The table beside a file: scan.bval of scan.nii.gz."""
    name = path.name
    for end in (".gz", ".nii"):
        name = name[: -len(end)] if name.lower().endswith(end) else name
    return path.with_name(name + suffix)


def make_tables(series: ImageSeries, path: Path) -> dict[str, str]:
    """The tables of a series of diffusion by their suffix; none of any other.

    Raises:
        OptionError: If it is none, and tables lie there that would be taken for its own.
    """
    b_values = find_column(series, "b_value")
    is_known = b_values is not None and all(isinstance(value, (int, float)) for value in b_values)
    if b_values is None or not is_known:
        stale = [str(find_table(path, suffix)) for suffix in GRADIENT_TABLES if find_table(path, suffix).exists()]
        if stale:
            raise OptionError(
                f"the series has no b-values, and '{stale[0]}' beside it would be taken for its own",
                path=path,
                advice="remove that file, or choose another name",
            )
        if b_values is not None:
            text = "not all of its volumes have a b-value, and .bval and .bvec were not written"
            warn(f"'{path}': {text}", ContentWarning)
        return {}
    directions: tuple[AxisLabel, ...] = find_column(series, "direction") or (None,) * len(series)
    return dict(zip(GRADIENT_TABLES, make_gradient_tables(b_values, directions, series.grid), strict=True))
