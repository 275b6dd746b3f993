"""Turns of one conversation in order, of others at once."""

from __future__ import annotations

import asyncio

import pytest

from bot.engine.turn_locks import TurnLocks


def test_turns_of_a_conversation_wait_and_others_do_not() -> None:
    async def drill() -> list[str]:
        locks, order, gate = TurnLocks(), [], asyncio.Event()

        async def turn(conversation: str, name: str, wait: bool = False) -> None:
            async with locks.turn(conversation):
                order.append(f"{name} in")
                if wait:
                    await gate.wait()
                order.append(f"{name} out")

        first = asyncio.create_task(turn("a", "a1", wait=True))
        await asyncio.sleep(0)
        rest = [asyncio.create_task(turn(*pair)) for pair in (("a", "a2"), ("a", "a3"), ("b", "b1"))]
        await rest[-1]
        assert order == ["a1 in", "b1 in", "b1 out"]
        assert len(locks) == 1
        gate.set()
        await asyncio.gather(first, *rest)
        assert len(locks) == 0
        return order

    assert asyncio.run(drill())[3:] == ["a1 out", "a2 in", "a2 out", "a3 in", "a3 out"]


def test_a_turn_that_fails_or_is_cancelled_lets_go() -> None:
    async def drill() -> None:
        locks = TurnLocks()
        with pytest.raises(ZeroDivisionError):
            async with locks.turn("a"):
                raise ZeroDivisionError
        holder = asyncio.create_task(hold(locks))
        await asyncio.sleep(0)
        waiter = asyncio.create_task(hold(locks))
        await asyncio.sleep(0)
        for task in (waiter, holder):
            task.cancel()
        await asyncio.gather(holder, waiter, return_exceptions=True)
        async with locks.turn("a"):
            pass
        assert len(locks) == 0

    async def hold(locks: TurnLocks) -> None:
        async with locks.turn("a"):
            await asyncio.Event().wait()

    asyncio.run(asyncio.wait_for(drill(), 5))
