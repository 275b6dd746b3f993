"""The last word on an answer while a card is in view: whether the message was about it, and which facts answer it.

The roads before this one each know a way of speaking; what they found is weighed here by two judges that learned from
thousands of messages (:mod:`actions.dialogue.about`, :mod:`actions.dialogue.ranking`). An answer that left the card,
though the message did not, gives way to the facts of the card; one that shows another part of it is put right. Deeds,
places, corrections and dangers are never taken back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from actions.dialogue import about, among, cards, cases
from actions.dialogue.aspects import BY_INTENT, asked
from actions.dialogue.facts import Fact
from actions.dialogue.fitting import cut_down, not_on_card, says, shown_facts, state_of
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import decide, fully_named
from actions.dialogue.naming import root
from actions.dialogue.ranking import Ranking, ranked
from actions.dialogue.steps_meant import steps_meant
from actions.dialogue.topics import can_tell
from actions.dialogue.turn import Answer, Turn
from bot.catalogue.text import keywords, normalise
from bot.core.procedures import Procedure, narrow
from bot.core.replies import Aspect, Say, ShowProcedure
from bot.understanding.danger import kind_of

_ABOUT = 0.5
"""From this chance on a message is about the card in view."""
_SURELY_ABOUT = 0.7
"""The same, where a question waits or a talk was heard."""
_CERTAINLY_ABOUT = 0.85
"""The same, where what was found puts right what was in view."""
_UNTOLD = 0.5
"""From this chance on the card does not tell what is asked."""
_ENOUGH = 0.8
"""Facts are told until one of them answers with this chance (of the card telling it at all), two at most."""
_LEAST = 0.08
_BESIDE = 0.25
"""Chance below which a second fact is not told; the same, beside what was found anyhow."""
_TOLD_TOO = 0.5
"""From this chance on a fact is told beside an answer that changed what is known of the person."""
_CLEARLY, _MORE_CLEARLY = 0.4, 0.7
"""From this chance on a fact is told in place of what answers by itself (another card, a life event): where the card is
surely meant, and else."""
_CLEAR = frozenset({"answer", "life_event"})
_MOST, _MOST_NEEDED = 2, 3
_BRIEF = 7
"""A message of no more words that names a place asks for the same matter there ("¿y en Jalisco?")."""
_A_LIST, _OF_A_LIST, _MANY = 0.6, 0.04, 4
"""So many papers, each with this chance and all with that, are asked for as a list."""
_DEEDS = frozenset(
    {
        "affirm", "call_me", "cancel_reminders", "change_language", "continue_topic", "correct", "data_use",
        "delete_data", "deny", "go_back", "goodbye", "greet", "menu", "more", "plan", "remind", "repeat", "send_copy",
        "simpler", "slower", "step_done", "stop", "thanks",
    }
)  # fmt: skip
_SURELY_HEARD = 0.85
"""From this confidence on a deed, a comparison or the wish for a person was asked for."""


def settled(turn: Turn, know: Knowledge, found: Answer) -> Answer:
    """Return the answer that a message about the card in view gets, or what was found where it is not about it."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if not can_tell(know) or not _open(turn, found):
        return found
    if card is None:
        return _of_step(turn, know, found)
    likely = about.chance(turn, know, decide(turn, know))
    if likely is None or likely < _ABOUT:
        return found
    several = sum(isinstance(reply, ShowProcedure) for reply in found.replies) > 1
    elsewhere = know.place_in(turn.text) is not None and len(turn.text.split()) <= _BRIEF
    if elsewhere or (found.outcome == "handoff" and turn.intent == "human" and turn.confidence >= _SURELY_HEARD):
        return found
    if several and turn.intent == "compare" and _all_seen(turn, found):
        return found
    stays = found.procedure is not None and cards.same_matter(know, found.procedure, card)
    if stays and not (several and likely >= _SURELY_ABOUT):
        mine = know.catalogue.procedures[found.procedure or card.id]
        return _put_right(turn, know, found, mine) if mine.id == card.id else found
    if likely < _needed(turn, know, found) or _to_get(turn, know, found):
        return found
    case = cases.told(turn.text, cards.card_conditions(know, card))
    here = turn.remember(pending=None, case={**turn.memory.case, **case})
    mine = narrow(card, here.case, state_of(here, card))
    facts = ranked(know, mine, turn.text, turn.ranking)
    if facts.untold >= _UNTOLD or not facts.facts:
        return found if several else not_on_card(here, card)
    if _asks_for_list(facts):
        return cards.show(here, know, card, ("overview",))
    clearly = _CLEARLY if likely >= _SURELY_ABOUT else _MORE_CLEARLY
    if found.outcome in _CLEAR and (facts.facts[0].chance < clearly or _is_wrong(turn, found, facts, likely)):
        return found
    if facts.facts[0].chance < _CLEARLY and any(turn.memory.case.get(name) != value for name, value in case.items()):
        return cards.show(here, know, card, ("overview",))  # "¿y si la perdí?"
    before = cards.safety_line(know) if card.sensitive == "violence" else ()
    return shown_facts(here, know, mine, _chosen(facts)).preceded_by(*before)


def with_asked(turn: Turn, know: Knowledge, found: Answer) -> Answer:
    """Return the first answer of a card with the facts that the message asks for beside it, if it does not show them.

    "¿Es obligatoria la CURP nueva?" finds the card; the note that says so is no part of its overview.
    """
    card = know.catalogue.procedures.get(found.procedure or "")
    shown = [reply for reply in found.replies if isinstance(reply, ShowProcedure)]
    another = turn.memory.last_procedure != found.procedure or turn.memory.for_other != found.memory.for_other
    if card is None or _too_long(turn) or not another or found.outcome != "answer" or len(shown) != 1 or found.effects:
        return found
    asks = "?" in turn.text or bool(_ASKS.search(normalise(turn.text)))
    if not asks or shown[0].procedure.id != card.id or turn.intent == "pick" or not can_tell(know):
        return found
    mine = narrow(card, {**turn.case, **found.memory.case}, state_of(turn, card))
    facts = ranked(know, mine, _unnamed(turn.text, card), turn.ranking)
    if not facts.facts or facts.untold >= _UNTOLD or facts.facts[0].chance < _TOLD_TOO or _asks_for_list(facts):
        return found
    return _beside(turn, found, mine, shown[0], [fact for fact in _chosen(facts) if fact.kind not in _SHOWN_FIRST])


def _unnamed(text: str, card: Procedure) -> str:
    """Return a text without the words that the card is called by: they found it, and ask for nothing of it."""
    own = {root(word) for word in keywords(normalise(f"{card.name} {card.short}"))}
    return " ".join(word for word in text.split() if root(normalise(word)) not in own)


_ASKS = re.compile(
    r"(?<!\w)(?:que|cual(?:es)?|cuant[oa]s?|donde|quien(?:es)?|cuando|como|puedo|puede|pueden|tengo que|hay que"
    r"|what|when|where|how|can|do|does|is)(?!\w)"
)
_SHOWN_FIRST = frozenset({"where", "amount", "cost", "summary"})
"""What a first answer shows anyhow, or not without a reason."""


def surely(turn: Turn, know: Knowledge) -> bool:
    """Say whether a message is about the card in view beyond what sounds like putting something right."""
    likely = about.chance(turn, know, decide(turn, know))
    return likely is not None and likely >= _CERTAINLY_ABOUT


def _of_step(turn: Turn, know: Knowledge, found: Answer) -> Answer:
    """Return the answer from the step of the life event in view that a message means, or what was found."""
    event = know.catalogue.life_events.get(turn.memory.last_life_event or "")
    if event is None or turn.memory.pending_kind in _ANSWERED or found.outcome == "handoff":
        return found
    if found.life_event not in (None, event.id) and turn.intent == "life_event" and turn.confidence >= _SURELY_HEARD:
        return found  # "me voy a casar", whatever else is planned
    of_event = {id_ for step in event.steps for id_ in step.procedures}
    other = know.catalogue.procedures.get(found.procedure or "")
    shown = any(isinstance(reply, ShowProcedure) and reply.procedure.id in of_event for reply in found.replies)
    if shown or (other is not None and (other.id in of_event or fully_named(know, other, turn.text))):
        return found
    any_step, meant = steps_meant(know, event, turn.text)
    needed = _STEP_INSTEAD.get(found.outcome, _ABOUT)
    if meant[0].chance >= _THIS_STEP and found.outcome == "answer":
        needed *= _OF_THIS_STEP
    if any_step < needed or meant[0].chance < _CLEARLY:
        return found
    return among.settled_on(turn.remember(pending=None), know, meant[0].cards, event, meant[0].step.title)


_STEP_INSTEAD = {"out_of_scope": 0.3, "clarify": 0.3, "menu": 0.3, "ask_place": 0.4, "answer": 0.4, "life_event": 0.5}
"""From this chance that a step is meant on it answers in place of what was found."""
_THIS_STEP, _OF_THIS_STEP = 0.9, 0.7
"""From this chance on it is one step if it is any; so much less sure must it then be that one is meant."""
_ANSWERED = frozenset({"place", "cost_place", "confirm_place", "case", "remind_at"})
"""Questions whose answer may sound like a step."""


def _open(turn: Turn, found: Answer) -> bool:
    """Say whether an answer may be weighed at all: a message in words, of no danger, whose answer did nothing else."""
    if not turn.text.strip() or turn.intent == "pick" or _too_long(turn) or kind_of(turn.text) is not None:
        return False
    if turn.intent in _DEEDS and turn.confidence >= _SURELY_HEARD:
        return False
    before, after = turn.memory, found.memory
    moved = (before.state, before.municipality, before.for_other) != (after.state, after.municipality, after.for_other)
    deed = found.effects or (found.context is not None and found.outcome != "life_event")
    return not (moved or deed or found.outcome == "emergency")


def _too_long(turn: Turn) -> bool:
    """Say whether a message is longer than any that the judges learned from: a flood is not weighed again and again."""
    return len(turn.text) > _LONGEST


_LONGEST = 400
"""Characters."""


def _all_seen(turn: Turn, found: Answer) -> bool:
    """Say whether an answer shows what was shown before, and nothing new."""
    seen = {past.memory.last_procedure for past in turn.before}
    return {reply.procedure.id for reply in found.replies if isinstance(reply, ShowProcedure)} <= seen


def _needed(turn: Turn, know: Knowledge, found: Answer) -> float:
    """Return how sure it must be that the card is meant: surer where a talk was heard or a question waits."""
    talked = found.outcome in ("handoff", "smalltalk", "menu", "privacy") or turn.intent == "compare"
    placed = know.place_in(turn.text) is not None
    return _SURELY_ABOUT if talked or placed or turn.memory.pending is not None else _ABOUT


def _to_get(turn: Turn, know: Knowledge, found: Answer) -> bool:
    """Say whether a message asks how to get what another card is called by, though the card in view asks for it too."""
    other = know.catalogue.procedures.get(found.procedure or "")
    return other is not None and fully_named(know, other, turn.text) and bool(_GETS.search(normalise(turn.text)))


def _is_wrong(turn: Turn, found: Answer, facts: Ranking, likely: float) -> bool:
    """Say whether a message tells that a paper is missing or wrong, and another card was found that helps with it."""
    needed = facts.facts[0].fact.needed is not None and found.outcome == "answer"
    return needed and likely < _CERTAINLY_ABOUT and bool(_WRONG.search(normalise(turn.text)))


_WRONG = re.compile(r"(?<!\w)(?:mal|errores?|equivoc\w+|venci\w*|caduc\w+|perd\w+|rob\w+|no tengo|no tiene|sin)(?!\w)")
_GETS = re.compile(
    r"(?<!\w)(?:sac|tramit|repo[nu]|repus|consig|conseg|obt|ha[gc]|renov|renuev|cuest|cuant|get|copy)\w*"
)


def _put_right(turn: Turn, know: Knowledge, found: Answer, card: Procedure) -> Answer:
    """Return an answer of the card in view with the facts that the message asks for, if it does not show them."""
    shown = [reply for reply in found.replies if isinstance(reply, ShowProcedure)]
    others = [reply for reply in found.replies if not isinstance(reply, (ShowProcedure, Say))]
    if len(shown) > 1 or others or know.place_in(turn.text) is not None:
        return found
    mine = narrow(card, {**turn.case, **found.memory.case}, state_of(turn, card))
    facts = ranked(know, mine, turn.text, turn.ranking)
    if not facts.facts or facts.untold >= _UNTOLD:
        return _untold(turn, found, card, shown)
    chosen = _chosen(facts)
    told = bool(shown) and says(shown[0], chosen[0])
    changed = turn.memory.case != found.memory.case
    if changed and facts.facts[0].chance < _CLEARLY and shown and _OVERALL.isdisjoint(shown[0].aspects):
        return cards.show(turn.remember(pending=None, case=found.memory.case), know, card, ("overview",))
    if told and not (_again(turn, shown[0]) and not _asks_for_list(facts)):
        return _beside(turn, found, mine, shown[0], _likely(facts, chosen)) if not changed else found
    if _asks_for_list(facts):
        return (
            found
            if shown and {"overview", "requirements"} & set(shown[0].aspects)
            else cards.show(turn.remember(pending=None), know, card, ("overview",))
        )
    if changed:
        return _beside(turn, found, mine, shown[0], chosen) if shown and facts.facts[0].chance >= _TOLD_TOO else found
    surely = sum(each.chance for each in facts.facts if each.fact in chosen)
    if surely < _CLEARLY:
        return found
    if shown and _named(turn) & set(shown[0].aspects):
        return _beside(turn, found, mine, shown[0], _likely(facts, chosen))
    said = [reply for reply in found.replies if isinstance(reply, Say) and reply.phrase in _BEFORE]
    return shown_facts(turn.remember(pending=None), know, mine, chosen).preceded_by(*said)


_OVERALL = frozenset({"overview", "requirements", "cost"})
"""Parts that differ from case to case ("¿y si la perdí?")."""
_BEFORE = ("safety_first", "card_is_for_place", "online_yes")


def _untold(turn: Turn, found: Answer, card: Procedure, shown: Sequence[ShowProcedure]) -> Answer:
    """Return an answer to what the card does not tell: that it does not, unless a part was asked for by name."""
    if not shown or asked(turn.text) or turn.memory.case != found.memory.case or turn.memory.pending is not None:
        return found
    return not_on_card(turn.remember(pending=None), card)


def _named(turn: Turn) -> set[Aspect]:
    """Return the parts that a message asks for by name, or was surely heard to."""
    heard = BY_INTENT.get(turn.intent)
    return {*asked(turn.text), *((heard,) if heard and turn.confidence >= _SURELY_HEARD else ())}


def _again(turn: Turn, shown: ShowProcedure) -> bool:
    """Say whether the overview is shown again to who has read it."""
    return "overview" in shown.aspects and "overview" in turn.memory.last_aspects


def _beside(turn: Turn, found: Answer, card: Procedure, shown: ShowProcedure, chosen: Sequence[Fact]) -> Answer:
    """Return an answer with facts told beside what it shows."""
    new = [fact for fact in chosen if not says(shown, fact) and fact.kind != "summary"]
    if not new:
        return found
    cut, aspects = cut_down(card, new)
    whole = "overview" in shown.aspects or "requirements" in shown.aspects
    notes = tuple(dict.fromkeys((*(shown.procedure.notes if "notes" in shown.aspects else ()), *cut.notes)))
    needed = shown.procedure.requirements if whole else cut.requirements
    both = replace(shown.procedure, notes=notes, requirements=needed)
    now = replace(shown, procedure=both, aspects=tuple(dict.fromkeys((*shown.aspects, *aspects))))
    return replace(found, replies=tuple(now if reply is shown else reply for reply in found.replies))


def _likely(found: Ranking, chosen: Sequence[Fact]) -> list[Fact]:
    """Return those facts that are likely by themselves: what is told beside an answer is not to be a guess."""
    return [each.fact for each in found.facts if each.fact in chosen and each.chance >= _BESIDE]


def _chosen(found: Ranking) -> list[Fact]:
    """Return the facts to tell: the likeliest, and the next ones where it may well not be that one."""
    chosen: list[Fact] = []
    total = 0.0
    for each in found.facts:
        most = _MOST_NEEDED if each.fact.needed and all(fact.needed for fact in chosen) else _MOST
        if chosen and (total >= _ENOUGH * (1 - found.untold) or each.chance < _LEAST or len(chosen) >= most):
            break
        chosen.append(each.fact)
        total += each.chance
    return chosen


def _asks_for_list(found: Ranking) -> bool:
    """Say whether a message asks for all that is to be brought, and not for one thing."""
    needed = [each.chance for each in found.facts if each.fact.needed and each.chance >= _OF_A_LIST]
    return len(needed) >= _MANY and sum(needed) >= _A_LIST and max(needed) < _A_LIST
