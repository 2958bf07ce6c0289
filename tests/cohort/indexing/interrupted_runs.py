"""Indexes again and again and is killed at random steps; then, once, to the end. Run by a test in a process of its own.

Usage: interrupted_runs.py ROOT OUT KILLS SEED
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sys
from collections.abc import Callable

from pictologics.cohort import index
from pictologics.cohort.indexing import units
from pictologics.errors import FileAccessError

units.FEWEST_UNIT_FILES = 20

WRITING = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link", "shutil.rmtree", "os.truncate")
"""What Python tells its audit hooks of; between two of these nothing of the cohort on disk changes by much."""

FULL_DISKS = (0, 4_000, 8_000, 21_000)
"""Bytes that a file may have on a disk that is full: the list of files, a part, a table or another does not fit."""


def run_in_child(work: Callable[[], None]) -> int:
    """Do something in a copy of this process; how it ended."""
    child = os.fork()
    if not child:
        try:
            work()
        except FileAccessError as error:
            print(error, flush=True)
            os._exit(3)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def index_until(root: str, out: str, last: int | None, count: list[int]) -> None:
    """Index, and be killed at a step."""

    def note(event: str, _: object) -> None:
        if event in WRITING:
            count[0] += 1
            if count[0] == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(note)
    index(root, out, workers=1)
    sys.stderr.write(f"{count[0]}\n")


def index_on_full_disk(root: str, out: str, most: int) -> None:
    """Index, where no file may have more than some bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    index(root, out, workers=1)


def main() -> None:
    root, out, kills, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    choose = random.Random(seed)
    reading, writing = os.pipe()
    run_in_child(lambda: (os.dup2(writing, 2), index_until(root, out + "-whole", None, [0])))
    steps = int(os.read(reading, 100))
    while kills:
        last = choose.randrange(1, steps)
        if os.WIFSIGNALED(run_in_child(lambda last=last: index_until(root, out, last, [0]))):
            kills -= 1
            print("killed", flush=True)
        else:
            # Runs before had left it less to do than that: from the beginning once more.
            shutil.rmtree(out)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    for most in FULL_DISKS:
        status = run_in_child(lambda most=most: index_on_full_disk(root, out + "-full", most))
        print("full" if os.waitstatus_to_exitcode(status) == 3 else "not noticed", flush=True)
    for folder in (out, out + "-full"):
        print(os.waitstatus_to_exitcode(run_in_child(lambda folder=folder: index(root, folder, workers=1))), flush=True)


if __name__ == "__main__":
    main()
