"""DICOM files without what tells whose they are: ``save_anonymized``."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...dicom.headers.header import Header
from ...dicom.headers.header_reading import read_header
from ...dicom.headers.pydicom_edge import refuse_damage
from ...dicom.headers.scanning import list_files
from ...errors import CorruptFileError, MissingPathError, OptionError, UnsupportedFormatError
from ...provenance import Decision, give_warnings
from ...silence import silence_this_thread
from ...storage.files import PathLike, StoredFile
from ...storage.folder_writing import replace_folder
from ...storage.paths import expand_home, is_folder, is_there
from ...storage.remote_folders import RemoteFolder, find_remote
from ...storage.urls import find_url, local_path_of, url_options
from ..call_checks import find_folder
from .profile import Profile, make_profile

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["AnonymizedFiles", "save_anonymized"]

DIRECTORY: Final = "1.2.840.10008.1.3.10"
"""Media Storage Directory, a DICOMDIR."""

TEXT_CONTENT: Final = ("ContentSequence", "EncapsulatedDocument", "GraphicAnnotationSequence")
"""What reports, documents and drawings are made of, which the profile replaces as a whole (PS3.15 table E.1-1)."""

SHORTEST_SECRET: Final = 16
"""Characters; what is shorter can be guessed, and with the key whoever has an original finds its copy."""


@dataclass(frozen=True)
class AnonymizedFiles:
    """Files that were written.

    Attributes:
        files: The files, below ``folder / patient / study / series``.
        left_out: How many files were left out, by why.

    Examples:
        >>> AnonymizedFiles((), {"no DICOM": 2}).left_out
        {'no DICOM': 2}
    """

    files: tuple[Path, ...]
    left_out: dict[str, int]


def save_anonymized(
    source: PathLike | Sequence[PathLike], folder: PathLike, *, key: str | None = None
) -> AnonymizedFiles:
    """Write copies of DICOM files without what tells whose they are, by the basic profile of the standard.

    The Basic Application Level Confidentiality Profile (DICOM PS3.15 E.1, edition 2024b) is applied to every attribute,
    in sequences too, with the option to keep dates moved, all by the same span. UIDs, names and numbers are replaced
    alike in all files, so that masks still belong to their images and studies to their patients; so are the paths,
    which are made of new UIDs. Pixels are not changed: files that say that something is written into them are told.
    Reports, documents, presentation states, DICOMDIRs and files that are no DICOM are left out and told. The folder is
    written under a temporary name and renamed when it is complete.

    Args:
        source: A folder, with all folders below it, a file, or a list of files.
        folder: The folder to write; it must be empty or not exist.
        key: A secret of at least 16 characters. The same key gives the same new UIDs, numbers and moved dates in every
            export. By default a new one, which nobody keeps.

    Returns:
        The files, and how many were left out.

    Raises:
        OptionError: If dicognito or dicom-anonymizer is not installed (``pip install dicognito dicom-anonymizer``), the
            key is too short, or the folder is not empty.
        MissingPathError: If there is nothing at the path.
        UnsupportedFormatError: If there is no DICOM file.
        CorruptFileError: If a DICOM file cannot be followed.
        FileAccessError: If the system refuses.

    Examples:
        >>> from pictologics import save_anonymized
        >>> save_anonymized("ct_scan/", "anonymous/", key="kept in a safe place")  # doctest: +SKIP
    """
    if key is not None and (not isinstance(key, str) or len(key) < SHORTEST_SECRET):
        raise OptionError(
            f"key has fewer than {SHORTEST_SECRET} characters, or is no text",
            advice='make one with python -c "import secrets; print(secrets.token_hex(32))", and keep it secret',
        )
    target = find_folder(folder)
    originals = list_original_files(source)
    check_holds_no_original(target, originals)
    profile = make_profile(key if key is not None else secrets.token_hex(32))
    left_out: Counter[str] = Counter()
    burned = 0
    written: list[Path] = []
    with replace_folder(target, ()) as temporary:
        for dataset in anonymize_files(originals, profile, left_out):
            place = name_file(dataset)
            if (temporary / place).exists():
                left_out["copies of files that are there already"] += 1
                continue
            (temporary / place).parent.mkdir(parents=True, exist_ok=True)
            burned += dataset.get("BurnedInAnnotation", "") == "YES"
            with silence_this_thread():
                dataset.save_as(temporary / place, enforce_file_format=True)
            written.append(target / place)
        if not written:
            raise nothing_to_write_error(source, left_out)
    give_warnings(os.fspath(folder), describe_left_out_files(left_out, burned))
    return AnonymizedFiles(tuple(written), dict(left_out))


def list_original_files(source: PathLike | Sequence[PathLike]) -> list[StoredFile | str]:
    """List the files of a source.

    Raises:
        MissingPathError: If there is nothing at a path.
        OptionError: If it is no path.
    """
    if isinstance(source, Iterable) and not isinstance(source, (str, os.PathLike)):
        paths: list[object] = [*source]
    else:
        paths = [source]
    files: list[StoredFile | str] = []
    for given in paths:
        url = find_url(given)
        if url is not None and local_path_of(url) is None:
            found = find_remote(url, url_options(given))
            files += found.list_files(recursive=True) if isinstance(found, RemoteFolder) else [found]
            continue
        if not isinstance(given, (str, os.PathLike)):
            raise OptionError(f"source holds {type(given).__name__} and must be paths", advice="pass a folder or files")
        path = expand_home(given if url is None else local_path_of(url) or given)
        if not is_there(path):
            raise MissingPathError("there is no such file or folder", path=path, advice="check the path")
        files += list_files(path, recursive=True) if is_folder(path) else [os.fspath(path)]
    return files


def check_holds_no_original(folder: Path, originals: Iterable[StoredFile | str]) -> None:
    """Refuse the folder of the originals, which nobody should remove to make room for the copies.

    Raises:
        OptionError: If one of them lies in the folder, or below it.
    """
    place = Path(os.path.realpath(folder))
    if any(isinstance(file, str) and place in Path(os.path.realpath(file)).parents for file in originals):
        raise OptionError(
            "the files that are to be copied lie in this folder",
            path=folder,
            advice="choose another folder, which must be empty or not exist",
        )


def anonymize_files(files: Iterable[StoredFile | str], profile: Profile, left_out: Counter[str]) -> Iterator[Dataset]:
    """Read and anonymize files.

    Args:
        files: The files.
        profile: What anonymizes them.
        left_out: Counts what is left out, by why.
    """
    for file in files:
        name = file if isinstance(file, str) else file.name
        header = read_header(file)
        if header is None:
            left_out["files that are no DICOM"] += 1
            continue
        dataset, original = (read_all(header) for _ in range(2))
        with refuse_damage(name, "its attributes cannot be parsed"), silence_this_thread():
            reason = find_reason_to_leave_out(dataset)
            if reason:
                left_out[reason] += 1
                continue
            profile.apply(dataset, original)
        yield dataset


def find_reason_to_leave_out(dataset: Dataset) -> str:
    """Find out why an object is not written; empty if it is."""
    if dataset.file_meta.get("MediaStorageSOPClassUID") == DIRECTORY or "DirectoryRecordSequence" in dataset:
        return "DICOMDIRs, which list what was there"
    if any(keyword in dataset for keyword in TEXT_CONTENT):
        return "reports, documents and presentation states, whose content is text"
    if not all(dataset.get(keyword) for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID")):
        return "objects without the UIDs that all have"
    return ""


def read_all(header: Header) -> Dataset:
    """Read a whole file with pydicom.

    Raises:
        CorruptFileError: If it cannot be followed, or was cut off.
    """
    from pydicom import dcmread
    from pydicom.uid import UID

    if header.pixel_length and not header.is_deflated and header.pixel_offset + header.pixel_length > header.file_size:
        raise CorruptFileError(
            "the file ends before its pixels do", path=header.path, advice="it was cut off; fetch it again"
        )
    with header.file.open() as file:
        content = file.read_at(0, header.file_size)
    with refuse_damage(header.path, "its attributes cannot be parsed"), silence_this_thread():
        dataset = dcmread(BytesIO(content), force=True)
        if "TransferSyntaxUID" not in dataset.file_meta:
            # Old files begin with the data set itself.
            dataset.file_meta.TransferSyntaxUID = UID(header.transfer_syntax)
        return dataset


def name_file(dataset: Dataset) -> Path:
    """Name a file by its new identifiers: patient, study, series, object."""
    patient = "".join(c for c in str(dataset.get("PatientID") or "") if c.isalnum()) or "patient"
    return Path(
        patient,
        str(dataset.StudyInstanceUID),
        str(dataset.get("SeriesInstanceUID") or "series"),
        f"{dataset.SOPInstanceUID}.dcm",
    )


def nothing_to_write_error(source: object, left_out: Counter[str]) -> UnsupportedFormatError:
    """The error for a source of which nothing can be written."""
    found = ", ".join(f"{count} {why}" for why, count in left_out.items()) or "no file"
    path = source if isinstance(source, (str, os.PathLike)) else None
    return UnsupportedFormatError(
        f"no DICOM object can be written of it; found {found}", path=path, advice="pass a folder of DICOM files"
    )


def describe_left_out_files(left_out: Counter[str], burned: int) -> list[Decision]:
    """Say what was left out, and where pixels may tell whose they are."""
    decisions = [Decision("left out", f"left out {count} {why}", count, "content") for why, count in left_out.items()]
    if burned:
        text = (
            f"{burned} files say that annotations are burned into their pixels, which are not changed: look at them "
            "before you pass them on"
        )
        decisions.append(Decision("assumed", text, burned, "content"))
    return decisions
