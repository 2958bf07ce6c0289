"""Names of the Brain Imaging Data Structure (BIDS 1.10): labels of subjects, sessions and entities, and data types."""

from __future__ import annotations

import hashlib
import re

from ...dicom.studies.pseudonyms import PSEUDONYM
from ..cases.case import Case, SeriesChoice

__all__ = ["IGNORED_FILES", "find_data_type", "make_bids_label", "make_stem"]

ANATOMY_SUFFIXES = frozenset(
    (
        "T1w", "T2w", "T2star", "T2starw", "PDw", "PDT2", "FLAIR", "UNIT1", "inplaneT1", "inplaneT2", "angio",
        "T1map", "T2map", "T2starmap", "R1map", "R2map", "R2starmap", "PDmap", "MTRmap", "MTsat", "MTVmap", "MWFmap",
        "TB1map", "RB1map", "S0map", "M0map", "T1rho", "Chimap",
    )
)  # fmt: skip
"""Suffixes of anatomical MR; an image of a case has that suffix if it is called so."""

IGNORED_FILES = (".lock", "run.json", "manifest/", "manifest.parquet", "report.html")
"""What a run keeps beside the data set, and BIDS does not know."""


def make_bids_label(key: str) -> str:
    """A key as a label of letters and digits; one that loses other characters by that ends with a hash of its own."""
    pseudonym = PSEUDONYM.fullmatch(key)
    if pseudonym:
        # The hash alone tells patients apart, as the number alone of A-12 and B-12 would not.
        return pseudonym[1]
    label = re.sub("[^A-Za-z0-9]", "", key)
    return label if label == key else f"{label[:32]}x{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def find_data_type(choice: SeriesChoice) -> tuple[str, str]:
    """The folder and the suffix of an image.

    BIDS knows no CT, X-rays or ultrasound, and of MR it wants to be told the contrast: those stand in a folder, and
    under a suffix, of their modality.
    """
    if choice.name in ANATOMY_SUFFIXES:
        return "anat", choice.name
    word = re.sub("[^a-z0-9]", "", choice.modality.lower()) or "unknown"
    return {"pt": ("pet", "pet")}.get(word, (word, word))


def make_stem(case: Case, choice: SeriesChoice) -> str:
    """The folder and the name of an image, without the underscore and the suffix that end it.

    The series is a part of it, so that no two images of a session have one name: as the acquisition (``acq-``) or, of
    PET, for which BIDS has no such entity, as the reconstruction (``rec-``).
    """
    folder_name = find_data_type(choice)[0]
    subject = make_bids_label(choice.patient_key or case.case_id)
    parts = [f"sub-{subject}"]
    folder = f"sub-{subject}/"
    if choice.study_key:
        session = make_bids_label(choice.study_key)
        parts.append(f"ses-{session}")
        folder += f"ses-{session}/"
    # A case made by hand has a subject of its own, and each image a suffix of its own.
    if choice.series_key:
        parts.append(f"{'rec' if folder_name == 'pet' else 'acq'}-{make_bids_label(choice.series_key)}")
    if choice.phase:
        parts.append(f"run-{choice.phase + 1}")
    return f"{folder}{folder_name}/{'_'.join(parts)}"
