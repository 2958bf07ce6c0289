"""A NIfTI, NRRD or MetaImage file -> its row and those of its volumes, by what ``explain`` says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from ...dicom.studies.pseudonyms import Pseudonyms
from ...formats.nifti.voxels import find_companion
from ...loaders.protocol import VolumeInfo
from ...loaders.registry import describe_stored_file
from ...storage.files import StoredFile
from .grid_columns import make_geometry_columns, make_type_columns
from .image_rows import choose_worst
from .nameless_text import remove_names
from .series_rows import CODE, SeriesRows

__all__ = ["describe_volume_file_rows", "is_mask_name"]

MASK_WORDS: Final = frozenset(
    {"mask", "masks", "seg", "segs", "segmentation", "segmentations", "label", "labels", "labelmap", "labelmaps"}
    | {"roi", "rois", "gt", "annotation", "annotations", "labelstr", "labelsts"}
)
"""Words in the name of a file, or the name of its folder, that say that it holds a mask."""

WORD: Final = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""A word of a name: letters up to a digit, a sign, or where lower case turns to upper, as in liverMask."""


def describe_volume_file_rows(file: StoredFile, place: str, names: Pseudonyms) -> SeriesRows | None:
    """Describe a file that is no DICOM from its header.

    Args:
        file: The file.
        place: Its path relative to the root, with ``/`` between folders.
        names: What stands in place of identifiers.

    Returns:
        Its rows; None if it is of no format that is read, or the voxels of a header that has a row of its own.

    Raises:
        PictologicsError: If it is of a format that is read, and cannot be.
    """
    if place.lower().endswith((".img", ".img.gz")) and find_companion(file, ".hdr") is not None:
        return None
    found = describe_stored_file(file)
    if found is None or not found.volumes:
        return None
    with file.open() as opened:
        size = opened.size
    first = found.volumes[0]
    is_mask = first.modality == "SEG" or bool(first.labels) or is_mask_name(place)
    key = names.volume_file(place)
    phases = [describe_file_volume(info, [file.name]) for info in found.volumes]
    series: dict[str, Any] = {
        "series_key": key,
        "kind": "SEG" if is_mask else "image",
        "format": first.format,
        "modality": "SEG" if is_mask else first.modality if CODE.fullmatch(first.modality) else None,
        "series_description": names.text(first.description),
        "files": 1,
        "bytes": size,
        "folders": 1,
        "phases": len(phases) + found.more,
        **make_geometry_columns(first.grid),
        **make_type_columns(first),
        **choose_worst(phases),
        "loads": first.loads,
        "load_options": phases[0]["load_options"],
    }
    if is_mask:
        # A mask whose file names no segments has values, and only its voxels tell which.
        series["segments"] = len(first.labels) or None
    return SeriesRows(series, [{"series_key": key, **phase} for phase in phases])


def describe_file_volume(info: VolumeInfo, paths: Sequence[str]) -> dict[str, Any]:
    """The row of one volume of a file."""
    findings = dict(info.findings)
    size = "x".join(map(str, info.shape or ()))
    text = "; ".join([f"{size} voxels", *info.notes])
    return {
        "phase": info.dataset_index,
        "label": info.phase,
        "files": 1,
        **make_geometry_columns(info.grid),
        "verdict": "irregular" if findings else "regular" if info.loads else "refused",
        "finding": max(findings, key=findings.__getitem__) if findings else None,
        "worst_error_voxels": max(findings.values(), default=0.0),
        "verdict_text": remove_names(text, paths),
        "loads": info.loads,
        "load_options": json.dumps(dict(info.options)),
    }


def is_mask_name(place: str) -> bool:
    """Whether the name of a file, or that of the folder that it is in, says that it holds a mask."""
    parts = PurePosixPath(place).parts[-2:]
    return any(word.lower() in MASK_WORDS for part in parts for word in list_words(part))


def list_words(name: str) -> list[str]:
    """The words of a name, and the name itself, which may be of two words that are written as one."""
    return [name, *WORD.findall(name)]
