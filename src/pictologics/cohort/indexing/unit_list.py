"""The units of a tree: what is there now, and which of them have not been read as they are now."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import IO

from ...storage.paths import refuse_system_errors
from .index_job import IndexJob
from .listing import FolderListing, walk_folders
from .parts import is_finished
from .progress import Progress
from .units import Unit, pack_units

__all__ = ["UnitList", "list_units"]


@dataclass
class UnitList:
    """The units of a tree. Their files are on disk: memory holds two short hashes of each unit.

    Attributes:
        spool: The units that have to be read, one after the other.
        states: The state of each unit by its name.
        files: How many files there are.
        unfinished: How many files are in units that have to be read.
    """

    spool: IO[bytes]
    states: dict[str, str] = field(default_factory=dict)
    files: int = 0
    unfinished: int = 0

    def add(self, unit: Unit, is_new: bool) -> None:
        """Add a unit."""
        count = unit.count
        self.states[unit.name] = unit.state
        self.files += count
        if is_new:
            # A folder that cannot be listed is counted as a file: it has a row as well.
            self.unfinished += max(count, 1)
            pickle.dump(unit, self.spool)

    def walk_unfinished(self) -> Iterator[Unit]:
        """The units that have to be read."""
        self.spool.seek(0)
        while True:
            try:
                yield pickle.load(self.spool)
            except EOFError:
                return

    def list_parts(self, job: IndexJob) -> list[Path]:
        """Where the parts of all units are kept, in the order of their names."""
        return [job.units / name / state for name, state in sorted(self.states.items())]

    @property
    def digest(self) -> str:
        """A hash of all units and their states."""
        return blake2b(repr(sorted(self.states.items())).encode(), digest_size=16).hexdigest()


@contextmanager
def list_units(job: IndexJob, shown: Progress) -> Iterator[UnitList]:
    """List a tree.

    Raises:
        FileAccessError: If the root itself cannot be listed: what it held is not gone for that; or the disk is full.
    """
    with ExitStack() as stack:
        with refuse_system_errors("the list of files cannot be written", job.out):
            # It has no name, and is gone when this process is, however it ends.
            spool = tempfile.TemporaryFile(dir=job.state)  # noqa: SIM115 - closed by the stack
            stack.callback(close_quietly, spool)
            units = UnitList(spool)
            for unit in pack_units(refuse_unlisted_root(walk_folders(job.root, shown.advance)), job.seed):
                units.add(unit, not is_finished(job.units / unit.name / unit.state))
            spool.flush()
        yield units


def close_quietly(file: IO[bytes]) -> None:
    """Close a file; where the disk is full, what waits to be written fails once more."""
    with suppress(OSError):
        file.close()


def refuse_unlisted_root(folders: Iterator[FolderListing]) -> Iterator[FolderListing]:
    """Pass folders on; raise if the first one, the root, could not be listed."""
    for folder in folders:
        if folder.error is not None and not (folder.path or folder.is_listed):
            raise folder.error
        yield folder
