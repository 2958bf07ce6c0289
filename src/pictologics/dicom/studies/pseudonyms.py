"""Pseudonyms: keyed hashes in place of what identifies a patient, dates that are moved, and the key of both."""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from ...errors import FileAccessError, OptionError
from ...storage.paths import refuse_system_errors

__all__ = ["KEY_VARIABLE", "PSEUDONYM", "Pseudonyms", "find_key", "read_key"]

KEY_VARIABLE: Final = "PICTOLOGICS_COHORT_KEY"
"""The environment variable that names the file of the key."""

SHORTEST_KEY: Final = 16
"""Bytes; what is shorter can be guessed, and with the key whoever has a list of patients finds each of them."""

HASH_BYTES: Final = 10
"""Of a pseudonym, 16 characters in base32: that two among a billion are the same has a chance of one in 2 million."""

PSEUDONYM: Final = re.compile(rf"[A-Z]-([A-Z2-7]{{{HASH_BYTES * 8 // 5}}})")
"""A pseudonym, and its hash, of which any part tells as much as any other."""

LONGEST_MOVE: Final = 3650
"""Days by which a date is moved at most, always into the past, so that no date lies in the future."""

YEARS: Final = range(1800, 10_000)
"""A year before is a typing error, and cannot be moved far enough into the past either."""


@dataclass(frozen=True)
class Pseudonyms:
    """Makes what stands in the tables in place of identifiers; sent to every worker process.

    Attributes:
        key: The secret; not used, and may be empty, where identifiers are kept.
        keeps_identifiers: Whether the identifiers themselves stand in the tables.
        keeps_text: Whether free text, which may name a patient, stands in the tables.
    """

    key: bytes = field(repr=False)
    keeps_identifiers: bool = False
    keeps_text: bool = False

    def patient(self, text: str, issuer: str = "") -> str | None:
        """The patient's, from PatientID and the one who issued it; None without one.

        Two hospitals may give the same number to different people, so the issuer counts.
        """
        if not text:
            return None
        if self.keeps_identifiers:
            return f"{text}^^^{issuer}" if issuer else text
        return self.hash_text("P", f"{text}^^^{issuer}")

    def study(self, uid: str) -> str | None:
        """The study's, from StudyInstanceUID; None without one."""
        return self.name("T", uid)

    def series(self, uid: str) -> str | None:
        """The series', from SeriesInstanceUID; None without one."""
        return name_repeated(self, "S", uid)

    def instance(self, uid: str) -> str | None:
        """The object's, from SOPInstanceUID; None without one."""
        return self.name("I", uid)

    def frame(self, uid: str) -> str | None:
        """The frame of reference's, from its UID; None without one."""
        return self.name("F", uid)

    def volume_file(self, path: str) -> str:
        """The series key of a file that is no DICOM, from its path relative to the root."""
        return path if self.keeps_identifiers else self.hash_text("N", path)

    def date(self, text: str, patient: str | None) -> str | None:
        """A date as YYYY-MM-DD, moved by the days of its patient: intervals stay, and the date itself is not told.

        Args:
            text: A date as DICOM has it, YYYYMMDD.
            patient: The patient's pseudonym.

        Returns:
            The date; None where the text is none.
        """
        try:
            found = date.fromisoformat(text.strip().replace(".", "-"))
        except ValueError:
            return None
        if found.year not in YEARS:
            return None
        if not self.keeps_identifiers:
            found -= timedelta(days=1 + int.from_bytes(self.digest("days", patient or "")[:8], "big") % LONGEST_MOVE)
        return found.isoformat()

    def text(self, text: str) -> str | None:
        """Free text where it is asked for; None otherwise, and where it is empty."""
        return text or None if self.keeps_text else None

    @property
    def fingerprint(self) -> str:
        """What tells whether two cohorts have the same key, and does not tell the key; empty without one."""
        return "" if self.keeps_identifiers else self.digest("fingerprint", "")[:8].hex()

    def name(self, letter: str, uid: str) -> str | None:
        """The UID or its pseudonym; None if it is empty."""
        if not uid:
            return None
        return uid if self.keeps_identifiers else self.hash_text(letter, uid)

    def hash_text(self, letter: str, text: str) -> str:
        """The letter and the keyed hash of a text."""
        return f"{letter}-{base64.b32encode(self.digest(letter, text)[:HASH_BYTES]).decode('ascii')}"

    def digest(self, kind: str, text: str) -> bytes:
        """The keyed hash of a text; of each kind another."""
        # Here, since every load imports this module and few ask for pseudonyms; asked again, it is found at once.
        import hmac

        return hmac.digest(self.key, f"{kind}:{text}".encode("utf-8", "surrogateescape"), "sha256")


@lru_cache(maxsize=1024)
def name_repeated(names: Pseudonyms, letter: str, uid: str) -> str | None:
    """The pseudonym of a UID that most files repeat."""
    return names.name(letter, uid)


def find_key(path: Path | None) -> bytes:
    """Find the key of the pseudonyms: in the given file, in that of ``KEY_VARIABLE``, or in the user's own.

    The user's own is made when it is first needed; nobody else may read it.

    Args:
        path: A file with the key; None if none was given.

    Raises:
        MissingPathError: If the file is not there.
        OptionError: If it holds no key.
    """
    named = os.environ.get(KEY_VARIABLE)
    if path is None and named:
        path = Path(named)
    return read_key(path if path is not None else make_own_key())


def read_key(path: Path) -> bytes:
    """Read a key: all bytes of a file but white space around them.

    Raises:
        MissingPathError: If the file is not there.
        FileAccessError: If it cannot be read.
        OptionError: If it is too short.
    """
    with refuse_system_errors("the key cannot be read", path):
        key = path.read_bytes().strip()
    if len(key) < SHORTEST_KEY:
        raise OptionError(
            f"this holds {len(key)} bytes, and a key of at least {SHORTEST_KEY} is required",
            path=path,
            advice='write one with python -c "import secrets; print(secrets.token_hex(32))"',
        )
    return key


def make_own_key() -> Path:
    """The file of the user's own key, written if it is not there.

    Raises:
        FileAccessError: If it cannot be written.
    """
    import secrets
    import tempfile

    from typer import get_app_dir

    path = Path(get_app_dir("pictologics")) / "cohort.key"
    if path.exists():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Only its owner may read a file of mkstemp. A link appears with its content, and never in place of another key.
        number, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            os.close(number)
            Path(temporary).write_text(secrets.token_hex(32) + "\n", encoding="ascii")
            path.hardlink_to(temporary)
        except FileExistsError:
            # Another run has just made it.
            pass
        finally:
            Path(temporary).unlink()
    except OSError as error:
        raise FileAccessError(
            f"the key of the pseudonyms cannot be written ({error.strerror})",
            path=path,
            advice=f"name a file that holds one by key= or in {KEY_VARIABLE}",
        ) from error
    return path
