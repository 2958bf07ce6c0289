"""What may happen to a run: workers that die or hang, a scheduler that goes away, Ctrl-C, a second run."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread

import pytest

from pictologics import FileAccessError, OptionError, load_image
from pictologics.cohort import read_manifest, run
from pictologics.cohort.running.dispatching import STRAGGLING
from pictologics.cohort.running.engine import connect_engine, find_local_memory, start_local_engine
from tests.factories.run_cases import (
    end_worker_at_case_2,
    end_worker_at_random,
    hang_at_case_0,
    hang_once_at_case_0,
    make_cases,
    take_time,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

REPOSITORY = Path(__file__).parents[3]


def check_complete(out, cases):
    """Every file that the manifest lists is there as it says, and no other."""
    rows = read_manifest(out)
    listed = {file.path: file.bytes for row in rows for file in row.outputs}
    found = {
        str(path.relative_to(out)): path.stat().st_size
        for path in out.rglob("*")
        if path.is_file() and path.relative_to(out).parts[0].startswith("case")
    }
    assert found == listed
    assert {path.name for path in (out / "manifest").iterdir()} == {f"{row.case_id}.json" for row in rows}
    assert {row.case_id for row in rows} <= {case.case_id for case in cases}
    return {row.case_id: row for row in rows}


def list_children(process: int) -> list[int]:
    """Processes that a process started, and those that they started."""
    import psutil

    return [child.pid for child in psutil.Process(process).children(recursive=True)]


def wait_until(is_so, seconds=60.0):
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def test_a_case_that_kills_its_worker_three_times_is_given_up_and_takes_no_other_with_it(tmp_path, client):
    cases, out = make_cases(tmp_path / "in", 12), tmp_path / "out"
    result = run(None, cases, out, process=end_worker_at_case_2, client=client)
    assert result.counts == {"done": 11, "killed": 1}
    rows = check_complete(out, cases)
    assert (rows["case2"].status, rows["case2"].attempts, rows["case2"].error_class) == ("killed", 3, "KilledWorker")
    assert "ended its worker 3 times" in rows["case2"].error_text
    assert {row.attempts for name, row in rows.items() if name != "case2"} == {1}
    # It is not begun again unless that is asked for.
    assert run(None, cases, out, process=end_worker_at_case_2, client=client).counts == {"done": 11, "killed": 1}


def test_cases_with_workers_killed_at_random_end_complete_and_right(tmp_path):
    # With 500, some 8 workers die, as many as with 48.
    count = int(os.environ.get("PICTOLOGICS_TEST_KILLED_CASES", "48"))
    cases, out = make_cases(tmp_path / "in", count, masks=False, shape=(4, 4, 4)), tmp_path / "out"
    result = run(None, cases, out, process=partial(end_worker_at_random, chance=8 / count), workers=2)
    rows = check_complete(out, cases)
    assert set(rows) == {case.case_id for case in cases}
    assert sum(result.counts.values()) == count
    # Three of three attempts end their worker in one of two hundred cases.
    assert result.counts["done"] >= count - 3
    assert {row.status for row in rows.values()} <= {"done", "killed"}
    assert Counter(row.attempts for row in rows.values())[2] >= 1
    for number in (0, count // 4, count - 1):
        if rows[f"case{number}"].status == "done":
            assert load_image(out / f"case{number}" / "ct.nii.gz").array.max() == number


def test_a_case_that_hangs_is_begun_by_another_worker_too(tmp_path, client, monkeypatch):
    monkeypatch.setattr(STRAGGLING, "least", 1.0)
    monkeypatch.setattr(STRAGGLING, "factor", 1.0)
    # The thread of a worker may still be busy with what a test before gave up.
    client.restart()
    cases, out = make_cases(tmp_path / "in", 3), tmp_path / "out"
    result = run(None, cases, out, process=hang_once_at_case_0, client=client)
    assert result.counts == {"done": 3}
    assert check_complete(out, cases)["case0"].attempts == 2
    # The worker that hangs is the only one that needs to be replaced.
    client.restart()


def test_an_attempt_that_takes_too_long_is_ended_and_the_case_given_up(tmp_path, client):
    cases, out = make_cases(tmp_path / "in", 3), tmp_path / "out"
    result = run(None, cases, out, process=hang_at_case_0, time_limit=1.0, client=client)
    assert result.counts == {"done": 2, "killed": 1}
    row = check_complete(out, cases)["case0"]
    assert (row.status, row.attempts) == ("killed", 3)
    assert "the time was up 3 times" in row.error_text


def test_a_second_run_into_the_same_folder_is_refused(tmp_path):
    cases, out = make_cases(tmp_path / "in", 3), tmp_path / "out"
    with start_run(tmp_path, "take_time", 20) as program:
        wait_until((out / "run.json").exists)
        with pytest.raises(OptionError, match=rf"running cases is going on in this folder \(process {program.pid} on"):
            run(None, cases, out)
        # A plan only looks.
        assert run(None, cases, out, dry_run=True).is_dry


@contextmanager
def start_run(folder, function, count):
    """A run of its own process, in a group of its own, as a terminal starts it."""
    script = folder / "script.py"
    script.write_text(
        "import sys, warnings\n"
        "from pathlib import Path\n"
        "from pictologics.cohort import run\n"
        "from tests.factories import run_cases\n"
        "if __name__ == '__main__':\n"
        "    folder = Path(sys.argv[1])\n"
        f"    cases = run_cases.make_cases(folder / 'in', {count})\n"
        f"    run(None, cases, folder / 'out', process=run_cases.{function}, workers=2)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)])}
    with subprocess.Popen(
        [sys.executable, str(script), str(folder)],
        env=environment,
        cwd=REPOSITORY,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            yield program
        finally:
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)


@pytest.mark.skipif(sys.platform == "win32", reason="groups of processes are those of POSIX")
@pytest.mark.parametrize("everybody", [True, False], ids=["to all, as a terminal does", "to the program"])
def test_ctrl_c_leaves_a_clean_manifest_and_no_process(tmp_path, client, everybody):
    cases, out = make_cases(tmp_path / "in", 24), tmp_path / "out"
    with start_run(tmp_path, "take_time", 24) as program:
        wait_until(lambda: len(list((out / "manifest").glob("*.json"))) >= 3)
        children = list_children(program.pid)
        assert len(children) >= 2
        (os.killpg if everybody else os.kill)(program.pid, signal.SIGINT)
        _, errors = program.communicate(timeout=60)
    assert program.returncode == -signal.SIGINT or "KeyboardInterrupt" in errors
    assert re.search(r"\nKeyboardInterrupt\s*$", errors)
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), 20)
    rows = {row.case_id: row for row in read_manifest(out)}
    assert 3 <= len(rows) < 24
    assert {row.status for row in rows.values()} == {"done"}
    for row in rows.values():
        assert all((out / file.path).stat().st_size == file.bytes for file in row.outputs)
    # The next run goes on where this one ended, and sweeps up.
    run(None, cases, out, process=take_time, client=client)
    found = check_complete(out, cases)
    assert len(found) == 24
    assert {name: found[name] for name in rows} == rows
    assert not list(out.rglob("*.partial*"))


@pytest.mark.skipif(sys.platform == "win32", reason="groups of processes are those of POSIX")
def test_ctrl_c_while_processes_start_is_not_printed_by_each_of_them(tmp_path):
    with start_run(tmp_path, "take_time", 4) as program:
        wait_until(lambda: len(list_children(program.pid)) >= 2)
        os.killpg(program.pid, signal.SIGINT)
        _, errors = program.communicate(timeout=60)
    assert errors.count("KeyboardInterrupt\n") == 1
    assert "spawn_main" not in errors
    assert "Nanny" not in errors


def test_what_is_no_address_is_told_before_a_client_is_made_of_it(monkeypatch):
    import distributed

    def make_client(*arguments, **options):
        raise AssertionError("it would wait for a minute when it is thrown away")

    monkeypatch.setattr(distributed, "Client", make_client)
    for address in ("nonsense", "tcp://nowhere.invalid", "other://10.0.0.1:1"):
        with pytest.raises(FileAccessError, match="no Dask scheduler answers"), connect_engine(None, address):
            pass


def test_a_scheduler_that_goes_away_is_a_clear_error_and_the_manifest_is_right(tmp_path, client, monkeypatch):
    monkeypatch.setattr("pictologics.cohort.running.engine.LONGEST_WAIT", 2.0)
    import distributed

    cases, out = make_cases(tmp_path / "in", 24), tmp_path / "out"
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard"]
    file = tmp_path / "scheduler.json"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)])}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment, "cwd": REPOSITORY}
    with subprocess.Popen([*dask, "--scheduler-file", str(file), "--host", "127.0.0.1"], **quiet) as scheduler:
        worker = None
        try:
            wait_until(file.exists)
            command = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file)]
            worker = subprocess.Popen([*command, "--nthreads", "1", "--no-dashboard"], **quiet)
            with distributed.Client(scheduler_file=str(file), set_as_default=False) as other:
                other.wait_for_workers(1, timeout=60)
                address = other.scheduler.address

            def kill_scheduler_after_three():
                wait_until(lambda: len(list((out / "manifest").glob("*.json"))) >= 3)
                scheduler.kill()

            killer = Thread(target=kill_scheduler_after_three)
            killer.start()
            with pytest.raises(
                FileAccessError, match=rf"'{address}': the Dask scheduler went away; \d+ cases? of this"
            ):
                run(None, cases, out, process=take_time, scheduler=address)
            killer.join()
        finally:
            for process in filter(None, (worker, scheduler)):
                process.kill()
                process.wait()
    time.sleep(0.5)
    rows = read_manifest(out)
    assert 3 <= len(rows) < 24
    assert {row.status for row in rows} == {"done"}
    result = run(None, cases, out, process=take_time, client=client)
    assert result.counts == {"done": 24}
    assert sum(case.action == "keep" for case in result.planned) >= len(rows)
    check_complete(out, cases)


def test_a_cluster_without_workers_is_waited_for_and_one_that_lost_them_given_up(tmp_path, monkeypatch):
    import distributed

    monkeypatch.setattr("pictologics.cohort.running.dispatching.LONGEST_WITHOUT_WORKERS", 1.0)
    cases, out = make_cases(tmp_path / "in", 20, masks=False), tmp_path / "out"
    options = {"dashboard_address": "127.0.0.1:0", "silence_logs": logging.CRITICAL, "threads_per_worker": 1}
    with (
        distributed.LocalCluster(n_workers=0, processes=False, **options) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):

        def come_late_and_go_early():
            time.sleep(3)
            cluster.scale(1)
            wait_until(lambda: list((out / "manifest").glob("*.json")))
            cluster.scale(0)

        worker = Thread(target=come_late_and_go_early)
        worker.start()
        with pytest.raises(FileAccessError, match=r"lost all its workers, and none came back in 1 s; \d+ cases? of"):
            run(None, cases, out, process=take_time, client=client)
        worker.join()
    rows = read_manifest(out)
    assert 1 <= len(rows) < 20
    assert {row.status for row in rows} == {"done"}


def test_workers_are_as_many_as_cores_memory_and_cases_allow():
    memory = find_local_memory()
    with start_local_engine(4, memory // 2 - 1, 100) as engine:
        assert engine.slots == 2
        limits = {worker["memory_limit"] for worker in engine.client.scheduler_info(n_workers=-1)["workers"].values()}
        assert limits == {memory // 2}
    with start_local_engine(None, 1000, 1) as engine:
        assert engine.slots == 1


def test_a_script_that_would_start_itself_in_each_worker_is_told_what_it_lacks(tmp_path):
    script = tmp_path / "script.py"
    lines = [
        "from pathlib import Path",
        "from pictologics.cohort import run",
        "from tests.factories.run_cases import make_cases",
        f"run(None, make_cases(Path({str(tmp_path / 'in')!r}), 2), {str(tmp_path / 'out')!r}, workers=1)",
    ]
    script.write_text("\n".join(lines))
    paths = {**os.environ, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'src'}"}
    ended = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, env=paths, timeout=300, check=False
    )
    assert ended.returncode == 1
    assert 'in a script, call run below: if __name__ == "__main__":' in ended.stderr.strip().splitlines()[-1]
