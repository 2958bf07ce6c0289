"""Two runs do not write into one folder at once, whatever its file system knows of locks."""

from __future__ import annotations

import errno
import json
import sys
import threading
import time
from contextlib import suppress

import pytest

from pictologics.cohort import folder_lock
from pictologics.cohort.folder_lock import lock_folder
from pictologics.errors import OptionError


@pytest.mark.parametrize(("age", "is_refused"), [(10.0, True), (3600.0, False)])
def test_a_lock_of_another_machine_counts_while_it_shows_life(tmp_path, age, is_refused):
    mark = f'{{"work": "indexing", "process": 1, "machine": "elsewhere", "alive": {time.time() - age}}}'
    (tmp_path / ".lock").write_text(mark)
    if is_refused:
        with pytest.raises(OptionError, match="process 1 on elsewhere"), lock_folder(tmp_path, "indexing"):
            pass
    else:
        with lock_folder(tmp_path, "indexing"):
            assert "elsewhere" not in (tmp_path / ".lock").read_text()
    assert (tmp_path / ".lock").read_text() == (mark if is_refused else "")


@pytest.mark.skipif(sys.platform == "win32", reason="locks are asked for in another way")
def test_a_file_system_without_locks_takes_the_word_of_the_holder(tmp_path, monkeypatch):
    import fcntl

    def have_no_locks(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", have_no_locks)
    with lock_folder(tmp_path, "indexing"):
        with pytest.raises(OptionError, match="indexing is going on"), lock_folder(tmp_path, "indexing"):
            pass
        assert "indexing" in (tmp_path / ".lock").read_text()
    with lock_folder(tmp_path, "indexing"):
        pass


def read_signs(path, count):
    """Signs of life in a lock, until there are some different ones; the thread that writes one is in no hurry."""
    seen, end = set(), time.monotonic() + 60
    while len(seen) < count and time.monotonic() < end:
        with suppress(ValueError, KeyError):
            seen.add(json.loads(path.read_text())["alive"])
        time.sleep(0.005)
    return seen


def test_signs_of_life_are_given_whatever_the_work_is_busy_with(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_lock, "SHOWN_EVERY", 0.01)
    with lock_folder(tmp_path, "indexing"):
        assert len(read_signs(tmp_path / ".lock", 3)) == 3
    assert (tmp_path / ".lock").read_text() == ""


def test_a_sign_of_life_that_cannot_be_given_ends_nothing(monkeypatch):
    monkeypatch.setattr(folder_lock, "SHOWN_EVERY", 0.001)
    asked = threading.Semaphore(0)

    def refuse():
        asked.release()
        raise OSError(errno.ENOSPC, "No space left on device")

    with folder_lock.show_life_meanwhile(refuse):
        assert all(asked.acquire(timeout=60) for _ in range(2))
