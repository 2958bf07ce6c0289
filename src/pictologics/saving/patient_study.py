"""What a new object takes over of its source: the patient and the study it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["copy_patient_and_study"]

REQUIRED: Final = (
    "AccessionNumber",
    "PatientBirthDate",
    "PatientID",
    "PatientName",
    "PatientSex",
    "ReferringPhysicianName",
    "StudyDate",
    "StudyID",
    "StudyInstanceUID",
    "StudyTime",
)
"""Attributes that every object has, and that may be empty but for the UID (DICOM PS3.3 C.7.1.1 and C.7.2.1)."""

OPTIONAL: Final = (
    "ClinicalTrialProtocolID",
    "ClinicalTrialProtocolName",
    "ClinicalTrialSiteID",
    "ClinicalTrialSiteName",
    "ClinicalTrialSponsorName",
    "ClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID",
    "ClinicalTrialTimePointDescription",
    "ClinicalTrialTimePointID",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "IssuerOfPatientID",
    "LongitudinalTemporalInformationModified",
    "OtherPatientIDsSequence",
    "PatientAge",
    "PatientIdentityRemoved",
    "PatientSize",
    "PatientWeight",
    "ProcedureCodeSequence",
    "StudyDescription",
    "TimezoneOffsetFromUTC",
)
"""What more is said of patient and study (C.7.1.1, C.7.1.3, C.7.2.1 to C.7.2.3), as far as it is there.

That the patient's identity was removed belongs to it: what is made of such a series is as anonymous."""


def copy_patient_and_study(source: Dataset, target: Dataset) -> None:
    """Copy what is known of patient and study, decoded, so that it may be written in another character set."""
    source.decode()
    for keyword in REQUIRED:
        setattr(target, keyword, getattr(source, keyword, "" if keyword != "PatientName" else None))
    for keyword in OPTIONAL:
        if keyword in source:
            setattr(target, keyword, getattr(source, keyword))
