"""One run at a time writes into a folder."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from ...errors import FileAccessError
from ..folder_lock import FORSAKEN_AFTER, describe_holder, held_error, lock_folder, show_life_meanwhile
from .run_folder import RunFolder, make_folder

__all__ = ["lock_run_folder"]

LOCKED_WORK: Final = "running cases"
"""What the one who comes second is told."""

NOTES_FOLDER: Final = "locks"
"""Where runs say that they are at work in a folder behind a URL, whose storage has no locks: each in a note of its own,
as of two that write one note both would read that it is theirs."""

LONGEST_CLAIM: Final = 10.0
"""Seconds that a run waits for a younger one, which began at the same time, to withdraw."""

LOOK_AGAIN_AFTER: Final = 0.1
"""Seconds after which it looks again."""

LONGEST_WRITING: Final = 5.0
"""Seconds that a note may take to be written: some storage lists a file, and lets it be read, before it is whole."""


class RemoteLock:
    """A note in a folder behind a URL that a run is at work.

    A run writes its note, and begins once it has listed no other: of two, the one that wrote last lists both. So only
    one begins wherever a listing names what was written before it, as those of S3, Google and Azure do, and no clock is
    off by more than ``FORSAKEN_AFTER``. Which of them withdraws is settled by their notes.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.note = f"{NOTES_FOLDER}/{secrets.token_hex(8)}.json"
        self.since = time.time()

    def write_note(self) -> None:
        """Write who is at work.

        Raises:
            FileAccessError: If the server refuses.
        """
        self.folder.write_text(self.note, json.dumps({**describe_holder(LOCKED_WORK), "since": self.since}))

    def remove_note(self) -> None:
        """Say that the work has ended."""
        self.folder.remove(self.note)

    def refuse_others(self) -> None:
        """Refuse to begin where another run has.

        Raises:
            OptionError: If another run is at work.
        """
        for holder in self.list_others().values():
            raise held_error(self.folder.show(), holder)

    def outlast_others(self) -> None:
        """Wait until no other run is there, or withdraw before one that is older.

        Raises:
            OptionError: If another run is at work, or began just before.
        """
        end = time.monotonic() + LONGEST_CLAIM
        while others := self.list_others():
            oldest = min(others, key=lambda note: (others[note]["since"], note))
            if (others[oldest]["since"], oldest) < (self.since, self.note) or time.monotonic() > end:
                raise held_error(self.folder.show(), others[oldest])
            time.sleep(LOOK_AGAIN_AFTER)

    def list_others(self) -> dict[str, dict[str, Any]]:
        """What other runs noted that are at work; notes that were forsaken are removed."""
        others = {}
        for name in self.folder.list_names(NOTES_FOLDER):
            note = f"{NOTES_FOLDER}/{name}"
            holder = None if note == self.note else self.read_note(note)
            if holder is None:
                continue
            if time.time() - holder["alive"] < FORSAKEN_AFTER:
                others[note] = holder
            else:
                with suppress(FileAccessError):
                    self.folder.remove(note)
        return others

    def read_note(self, note: str) -> dict[str, Any] | None:
        """What a run noted; None if the note is gone.

        Raises:
            FileAccessError: If it cannot be read.
        """
        end = time.monotonic() + LONGEST_WRITING
        while (text := self.folder.read_text(note)) is not None:
            try:
                holder = json.loads(text)
                return {**holder, "alive": float(holder["alive"]), "since": float(holder["since"])}
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                if time.monotonic() > end:
                    raise FileAccessError(
                        "the note of a run at work cannot be read",
                        path=self.folder.show(note),
                        advice="remove it if no run is at work there",
                    ) from error
            time.sleep(LOOK_AGAIN_AFTER)
        return None


@contextmanager
def lock_run_folder(folder: RunFolder) -> Iterator[None]:
    """Hold the lock of a run's folder, which is made if it is not there.

    Raises:
        OptionError: If another run is at work there.
        FileAccessError: If the folder cannot be written to.
    """
    if not folder.is_remote:
        make_folder(Path(folder.root))
        with lock_folder(Path(folder.root), LOCKED_WORK):
            yield
        return
    remote = RemoteLock(folder)
    remote.refuse_others()
    remote.write_note()
    try:
        remote.outlast_others()
        with show_life_meanwhile(remote.write_note):
            yield
    finally:
        remote.remove_note()
