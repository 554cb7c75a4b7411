"""The worker: plans and delivers jobs, performs them in threads, and writes the audit trail's checkpoints."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import structlog
from django.db import close_old_connections
from django.utils import timezone

from vaults.audit import chain, verification
from vaults.jobs import claims, delivery, planning, queue

log = structlog.get_logger("vaults.worker")

#: Items that this process performs at once.
AT_ONCE = 4
#: An item that takes longer than this does not count towards AT_ONCE, so it does not delay others.
LONG = timedelta(minutes=1)
#: Most items at once, including long ones.
MOST = 16
LOOK_EVERY = 1.0
#: Pause while deliveries wait for others to end.
LOOK_WHILE_CROWDED = 0.2
#: After a failed round, the pause before the next one is doubled, up to this.
LONGEST_PAUSE = 30.0
RECONCILE_EVERY = timedelta(minutes=1)
SWEEP_EVERY = timedelta(hours=1)
CHECKPOINT_SECONDS = 60.0
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def run(stop: threading.Event) -> None:
    """Work until `stop` is set; running items are finished first. If the database fails, wait and retry."""
    done = threading.Event()
    keepers = [
        threading.Thread(target=keep_checkpoints, args=(stop,), name="checkpoints"),
        threading.Thread(target=keep_beating, args=(done,), name="heartbeat"),
    ]
    for keeper in keepers:
        keeper.start()
    with ThreadPoolExecutor(MOST, thread_name_prefix="job") as pool:
        look = Look(pool)
        pause = LOOK_EVERY
        while not stop.wait(pause):
            pause = look.pause if succeeds(look) else min(2 * pause, LONGEST_PAUSE)
    done.set()  # only now: what was running has ended
    for keeper in keepers:
        keeper.join()
    succeeds(chain.note_all)  # also for entries of the last items


def keep_checkpoints(stop: threading.Event, seconds: float = CHECKPOINT_SECONDS) -> None:
    """Write a checkpoint at the start and one each minute, independent of slow vaults."""
    succeeds(verification.begin_checkpoints)
    while not stop.wait(seconds):
        succeeds(chain.note_all)


def keep_beating(done: threading.Event) -> None:
    """Tell every few seconds that this process still performs its items."""
    while not done.wait(claims.BEAT_SECONDS):
        succeeds(claims.running.beat)


def succeeds(work: Callable[[], None]) -> bool:
    """Run `work` and log any error. True if it succeeded. The next run gets a new connection if this one broke."""
    try:
        work()
    except Exception:
        log.exception("the worker's look failed")
        return False
    finally:
        close_old_connections()
    return True


class Look:
    """One round of work: plan what is due, deliver jobs, and take deliveries from the queue.

    `pause`: seconds until the next round.
    """

    def __init__(self, pool: Executor) -> None:
        self.pause = LOOK_EVERY
        self._pool = pool
        self._taken: list[Future[bool]] = []
        self._planned_at: dict[Callable[[datetime], None], datetime] = {}

    def __call__(self) -> None:
        now = timezone.now()
        planning.plan_scans(now)
        self._plan(planning.plan_reconciliation, RECONCILE_EVERY, now)
        self._plan(planning.plan_sweep, SWEEP_EVERY, now)
        delivery.deliver_jobs(now)
        free = self._free(now)
        waiting = queue.waiting(free + 1)
        self._taken += [self._pool.submit(succeeds, queue.take_one) for _ in range(min(waiting, free))]
        self.pause = LOOK_WHILE_CROWDED if waiting else LOOK_EVERY

    def _plan(self, plan: Callable[[datetime], None], every: timedelta, now: datetime) -> None:
        if now - self._planned_at.get(plan, LONG_AGO) > every:
            self._planned_at[plan] = now
            plan(now)

    def _free(self, now: datetime) -> int:
        """How many more deliveries this process may take."""
        self._taken = [taken for taken in self._taken if not taken.done()]
        long = [begun for begun in claims.running.since() if now - begun > LONG]
        return max(min(AT_ONCE - (len(self._taken) - len(long)), MOST - len(self._taken)), 0)
