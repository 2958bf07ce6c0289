"""Many loads: at once in threads, in processes however they start, and one after the other without growing."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from pictologics import Image, load_image
from tests.factories.variants import VARIANTS

MOST_GROWTH = 20_000_000
"""Bytes of resident memory that a thousand loads may add: caches that fill once, and the heap's own unevenness."""


def fingerprint(image: Image) -> str:
    """A short hash of every bit of an image and of its place."""
    digest = hashlib.sha256(np.asfortranarray(image.array).tobytes(order="F"))
    digest.update(repr((image.dtype, image.shape, image.grid, image.modality)).encode())
    return digest.hexdigest()


def load_fingerprint(source: Path | list[Path]) -> str:
    return fingerprint(load_image(source))


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> list[Path | list[Path]]:
    """What every variant is loaded from."""
    made = []
    for name, variant in VARIANTS.items():
        folder = tmp_path_factory.mktemp(name)
        made.append(variant(folder))
    return made


@pytest.fixture(scope="module")
def expected(sources) -> list[str]:
    return [load_fingerprint(source) for source in sources]


@pytest.mark.slow
def test_sixteen_threads_load_what_one_loads(sources, expected):
    # Each thread loads everything, beginning elsewhere, so that all formats meet.
    start = threading.Barrier(16)

    def load_all(first: int) -> list[str]:
        start.wait()
        turned = [*sources[first:], *sources[:first]]
        found = [load_fingerprint(source) for source in turned]
        return found[len(sources) - first :] + found[: len(sources) - first]

    with ThreadPoolExecutor(16) as pool:
        for found in pool.map(load_all, [k * len(sources) // 16 for k in range(16)]):
            assert found == expected


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_load_what_this_one_loads(sources, expected, method):
    # Threads and caches of this process are warm, which a forked one inherits or not.
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
        assert list(pool.map(load_fingerprint, sources, chunksize=10)) == expected


REPEAT = """
import itertools, os, pickle, sys
from pathlib import Path
from pictologics import load_image

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

sources = pickle.load(sys.stdin.buffer)
for source in sources * 2:
    load_image(source)
memory, descriptors = resident(), len(os.listdir("/proc/self/fd"))
for source in itertools.islice(itertools.cycle(sources), 1000):
    load_image(source)
print(resident() - memory, len(os.listdir("/proc/self/fd")) - descriptors)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says what memory is in use")
def test_a_thousand_loads_keep_no_memory_and_no_descriptor(sources):
    import pickle

    run = subprocess.run(
        [sys.executable, "-c", REPEAT], input=pickle.dumps(sources), capture_output=True, check=True, env=os.environ
    )
    growth, descriptors = map(int, run.stdout.split())
    assert growth < MOST_GROWTH
    assert descriptors == 0
