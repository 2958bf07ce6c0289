"""A disk that is full in the middle of a file: an error of ours, what was there before as it was, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pictologics.saving.registry import WRITERS

resource = pytest.importorskip("resource", reason="this system limits no process")

SUFFIXES = sorted({suffix for writer in WRITERS for suffix in writer.suffixes})

SAVE = """
import json, resource, sys
import numpy as np
from pictologics import Image, PictologicsError, save_image, save_planes

# What a full disk answers to a write, a limit on the size of files answers too: the process may write no more.
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
noise = np.random.default_rng(0).integers(0, 200, (40, 40, 20)).astype(np.uint8)
image = Image(noise, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), labels={1: "liver"}, modality="SEG")
try:
    (save_planes if sys.argv[1].endswith(".png") else save_image)(image, sys.argv[1])
except PictologicsError as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("limit", [0, 1000])
@pytest.mark.parametrize("suffix", [*SUFFIXES, ".png"])
def test_what_does_not_fit_leaves_the_old_file(tmp_path, suffix, limit):
    path = old = tmp_path / f"scan{suffix}"
    if suffix.endswith(".zarr"):
        path.mkdir()
        old = path / "zarr.json"
    old.write_bytes(b"what was there before")
    run = subprocess.run(
        [sys.executable, "-c", SAVE, str(path), str(limit)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    kind, message = json.loads(run.stdout)
    assert kind == "FileAccessError"
    assert str(path) in message or f"'{tmp_path}" in message
    assert old.read_bytes() == b"what was there before"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
