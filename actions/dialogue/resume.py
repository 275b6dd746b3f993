"""What waits for an answer, answered in free words: a place, the words of an option, the procedure's name."""

from __future__ import annotations

import re
from dataclasses import replace

from actions.dialogue import cards, cases, choice, options
from actions.dialogue.aspects import BY_INTENT, asked, aspects_of
from actions.dialogue.clauses import clauses
from actions.dialogue.geography import which_place
from actions.dialogue.history import last
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import (
    PLAIN_QUESTION,
    called,
    goes_on,
    is_follow_up,
    likeliest,
    look_up,
    sought,
    words_of,
)
from actions.dialogue.naming import names, roots
from actions.dialogue.turn import Answer, Pending, Turn, answer, moved_to
from bot.catalogue.text import keywords, normalise, stem
from bot.core.replies import open_options
from bot.understanding.danger import kind_of
from bot.understanding.words import rest


def resume(turn: Turn, know: Knowledge) -> Answer | None:
    """Complete what was asked, or None when the message is about something else."""
    pending = turn.memory.pending
    if pending is None or pending.kind == "step":
        return None
    if pending.kind in ("place", "cost_place", "confirm_place"):
        return _place(turn, know)
    if pending.kind == "case":
        return _case(turn, know, pending)
    if pending.kind == "clarify":
        chosen = _said_option(turn, know, pending.candidates)
        if chosen is None and (told := _told_option(turn, know, pending)) is not None:
            wanted = asked(turn.text) and aspects_of(turn.text, turn.intent, turn.confidence)
            both = replace(pending, text=f"{pending.text}. {turn.text}", aspects=wanted or pending.aspects)
            return choice.pick(turn.remember(pending=both), know, told)
        if chosen:
            return choice.pick(turn, know, chosen)
        here = _place_first(turn, know)
        if here is None and _only_tells(turn, pending):
            return likeliest(turn, know, pending, pending.aspects)
        return here
    if rest(normalise(turn.text)) and turn.intent not in _STEERING:
        wanted = aspects_of(turn.text, turn.intent, turn.confidence) or pending.aspects
        return look_up(turn, know, wanted)
    return None


_STEERING = frozenset(
    {
        "affirm",
        "deny",
        "go_back",
        "repeat",
        "more",
        "slower",
        "menu",
        "human",
        "change_language",
        "thanks",
        "greet",
        "goodbye",
        "complaint",
        "data_use",
        "delete_data",
        "stop",
        "emergency",
    }
)


_NOT_KNOWN_TO_HER = re.compile(
    r"^(?:pues |la verdad |eso |ese dato |yo )*(?:no (?:lo |la |le |me )?(?:se|sabria|recuerdo|acuerdo|aplica|importa"
    r"|tengo idea|estoy segur[oa])(?: .{0,25})?|ni idea|omit\w+|salt\w+|pas[oa]|siguiente|cualquier[ao]|da igual"
    r"|lo que sea|ningun[oa](?: de .*)?|todos|sepa|quien sabe|no sabemos)$"
)
_SHORT_CLAUSE = 2
_ASIDE_WORDS = 2
"""Words that may be left of what was told without being asked ("lo *van* a cremar")."""
_ASKS = 0.9
"""From this confidence on a message asks something of its own, rather than answers ("¿se puede por internet?")."""
_YES = re.compile(
    r"^(?:si+|claro|simon|aja|asi es|correcto|por supuesto|afirmativo|yes|sip|efectivamente|es correcto)(?: .{0,20})?$"
)
_NO = re.compile(
    r"^(?:no+|nel|nop|negativo|para nada|todavia no|aun no|nunca|ninguno)"
    r"(?: (?:senor\w*|gracias|fijese|nada|ninguno|tampoco))?$"
)


_FIRST_WORD = re.compile(r"^(?P<yes>si+|simon|claro|aja|yes|yeah|yep)(?!\w)|^(?P<no>no+|nel|nop|nope)(?!\w)")
"""A yes or no that something more is said after ("no, de un infarto")."""


