"""Waiting until what was started answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

_LOOK_SECONDS = 0.2
_COMPLAIN_SECONDS = 45.0


@dataclass(frozen=True)
class Check:
    """An address that answers once a process is ready. ``needs``: a text that the answer must hold, or "" for any."""

    process: str
    url: str
    needs: str = ""


async def wait_until_ready(checks: Sequence[Check], complain: Callable[[list[str]], None]) -> None:
    """Return once every check has passed; ``complain`` hears the names of those that have not, now and then."""
    waiting = list(checks)
    patience = time.monotonic() + _COMPLAIN_SECONDS
    async with httpx.AsyncClient(trust_env=False, timeout=2.0) as http:
        while waiting:
            passed = await asyncio.gather(*(_passes(http, check) for check in waiting))
            waiting = [check for check, done in zip(waiting, passed, strict=True) if not done]
            if waiting and time.monotonic() > patience:
                complain(sorted({check.process for check in waiting}))
                patience = time.monotonic() + _COMPLAIN_SECONDS
            if waiting:
                await asyncio.sleep(_LOOK_SECONDS)


async def _passes(http: httpx.AsyncClient, check: Check) -> bool:
    try:
        response = await http.get(check.url)
    except httpx.HTTPError:
        return False
    return not check.needs or (response.is_success and check.needs in response.text)
