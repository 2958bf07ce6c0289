"""The engine: Dask, on this machine by default, or on any cluster that a scheduler or a client stands for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from ...checks import check_whole
from ...errors import FileAccessError, OptionError
from ...threads import get_num_threads
from ..libraries import name_missing_library
from ..worker_pool import hold_interrupts

__all__ = [
    "Engine",
    "connect_engine",
    "find_local_memory",
    "scheduler_gone_error",
    "start_local_engine",
    "workers_gone_error",
]

SHARE_OF_MEMORY: Final = 0.9
"""Of the memory of this machine, what all workers together may take; the rest is for the system and this process."""

KEPT_MEMORY: Final = {
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(128 << 20),
}
"""For workers on this machine, the C library's variables. Dask has them give back every bit of memory at once, and a
third of the time of a small case would go into getting it again, page by page."""

LONGEST_WAIT: Final = 30.0
"""Seconds in which a scheduler must answer."""


@dataclass(frozen=True)
class Engine:
    """Workers that are there.

    Attributes:
        client: The ``distributed.Client``.
        address: Where its scheduler is.
        slots: On how many cases they work at once; 0 if no worker is there yet.
        memory: Bytes of memory that the smallest worker has; 0 if that is not known.
    """

    client: Any
    address: str
    slots: int
    memory: int


@contextmanager
def connect_engine(client: Any, scheduler: str | None) -> Iterator[Engine | None]:
    """Take the cluster that was passed; None if there is none.

    Args:
        client: A ``distributed.Client`` that is connected, or None.
        scheduler: The address of a scheduler, such as ``"tcp://10.0.0.1:8786"``, or None.

    Raises:
        OptionError: If both are given, or the client is none.
        FileAccessError: If no scheduler answers there.
    """
    if client is None and scheduler is None:
        yield None
        return
    if client is not None and scheduler is not None:
        raise OptionError("client and scheduler are both given", advice="pass one of them")
    distributed = import_distributed()
    if client is not None:
        if not isinstance(client, distributed.Client) or client.asynchronous:
            raise OptionError(
                f"client is of type {type(client).__name__} and must be a distributed.Client that is not asynchronous",
                advice="pass distributed.Client(cluster)",
            )
        yield describe_engine(client)
        return
    try:
        # A client that is given what is no address waits for a minute when it is thrown away.
        distributed.comm.resolve_address(scheduler)
        connected = distributed.Client(scheduler, timeout=LONGEST_WAIT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise FileAccessError(
            "no Dask scheduler answers at this address",
            path=str(scheduler),
            advice="check the address and whether it runs; it looks like tcp://10.0.0.1:8786",
        ) from error
    try:
        yield describe_engine(connected)
    finally:
        connected.close()


def describe_engine(client: Any) -> Engine:
    """What a client's workers are."""
    try:
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
    except OSError as error:
        raise scheduler_gone_error(str(client), 0) from error
    limits = [worker["memory_limit"] for worker in workers if worker.get("memory_limit")]
    return Engine(client, client.scheduler.address, len(workers), int(min(limits, default=0)))


def find_local_memory() -> int:
    """Bytes of memory of this machine, or of the container, that workers may take."""
    return int(import_distributed().system.MEMORY_LIMIT * SHARE_OF_MEMORY)


def import_distributed() -> Any:
    """The library ``distributed``, which has no types.

    Raises:
        OptionError: If it is not installed.
    """
    with name_missing_library():
        import distributed.system
    return distributed


@contextmanager
def start_local_engine(workers: int | None, largest: int, cases: int) -> Iterator[Engine]:
    """Start workers on this machine, as many as its cores and its memory allow.

    Args:
        workers: How many at most; None for as many as there are cores.
        largest: Bytes of memory that the largest case takes: each worker must have them.
        cases: How many cases there are; no more workers are needed.
    """
    distributed = import_distributed()
    import dask

    memory, cores = find_local_memory(), get_num_threads()
    wanted = cores if workers is None else check_whole("workers", workers, 1)
    count = max(1, min(wanted, memory // max(largest, 1), cases))
    threads = max(1, cores // count)
    # A worker holds one case and hands on next to nothing: Dask's own limits on what it keeps would only stop it.
    settings = {
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": False,
        "distributed.worker.memory.terminate": 0.98,
        # By default a worker that died is given up if its successor happens to be dead, too, some seconds later.
        "distributed.deploy.lost-worker-timeout": "1 day",
        # Looking a hundred times a second what a worker computes costs time, and nobody asks.
        "distributed.worker.profile.enabled": False,
        "distributed.admin.tick.interval": "500 ms",
        "distributed.admin.system-monitor.interval": "5 s",
        "distributed.nanny.pre-spawn-environ": KEPT_MEMORY,
    }
    with (
        dask.config.set(settings),
        start_processes(
            n_workers=count,
            threads_per_worker=1,
            memory_limit=memory // count,
            processes=True,
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address=None,
            silence_logs=logging.CRITICAL,
            env=dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
            | {"PICTOLOGICS_NUM_THREADS": str(threads)},
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield Engine(client, cluster.scheduler_address, count, memory // count)


def start_processes(**settings: Any) -> Any:
    """Start the workers of this machine.

    Raises:
        OptionError: If they cannot start, as in a script that would start itself again in each of them.
    """
    thread = ThreadPoolExecutor(1)
    with hold_interrupts():
        # What Ctrl-C interrupts in its beginning can neither go on nor be closed; so it begins in a thread that Ctrl-C
        # does not reach, and the processes and threads that this one starts are not reached either.
        starting = thread.submit(import_distributed().LocalCluster, **settings)
    thread.shutdown(wait=False)
    return wait_for_processes(starting)


def wait_for_processes(starting: Future[Any]) -> Any:
    """Wait until the workers have started; if something else ends the waiting, they end too.

    Raises:
        OptionError: As ``start_processes``.
    """
    try:
        return starting.result()
    except RuntimeError as error:
        raise OptionError(
            "the processes that do the work could not start",
            advice='in a script, call run below: if __name__ == "__main__":',
        ) from error
    except (KeyboardInterrupt, SystemExit):
        starting.result().close()
        raise


def scheduler_gone_error(address: str, done: int) -> FileAccessError:
    """The error for a scheduler that no longer answers."""
    return FileAccessError(
        f"the Dask scheduler went away; {done} case{'s' * (done != 1)} of this run had ended and are in the manifest",
        path=address,
        advice="start it again, and run into the same folder to go on",
    )


def workers_gone_error(address: str, done: int, seconds: float) -> FileAccessError:
    """The error for a cluster that has no workers any more."""
    return FileAccessError(
        f"the cluster lost all its workers, and none came back in {seconds:.0f} s; {done} case{'s' * (done != 1)} of "
        "this run had ended and are in the manifest",
        path=address,
        advice="start workers again, and run into the same folder to go on",
    )
