"""Workers of PyTorch's DataLoader: each is a process, and uses its share of the cores."""

from __future__ import annotations

from ..threads import count_cores, get_num_threads, set_num_threads
from .libraries import import_library

__all__ = ["bound_worker_threads"]


def bound_worker_threads() -> None:
    """Give a worker of a DataLoader its share of the cores: all of them in each would be too many.

    Raises:
        OptionError: If PyTorch is not installed.
    """
    worker = import_library("torch.utils.data").get_worker_info()
    if worker is not None:
        share = max(count_cores() // worker.num_workers, 1)
        if get_num_threads() > share:
            set_num_threads(share)