def _case(turn: Turn, know: Knowledge, pending: Pending) -> Answer | None:
    """Take the answer to a question about the case, and whatever else of the case came with it."""
    card = know.catalogue.procedures.get(pending.candidates[0])
    condition = know.catalogue.conditions.get(pending.candidates[1])
    if card is None or condition is None:
        return None
    said = normalise(turn.text)
    if turn.intent in ("goodbye", "thanks") and turn.confidence >= _ASKS and len(said.split()) > 1:
        return None  # "no, gracias, eso es todo"
    if _NOT_KNOWN_TO_HER.match(said):
        return choice.case_told(turn, know, card, {})
    asks = turn.intent in BY_INTENT and turn.intent != "ask_requirements" and turn.confidence >= _ASKS
    if asked(turn.text) or asks or "?" in turn.text:
        return None
    values = {value.id for value in condition.values}
    told = cases.told(turn.text, cards.card_conditions(know, card))
    if values == {"yes", "no"} and (_YES.match(said) or _NO.match(said)):
        told.setdefault(condition.id, "yes" if _YES.match(said) else "no")
    elif condition.id not in told and (value := cases.answered(turn.text, condition)):
        told[condition.id] = value
    elif condition.id not in told and values == {"yes", "no"} and (first := _first_clause(turn.text)):
        told[condition.id] = first
    if condition.id in told:
        return choice.case_told(turn, know, card, told)
    left = cases.leftover(know.without_place(turn.text), cards.card_conditions(know, card))
    if told and len(names(" ".join(left))) <= _ASIDE_WORDS:
        # something else of the case was told: it is taken, and the question still waits
        unasked = tuple(each for each in turn.memory.asked if each != condition.id)
        here = turn.remember(asked=unasked, case={**turn.memory.case, **told}, pending=None)
        return cards.show(here, know, card, pending.aspects)
    return None


def _first_clause(text: str) -> str | None:
    """Return the yes or no that a comma sets off in front of what else is said."""
    clause = re.split(r"[,.;:!]+", text.strip())[0]
    found = _FIRST_WORD.match(normalise(clause))
    if found is None or len(clause.split()) > _SHORT_CLAUSE:
        return None
    return "yes" if found["yes"] else "no"


def plainly_answered(turn: Turn, know: Knowledge) -> Answer | None:
    """Take the answer to a question about somebody who died ("no, de un infarto"): it tells what was, not what is.

    One that only takes up the question's own words ("fue en el mar, un accidente") leaves it open, and alarms nobody.
    """
    pending, card = turn.memory.pending, know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if pending is None or pending.kind != "case" or card is None or "fallecimiento" not in card.life_events:
        return None
    if _FIRST_WORD.match(normalise(turn.text)):
        return _case(turn, know, pending)
    condition = know.catalogue.conditions.get(pending.candidates[1])
    own = condition is not None and bool(roots(turn.text) & roots(condition.question))
    if not own or kind_of(turn.text) not in (None, "danger"):
        return None
    return _case(turn, know, pending) or choice.case_told(turn, know, card, {})


def _place(turn: Turn, know: Knowledge) -> Answer | None:
    pending = turn.memory.pending
    assert pending is not None
    near = frozenset(
        card.jurisdiction.state
        for id_ in pending.candidates
        if (card := know.catalogue.procedures.get(id_)) is not None and card.jurisdiction.state
    )
    place = know.place_answered(turn.text, near)
    if place is None or not (
        is_follow_up(turn, know) or know.place_in(turn.text) is None or turn.intent == "inform_place"
    ):
        return None
    if know.place_in(turn.text) is None and (turn.intent in _STEERING and turn.confidence >= 0.5):
        return None
    if goes_on(turn) and choice.shown_since(turn, know, pending):
        return None  # "¿y la de Jalisco?" is of what was shown since
    if pending.kind == "confirm_place":
        turn = turn.remember(pending=pending.then)
    rivals = know.places_meant(turn.text, near)
    return which_place(turn, rivals) if len(rivals) > 1 else choice.at_place(turn, know, place)


