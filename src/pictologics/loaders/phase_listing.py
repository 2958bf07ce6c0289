"""The volumes of a multi-phase DICOM series, listed without reading pixels."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..dicom.series.phase_info import DicomPhaseInfo, list_phases
from ..errors import UnsupportedFormatError
from .dicom_selection import find_source_volumes
from .probing import make_probe, make_source
from .registry import READERS, name_format

__all__ = ["get_dicom_phases"]


def get_dicom_phases(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    recursive: bool = False,
    *,
    series_uid: str | None = None,
) -> list[DicomPhaseInfo]:
    """List the volumes of a DICOM series: cardiac phases, time points, echoes, b-values, image types.

    A series is split only where several images lie at one position, or where a contrast such as the echo time takes
    its values in strict turn from slice to slice. Sets of images that form no common volume with it, such as its
    localizers, follow. The list is the very one that ``load_image(..., dataset_index=k)`` counts.

    Args:
        path: A folder, an archive, a list of files or a single file.
        recursive: Of a folder, also look into the folders below it.
        series_uid: The series to list from a source that holds several.

    Returns:
        One entry for each volume: those of the largest set of images in the order of its phases, then the others.

    Raises:
        FileNotFoundError: If there is nothing at the path (a MissingPathError).
        ValueError: If the source holds no DICOM series, or several (errors of ``pictologics.errors``).

    Examples:
        >>> import tempfile
        >>> from pictologics.cli.demo_series import write_demo_series
        >>> from pictologics.utilities import get_dicom_phases
        >>> folder = tempfile.mkdtemp()
        >>> truth = write_demo_series(folder, slices=3, size=32)
        >>> [(phase.label, phase.num_slices) for phase in get_dicom_phases(folder)]
        [('Volume 1', 3), ('Set 2 (coronal localizer 32x3)', 1)]
    """
    probe = make_probe(make_source(path))
    source = probe.source
    if source.kind == "file" and not source.is_dicom:
        is_known = any(reader.matches(probe) for reader in READERS)
        raise UnsupportedFormatError(
            f"this is {name_format(probe)}, not DICOM",
            path=source.path,
            advice="explain() lists its volumes" if is_known else "pass a DICOM series",
        )
    return list_phases(find_source_volumes(source, bool(recursive), series_uid).volumes)
