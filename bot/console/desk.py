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
from bot.store.agents import AgentRecord
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
    """Return what an agent may see: not other teams' (but supervisors see all), and sensitive ones only by right."""
    all_teams = may(agent, "supervisor")
    sensitive = sees_sensitive()
    return tuple(
        each
        for each in found
        if each.agent_id == agent.id
        or ((sensitive or not each.sensitive) and (all_teams or each.team_id is None or each.team_id in agent.teams))
    )


def may_open(handoff: HandoffRecord) -> bool:
    """Say whether who is signed in may open a handoff."""
    return bool(visible((handoff,), current_agent()))


def row(handoff: HandoffRecord, now: datetime, unanswered: int = 0) -> Row:
    """Return a handoff's line. ``unanswered``: messages since the agent's last word."""
    since = handoff.waiting_since if handoff.state is HandoffState.WAITING else unanswered_since(handoff)
    waited = max(now - since, timedelta(0)) if since else timedelta(0)
    sla = "late" if waited >= SLA_LATE else "warning" if waited >= SLA_WARNING else "good"
    return Row(handoff, waited, sla, topic_name(handoff.topic), unanswered)


def unanswered_since(handoff: HandoffRecord) -> datetime | None:
    """Return since when the person waits for the agent's word; None when the agent spoke last."""
    wrote = handoff.person_wrote_at or handoff.asked_at
    if handoff.agent_wrote_at is not None and handoff.agent_wrote_at >= wrote:
        return None
    return max(wrote, handoff.taken_at) if handoff.taken_at else wrote


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
