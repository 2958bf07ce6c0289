"""Cases to workers and back: a few at a time, again where a worker died, and twice where one hangs."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from ...errors import CorruptFileError, FileAccessError, OptionError
from .attempts import MOST_ATTEMPTS, Attempts, forget_attempts, read_attempts
from .case_work import (
    CaseEnd,
    describe_inputs,
    killed_row,
    list_versions,
    moment,
    work_on_case,
)
from .engine import Engine, scheduler_gone_error, workers_gone_error
from .leftovers import remove_planned_files
from .manifest import ManifestRow, read_row
from .planning_work import PlannedCase
from .rules import RunRules

__all__ = ["STRAGGLING", "Straggling", "dispatch_cases"]

SENT_AHEAD: Final = 4
"""Cases that are with the scheduler, for each worker: enough that none waits, and few where there are millions."""

SENT_TO_NOBODY: Final = 64
"""Cases that are with a scheduler which has no workers yet: clusters that grow with the work ask for as many."""

LOOK_EVERY: Final = 1.0
"""Seconds after which is looked whether the scheduler is there and whether a case hangs."""

COUNT_EVERY: Final = 5.0
"""Seconds after which the workers are counted again, however many cases end meanwhile."""

MOST_SENT: Final = 12
"""How often a case is sent of which no attempt is noted: workers that cannot begin anything are not asked for ever."""

LONGEST_WITHOUT_WORKERS: Final = 900.0
"""Seconds after which a cluster that lost all its workers is given up. Clusters replace workers in less; one that has
not had any yet is waited for, as it may stand in a queue for hours."""


@dataclass
class Straggling:
    """When a case counts as hanging, so that a second worker that has nothing to do begins it too.

    Attributes:
        least: Seconds that it has run at least.
        factor: And how many times as long as the longest that ended.
    """

    least: float = 60.0
    factor: float = 5.0


STRAGGLING: Final = Straggling()
"""For all runs."""


@dataclass
class SentCase:
    """A case that is with the scheduler.

    Attributes:
        planned: The case.
        futures: What the scheduler promised, one for each time that it was sent.
        sent: How often it was sent.
        began: When it was first seen at work, on the monotonic clock.
    """

    planned: PlannedCase
    futures: list[Any] = field(default_factory=list)
    sent: int = 0
    began: float | None = None


class Dispatcher:
    """Sends cases and receives their ends.

    Args:
        engine: The workers.
        rules: How cases are worked on.
    """

    def __init__(self, engine: Engine, rules: RunRules) -> None:
        self.engine = engine
        self.rules = rules
        self.active: dict[str, SentCase] = {}
        # Dask's own threads put in what has come to an end.
        self.ended: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.longest = 0.0
        self.count = 0
        # When a worker was there last, on the monotonic clock; None as long as none has been.
        self.staffed: float | None = None
        self.workers = engine.slots
        self.counted = time.monotonic()

    @property
    def room(self) -> int:
        """How many cases may be with the scheduler at once."""
        return SENT_AHEAD * self.workers if self.workers else SENT_TO_NOBODY

    def send(self, case: SentCase, workers: Sequence[str] | None = None) -> None:
        """Send a case to the scheduler, to any worker or to certain ones."""
        planned = case.planned
        case.sent += 1
        name = planned.case.case_id
        future = self.engine.client.submit(
            work_on_case,
            planned.case,
            planned.parameters_hash,
            self.rules,
            key=f"case-{self.rules.run}-{name}-{case.sent}",
            pure=False,
            workers=workers,
            # A worker that goes away just then must not leave the case waiting for it.
            allow_other_workers=workers is not None,
        )
        case.futures.append(future)
        self.active[name] = case
        future.add_done_callback(lambda done: self.ended.put((name, done)))

    def receive(self) -> CaseEnd | None:
        """Wait for the next end of a case; None after a moment in which there was none."""
        try:
            name, future = self.ended.get(timeout=LOOK_EVERY)
        except queue.Empty:
            self.wait_for_scheduler()
            self.look_for_workers()
            return None
        if time.monotonic() - self.counted > COUNT_EVERY:
            self.look_for_workers()
        case = self.active.get(name)
        if case is None or future not in case.futures:
            # Another worker was faster.
            return None
        end = self.judge(case, future)
        if end is not None:
            del self.active[name]
            others = [other for other in case.futures if other is not future]
            if others:
                self.engine.client.cancel(others)
            self.longest = max(self.longest, end.row.seconds)
            self.count += 1
        return end

    def judge(self, case: SentCase, future: Any) -> CaseEnd | None:
        """How a case ended of which a promise was kept or broken: None if it is sent again."""
        name = case.planned.case.case_id
        # Storage that does not answer for a moment ends no run: the worker's own answer says what was written.
        with suppress(FileAccessError, CorruptFileError):
            row = read_row(self.rules.folder, name)
            if row is not None:
                # What is on disk outlives the worker; its answer may be lost with it, and its count of attempts left.
                if future.status != "finished":
                    self.forget_attempts(name)
                return CaseEnd(row, True)
        if future.status in ("cancelled", "lost"):
            self.wait_for_scheduler()
            case.futures.remove(future)
            self.send(case)
            return None
        if future.status == "finished":
            end: CaseEnd = future.result()
            return end
        return self.judge_failure(case, future)

    def judge_failure(self, case: SentCase, future: Any) -> CaseEnd | None:
        """What becomes of a case that came back without a row: None if it is sent again."""
        from distributed import KilledWorker

        error, planned = future.exception(), case.planned
        case.futures.remove(future)
        attempts = self.count_attempts(planned.case.case_id)
        # Dask blames every case that a dead worker had before it, also those that were not begun.
        if isinstance(error, KilledWorker) and attempts.count < MOST_ATTEMPTS and case.sent < MOST_SENT:
            self.send(case)
            return None
        row = ManifestRow(
            planned.case.case_id,
            "failed",
            inputs=describe_inputs(planned.case),
            decisions=planned.case.notes,
            error_class=type(error).__name__,
            error_text=str(error),
            attempts=attempts.count,
            versions=list_versions(),
            parameters_hash=planned.parameters_hash,
            ended=moment(),
        )
        remove_planned_files(planned.case, self.rules)
        self.forget_attempts(planned.case.case_id)
        row = killed_row(row, attempts) if isinstance(error, KilledWorker) else row
        return CaseEnd(self.rules.privacy.strip_row(row), False)

    def count_attempts(self, case_id: str) -> Attempts:
        """The attempts at a case; none as long as storage does not tell of them."""
        with suppress(FileAccessError):
            return read_attempts(self.rules.folder, case_id, self.rules.run)
        return Attempts(self.rules.run)

    def forget_attempts(self, case_id: str) -> None:
        """Forget the attempts at a case that came to an end, if storage lets them be forgotten."""
        with suppress(FileAccessError, OptionError):
            forget_attempts(self.rules.folder, case_id)

    def wait_for_scheduler(self) -> None:
        """Wait while Dask tries to reach a scheduler again whose connection broke.

        Raises:
            FileAccessError: If it has gone away.
        """
        while self.engine.client.status == "connecting":
            time.sleep(0.1)
        if self.engine.client.status != "running":
            raise scheduler_gone_error(self.engine.address, self.count)

    def look_for_workers(self) -> None:
        """See whether anybody is there to work, and how many.

        Raises:
            FileAccessError: If nobody has been for too long.
        """
        try:
            self.workers = len(self.engine.client.nthreads())
        except OSError:
            # The scheduler has just gone away, which the next look finds.
            return
        now = self.counted = time.monotonic()
        if self.workers:
            self.staffed = now
        elif self.staffed is not None and now - self.staffed > LONGEST_WITHOUT_WORKERS:
            raise workers_gone_error(self.engine.address, self.count, LONGEST_WITHOUT_WORKERS)

    def send_stragglers_again(self) -> None:
        """Send cases that hang to workers that have nothing to do; what ends first counts."""
        now = time.monotonic()
        limit = max(STRAGGLING.least, STRAGGLING.factor * self.longest)
        idle: list[str] | None = None
        for name, case in list(self.active.items()):
            if case.began is None and self.count_attempts(name).count:
                case.began = now
            if case.began is None or now - case.began < limit or len(case.futures) > 1:
                continue
            if idle is None:
                idle = [worker for worker, keys in self.engine.client.processing().items() if not keys]
            if idle:
                self.send(case, [idle.pop()])

    def give_up(self) -> None:
        """Tell the scheduler that nobody waits any longer."""
        futures = [future for case in self.active.values() for future in case.futures]
        if self.engine.client.status == "running" and futures:
            self.engine.client.cancel(futures, force=True)


def dispatch_cases(engine: Engine, planned: Sequence[PlannedCase], rules: RunRules) -> Generator[CaseEnd, None, None]:
    """Have cases worked on; gives the end of each, in the order in which they end.

    Args:
        engine: The workers.
        planned: The cases; the largest begin, so that none of them is left for the end.
        rules: How to work on them.

    Raises:
        FileAccessError: If the scheduler goes away, or all workers.
    """
    dispatcher = Dispatcher(engine, rules)
    waiting = deque(sorted(planned, key=lambda case: case.memory, reverse=True))
    try:
        while waiting or dispatcher.active:
            while waiting and len(dispatcher.active) < dispatcher.room:
                dispatcher.send(SentCase(waiting.popleft()))
            end = dispatcher.receive()
            if end is not None:
                dispatcher.staffed = time.monotonic()
                yield end
            elif not waiting:
                dispatcher.send_stragglers_again()
    finally:
        dispatcher.give_up()
