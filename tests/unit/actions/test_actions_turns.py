"""How many messages it takes from the first question to the complete answer for one's own case, over all cards.

The real cards, search and decision; what the classifier hears is given. A simulated person asks for each procedure by
a name that people use, and answers what is asked: the place of the card, and each answer of a condition in turn.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.catalogue.reader import Catalogue
from bot.core.procedures import Procedure
from bot.core.replies import Ask, ShowProcedure

from .conftest import ROOT, TableSearch, Talk

pytestmark = pytest.mark.timeout(180)

MOST_PLAIN, MOST_WITH_CONDITIONS = 3, 5
"""Median turns that are promised, without and with conditions."""
ENOUGH = 12
"""Messages after which a conversation is given up."""
TRIES = 3
"""Conversations with each card that has conditions, with other answers each time."""

_BUILD = """
import sys
from pathlib import Path
from bot.catalogue.build import build
from bot.catalogue.check import load_cards
cards, errors = load_cards(Path("data"))
assert not errors, errors
build(cards, Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("turns")
    for learned in (ROOT / "var").glob("search-*.npz"):  # what was learned from the same cards need not be again
        shutil.copy(learned, folder)
    made = [str(ROOT / ".venv/bin/python"), "-c", _BUILD, str(folder / "catalogue.sqlite")]
    subprocess.run(made, cwd=ROOT, check=True, timeout=120)  # the cards are read in the other environment
    return Catalogue(folder / "catalogue.sqlite")


@pytest.fixture(scope="module")
def know(catalogue: Catalogue) -> Any:
    from actions.dialogue.knowledge import Knowledge
    from bot.catalogue.wide import open_search
    from bot.understanding.decision import Decider

    search = open_search(catalogue)
    return Knowledge(catalogue, search, search.places, Decider(search))


@pytest.fixture
def new_talk(know: Any, actions_by_intent: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    from rasa_sdk.executor import ActionExecutor

    class Ready:
        def current(self) -> Any:
            return know

    monkeypatch.setattr("actions.base.loader", Ready)
    executor = ActionExecutor()
    executor.register_package("actions")
    return lambda: Talk(TableSearch(know.places), lambda call: asyncio.run(executor.run(call)) or {}, actions_by_intent)


def turns_to(talk: Talk, card: Procedure, family: set[str], chance: random.Random) -> tuple[int, list[str]] | None:
    """Return after how many messages the complete answer stood there, and the conditions asked; None: it never did."""
    replies = talk.say(f"qué necesito para {card.aliases[0]}", "ask_requirements")
    asked: list[str] = []
    for count in range(1, ENOUGH):
        shown = any(isinstance(reply, ShowProcedure) and reply.procedure.id in family for reply in replies)
        ask = next((reply for reply in reversed(replies) if isinstance(reply, Ask)), None)
        if ask is None or talk.slots.get("pending") is None:
            return (count, asked) if shown or asked else None
        options = [option.id for option in ask.options]
        mine = [each for each in options if each in {f"procedure:{card.id}", f"family:{card.family}"}]
        cases = [each for each in options if each.startswith("case:")]
        if mine:
            replies = talk.pick(mine[0])
        elif cases:
            asked.append(cases[0].split(":")[1])
            replies = talk.pick(chance.choice(cases))
        elif ask.phrase in ("ask_state_for", "ask_state_for_cost", "confirm_state_for", "which_place"):
            where = card.jurisdiction
            replies = talk.say(where.municipality or where.state or "Puebla", "inform_place")
        else:
            return None
    return None


def test_the_complete_answer_takes_few_turns_and_no_question_comes_twice(new_talk: Any, know: Any) -> None:
    chance = random.Random(4)
    plain: list[int] = []
    with_conditions: list[int] = []
    missed: list[str] = []
    for card in know.catalogue.procedures.values():
        family = {c.id for c in know.catalogue.family_members(card.family)} if card.family else {card.id}
        conditions = know.catalogue.condition_words(card)
        for _ in range(TRIES if conditions else 1):
            found = turns_to(new_talk(), card, family, chance)
            if found is None:
                missed.append(card.id)
                continue
            turns, asked = found
            assert len(asked) == len(set(asked)), (card.id, asked)
            (with_conditions if conditions else plain).append(turns)
    print(
        f"median turns: {statistics.median(plain)} of {len(plain)} without conditions, "
        f"{statistics.median(with_conditions)} of {len(with_conditions)} with; at most {max(plain + with_conditions)}; "
        f"by a plain name not reached: {sorted(set(missed))}"
    )
    assert statistics.median(plain) <= MOST_PLAIN
    assert statistics.median(with_conditions) <= MOST_WITH_CONDITIONS
    assert len(set(missed)) <= len(know.catalogue.procedures) // 10
