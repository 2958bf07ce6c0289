"""A tree of as many DICOM files as one likes, made in memory when they are read, and indexed: a million need no disk.

Run by the benchmark in a process of its own: ``python -m benchmarks.generated_tree SERIES OUT`` prints the megabytes of
the process and of its largest worker, and the seconds that it took.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from pictologics.cohort.cohort_folder import CohortFacts
from pictologics.cohort.folder_lock import lock_folder
from pictologics.cohort.indexing.index_job import IndexJob, make_seed
from pictologics.cohort.indexing.index_run import make_cohort_folder, prepare_facts, run_job
from pictologics.cohort.indexing.listing import FolderListing
from pictologics.cohort.indexing.progress import Progress
from pictologics.dicom.studies.pseudonyms import Pseudonyms
from pictologics.geometry import Grid
from pictologics.storage.files import MemoryFile

from .scanner_headers import SeriesWriter

__all__ = ["GeneratedRoot"]

SLICES = 200
"""Of each series, which is a folder."""

DIGITS = 8
"""Of a series' number, which takes the place of the end of its UIDs: their lengths stay."""


class GeneratedRoot:
    """Folders with a series each: the same slices, of other patients, studies and series.

    Args:
        series: How many.
    """

    name = "generated"

    def __init__(self, series: int) -> None:
        self.series = series
        self.slices, self.uids = make_slices()

    def list_folder(self, path: str) -> FolderListing:
        """A folder of the tree."""
        if not path:
            return FolderListing(path, folders=[f"{number:0{DIGITS}}" for number in range(self.series)])
        return FolderListing(path, [(f"{k:03}.dcm", len(self.slices[k][0]), 1) for k in range(SLICES)])

    def find_file(self, path: str) -> MemoryFile:
        """A slice, with UIDs of its own."""
        folder, _, name = path.partition("/")
        content, own_uid = self.slices[int(name[:3])]
        for uid in (*self.uids, own_uid):
            content = content.replace(uid, uid[:-DIGITS] + folder.encode())
        return MemoryFile(path, content)

    def find_files(self, paths: Sequence[str]) -> Iterator[MemoryFile]:
        """Slices in their order."""
        return map(self.find_file, paths)


def make_slices() -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    """The slices of one series, each with its own UID, and what every series has in its own way."""
    with tempfile.TemporaryDirectory() as folder:
        writer = SeriesWriter(Path(folder), Grid((16, 16, SLICES), (0.7, 0.7, 1.25)))
        uids = []
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
            uid = f"1.2.3.{len(uids)}.1{'0' * DIGITS}"
            setattr(writer.dataset, keyword, uid)
            uids.append(uid.encode())
        writer.dataset.PatientID = f"PATIENT-{'0' * DIGITS}"
        slices = []
        for k in range(SLICES):
            writer.write(k, np.zeros((16, 16), np.int16))
            content = (Path(folder) / f"IMG{writer.names[k]:05d}.dcm").read_bytes()
            slices.append((content, str(writer.dataset.SOPInstanceUID).encode()))
    return slices, [*uids, f"PATIENT-{'0' * DIGITS}".encode()]


def main() -> None:
    """Index, and print what it took."""
    root, out = GeneratedRoot(int(sys.argv[1])), Path(sys.argv[2]).absolute()
    names = Pseudonyms(b"", keeps_identifiers=True)
    begin = time.perf_counter()
    make_cohort_folder(out)
    with lock_folder(out, "indexing"):
        facts = prepare_facts(out, CohortFacts(root.name, identifiers=True))
        run_job(IndexJob(root, out, names, make_seed(names)), facts, 2, Progress())
    seconds = time.perf_counter() - begin
    peaks = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(*peaks, seconds)


if __name__ == "__main__":
    main()
