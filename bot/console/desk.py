"""What queue, conversation and wall share: which handoffs an agent sees, and how they are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.console.parts import parts
from bot.console.security import current_agent, may, sees_sensitive
from bot.core.handoff import HandoffState
from bot.core.procedures import Case, Procedure
from bot.core.turns import Plan
from bot.store.agents import AgentRecord, TeamRecord
from bot.store.handoffs import HandoffRecord

SLA_WARNING = timedelta(minutes=5)
SLA_LATE = timedelta(minutes=15)
_MOST_SUGGESTED = 6


@dataclass(frozen=True)
class Row:
    """A handoff as a line of the queue. ``sla``: "good", "warning" or "late" by how long somebody waits for a word."""

    handoff: HandoffRecord
    waited: timedelta
    sla: str
    topic: str
    unanswered: int = 0


def visible(found: Sequence[HandoffRecord], agent: AgentRecord) -> tuple[HandoffRecord, ...]:
    """Return what an agent may see.

    Who waits for her or for her teams, whom she has, and what was hers; supervisors see all. Sensitive ones only by
    right, except the one that became so in her hands.
    """
    sensitive = sees_sensitive()
    return tuple(each for each in found if _may_see(each, agent, sensitive))


def _may_see(handoff: HandoffRecord, agent: AgentRecord, sensitive: bool) -> bool:
    had = handoff.agent_id == agent.id
    if handoff.sensitive and not sensitive:
        return had and handoff.state is HandoffState.WITH_AGENT
    return had or may(agent, "supervisor") or (handoff.state is HandoffState.WAITING and _for_them(handoff, agent))


def _for_them(handoff: HandoffRecord, agent: AgentRecord) -> bool:
    return handoff.team_id is None or handoff.team_id in agent.teams or handoff.wanted_agent_id == agent.id


def may_open(handoff: HandoffRecord) -> bool:
    """Say whether who is signed in may open a handoff."""
    return bool(visible((handoff,), current_agent()))


def might_have_taken(handoff: HandoffRecord) -> bool:
    """Say whether who is signed in saw a handoff while it waited: somebody was faster, or took it over since."""
    agent = current_agent()
    return (sees_sensitive() or not handoff.sensitive) and _for_them(handoff, agent)


def may_be_given(handoff: HandoffRecord, people: Sequence[AgentRecord]) -> tuple[AgentRecord, ...]:
    """Return those of some people whom a handoff may be given to: a sensitive one only who may see such matters."""
    seeing = {team.id for team in teams_for(handoff)}
    return tuple(
        each for each in people if not handoff.sensitive or each.role == "admin" or seeing.intersection(each.teams)
    )


def teams_for(handoff: HandoffRecord) -> tuple[TeamRecord, ...]:
    """Return the teams that a handoff may be sent to."""
    return tuple(team for team in parts().agents.teams() if team.sees_sensitive or not handoff.sensitive)


def over_for(handoff: HandoffRecord) -> datetime | None:
    """Return the time at which a conversation ends for who is signed in; None: it goes on.

    What was said after the agent's own part is a colleague's, or the assistant's.
    """
    return None if handoff.state.open or may(current_agent(), "supervisor") else handoff.ended_at


def row(handoff: HandoffRecord, now: datetime, unanswered: int = 0) -> Row:
    """Return a handoff's line. ``unanswered``: messages since the agent's last word."""
    since = handoff.waiting_since if handoff.state is HandoffState.WAITING else unanswered_since(handoff)
    waited = max(now - since, timedelta(0)) if since else timedelta(0)
    sla = "late" if waited >= SLA_LATE else "warning" if waited >= SLA_WARNING else "good"
    return Row(handoff, waited, sla, topic_name(handoff.topic), unanswered)


def unanswered_since(handoff: HandoffRecord) -> datetime | None:
    """Return since when the person waits for the word of the agent who has her; None when she was answered."""
    waits = handoff.person_waits_since
    return max(waits, handoff.held_since) if waits and handoff.held_since else waits


def topic_name(topic: str | None) -> str:
    """Return a card's short name for ``procedure:<id>`` or ``life_event:<id>``; the id where the card is gone."""
    kind, _, id_ = (topic or "").partition(":")
    catalogue = parts().catalogue()
    if not id_ or catalogue is None:
        return id_
    card = catalogue.procedures.get(id_) if kind == "procedure" else catalogue.life_events.get(id_)
    return card.short if card else id_


@dataclass(frozen=True)
class Progress:
    """A plan as an agent reads it: the life event's name and its steps, each with whether it is done."""

    name: str
    steps: tuple[tuple[str, bool], ...]

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(done for _, done in self.steps)


def answers(case: Case) -> tuple[tuple[str, str], ...]:
    """Return what the person answered, as question and answer in the catalogue's words."""
    catalogue = parts().catalogue()
    found = []
    for condition, value in case.items():
        card = catalogue.conditions.get(condition) if catalogue else None
        label = next((each.label for each in card.values if each.id == value), value) if card else value
        found.append((card.question if card else condition, label))
    return tuple(found)


def progress(plans: Sequence[Plan]) -> tuple[Progress, ...]:
    """Return the plans in the catalogue's words. A step is named in a plan by its first procedure."""
    catalogue = parts().catalogue()
    found = []
    for plan in plans:
        event = catalogue.life_events.get(plan.life_event) if catalogue else None
        steps = tuple((step.title, step.procedures[0] in plan.done) for step in event.steps) if event else ()
        found.append(Progress(event.short if event else plan.life_event, steps))
    return tuple(found)


def suggested(topic: str | None) -> tuple[Procedure, ...]:
    """Return the cards that fit a handoff's topic: its procedure, or the first of each step of its life event."""
    kind, _, id_ = (topic or "").partition(":")
    catalogue = parts().catalogue()
    if not id_ or catalogue is None:
        return ()
    event = catalogue.life_events.get(id_) if kind == "life_event" else None
    wanted = [id_] if event is None else [step.procedures[0] for step in event.steps[:_MOST_SUGGESTED]]
    return tuple(card for each in wanted if (card := catalogue.procedures.get(each)) is not None)


def alias(conversation: str) -> str:
    """Return what a person is called while her number is masked."""
    return f"Persona {conversation[:4].upper()}"
