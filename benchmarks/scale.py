"""What 10 million and 1 billion files would take: ``python -m benchmarks.scale``; ``--measure`` measures this machine.

A simulation, not a formula: units of files go through whoever lists them, hands them out, answers for them and reads
them, each of which does one thing at a time or as many as it can. Who is busy all the time is what breaks first.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

__all__ = ["MEASURED", "PLANS", "Outcome", "Plan", "Rates", "format_table", "measure_rates", "simulate"]

SERIES = 200
"""Files of each made-up series, and of a series on average."""

HOUR = 3600.0
DAY = 24 * HOUR

ENOUGH_EVENTS = 200_000
"""More units than these are simulated in groups: the result changes by less than the spread of a unit."""


@dataclass(frozen=True)
class Rates:
    """What was measured of one core of one machine, and what stores promise.

    Attributes:
        files_per_core: Heads on a local disk that one core reads, judges and keeps in a second.
        remote_files_per_core: The same of heads behind a URL, when the server answers at once.
        listed_per_second: Files that one process lists in a second on a local disk.
        rows_per_second: Rows that one process puts into the tables in a second.
        bytes_per_file: Of the tables, for each file, whatever the table.
        tasks_per_second: That one Dask scheduler hands out.
        bytes_per_task: That a task takes in the scheduler's memory.
        manifest_bytes: Of the manifest's file of one case.
        page: Names in one page of a store's listing.
        latency: Seconds until a store begins to answer.
        requests_at_once: Of one process.
        store_requests: That a store answers in a second, of one prefix.
        head_bytes: That are fetched of a file.
        file_bytes: Of a slice.
        files_per_series: On average.
        case_seconds: Of one core, for a case of a run.
        get_price: Dollars for 1,000 requests that read.
        put_price: Dollars for 1,000 requests that list or write.
        core_price: Dollars for an hour of a core.
    """

    files_per_core: float
    remote_files_per_core: float
    listed_per_second: float
    rows_per_second: float
    bytes_per_file: float
    tasks_per_second: float
    bytes_per_task: float
    manifest_bytes: float = 3000.0
    page: int = 1000
    latency: float = 0.03
    requests_at_once: int = 32
    store_requests: float = 5500.0
    head_bytes: int = 1 << 14
    file_bytes: int = 525_000
    files_per_series: int = SERIES
    case_seconds: float = 4.0
    get_price: float = 0.0004
    put_price: float = 0.005
    core_price: float = 0.04


@dataclass(frozen=True)
class Plan:
    """One way to do the work.

    Attributes:
        name: As the table shows it.
        files: How many.
        cores: That read, or work on cases.
        is_remote: Whether the files lie in an object store.
        listers: Processes that list, each a part of the tree with an index of its own.
        prefixes: Over which the store spreads its load.
        runs: Whether cases are processed, rather than files indexed.
    """

    name: str
    files: int
    cores: int
    is_remote: bool = False
    listers: int = 1
    prefixes: int = 1
    runs: bool = False


@dataclass
class Outcome:
    """What a simulation gave.

    Attributes:
        seconds: From the first unit to the last row.
        busy: Share of that time in which each part was busy.
        requests: To the object store.
        dollars: Requests and cores.
        table_bytes: Of all tables; of a run, of its manifest.
        memory_bytes: Of the scheduler, if all tasks are handed to it at once; 0 where there is none.
        events: How many units were simulated.
    """

    seconds: float
    busy: dict[str, float] = field(default_factory=dict)
    requests: float = 0.0
    dollars: float = 0.0
    table_bytes: float = 0.0
    memory_bytes: float = 0.0
    events: int = 0

    @property
    def first_to_break(self) -> str:
        """The part that is busy for the largest share of the time."""
        return max(self.busy, key=lambda name: self.busy[name])


@dataclass
class Server:
    """A part that serves one after another.

    Attributes:
        free: When it has served everyone before.
        served: Seconds that it was busy.
    """

    free: float = 0.0
    served: float = 0.0

    def serve(self, arrival: float, seconds: float) -> float:
        """Serve from an arrival on, or when it is free; returns the end."""
        self.free = max(self.free, arrival) + seconds
        self.served += seconds
        return self.free


def simulate(plan: Plan, rates: Rates, seed: int = 1) -> Outcome:
    """Simulate a plan, unit by unit.

    Args:
        plan: The work and who does it.
        rates: How fast each part is.
        seed: Of the spread of units: some have compressed headers, or large ones, or a slow disk.
    """
    return simulate_run(plan, rates, seed) if plan.runs else simulate_index(plan, rates, seed)


def simulate_index(plan: Plan, rates: Rates, seed: int) -> Outcome:
    """Index files: listed in pages, read in units, put into tables by each lister's process."""
    unit = max(5000, plan.files // ENOUGH_EVENTS)
    spread = random.Random(seed)
    listers = [Server() for _ in range(plan.listers)]
    store, workers = Server(), [0.0] * plan.cores
    heapq.heapify(workers)
    worked, end, units = 0.0, 0.0, -(-plan.files // unit)
    for number in range(units):
        files = min(unit, plan.files - number * unit)
        pages = files / rates.page * rates.latency if plan.is_remote else files / rates.listed_per_second
        listed = listers[number % plan.listers].serve(0.0, pages)
        begin = max(heapq.heappop(workers), listed)
        work = files / (rates.remote_files_per_core if plan.is_remote else rates.files_per_core)
        work *= spread.lognormvariate(0.0, 0.2)
        done = begin + work
        if plan.is_remote:
            # Requests wait for their answers, several at a time, and the store gives no more than it promises.
            done = max(done, begin + files / rates.requests_at_once * rates.latency)
            done = max(done, store.serve(begin, files / (rates.store_requests * plan.prefixes)))
        worked += done - begin
        heapq.heappush(workers, done)
        end = max(end, done)
    tables = plan.files / rates.rows_per_second / plan.listers
    seconds = end + tables
    busy = {
        "listing": max(lister.served for lister in listers) / seconds,
        "store": store.served / seconds,
        "workers": worked / plan.cores / seconds,
        "tables": tables / seconds,
    }
    requests = plan.files * (1 + 1 / rates.page) if plan.is_remote else 0.0
    dollars = plan.cores * seconds / HOUR * rates.core_price
    if plan.is_remote:
        dollars += plan.files / 1000 * rates.get_price + plan.files / rates.page / 1000 * rates.put_price
    return Outcome(seconds, busy, requests, dollars, plan.files * rates.bytes_per_file, 0.0, units)


def simulate_run(plan: Plan, rates: Rates, seed: int) -> Outcome:
    """Process cases: handed out by one scheduler, each read, worked on and written with its row."""
    cases = plan.files // rates.files_per_series
    group = -(-cases // ENOUGH_EVENTS)
    spread = random.Random(seed)
    scheduler, store, workers = Server(), Server(), [0.0] * plan.cores
    worked, end, events = 0.0, 0.0, -(-cases // group)
    # A case is read file by file, and written as an image and a row.
    requests = (rates.files_per_series * 2 + 2) if plan.is_remote else 0
    for number in range(events):
        count = min(group, cases - number * group)
        begin = max(heapq.heappop(workers), scheduler.serve(0.0, count / rates.tasks_per_second))
        done = begin + count * rates.case_seconds * spread.lognormvariate(0.0, 0.5 / math.sqrt(count))
        if plan.is_remote:
            done = max(done, store.serve(begin, count * requests / (rates.store_requests * plan.prefixes)))
        worked += done - begin
        heapq.heappush(workers, done)
        end = max(end, done)
    busy = {
        "scheduler": scheduler.served / end,
        "store": store.served / end,
        "workers": worked / plan.cores / end,
    }
    dollars = plan.cores * end / HOUR * rates.core_price
    if plan.is_remote:
        dollars += cases * (rates.files_per_series * 2 * rates.get_price + 2 * rates.put_price) / 1000
    return Outcome(
        end, busy, cases * requests, dollars, cases * rates.manifest_bytes, cases * rates.bytes_per_task, events
    )


PLANS = (
    Plan("Index, 10 million, a disk, 8 cores", 10_000_000, 8),
    Plan("Index, 10 million, a store, 8 cores", 10_000_000, 8, is_remote=True),
    Plan("Index, 1 billion, a disk, 64 cores", 1_000_000_000, 64),
    Plan("Index, 1 billion, a store, 64 cores", 1_000_000_000, 64, is_remote=True),
    Plan("the same, 16 indexes of 16 prefixes", 1_000_000_000, 64, is_remote=True, listers=16, prefixes=16),
    Plan("Run, 10 million, a store, 64 cores", 10_000_000, 64, is_remote=True, runs=True),
    Plan("Run, 1 billion, a store, 1,000 cores", 1_000_000_000, 1000, is_remote=True, runs=True),
    Plan("the same, over 64 prefixes", 1_000_000_000, 1000, is_remote=True, prefixes=64, runs=True),
    Plan("the same, 10,000 cores", 1_000_000_000, 10_000, is_remote=True, prefixes=640, runs=True),
)
"""What the page on cohorts shows."""


def measure_rates(files: int = 40_000, tasks: int = 5_000) -> Rates:
    """Measure one core of this machine, in seconds of the processor, so that what else it does counts little.

    Args:
        files: How many to index, in series of 200.
        tasks: How many to hand to a scheduler.
    """
    with tempfile.TemporaryDirectory() as temporary:
        few, many = Path(temporary, "few"), Path(temporary, "many")
        write_many_series(few, SERIES)
        write_many_series(many, files)
        listing = files / count_seconds(lambda: list_tree(many / "tree"))
        _, fixed, _ = measure_index(few)
        reading, writing, size = measure_index(many)
        fetching = SERIES / measure_heads(many / "tree" / "0000")
    tasks_per_second, bytes_per_task = measure_scheduler(tasks)
    read = (files - SERIES) / max(reading - writing, 1e-3)
    tables = (files - SERIES) / max(writing - fixed, 1e-3)
    return Rates(read, 1 / (1 / read + 1 / fetching), listing, tables, size / files, tasks_per_second, bytes_per_task)


def count_seconds(work: Callable[[], object]) -> float:
    """Seconds of the processor that something takes."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def write_many_series(folder: Path, files: int) -> None:
    """Write series of small slices with the headers of a scanner: one in full, the others by other UIDs as long."""
    import numpy as np
    from pydicom import dcmread

    from pictologics.cli.demo_series import make_slice_grid

    from .scanner_headers import SeriesWriter

    first = folder / "first"
    first.mkdir(parents=True)
    writer = SeriesWriter(first, make_slice_grid(SERIES, 16))
    for k in range(SERIES):
        writer.write(k, np.full((16, 16), k, np.int16))
    slices = []
    for path in sorted(first.iterdir()):
        dataset = dcmread(path, stop_before_pixels=True)
        slices.append((path.read_bytes(), (dataset.SeriesInstanceUID, dataset.SOPInstanceUID)))
    for number in range(-(-files // SERIES)):
        series = folder / "tree" / f"{number:04d}"
        series.mkdir(parents=True)
        for k, (content, uids) in enumerate(slices[: files - number * SERIES]):
            renamed = content
            for uid in uids:
                renamed = renamed.replace(uid.encode(), f"{uid[:-4]}{1000 + number}".encode())
            (series / f"{k:04d}.dcm").write_bytes(renamed)


def list_tree(root: Path) -> int:
    from pictologics.cohort.indexing.listing import LocalRoot, walk_folders

    return sum(len(listing.files) for listing in walk_folders(LocalRoot(str(root)), lambda _: None))


def measure_index(folder: Path) -> tuple[float, float, int]:
    """Seconds to index a tree, seconds to do so again when one series has changed, and bytes of the tables."""
    from pictologics.cohort import index

    key = folder / "key"
    key.write_text("a key that only this measurement has")

    def make() -> None:
        index(folder / "tree", folder / "cohort", key=key, workers=1)

    whole = count_seconds(make)
    # One series is read, and the tables are written anew.
    changed = folder / "tree" / "0000" / "0000.dcm"
    changed.write_bytes(changed.read_bytes() + b"\0\0")
    again = count_seconds(make)
    tables = [path for path in (folder / "cohort").rglob("*.parquet") if "state" not in path.parts]
    return whole, again, sum(path.stat().st_size for path in tables)


def measure_heads(folder: Path) -> float:
    """Seconds to fetch the heads of one series from a server that answers at once."""
    from pictologics.storage.remote_files import RemoteFile
    from pictologics.storage.remote_folders import RemoteFolder
    from pictologics.threads import map_ahead

    from .remote_heads import serve_slowly

    with serve_slowly(folder, 0.0) as (url, _):
        files = RemoteFolder(f"{url}/").list_files(recursive=False)
        # The first opens connections.
        list(map_ahead(RemoteFile.open, files[::2], 32))
        again = [RemoteFile(file.url, head_size=file.head_size) for file in files]
        return count_seconds(lambda: list(map_ahead(RemoteFile.open, again, 32))) * SERIES / len(files)


def measure_scheduler(tasks: int) -> tuple[float, float]:
    """Tasks that a scheduler hands out in a second to workers elsewhere, and bytes that each takes in it."""
    import psutil
    from distributed import Client, LocalCluster

    # The scheduler shares this process with the client alone.
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        client.gather(client.map(do_nothing, range(100), pure=False))
        process = psutil.Process()
        before, begin = process.memory_info().rss, time.process_time()
        futures = client.map(do_nothing, range(tasks), pure=False)
        client.gather(futures)
        seconds, grown = time.process_time() - begin, process.memory_info().rss - before
    return tasks / seconds, max(grown, 0) / tasks


def do_nothing(number: int) -> int:
    return number


def format_table(plans: Sequence[Plan] = PLANS, rates: Rates | None = None) -> str:
    """The outcomes as a table in Markdown."""
    lines = [
        "| Work | Time | Requests | Cost | Tables, manifest | Busiest part |",
        "|---|---|---|---|---|---|",
    ]
    for plan in plans:
        found = simulate(plan, rates or MEASURED)
        first = found.first_to_break
        lines.append(
            f"| {plan.name} | {format_time(found.seconds)} | {format_count(found.requests)} | "
            f"{format_money(found.dollars)} | {format_bytes(found.table_bytes)} | {first}, {found.busy[first]:.0%} |"
        )
    return "\n".join(lines)


def format_time(seconds: float) -> str:
    if seconds < 2 * HOUR:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / HOUR:.0f} h" if seconds < 2 * DAY else f"{seconds / DAY:.1f} days"


def format_count(number: float) -> str:
    if not number:
        return "–"
    return f"{number / 1e6:.0f} million" if number < 1e9 else f"{number / 1e9:.1f} billion"


def format_money(dollars: float) -> str:
    return f"${dollars:,.0f}" if dollars >= 10 else f"${dollars:.2f}"


def format_bytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--measure", action="store_true", help="measure the rates of this machine, some minutes")
    for parameter in fields(Rates):
        parser.add_argument(f"--{parameter.name.replace('_', '-')}", type=float, help="in place of what was measured")
    arguments = parser.parse_args()
    rates = measure_rates() if arguments.measure else MEASURED
    given = {item.name: getattr(arguments, item.name) for item in fields(Rates)}
    rates = replace(rates, **{name: value for name, value in given.items() if value is not None})
    for name, value in asdict(rates).items():
        print(f"{name:>24}  {value:,.6g}")
    print(format_table(rates=rates))


MEASURED = Rates(
    files_per_core=8_200.0,
    remote_files_per_core=2_200.0,
    listed_per_second=320_000.0,
    rows_per_second=120_000.0,
    bytes_per_file=33.0,
    tasks_per_second=1_150.0,
    bytes_per_task=8_800.0,
)
"""On one core of the machine of the benchmarks, by ``--measure``."""


if __name__ == "__main__":
    main()