def _place_first(turn: Turn, know: Knowledge) -> Answer | None:
    """Take a bare place where an option was asked for: it is noted, and the options stay open."""
    place = know.place_in(turn.text) if is_follow_up(turn, know) else None
    previous = last(turn.before)
    if place is None or previous is None or not open_options(previous.replies):
        return None
    moved, context = moved_to(turn, place)
    pending = turn.memory.pending
    settled = likeliest(moved, know, pending, pending.aspects) if pending is not None and pending.text else None
    if settled is not None:
        return replace(settled, context=settled.context or context)
    asked = [reply for reply in previous.replies if open_options((reply,))][-1]
    return answer(moved, "clarify", asked, pending=pending, context=context)


def _said_option(turn: Turn, know: Knowledge, options: tuple[str, ...]) -> str | None:
    """Return the only option whose name holds every word that was said ("la de renovación")."""
    said = {stem(word) for word in keywords(normalise(turn.text))}
    if not said:
        return None
    fitting = [option for option in options if said <= _name_stems(option, know)]
    return fitting[0] if len(fitting) == 1 else None


_FEW = 12
"""Words of a message that only goes on with what was to be chosen from."""


def _steers(turn: Turn) -> bool:
    return turn.intent in _STEERING and turn.confidence >= _HEARD


def _only_tells(turn: Turn, pending: Pending) -> bool:
    told = not _steers(turn) and not asked(turn.text) and _names_nothing(turn)
    return told and not pending.tries and len(turn.text.split()) > 1


def _names_nothing(turn: Turn) -> bool:
    """Say whether a message only tells what happened to what was asked for ("es que me lo robaron")."""
    return not any(clause.named for clause in clauses(turn.text))


_HEARD = 0.5


_SURELY_ANOTHER = 0.6
"""From this score on a card that was not offered is what is asked for, whatever word it shares with an option."""


def _told_option(turn: Turn, know: Knowledge, pending: Pending) -> str | None:
    """Return the option that the words settle, by themselves or with the question that led there ("la perdí")."""
    if len(turn.text.split()) > _FEW or _steers(turn) or pending.tries:
        return None
    every = tuple(know.catalogue.conditions.values())
    case_only = bool(cases.told(turn.text, every)) and not cases.leftover(turn.text, every)
    said = words_of(turn, know)
    case_only = case_only or _names_nothing(turn)
    alone = () if case_only else sought(replace(turn, text=turn.text, ranking=PLAIN_QUESTION), know).hits[:1]
    offered = {id_.partition(":")[2] for id_ in pending.candidates}
    if not (said or case_only) or any(
        (said <= called(know, card) or hit.score >= _SURELY_ANOTHER) and not {card.id, card.family} & offered
        for hit in alone
        if (card := know.catalogue.procedures.get(hit.id))
    ):
        return None
    apart = options.told_apart(turn, know, pending.candidates)
    if apart is not None:
        return apart
    both = sought(replace(turn, text=f"{pending.text} {turn.text}", ranking=PLAIN_QUESTION), know)
    ranked = options.by_likelihood(know, pending.candidates, (*both.hits, *both.others))
    first = next((hit.id for hit in both.hits if hit.kind == "procedure"), None)
    if ranked and first is not None and first in {card.id for card in options.cards_of(know, ranked[0][0])}:
        ahead = len(ranked) < 2 or ranked[0][1] >= options.ALIKE * ranked[1][1]
        if both.outcome == "answer" or ahead:
            return ranked[0][0]
    return options.tells_case_of(turn, know, pending.candidates)


def _name_stems(option: str, know: Knowledge) -> set[str]:
    kind, _, id_ = option.partition(":")
    groups = {
        "procedure": know.catalogue.procedures,
        "menu": know.catalogue.life_events,
        "family": know.catalogue.families,
    }
    card = groups.get(kind, {}).get(id_)  # type: ignore[attr-defined]
    return {stem(word) for word in normalise(f"{card.name} {card.short}").split()} if card else set()
