"""Cases on their way: storage that does not answer for a moment, and clusters that grow."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from threading import Thread

import pytest

from pictologics.cohort import run
from pictologics.cohort.running.attempts import begin_attempt
from pictologics.cohort.running.case_work import CaseEnd
from pictologics.cohort.running.dispatching import SENT_TO_NOBODY, STRAGGLING, Dispatcher, SentCase
from pictologics.cohort.running.engine import Engine, describe_engine
from pictologics.cohort.running.manifest import ManifestRow, write_row
from pictologics.cohort.running.nameless_results import ResultPrivacy
from pictologics.cohort.running.planning_work import PlannedCase
from tests.factories.run_cases import make_cases, make_run_rules

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def sent(tmp_path, client):
    """A dispatcher, and a case whose row and attempts cannot be read, as folders are in their places."""
    (given,) = make_cases(tmp_path / "in", 1)
    dispatcher = Dispatcher(describe_engine(client), make_run_rules(tmp_path / "out"))
    for name in ("case0.json", "case0.attempts"):
        (tmp_path / "out" / "manifest" / name).mkdir(parents=True)
    case = SentCase(PlannedCase(given, "run", "", (), 0, "hash"))
    dispatcher.active["case0"] = case
    return dispatcher, case


def test_the_answer_of_a_worker_counts_where_its_row_cannot_be_read(sent, client):
    dispatcher, case = sent
    answer = CaseEnd(ManifestRow("case0", "done"), True)
    future = client.submit(lambda: answer, pure=False)
    future.result()
    case.futures.append(future)
    assert dispatcher.judge(case, future) == answer


def test_a_worker_that_failed_is_told_where_its_attempts_cannot_be_read(sent, client):
    dispatcher, case = sent
    future = client.submit(lambda: 1 // 0, pure=False)
    assert isinstance(future.exception(), ZeroDivisionError)
    case.futures.append(future)
    end = dispatcher.judge(case, future)
    assert (end.row.status, end.row.error_class, end.is_written) == ("failed", "ZeroDivisionError", False)


def test_a_worker_that_dies_once_its_row_is_written_leaves_no_count(tmp_path, client):
    (given,) = make_cases(tmp_path / "in", 1)
    rules = make_run_rules(tmp_path / "out")
    dispatcher = Dispatcher(describe_engine(client), rules)
    begin_attempt(rules.folder, "case0", rules.run)
    write_row(rules.folder, ManifestRow("case0", "failed"))
    future = client.submit(lambda: 1 // 0, pure=False)
    assert future.exception()
    end = dispatcher.judge(SentCase(PlannedCase(given, "run", "", (), 0, "hash"), [future]), future)
    assert (end.row.status, end.is_written) == ("failed", True)
    assert [path.name for path in (tmp_path / "out" / "manifest").iterdir()] == ["case0.json"]


def raise_uid():
    raise ValueError("1.2.826.0.1.3680043.8.498.7 is no series")


def test_a_failure_in_front_of_a_case_names_no_uid_unless_the_cohort_does(sent, client):
    dispatcher, case = sent
    for keeps_uids, shown in ((True, "1.2.826.0.1.3680043.8.498.7"), (False, "(a UID)")):
        dispatcher.rules = replace(dispatcher.rules, privacy=ResultPrivacy(keeps_uids, True))
        future = client.submit(raise_uid, pure=False)
        future.exception()
        case.futures.append(future)
        assert dispatcher.judge(case, future).row.error_text == f"{shown} is no series"


def test_looking_for_cases_that_hang_ends_nothing_where_storage_does_not_answer(sent, monkeypatch):
    monkeypatch.setattr(STRAGGLING, "least", 0.0)
    dispatcher, case = sent
    dispatcher.send_stragglers_again()
    assert (case.began, case.sent) == (None, 0)


def test_workers_that_come_are_counted(client, tmp_path):
    found = describe_engine(client)
    dispatcher = Dispatcher(Engine(client, found.address, 0, 0), make_run_rules(tmp_path / "out"))
    assert dispatcher.room == SENT_TO_NOBODY
    dispatcher.look_for_workers()
    assert dispatcher.room == 4 * found.slots == 8


def test_a_cluster_without_workers_is_sent_enough_to_grow_by(tmp_path):
    import distributed

    cases = make_cases(tmp_path / "in", SENT_TO_NOBODY + 6, masks=False)
    options = {"dashboard_address": "127.0.0.1:0", "silence_logs": logging.CRITICAL, "threads_per_worker": 1}
    waiting = []
    with (
        distributed.LocalCluster(n_workers=0, processes=False, **options) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):

        def grow():
            end = time.monotonic() + 60
            while len(cluster.scheduler.tasks) < SENT_TO_NOBODY and time.monotonic() < end:
                time.sleep(0.05)
            waiting.append(len(cluster.scheduler.tasks))
            cluster.scale(1)

        growing = Thread(target=grow)
        growing.start()
        result = run(None, cases, tmp_path / "out", client=client)
        growing.join()
    assert waiting == [SENT_TO_NOBODY]
    assert result.counts == {"done": len(cases)}
