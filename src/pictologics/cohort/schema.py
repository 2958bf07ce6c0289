"""The tables of a cohort: their columns, what each means, and the version of all of them together.

Everybody who writes or reads a table takes its columns from here, and so does the page that documents them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = [
    "FILE_COLUMNS",
    "LINK_COLUMNS",
    "PATIENT_COLUMNS",
    "PHASE_COLUMNS",
    "PROBLEM_COLUMNS",
    "SCHEMA_VERSION",
    "SERIES_COLUMNS",
    "STUDY_COLUMNS",
    "TABLES",
    "TableColumn",
]

SCHEMA_VERSION: Final = 1
"""Goes up when a column changes its meaning or goes away; a cohort of another version is refused by name."""

ColumnType = Literal["text", "whole", "real", "truth", "texts", "reals"]
"""What a column holds: Arrow's string, int64, float64, bool, list of string, list of float64."""


@dataclass(frozen=True)
class TableColumn:
    """A column of a table.

    Attributes:
        name: What queries call it.
        type: What it holds; every column may be empty (null) where nothing is known.
        meaning: What it says, with its unit.
        identifies: What it may say of a patient: ``"pseudonym"`` is a keyed hash unless identifiers are asked for;
            ``"text"`` is empty unless free text is asked for; empty if it says nothing.
    """

    name: str
    type: ColumnType
    meaning: str
    identifies: Literal["", "pseudonym", "text"] = ""


KEY_COLUMNS: Final = {
    "patient_key": TableColumn("patient_key", "text", "the patient, from PatientID and its issuer", "pseudonym"),
    "study_key": TableColumn("study_key", "text", "the study, from StudyInstanceUID", "pseudonym"),
    "series_key": TableColumn("series_key", "text", "the series; of a file that is no DICOM, that file", "pseudonym"),
}

GEOMETRY_COLUMNS: Final = (
    TableColumn("size_x", "whole", "voxels along axis 0, as load_image gives them"),
    TableColumn("size_y", "whole", "voxels along axis 1"),
    TableColumn("size_z", "whole", "voxels along axis 2"),
    TableColumn("spacing_x", "real", "distance between voxel centers along axis 0, mm"),
    TableColumn("spacing_y", "real", "distance between voxel centers along axis 1, mm"),
    TableColumn("spacing_z", "real", "distance between voxel centers along axis 2, mm"),
    TableColumn("orientation", "text", "where the three axes run, in three letters, such as LPS"),
    TableColumn("origin", "reals", "center of the first voxel, LPS mm"),
    TableColumn("direction", "reals", "the nine direction cosines, row by row; column k is the way axis k runs"),
)

VERDICT_COLUMNS: Final = (
    TableColumn(
        "verdict",
        "text",
        "regular; irregular (loads when told how); refused (does not load); empty for what has no voxels to judge",
    ),
    TableColumn("finding", "text", "the worst way in which the slices are not regular, such as 'slices missing'"),
    TableColumn(
        "worst_error_voxels", "real", "displacement of the worst corner from a regular grid, voxels; 0 if regular"
    ),
    TableColumn("verdict_text", "text", "the verdict in a sentence, with its numbers; nothing of the patient"),
)

LOADING_COLUMNS: Final = (
    TableColumn("loads", "truth", "whether load_image loads it, if need be with load_options"),
    TableColumn("load_options", "text", "keywords of load_image that load it, of a series its first volume, as JSON"),
)

COUNT_COLUMNS: Final = (
    TableColumn("series", "whole", "how many series"),
    TableColumn("files", "whole", "how many files"),
)

FILE_COLUMNS: Final = (
    TableColumn("path", "text", "the file, relative to the root; of an archive's entry, the archive"),
    TableColumn("entry", "text", "the name inside the archive; empty for a file of its own"),
    TableColumn("size", "whole", "bytes of the file"),
    TableColumn("mtime_ns", "whole", "when the file was last changed, nanoseconds since 1970"),
    TableColumn("format", "text", "DICOM, NIfTI, NRRD, MetaImage; empty for files that hold no image"),
    KEY_COLUMNS["series_key"],
    TableColumn("instance_key", "text", "the object, from SOPInstanceUID", "pseudonym"),
    TableColumn("content", "text", "a short hash of the header: two files of one object are equal, or they are not"),
    TableColumn("instance_number", "whole", "InstanceNumber"),
    TableColumn("error", "text", "the class of the error where the head cannot be read, such as CorruptFileError"),
    TableColumn("error_text", "text", "the error in a sentence"),
)

PATIENT_COLUMNS: Final = (
    KEY_COLUMNS["patient_key"],
    TableColumn("studies", "whole", "how many studies"),
    *COUNT_COLUMNS,
)

