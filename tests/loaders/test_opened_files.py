"""One load looks at a file once: how often each file is opened."""

from __future__ import annotations

import os
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from pictologics import Image, load_image, save_image, set_num_threads
from pictologics.loaders import load_rtstruct
from tests.factories.dicom_series import write_series
from tests.factories.enhanced import planes_of, write_enhanced
from tests.factories.phantom import PHANTOM
from tests.factories.structure_sets import SCAN, SQUARE, RoiTruth, stack_of, write_structures
from tests.factories.variants import VARIANTS

MOST_OPENS = 3
"""Its beginning is read once, its voxels once, and something else at most once more."""

opened: Counter[str] | None = None


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that share the work on one file each open it for themselves."""
    set_num_threads(1)
    yield
    set_num_threads(None)


def count_open(event: str, arguments: tuple) -> None:
    """The interpreter's own word on every file that is opened, by whatever function."""
    if opened is not None and event == "open" and isinstance(arguments[0], (str, bytes, Path)):
        opened[str(Path(os.fsdecode(arguments[0])).absolute())] += 1


sys.addaudithook(count_open)


@contextmanager
def counted(folder: Path) -> Iterator[Counter[str]]:
    """Counts how often each file below a folder is opened."""
    global opened
    opened, counts = Counter(), Counter()
    try:
        yield counts
    finally:
        found, opened = opened, None
        counts.update({name: count for name, count in found.items() if name.startswith(str(folder))})


def seg_nrrd(folder: Path) -> Path:
    labels = Image((PHANTOM.array % 3).astype(np.uint8), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    save_image(labels, folder / "labels.seg.nrrd")
    return folder / "labels.seg.nrrd"


def dicom_file(folder: Path) -> Path:
    return write_enhanced(folder / "scan.dcm", planes_of())


def zipped(method: int) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        series = write_series(folder / "series")
        with zipfile.ZipFile(folder / "scan.zip", "w", method) as archive:
            for path in series:
                archive.write(path, path.name)
                path.unlink()
        return folder / "scan.zip"

    return write


OTHERS: dict[str, Callable[[Path], Path]] = {"seg.nrrd": seg_nrrd, "dicom-file": dicom_file}

# A shard holds many chunks, and zarr opens it for each layer of them.
every_variant = pytest.mark.parametrize("name", [name for name in (*VARIANTS, *OTHERS) if name != "ome-zarr-shards"])


def most_opens(folder: Path, load: Callable[[], object]) -> int:
    """Loads something; says how often the file was opened that was opened most."""
    with counted(folder) as counts:
        load()
    return max(count for file, count in counts.items() if Path(file).is_file())


@every_variant
def test_a_file_is_opened_three_times_at_most(name, tmp_path):
    path = (VARIANTS | OTHERS)[name](tmp_path)
    most = most_opens(tmp_path, lambda: load_image(path))
    assert 1 <= most <= MOST_OPENS


def test_a_structure_set_is_opened_three_times_at_most(tmp_path):
    path = write_structures(tmp_path / "rois.dcm", [RoiTruth("box", stack_of([(k, SQUARE) for k in (5, 6, 7)]))])
    assert most_opens(tmp_path, lambda: load_image(path, reference_image=SCAN)) <= MOST_OPENS
    assert most_opens(tmp_path, lambda: load_rtstruct(path, SCAN)) <= MOST_OPENS


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_an_archive_is_opened_for_its_list_and_for_its_entries(method, tmp_path):
    """For each entry as often as for a file on its own, and for the archive itself."""
    path = zipped(method)(tmp_path)
    most = most_opens(tmp_path, lambda: load_image(path))
    assert most <= MOST_OPENS + PHANTOM.shape[2] * MOST_OPENS
