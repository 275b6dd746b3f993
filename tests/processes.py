"""What tests run in processes of their own (``multiprocessing`` with spawn finds these by name)."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from tests.builders import inbound
from tests.people import SECRET


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run ``work(0) … work(count - 1)`` at once, all starting together; return what each returned."""
    start = Barrier(count)

    def run(index: int) -> Any:
        start.wait()
        return work(index)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def in_processes(count: int, work: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Run ``work(*arguments)`` in ``count`` new processes, all starting together; return what each returned."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(count)
    answers: Any = context.Queue()
    processes = [context.Process(target=_after, args=(start, answers, work, arguments)) for _ in range(count)]
    for process in processes:
        process.start()
    returned = [answers.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    failures = [each for each in returned if isinstance(each, BaseException)]
    if failures:
        raise failures[0]
    return returned


def _after(start: Any, answers: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    start.wait(60)
    try:
        answers.put(work(*arguments))
    except Exception as error:
        answers.put(RuntimeError(repr(error)))


def record_one(url: str, provider_id: str, times: int) -> int:
    """Record the same message several times; return how often it was new."""
    from bot.store import Store, open_engine

    engine = open_engine(url)
    store = Store(engine, SECRET)
    new = sum(store.record(inbound(provider_id=provider_id), inbound().content).new for _ in range(times))
    engine.dispose()
    return new


def upgrade_database(url: str) -> str:
    """Bring a database up to date; return "done"."""
    from bot.store import open_engine, upgrade

    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    return "done"


def deliver_all(url: str) -> list[str]:
    """Lease and accept deliveries until none is due; return their ids."""
    from bot.store import Store, open_engine

    engine = open_engine(url)
    store = Store(engine, SECRET)
    taken = []
    while (delivery := store.lease_delivery("p", 60)) is not None:
        taken.append(delivery.delivery_id)
        store.delivery_accepted(delivery, f"SM{delivery.delivery_id}")
    engine.dispose()
    return taken


def send_reminders(url: str) -> int:
    """Put every due reminder into the outbox, each as one message; return how many that were."""
    from bot.core.delivery import Outgoing
    from bot.store import Reminders, open_engine

    engine = open_engine(url)
    reminders = Reminders(engine)
    count = 0
    while reminders.send_next(lambda due: (Outgoing("sms", due.procedure or "", "reminder"),)):
        count += 1
    engine.dispose()
    return count
