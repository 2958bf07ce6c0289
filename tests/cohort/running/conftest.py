"""Workers that all tests of this room share: starting them takes longer than most tests."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def client(shared_client: Any) -> Any:
    """A client of two workers on this machine, both of which are there, whatever the test before did to them."""
    shared_client.wait_for_workers(2, timeout=120)
    return shared_client


@pytest.fixture(scope="session")
def shared_client(s3_server: str) -> Iterator[Any]:
    """The client, whose workers may just be dead; they know where the server is, which stands in the environment."""
    with warnings.catch_warnings():
        # What Dask's own libraries warn of while they are imported and started is not our matter.
        warnings.simplefilter("ignore")
        import dask
        import distributed

        options = {
            "dashboard_address": "127.0.0.1:0",
            "worker_dashboard_address": None,
            "silence_logs": logging.CRITICAL,
        }
        # A worker that is slow to come back, on a machine that is busy, would be given up for good.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1 day"})
        cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, memory_limit="4GB", **options)
        found = distributed.Client(cluster, set_as_default=False)
    yield found
    found.close()
    cluster.close()
