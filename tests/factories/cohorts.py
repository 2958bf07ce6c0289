"""The export of a made-up hospital, written once for all tests that only read it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pictologics.cli.demo_cohort import DemoCohortTruth
    from pictologics.cohort import Cohort

__all__ = ["demo_cohort", "demo_cohort_copy", "demo_index", "move_paths"]


@pytest.fixture(scope="session")
def demo_cohort(tmp_path_factory: pytest.TempPathFactory) -> DemoCohortTruth:
    """The cohort of 12 patients and the truth about it; the files are read-only, and stay as they are."""
    # Imported here: every run of the tests reads this file, and few need pydicom for it.
    from pictologics.cli.demo_cohort import write_demo_cohort

    truth = write_demo_cohort(tmp_path_factory.mktemp("export"))
    for file in truth.root.rglob("*"):
        if file.is_file():
            file.chmod(0o444)
    return truth


@pytest.fixture(scope="session")
def demo_index(demo_cohort: DemoCohortTruth, tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """That cohort, indexed with its identifiers, so that the truth can be looked up in the tables."""
    from pictologics.cohort import index

    return index(demo_cohort.root, tmp_path_factory.mktemp("index") / "cohort", identifiers=True, workers=1)


@pytest.fixture
def demo_cohort_copy(demo_cohort: DemoCohortTruth, tmp_path: Path) -> Iterator[DemoCohortTruth]:
    """The cohort once more, for a test that changes it."""
    root = tmp_path / "export"
    shutil.copytree(demo_cohort.root, root)
    for file in root.rglob("*"):
        if file.is_file():
            file.chmod(0o644)
    yield move_paths(demo_cohort, demo_cohort.root, root)
    shutil.rmtree(root, ignore_errors=True)


def move_paths(truth: Any, root: Path, elsewhere: Path) -> Any:
    """The same truth about files that lie elsewhere."""
    if isinstance(truth, Path):
        return elsewhere / truth.relative_to(root)
    if isinstance(truth, tuple) and any(isinstance(part, Path) or is_dataclass(part) for part in truth):
        return tuple(move_paths(part, root, elsewhere) for part in truth)
    if is_dataclass(truth) and not isinstance(truth, type) and "files" in (names := [f.name for f in fields(truth)]):
        return replace(truth, files=move_paths(truth.files, root, elsewhere))
    if is_dataclass(truth) and type(truth).__module__.endswith("demo_cohort"):
        return replace(truth, **{name: move_paths(getattr(truth, name), root, elsewhere) for name in names})
    return truth
