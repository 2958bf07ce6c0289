"""Processes that do the work of another."""

from __future__ import annotations

import multiprocessing
import signal
from concurrent.futures import ProcessPoolExecutor

import pytest

from pictologics.cohort.worker_pool import hold_interrupts


def list_held():
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, []))


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="this system holds no signals")
def test_ctrl_c_does_not_reach_a_process_that_starts_and_is_not_lost_here():
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        with hold_interrupts():
            held = pool.submit(list_held)
        assert signal.SIGINT in held.result()
    assert signal.SIGINT not in list_held()
    with pytest.raises(KeyboardInterrupt), hold_interrupts():
        signal.raise_signal(signal.SIGINT)
        assert list_held() >= {signal.SIGINT}
