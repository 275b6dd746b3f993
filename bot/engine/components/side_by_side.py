"""Work that needs the processor, on all cores: training has a minute, and one core is half of most machines."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")


def side_by_side(works: Sequence[Callable[[], T]], cores: int | None = None) -> list[T]:
    """Return what each of these returns, in their order; what they return must be picklable.

    They run in forked processes, one for each core (``cores``: as many as this process may use), so they see all that
    this process has; what they change is lost. Not in threads: scikit-learn's linear models share one random state,
    and the same examples must give the same model. A share whose process ends without a result is done here.

    Raises:
        whatever one of them raises, raised again here.
    """
    cores = min(cores or _cores(), len(works))
    if cores < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return [work() for work in works]
    context = multiprocessing.get_context("fork")
    shares = [range(first, len(works), cores) for first in range(cores)]
    others: list[tuple[range, Connection]] = []
    children = []
    for share in shares[1:]:
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_do, args=([works[index] for index in share], theirs))
        child.start()
        theirs.close()
        children.append(child)
        others.append((share, ours))
    done: dict[int, T] = {index: works[index]() for index in shares[0]}
    for share, ours in others:
        with ours:
            try:
                results = ours.recv()
            except EOFError:
                results = None
        if results is None:
            results = [works[index]() for index in share]
        done.update(zip(share, results, strict=True))
    for child in children:
        child.join()
    return [done[index] for index in range(len(works))]


def _do(works: Sequence[Callable[[], T]], answers: Connection) -> None:
    """Send the results, or nothing where one fails: the other side then does it again, and sees why."""
    with answers:
        try:
            results: list[T] | None = [work() for work in works]
        except Exception:
            results = None
        answers.send(results)


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1
