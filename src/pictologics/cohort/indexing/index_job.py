"""What every part of one indexing run needs to know, sent once to each worker process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from ..._version import __version__
from ...dicom.studies.pseudonyms import Pseudonyms
from ..schema import SCHEMA_VERSION
from .listing import Root

__all__ = ["IndexJob", "make_seed"]


@dataclass(frozen=True)
class IndexJob:
    """One indexing run.

    Attributes:
        root: The files.
        out: The folder of the cohort.
        names: What makes pseudonyms.
        seed: A hash of everything that the result depends on besides the files.
    """

    root: Root
    out: Path
    names: Pseudonyms
    seed: bytes

    @property
    def state(self) -> Path:
        """Where the run keeps what tables are made of."""
        return self.out / "state"

    @property
    def units(self) -> Path:
        """Where finished units are kept: a folder for each, and in it one for the state of its files."""
        return self.state / "units"

    @property
    def batches(self) -> Path:
        """Where the series that lie in several units are kept, in the same way."""
        return self.state / "batches" / self.seed.hex()

    @property
    def new_tables(self) -> Path:
        """Where tables are written before they take the place of the old ones."""
        return self.state / "new"


SEED_BYTES: Final = 16


def make_seed(names: Pseudonyms) -> bytes:
    """A hash of everything that the result of reading depends on besides the files: also of how this version judges."""
    settings = [SCHEMA_VERSION, __version__, names.keeps_identifiers, names.keeps_text]
    return blake2b(json.dumps(settings).encode(), digest_size=SEED_BYTES, key=names.key[:64]).digest()
