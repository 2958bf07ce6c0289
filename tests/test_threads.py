"""How many threads, and how work is shared among them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictologics import OptionError, set_num_threads, threads


@pytest.fixture(autouse=True)
def default_count(monkeypatch):
    monkeypatch.delenv(threads.ENVIRONMENT_VARIABLE, raising=False)
    set_num_threads(None)
    yield
    set_num_threads(None)


def test_default_is_every_core_this_process_may_use():
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert threads.get_num_threads() == usable


def test_environment_bounds_it(monkeypatch):
    monkeypatch.setenv("PICTOLOGICS_NUM_THREADS", "3")
    assert threads.get_num_threads() == 3


@pytest.mark.parametrize("text", ["", "  "])
def test_empty_environment_is_none(monkeypatch, text):
    default = threads.get_num_threads()
    monkeypatch.setenv("PICTOLOGICS_NUM_THREADS", text)
    assert threads.get_num_threads() == default


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "²"])
def test_wrong_environment_is_named(monkeypatch, text):
    monkeypatch.setenv("PICTOLOGICS_NUM_THREADS", text)
    with pytest.raises(OptionError, match="PICTOLOGICS_NUM_THREADS"):
        threads.get_num_threads()


def test_call_goes_before_environment(monkeypatch):
    monkeypatch.setenv("PICTOLOGICS_NUM_THREADS", "3")
    set_num_threads(2)
    assert threads.get_num_threads() == 2
    set_num_threads(None)
    assert threads.get_num_threads() == 3


@pytest.mark.parametrize("count", [0, -1, 1.5, "2", True, float("nan")])
def test_wrong_count_is_refused_and_named(count):
    with pytest.raises(OptionError, match="set_num_threads"):
        set_num_threads(count)


def test_wrong_count_leaves_the_last_one():
    set_num_threads(2)
    with pytest.raises(OptionError):
        set_num_threads(0)
    assert threads.get_num_threads() == 2


def test_environment_is_read_at_the_time_of_use():
    code = "import pictologics.threads as t; print(t.get_num_threads())"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PICTOLOGICS_NUM_THREADS": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "7"


@given(st.integers(0, 50), st.integers(1, 9))
def test_shares_cover_all_work_once_in_ascending_order(count, workers):
    set_num_threads(workers)
    shares, lock = [], threading.Lock()

    def work(share):
        done = list(share)
        with lock:
            shares.append(done)

    threads.run_in_shares(work, count)
    assert sorted(number for share in shares for number in share) == list(range(count))
    assert len(shares) <= workers
    assert all(share == sorted(share) for share in shares)


def test_whoever_is_done_takes_what_is_left():
    """A thread that is held up does no more than its first stretch."""
    set_num_threads(2)
    others_done, shares = threading.Event(), []

    def work(share):
        done = [next(share)]
        if done[0] == 0:
            assert others_done.wait(10)
        done += share
        shares.append(done)
        others_done.set()

    threads.run_in_shares(work, 100)
    assert sorted(map(len, shares)) == [13, 87]


def test_shares_run_side_by_side():
    set_num_threads(2)
    meeting = threading.Barrier(2, timeout=10)
    threads.run_in_shares(lambda share: meeting.wait(), 2)


def test_after_an_error_the_rest_is_left_undone():
    set_num_threads(2)
    done, failed = [], threading.Event()

    def work(share):
        for number in share:
            if number == 0:
                failed.set()
                raise ZeroDivisionError("of slice 0")
            assert failed.wait(10)
            time.sleep(0.001)
            done.append(number)

    with pytest.raises(ZeroDivisionError, match="of slice 0"):
        threads.run_in_shares(work, 1000)
    assert len(done) < 500


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_of_a_share_is_raised(workers):
    set_num_threads(workers)

    def work(share):
        if 4 in share:
            raise ZeroDivisionError("of slice 4")

    with pytest.raises(ZeroDivisionError, match="of slice 4"):
        threads.run_in_shares(work, 6)
