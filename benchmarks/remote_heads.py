"""The heads of a series on a web server that takes 20 ms to answer."""

from __future__ import annotations

import io
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .ct_readers import OURS
from .data import BenchmarkData, warm
from .timing import Benchmark, Contender, Target, measure

LATENCY = 0.02
"""Seconds before each answer begins."""

HEAD = 1 << 14
"""Bytes of each head."""

PEER = "fsspec's cat_ranges + pydicom"


@contextmanager
def serve_slowly(folder: Path, latency: float = LATENCY) -> Iterator[tuple[str, Connection]]:
    """Serve a folder from another process, which does not take the time of this one's interpreter."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(folder, latency, there), daemon=True)
    server.start()
    try:
        yield here.recv(), here
    finally:
        here.send("end")
        server.join()


def serve(folder: Path, latency: float, pipe: Connection) -> None:
    from tests.factories.file_servers import serve_folder

    with serve_folder(folder, latency) as web:
        pipe.send(web.url)
        while pipe.recv() != "end":
            pipe.send((len(web.requests), web.sent, web.most_waiting))


def with_pictologics(url: str) -> int:
    from pictologics import explain

    return sum(volume.files for volume in explain(f"{url}/").volumes)


def with_fsspec_and_pydicom(url: str) -> list[Any]:
    import fsspec
    from pydicom import dcmread

    system = fsspec.filesystem("http")
    names = system.ls(f"{url}/", detail=False)
    heads = system.cat_ranges(names, 0, HEAD, batch_size=32)
    return [dcmread(io.BytesIO(head), stop_before_pixels=True, force=True) for head in heads]


def run(data: BenchmarkData, rounds: int) -> Benchmark:
    folder = data.header_folder
    warm(folder)
    # Of the files that are there, the 1,000 that the target speaks of.
    files = sorted(folder.iterdir())[:1000]
    served = data.folder / f"heads-{len(files)}"
    if not served.is_dir():
        served.mkdir()
        for file in files:
            (served / file.name).hardlink_to(file)
    with serve_slowly(served) as (url, pipe):
        race = measure(
            [
                Contender(OURS, lambda: with_pictologics(url)),
                Contender(PEER, lambda: with_fsspec_and_pydicom(url)),
            ],
            rounds,
        )
        pipe.send("count")
        before, _, _ = pipe.recv()
        with_pictologics(url)
        pipe.send("count")
        requests, _, waiting = pipe.recv()
    result = Benchmark(
        f"Heads of {len(files)} slices on a web server that takes {LATENCY * 1000:.0f} ms to answer",
        "ms",
        race.rows,
        disturbed=race.disturbed,
    )
    result.targets = [Target("seconds", result.median(OURS) / 1000, at_most=3.0)]
    result.notes = [
        race.note,
        f"{requests - before} requests, of which {waiting} at most waited at once; the server runs on the same cores.",
        "Ours also judges the series; the peer only reads its heads.",
    ]
    return result
