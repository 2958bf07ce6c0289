"""Folders behind URLs have one run at a time, also where several begin at once."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from threading import Barrier, Lock, Thread

import pytest

from pictologics import FileAccessError, OptionError
from pictologics.cohort.running.run_folder import open_run_folder
from pictologics.cohort.running.run_lock import RemoteLock, lock_run_folder


def write_holder(folder, alive, since):
    holder = {"work": "running cases", "process": 7, "machine": "other", "alive": alive, "since": since}
    folder.write_text("locks/other.json", json.dumps(holder))


def test_a_second_run_is_refused_until_the_first_has_ended():
    folder = open_run_folder("memory://lock-of-one")
    with lock_run_folder(folder):
        with pytest.raises(OptionError, match="running cases is going on in this folder"), lock_run_folder(folder):
            pass
        assert len(folder.list_names("locks")) == 1
    assert folder.list_names("locks") == []
    with lock_run_folder(folder):
        pass


def test_of_runs_that_begin_at_once_one_is_at_work_and_the_oldest_of_them_wins():
    folder = open_run_folder("memory://lock-of-many")
    count, held, refused, most, guard = 6, [], [], [], Lock()
    begin, end = Barrier(count), Barrier(count)
    locks = [RemoteLock(folder) for _ in range(count)]

    def claim(lock):
        # All have seen that nobody is there.
        lock.refuse_others()
        begin.wait(30)
        lock.write_note()
        try:
            lock.outlast_others()
            with guard:
                held.append(lock)
                most.append(len(held))
        except OptionError:
            refused.append(lock)
            lock.remove_note()
        end.wait(30)

    threads = [Thread(target=claim, args=(lock,)) for lock in locks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert len(refused) == count - 1
    held[0].remove_note()


def test_an_older_run_waits_for_a_younger_one_to_withdraw_and_yields_if_it_does_not(monkeypatch):
    folder = open_run_folder("memory://lock-of-two")
    lock = RemoteLock(folder)
    lock.write_note()
    write_holder(folder, time.time(), lock.since + 5)
    withdrawing = Thread(target=lambda: (time.sleep(0.3), folder.remove("locks/other.json")))
    withdrawing.start()
    lock.outlast_others()
    assert not withdrawing.is_alive() or folder.list_names("locks") == [lock.note.rpartition("/")[2]]
    withdrawing.join()
    # Its clock may be fast, and it may have been at work before.
    monkeypatch.setattr("pictologics.cohort.running.run_lock.LONGEST_CLAIM", 0.2)
    write_holder(folder, time.time(), lock.since + 5)
    with pytest.raises(OptionError, match="process 7 on other"):
        lock.outlast_others()


def test_a_note_that_is_just_being_written_is_read_once_it_is_whole():
    folder = open_run_folder("memory://lock-of-a-slow-writer")
    folder.write_text("locks/other.json", "")
    writing = Thread(target=lambda: (time.sleep(0.3), write_holder(folder, time.time(), 0.0)))
    writing.start()
    with pytest.raises(OptionError, match="process 7 on other"):
        RemoteLock(folder).refuse_others()
    writing.join()


def test_a_note_that_was_forsaken_stops_nobody_and_one_that_is_damaged_is_named(monkeypatch):
    monkeypatch.setattr("pictologics.cohort.running.run_lock.LONGEST_WRITING", 0.2)
    folder = open_run_folder("memory://lock-forsaken")
    write_holder(folder, time.time() - 3600, 0.0)
    with ExitStack() as stack:
        stack.enter_context(lock_run_folder(folder))
        assert "other.json" not in folder.list_names("locks")
    folder.write_text("locks/other.json", '{"alive": "no"}')
    with pytest.raises(FileAccessError, match=r"locks/other\.json': the note of a run at work cannot be read"):
        RemoteLock(folder).refuse_others()
