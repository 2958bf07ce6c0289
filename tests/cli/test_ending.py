"""The program is told to end from outside."""

from __future__ import annotations

import signal
import threading

import pytest

from pictologics import OptionError
from pictologics.cli.ending import end_as_told


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_the_status_whatever_error_comes_of_it(number, status):
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as ended, end_as_told():
        try:
            signal.raise_signal(number)
        except BaseException as error:
            raise OptionError("the condition cannot be answered", advice="correct it") from error
    assert ended.value.code == status
    assert signal.getsignal(number) == before


def test_what_the_block_holds_is_closed_first():
    closed = []
    with pytest.raises(SystemExit), end_as_told():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            closed.append(True)
    assert closed


def test_errors_of_its_own_stay_what_they_are():
    with pytest.raises(OptionError, match="wrong"), end_as_told():
        raise OptionError("wrong", advice="correct it")


def test_a_signal_that_is_left_out_stays_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with end_as_told():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_has_no_signals():
    ended = []

    def work():
        with end_as_told():
            ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended
