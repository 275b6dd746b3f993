"""From replies to neutral lines: what every written channel says, before any channel's limits.

A channel lets :func:`channels.lines.choose` pick the forms that fit it and shows the rest on its own terms.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.choices import OpenOption
from bot.core.phrases import Phrases
from bot.core.procedures import LifeEventStep
from bot.core.replies import Ask, Option, Reply, Say, ShowLifeEvent, ShowPlan, ShowProcedure, open_options
from channels.answers import answer
from channels.lines import Form, Line, plain
from channels.wording import both, money, series


def compose(replies: Sequence[Reply], phrases: Phrases) -> tuple[Line, ...]:
    """Return the lines of a turn, in order. A ``Handoff`` has none: the handoff part says its own words.

    Raises:
        MissingPhrase: a reply names a phrase that ``locale/`` lacks, or lacks one of its parameters.
    """
    numbered = _with_open_options(replies)
    lines: list[Line] = []
    for reply in replies:
        if isinstance(reply, Say):
            lines += _paragraphs(phrases(reply.phrase, reply.params))
        elif isinstance(reply, Ask):
            lines += _ask(reply, phrases, reply is numbered)
        elif isinstance(reply, ShowProcedure):
            lines += answer(reply, phrases)
        elif isinstance(reply, ShowLifeEvent):
            lines += _life_event(reply, phrases, reply is numbered)
    return tuple(lines)


def shown_options(replies: Sequence[Reply], phrases: Phrases) -> tuple[OpenOption, ...]:
    """Return the open options of a turn under the words that the person reads, in the order of their numbers."""
    reply = _with_open_options(replies)
    labels = _step_titles(reply) if isinstance(reply, ShowLifeEvent) else {}
    return tuple(
        OpenOption(option.id, labels.get(index) or _label(option, phrases))
        for index, option in enumerate(open_options(tuple(replies)))
    )


def _with_open_options(replies: Sequence[Reply]) -> Reply | None:
    """Return the reply that :func:`open_options` takes; options of earlier ones are closed and get no numbers."""
    having = [reply for reply in replies if isinstance(reply, (Ask, ShowLifeEvent)) and reply.options]
    return having[-1] if having else None


def _paragraphs(text: str) -> list[Line]:
    return [plain(part.strip()) for part in text.splitlines() if part.strip()]


def _label(option: Option, phrases: Phrases) -> str:
    return phrases(option.phrase) if option.phrase else option.label


def _item(text: str, number: int | None, phrases: Phrases) -> str:
    if number is None:
        return phrases("list_item", {"text": text})
    return phrases("numbered_item", {"number": number, "text": text})


def _ask(ask: Ask, phrases: Phrases, numbered: bool) -> list[Line]:
    lines = _paragraphs(phrases(ask.phrase, ask.params))
    for index, option in enumerate(ask.options):
        number = index + 1 if numbered else None
        label = _label(option, phrases)
        forms = [Form(_item(label, number, phrases))]
        if option.description:
            described = phrases("option_described", {"label": label, "description": option.description})
            forms.insert(0, Form(_item(described, number, phrases)))
        lines.append(Line(tuple(forms)))
    return lines


def _step_titles(reply: ShowLifeEvent) -> dict[int, str]:
    return {index: step.title for index, step in enumerate(reply.life_event.steps)}


def _life_event(reply: ShowLifeEvent, phrases: Phrases, numbered: bool) -> list[Line]:
    """Return the opening and one line a step. A step that has no option of its own keeps its place, unnumbered."""
    lines = [*_plan(reply, phrases), *_paragraphs(reply.life_event.opening)]
    for index, step in enumerate(reply.life_event.steps):
        lines.append(_step(step, index + 1, numbered and index < len(reply.options), phrases))
    for index, option in enumerate(reply.options[len(reply.life_event.steps) :], start=len(reply.life_event.steps)):
        lines.append(plain(_item(_label(option, phrases), index + 1 if numbered else None, phrases)))
    return [*lines, *_facts(reply, phrases), Line((Form(""),), later=reply.life_event.notes)]


def _plan(reply: ShowLifeEvent, phrases: Phrases) -> list[Line]:
    """Return a plan's name and what of it is done."""
    if not isinstance(reply, ShowPlan):
        return []
    lines = [plain(phrases("plan_heading", {"event": reply.life_event.short}))]
    if reply.done:
        done = phrases("plan_done", {"steps": series([each.rstrip(".") for each in reply.done])})
        counted = phrases("plan_done_count", {"done": str(len(reply.done))})
        lines.append(Line((Form(done, _DONE), Form(counted)), if_shortened=(done,)))
    return [*lines, *_paragraphs(phrases("plan_next"))]


_DONE, _BY_FACT = 20, 30
"""Ranks: the steps themselves come first."""


def _facts(reply: ShowLifeEvent, phrases: Phrases) -> list[Line]:
    """Return which steps need no going and what they cost, by their numbers."""
    numbered = [(str(index + 1), facts) for index, facts in enumerate(reply.facts)]
    from_home = [number for number, facts in numbered if facts.from_home]
    free = [number for number, facts in numbered if facts.cost and facts.cost.free]
    lines = []
    for key, numbers in (("steps_from_home", from_home), ("steps_free", free)):
        if numbers:
            text = phrases(key, {"steps": both(numbers, phrases)})
            lines.append(Line((Form(text, _BY_FACT), Form("")), if_shortened=(text,)))
    priced = [
        phrases("step_cost", {"number": number, "price": money(amount.amount, amount.currency, phrases)})
        for number, facts in numbered
        if facts.cost and not facts.cost.free
        for amount in facts.cost.amounts
    ]
    return [*lines, Line((Form(""),), later=tuple(priced))] if priced else lines


def _step(step: LifeEventStep, number: int, numbered: bool, phrases: Phrases) -> Line:
    shown_number = number if numbered else None
    note = (phrases("step_note", {"number": number, "text": step.note}),) if step.note else ()
    short = Form(_item(step.title, shown_number, phrases))
    if not step.deadline:
        return Line((short,), later=note)
    dated = phrases("step_with_deadline", {"title": step.title, "deadline": step.deadline})
    deadline = phrases("step_note", {"number": number, "text": step.deadline})
    return Line((Form(_item(dated, shown_number, phrases)), short), if_shortened=(deadline,), later=note)
