"""Workers that all tests of this room share: starting them takes longer than most tests."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def client() -> Iterator[object]:
    """A client of two workers on this machine."""
    with warnings.catch_warnings():
        # What Dask's own libraries warn of while they are imported and started is not our matter.
        warnings.simplefilter("ignore")
        import distributed

        options = {
            "dashboard_address": "127.0.0.1:0",
            "worker_dashboard_address": None,
            "silence_logs": logging.CRITICAL,
        }
        cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, memory_limit="4GB", **options)
        found = distributed.Client(cluster, set_as_default=False)
    yield found
    found.close()
    cluster.close()
