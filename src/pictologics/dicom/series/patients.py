"""Whether the files of a series are of one patient."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import AmbiguousSeriesError
from ..headers import tags
from ..headers.header import Header
from .remarks import SeriesRemark

__all__ = ["check_one_patient", "count_patients", "describe_patients"]


def count_patients(headers: Iterable[Header]) -> int:
    """How many patients files name; those that name none are nobody else's."""
    named = {(header.text(tags.PATIENT_ID), header.text(tags.ISSUER_OF_PATIENT_ID)) for header in headers}
    return len({patient for patient in named if patient[0]})


def describe_patients(patients: int) -> str:
    """What is wrong with a series of several patients."""
    return f"its files have one SeriesInstanceUID and {patients} different PatientIDs"


def check_one_patient(headers: Iterable[Header], path: str, *, as_listed: bool) -> tuple[SeriesRemark, ...]:
    """Check that files that have one SeriesInstanceUID are of one patient.

    Anonymizers have given one UID to the series of two patients, whose slices would make one volume. Others have given
    each file of one patient a PatientID of its own: a list of files is taken at its word.

    Returns:
        What to say of files that were listed.

    Raises:
        AmbiguousSeriesError: If they name several, and nobody listed them one by one.
    """
    patients = count_patients(headers)
    if patients > 1 and as_listed:
        text = f"the files have {patients} different PatientIDs, and were taken as one patient's as the list names them"
        return (SeriesRemark(patients, text, is_warning=True),)
    if patients > 1:
        raise AmbiguousSeriesError(
            f"{describe_patients(patients)}, and an image is of one patient",
            path=path,
            advice="pass a list of the files of one patient",
            patients=patients,
        )
    return ()
