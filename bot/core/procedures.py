"""The cards: what is known about a procedure or a life event, in the terms of the EU's CPSV-AP 3.2.

A card is written in YAML under ``data/`` (``bot.catalogue`` reads and checks it) and travels whole from the
catalogue to a channel's renderer, so that no answer is ever made of anything but a card. Every text on a card
is plain Mexican Spanish ("usted"); ``short`` texts are for SMS, lists and buttons.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

Level = Literal["federal", "state", "municipal"]
ServiceChannelType = Literal["in_person", "phone", "web", "app", "whatsapp"]
Confidence = Literal["high", "medium", "low"]
Sensitivity = Literal["none", "health", "violence", "grief"]
Case = dict[str, str]
"""What is known of the person's case: condition id -> value id (``{"age": "minor"}``)."""


@dataclass(frozen=True)
class Source:
    """Where a fact was read. ``date`` is ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; None when the page had none.

    ``site`` is what to call it where its address would tell a citizen nothing (a repository, a network of copies).
    """

    title: str
    url: str
    date: str | None = None
    site: str | None = None


@dataclass(frozen=True)
class Authority:
    """The body in charge (CPSV-AP: PublicOrganisation). ``short`` is what people call it: "SRE", "IMSS"."""

    name: str
    short: str


@dataclass(frozen=True)
class Jurisdiction:
    """Where the card holds. No state: the whole country. ``note`` says what the fields cannot."""

    state: str | None = None
    municipality: str | None = None
    abroad: bool = False
    note: str | None = None


@dataclass(frozen=True)
class Requirement:
    """One thing to bring or meet (CPSV-AP: Requirement); ``accepts`` lists the evidence that each satisfies it.

    ``original`` and ``copies`` are None where the source says nothing: unknown is not "no".
    ``when`` maps condition ids to the values (one or several) in which it applies: all must hold.
    """

    name: str
    short: str
    original: bool | None = None
    copies: int | None = None
    accepts: tuple[str, ...] = ()
    optional: bool = False
    when: dict[str, tuple[str, ...]] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True)
class Amount:
    """One price in Mexican pesos (or ``currency``), as of a date, for a variant, a state or a case."""

    amount: Decimal
    as_of: str | None
    label: str | None = None
    state: str | None = None
    currency: str = "MXN"
    when: dict[str, tuple[str, ...]] = field(default_factory=dict)
    up_to: Decimal | None = None


@dataclass(frozen=True)
class Cost:
    """What it costs. ``free`` True: nothing is paid. None with no amounts: the cost is not known, never a guess."""

    free: bool | None = None
    amounts: tuple[Amount, ...] = ()
    as_of: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class ServiceChannel:
    """A way to do it (CPSV-AP: Channel). ``short`` is what fits an SMS: an office's name or an address to type."""

    type: ServiceChannelType
    name: str
    short: str
    phone: str | None = None
    url: str | None = None
    hours: str | None = None


@dataclass(frozen=True)
class Procedure:
    """A procedure's card (CPSV-AP: PublicService). Its ``id`` is its file's name and never changes.

    ``with_person``: who asks about it gets the card and a person, unasked: no list settles such a matter.
    """

    id: str
    name: str
    short: str
    level: Level
    authority: Authority
    jurisdiction: Jurisdiction
    source: Source
    research_date: str
    confidence: Confidence
    aliases: tuple[str, ...]
    questions: tuple[str, ...]
    summary: str
    family: str | None = None
    life_events: tuple[str, ...] = ()
    who: str | None = None
    requirements: tuple[Requirement, ...] = ()
    notes: tuple[str, ...] = ()
    cost: Cost = Cost()
    channels: tuple[ServiceChannel, ...] = ()
    duration: str | None = None
    output: str | None = None
    validity: str | None = None
    deadline: str | None = None
    legal_basis: tuple[str, ...] = ()
    homoclave: str | None = None
    sources: tuple[Source, ...] = ()
    to_verify: tuple[str, ...] = ()
    volatile: bool = False
    verified: bool = False
    sensitive: Sensitivity = "none"
    with_person: bool = False

    @property
    def confirm_first(self) -> bool:
        """Whether an answer must say "confirme antes de ir": low confidence, volatile or something to verify."""
        return not self.verified and (self.confidence == "low" or self.volatile or bool(self.to_verify))


@dataclass(frozen=True)
class ConditionValue:
    """One answer to a condition's question. ``if_text`` completes a line: "(si habrá cremación)".

    ``said``: the words that tell it unasked, as regular expressions over folded text ("la perdi", "es renovacion");
    ``ages``: the ages in years, first and last, that mean it.
    """

    id: str
    label: str
    if_text: str
    said: tuple[str, ...] = ()
    ages: tuple[int, int] | None = None


@dataclass(frozen=True)
class Condition:
    """A question that settles which requirements and prices apply; shared by all cards that name its id."""

    id: str
    question: str
    values: tuple[ConditionValue, ...]


@dataclass(frozen=True)
class Family:
    """Procedures that a person takes for one, told apart by place or case ("licencia de conducir")."""

    id: str
    name: str
    short: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class LifeEventStep:
    """One thing to do, in order. ``procedures`` are alternatives: the place or the case decides which."""

    title: str
    procedures: tuple[str, ...]
    deadline: str | None = None
    note: str | None = None
    when: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class LifeEvent:
    """A life event's card (CPSV-AP: LifeEvent): what happened to a person and what she does then, in order."""

    id: str
    name: str
    short: str
    opening: str
    questions: tuple[str, ...]
    steps: tuple[LifeEventStep, ...]
    aliases: tuple[str, ...] = ()
    sensitive: Sensitivity = "none"
    notes: tuple[str, ...] = ()


def applies(when: dict[str, tuple[str, ...]], case: Case) -> bool | None:
    """Say whether a ``when`` holds in a case: True, False, or None while an answer that decides it is missing."""
    unknown = False
    for condition, values in when.items():
        if condition not in case:
            unknown = True
        elif case[condition] not in values:
            return False
    return None if unknown else True


def narrow(procedure: Procedure, case: Case, state: str | None = None) -> Procedure:
    """Return the card for one person's case: what cannot apply is left out, what is still open stays.

    Prices by state: only ``state``'s stay once it is known and has one; prices without a state stay always.
    """
    requirements = tuple(r for r in procedure.requirements if applies(r.when, case) is not False)
    amounts = tuple(a for a in procedure.cost.amounts if applies(a.when, case) is not False)
    if state is not None and any(a.state == state for a in amounts):
        amounts = tuple(a for a in amounts if a.state in (None, state))
    return replace(procedure, requirements=requirements, cost=replace(procedure.cost, amounts=amounts))
