"""``index``: a tree of files to a cohort, in steps that may be interrupted and go on where they stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ...checks import check_whole
from ...dicom.studies.pseudonyms import Pseudonyms, find_key
from ...errors import MissingPathError, OptionError
from ...storage.paths import check_writable_name, expand_home, is_folder, is_there, refuse_system_errors
from ...storage.remote_folders import list_remote_folder
from ...storage.urls import find_url, local_path_of, url_options
from ...threads import get_num_threads
from ..cohort_folder import (
    FACTS_FILE,
    Cohort,
    CohortFacts,
    find_cohort_folder,
    open_cohort,
    read_facts,
    write_facts,
)
from ..folder_lock import lock_folder
from ..libraries import check_duckdb
from ..worker_pool import work_off
from .batches import Batch, find_batches, locate_batch, read_batch
from .commit import is_current, put_tables_in_place, remove_old_parts
from .index_job import IndexJob, make_seed
from .listing import LocalRoot, Root
from .parts import is_finished
from .progress import Progress, show_progress
from .remote_root import RemoteRoot
from .streamed_queries import open_connection
from .tables import write_tables
from .unit_list import UnitList, list_units
from .unit_reading import read_unit

__all__ = ["index"]


def index(
    root: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    identifiers: bool = False,
    text: bool = False,
    key: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> Cohort:
    """Index a tree of files: what is there, what loads and how, and what belongs together.

    Only the heads of files are read. Every series is judged as ``load_image`` would judge it. A second run into the
    same folder reads only what is new or changed, with the series it belongs to, and drops what is gone; a run that
    was interrupted goes on where it stopped. Files and folders that cannot be read have a row that says why.

    Args:
        root: The folder, or its URL; it and all folders below it are searched, archives too.
        out: The folder of the cohort: new, empty, or a cohort of the same root and key.
        identifiers: Keep PatientID, UIDs and dates as they are, in place of pseudonyms.
        text: Keep free text such as descriptions, which may name a patient.
        key: The file with the key of the pseudonyms; by default the one that the environment variable
            ``PICTOLOGICS_COHORT_KEY`` names, else one in the user's configuration folder, made when it is first needed.
        workers: How many processes read; by default as many as cores may be used.
        progress: Show on the error output how it goes on.

    Returns:
        The cohort.

    Raises:
        MissingPathError: If the root, or the file of the key, is not there.
        FileAccessError: If the root cannot be listed, or the cohort not be written, as when the disk is full.
        OptionError: If ``out`` is something else than an empty folder or a cohort of this root, key and settings, or
            another run writes into it.

    Examples:
        >>> from pictologics.cohort import index
        >>> cohort = index("export", "cohort")  # doctest: +SKIP
    """
    check_duckdb()
    count = get_num_threads() if workers is None else check_whole("workers", workers, 1)
    folder = find_cohort_folder(out).absolute()
    place = find_root(root, folder)
    names = Pseudonyms(b"" if identifiers else find_key(None if key is None else expand_home(key)), identifiers, text)
    make_cohort_folder(folder)
    with lock_folder(folder, "indexing"), show_progress(progress) as shown:
        facts = prepare_facts(folder, CohortFacts(place.name, identifiers, text, names.fingerprint))
        job = IndexJob(place, folder, names, make_seed(names))
        run_job(job, facts, count, shown)
    return open_cohort(folder)


def find_root(root: str | os.PathLike[str], out: Path) -> Root:
    """The tree that is indexed.

    Raises:
        MissingPathError: If it is not there.
        OptionError: If it is no folder.
        FileAccessError: If it lies behind a URL and cannot be listed.
    """
    if not isinstance(root, (str, os.PathLike)) or not os.fspath(root):
        raise OptionError(f"the root is {root!r} and must be a path or a URL", advice="name the folder to index")
    url = find_url(root)
    local = None if url is None else local_path_of(url)
    if url is not None and local is None:
        remote = RemoteRoot(url, url_options(root))
        list_remote_folder(url, remote.options)
        return remote
    path = Path(os.path.abspath(expand_home(root) if local is None else local))  # noqa: PTH100 - ".." is resolved by name, so that the root stays what it was called
    if not is_there(path):
        raise MissingPathError("there is no such folder", path=root, advice="check the path")
    if not is_folder(path):
        raise OptionError("this is a file, and a folder is required", path=root, advice="pass the folder that holds it")
    return LocalRoot(str(path), str(out))


def make_cohort_folder(folder: Path) -> None:
    """Make the folder of the cohort, if it is not there; one of somebody else stays as it is.

    Raises:
        OptionError: If there is something else.
    """
    check_writable_name(folder)
    with refuse_system_errors("the folder of the cohort cannot be made", folder):
        folder.mkdir(parents=True, exist_ok=True)
        names = [] if is_there(folder / FACTS_FILE) else [entry.name for entry in folder.iterdir()]
    # Its lock comes first, and a run that was killed just then left no more.
    others = [name for name in names if not name.startswith(".")]
    if others:
        raise OptionError(
            f"this folder holds other files ('{min(others)}') and is no cohort",
            path=folder,
            advice="pass a new folder, or an empty one",
        )


def prepare_facts(folder: Path, wanted: CohortFacts) -> CohortFacts:
    """The facts of the cohort in a folder; written if there is none yet.

    Raises:
        OptionError: If it is a cohort of another root, key or setting.
    """
    if not is_there(folder / FACTS_FILE):
        write_facts(folder, wanted)
        return wanted
    found = read_facts(folder)
    difference = describe_difference(found, wanted)
    if difference:
        raise OptionError(difference, path=folder, advice="pass what it was made with, or index into a new folder")
    return replace(found, package_version=wanted.package_version)


def describe_difference(found: CohortFacts, wanted: CohortFacts) -> str:
    """What a run has not in common with the cohort that it should bring up to date; empty if nothing."""
    if found.root != wanted.root:
        return f"this is the cohort of '{found.root}', and '{wanted.root}' was passed"
    if found.identifiers != wanted.identifiers:
        kept, asked = (
            "identifiers" if facts.identifiers else "pseudonyms in place of identifiers" for facts in (found, wanted)
        )
        return f"this cohort has {kept}, and {asked} were asked for"
    if found.text != wanted.text:
        kept, asked = ("with" if facts.text else "without" for facts in (found, wanted))
        return f"this cohort has been made {kept} free text, and this time it would be {asked}"
    if found.key_fingerprint != wanted.key_fingerprint:
        return (
            f"this cohort has another key: its fingerprint is {found.key_fingerprint}, and that of the key given "
            f"{wanted.key_fingerprint}"
        )
    return ""


def run_job(job: IndexJob, facts: CohortFacts, workers: int, shown: Progress) -> None:
    """Bring a cohort up to date."""
    with refuse_system_errors("the index cannot be written", job.out):
        job.state.mkdir(exist_ok=True)
    shown.begin("Listing folders")
    with list_units(job, shown) as units:
        if units.unfinished == 0 and facts.is_complete and is_current(job, units):
            return
        shown.begin("Reading headers", units.unfinished)
        for count in work_off(read_unit, units.walk_unfinished(), job, workers):
            shown.advance(count)
        build_tables(job, facts, units, workers, shown)


def build_tables(job: IndexJob, facts: CohortFacts, units: UnitList, workers: int, shown: Progress) -> None:
    """Put together what the units gave, and let it take the place of the old tables."""
    parts = units.list_parts(job)
    with open_connection(job.state / "queries", min(workers, get_num_threads())) as connection:
        states: list[str] = []

        def find_unfinished() -> Iterator[Batch]:
            for batch in find_batches(connection, [part / "files.parquet" for part in parts]):
                states.append(batch.state)
                if not is_finished(locate_batch(job, batch.state)):
                    yield batch

        shown.begin("Judging spread series")
        for count in work_off(read_batch, find_unfinished(), job, workers):
            shown.advance(count)
        shown.begin("Writing tables")
        batches = [locate_batch(job, state) for state in states]
        write_tables(connection, parts, batches, job.new_tables)
    put_tables_in_place(job, facts, units, all(map(is_finished, batches)))
    remove_old_parts(job, units, states)
    shown.advance(units.files)