STUDY_COLUMNS: Final = (
    KEY_COLUMNS["study_key"],
    KEY_COLUMNS["patient_key"],
    TableColumn("study_date", "text", "YYYY-MM-DD, moved by a number of days of its own for each patient", "pseudonym"),
    TableColumn("study_description", "text", "StudyDescription", "text"),
    TableColumn("modalities", "texts", "the modalities of its series, in alphabetical order"),
    *COUNT_COLUMNS,
)

SERIES_COLUMNS: Final = (
    KEY_COLUMNS["series_key"],
    KEY_COLUMNS["study_key"],
    KEY_COLUMNS["patient_key"],
    TableColumn("kind", "text", "image, SEG, RTSTRUCT, dose or other"),
    TableColumn("format", "text", "DICOM, NIfTI, NRRD or MetaImage"),
    TableColumn("modality", "text", "CT, MR, PT, SEG, ..."),
    TableColumn("series_number", "whole", "SeriesNumber"),
    TableColumn("series_description", "text", "SeriesDescription", "text"),
    TableColumn("body_part", "text", "BodyPartExamined"),
    TableColumn("manufacturer", "text", "Manufacturer"),
    TableColumn("model", "text", "ManufacturerModelName"),
    TableColumn("study_date", "text", "as in the table of studies", "pseudonym"),
    TableColumn("frame_of_reference_key", "text", "the frame of reference, from its UID", "pseudonym"),
    TableColumn("transfer_syntax", "text", "UID of the transfer syntax; several are joined with a comma"),
    TableColumn("files", "whole", "how many files; objects that are there twice count once"),
    TableColumn("bytes", "whole", "bytes of those files"),
    TableColumn("folders", "whole", "in how many folders and archives the files lie"),
    TableColumn("phases", "whole", "how many volumes: time points, echoes, b-values, ..."),
    *GEOMETRY_COLUMNS,
    TableColumn("stored_type", "text", "how voxels are stored, such as int16"),
    TableColumn("voxel_bytes", "whole", "bytes of memory that one volume takes as it is loaded"),
    *VERDICT_COLUMNS,
    TableColumn("missing_slices", "whole", "slices that are missing from an otherwise even stack"),
    *LOADING_COLUMNS,
    TableColumn("suv_computable", "truth", "of PET, whether uptake values can be computed; empty for others"),
    TableColumn("suv_text", "text", "why not"),
    TableColumn("segments", "whole", "of SEG and RTSTRUCT, how many segments or ROIs"),
    TableColumn("referenced_series_keys", "texts", "the series that it names as its images", "pseudonym"),
    TableColumn(
        "referenced_instance_keys", "texts", "the objects that it names, where it names no series", "pseudonym"
    ),
)

PHASE_COLUMNS: Final = (
    KEY_COLUMNS["series_key"],
    TableColumn("phase", "whole", "its number, the dataset_index that loads it"),
    TableColumn("label", "text", "what a person calls it, such as 'Phase 40%'"),
    TableColumn("split_tag", "text", "keyword of the attribute that tells it from the others"),
    TableColumn("files", "whole", "how many files hold it"),
    *GEOMETRY_COLUMNS,
    *VERDICT_COLUMNS,
    *LOADING_COLUMNS,
)

LINK_COLUMNS: Final = (
    KEY_COLUMNS["series_key"],
    TableColumn("image_key", "text", "the series_key of the image that it belongs to", "pseudonym"),
    TableColumn(
        "how",
        "text",
        "referenced series, referenced images, plan and structure set, frame of reference, study, or folder",
    ),
    TableColumn(
        "choices", "whole", "how many images fitted equally well; more than 1 is a guess, and is a problem too"
    ),
)

PROBLEM_COLUMNS: Final = (
    TableColumn(
        "kind",
        "text",
        "orphan, duplicate, conflict, unreadable, split study, ambiguous link, other patient, refused, irregular",
    ),
    KEY_COLUMNS["series_key"],
    TableColumn("paths", "texts", "files that it is about, relative to the root; not more than ten"),
    TableColumn("text", "text", "what was found and what to do, in a sentence"),
)

TABLES: Final[dict[str, tuple[TableColumn, ...]]] = {
    "patients": PATIENT_COLUMNS,
    "studies": STUDY_COLUMNS,
    "series": SERIES_COLUMNS,
    "phases": PHASE_COLUMNS,
    "files": FILE_COLUMNS,
    "links": LINK_COLUMNS,
    "problems": PROBLEM_COLUMNS,
}
"""Every table by its name, which is also the name of its Parquet file or folder of files."""
