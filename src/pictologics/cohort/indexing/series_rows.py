"""The files of one DICOM series -> its row and those of its volumes, by the steps that loading itself takes."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...dicom.headers import tags
from ...dicom.headers.header import Header
from ...dicom.series.image_series import Series
from ...dicom.series.patients import count_patients, describe_patients
from ...dicom.studies.pseudonyms import Pseudonyms
from ...dicom.studies.references import find_references
from ...dicom.studies.series_kinds import SeriesKind, find_kind
from .image_rows import VolumeRows, describe_image_series
from .segment_rows import describe_segmentations, describe_structure_sets

__all__ = ["SeriesRows", "describe_series_rows"]

CODE: Final = re.compile("[A-Z][A-Z0-9_]{0,15}")
"""What a modality or a part of the body looks like; what else stands there may be a name."""


@dataclass(frozen=True)
class SeriesRows:
    """What the tables say of one series.

    Attributes:
        series: Its row in the table of series.
        phases: Its rows in the table of phases, one for each volume.
        is_final: Whether the same files would be judged so again; not where the system refused to read one of them.
    """

    series: dict[str, Any]
    phases: list[dict[str, Any]]
    is_final: bool = True


def describe_series_rows(headers: Sequence[Header], names: Pseudonyms) -> SeriesRows:
    """Describe one series from the headers of its files.

    The verdict is that of ``explain`` and of ``load_image`` on the list of these files, in any order that they have.

    Args:
        headers: The headers of all files of one series, which are of one kind (``find_kind``); at least one.
        names: What stands in place of identifiers.

    Returns:
        Its rows; a column that they do not have is empty. A series of several patients is refused, and belongs to none.

    Raises:
        FileAccessError: If a file that says more in a sequence has gone meanwhile.
    """
    kind = find_kind(headers[0])
    common = describe_common(headers, kind, names)
    found = describe_volumes(headers, kind, names)
    patients = count_patients(headers)
    if patients > 1:
        common, found = refuse_several_patients(common, patients)
    phases = [{"series_key": common["series_key"], **phase} for phase in found.phases]
    return SeriesRows({**common, **found.series, **describe_references(headers, kind, names)}, phases)


def refuse_several_patients(common: dict[str, Any], patients: int) -> tuple[dict[str, Any], VolumeRows]:
    """A series that is nobody's: what would load could be parts of several people, or one under the name of another."""
    text = (
        f"{describe_patients(patients)}, as where an anonymizer gives the same UID twice; give each patient's series a "
        "UID of its own, or all files one PatientID"
    )
    nobody = dict.fromkeys(("patient_key", "study_key", "study_date", "series_description", "frame_of_reference_key"))
    refused = {"verdict": "refused", "verdict_text": text, "loads": False, "phases": 0}
    return {**common, **nobody}, VolumeRows(refused)


def describe_volumes(headers: Sequence[Header], kind: SeriesKind, names: Pseudonyms) -> VolumeRows:
    """What there is to load of a series."""
    keeps_uids = names.keeps_identifiers
    if kind == "SEG":
        return describe_segmentations(headers, keeps_uids=keeps_uids)
    if kind == "RTSTRUCT":
        return describe_structure_sets(headers, keeps_uids=keeps_uids)
    if kind == "other":
        return VolumeRows({"loads": False})
    series = Series(headers[0].text(tags.SERIES_INSTANCE_UID), tuple(headers))
    return describe_image_series(series, keeps_text=names.keeps_text, keeps_uids=keeps_uids)


def describe_common(headers: Sequence[Header], kind: SeriesKind, names: Pseudonyms) -> dict[str, Any]:
    """What is said of every series, whatever its kind."""
    first = headers[0]
    patient = names.patient(first.text(tags.PATIENT_ID), first.text(tags.ISSUER_OF_PATIENT_ID))
    # A file that is there twice counts once.
    objects = {header.text(tags.SOP_INSTANCE_UID) or header.path: header.file_size for header in headers}
    return {
        "series_key": names.series(first.text(tags.SERIES_INSTANCE_UID)),
        "study_key": names.study(first.text(tags.STUDY_INSTANCE_UID)),
        "patient_key": patient,
        "kind": kind,
        "format": "DICOM",
        "modality": read_plain_code(first, tags.MODALITY),
        "series_number": first.try_integer(tags.SERIES_NUMBER),
        "series_description": names.text(first.text(tags.SERIES_DESCRIPTION)),
        "body_part": read_plain_code(first, tags.BODY_PART_EXAMINED),
        "manufacturer": first.text(tags.MANUFACTURER) or None,
        "model": first.text(tags.MANUFACTURER_MODEL_NAME) or None,
        "study_date": names.date(first.text(tags.STUDY_DATE), patient),
        "frame_of_reference_key": names.frame(first.text(tags.FRAME_OF_REFERENCE_UID)),
        "transfer_syntax": ",".join(sorted({header.transfer_syntax for header in headers})),
        "files": len(objects),
        "bytes": sum(objects.values()),
        "folders": len({os.path.dirname(header.path) for header in headers}),  # noqa: PTH120 - a Path takes ten times as long
    }


def read_plain_code(header: Header, tag: int) -> str | None:
    """A code, such as CT or CHEST; None where there is none, or something else."""
    text = header.text(tag).upper()
    return text if CODE.fullmatch(text) else None


def describe_references(headers: Sequence[Header], kind: SeriesKind, names: Pseudonyms) -> dict[str, Any]:
    """The series and the objects that a series names, and the frame of reference where only they name it."""
    if kind == "image":
        return {}
    found = find_references(headers, kind)
    columns: dict[str, Any] = {
        "referenced_series_keys": list(map(names.series, found.series)) or None,
        "referenced_instance_keys": list(map(names.instance, found.instances)) or None,
    }
    if found.frames and not headers[0].text(tags.FRAME_OF_REFERENCE_UID):
        columns["frame_of_reference_key"] = names.frame(found.frames[0])
    return columns
