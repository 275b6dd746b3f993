"""What happens in the middle of something else: a digression and the way back, silence, starting again."""

from __future__ import annotations

import re
from dataclasses import replace

from actions.dialogue import cards, cases
from actions.dialogue.aspects import asked
from actions.dialogue.both import and_then
from actions.dialogue.checklist import case_question
from actions.dialogue.events import menu, show_event
from actions.dialogue.fitting import better
from actions.dialogue.history import last
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import PLAIN_QUESTION, minors_card
from actions.dialogue.naming import roots
from actions.dialogue.turn import Answer, Memory, Pending, Turn, answer
from actions.dialogue.unknown import not_known
from actions.dialogue.urgent import URGENT_CARDS
from actions.dialogue.vague import led_nowhere
from bot.catalogue.text import normalise
from bot.core.replies import Ask, Handoff, Say, ShowProcedure, open_options
from bot.understanding.decision import ASKING
from bot.understanding.words import rest

_AGAIN_AFTER = ("answer", "smalltalk", "privacy")
"""Outcomes after which a question that still waits is asked again."""
_BACK_TO = re.compile(
    r"^(?:(?:mejor|ya|bueno|entonces|y|quiero|vamos a|ahora|ok|okey|oiga|ah|pues|este|si|va) )*"
    r"(?:volv\w+|regres\w+|retom\w+|sigamos|seguimos|seguir)"
    r" (?:a lo|con lo|al?|con|de|lo)(?: (?:de|del|el|la|lo|los|las))* (?P<what>.+)$"
)
_THAT_OF = re.compile(
    r"^(?:(?:ok|bueno|y|entonces|pero|ya|ah|oiga|mejor) )*lo (?:de|del)(?: (?:el|la|los|las|mi|mis))* (?P<what>.+)$"
)
_STEPS = re.compile(r"(?<!\w)(?:pasos|lista|opciones|principal)(?!\w)")
_HEARD = 0.6
_SENTENCE = 4
"""Words that say more than a yes or a no."""
_MOST_WORDS = 9
_ALL_WELL = re.compile(
    r"^(?:\w+ ){0,3}?(?:(?:ya|si) )?"
    r"(?:aparecio|regreso|llego|l[oa] encontr\w+|volvio|(?:esta|estamos|estoy) (?:bien|a salvo))(?!\w)|falsa alarma"
)
"""Said after a cry for help: it is over."""
_START_OVER = re.compile(
    r"^(?:(?:muchas|gracias|ok|bueno|oiga|pues|ya|quiero|quisiera|vamos a|hay que|mejor|otra vez|me gustaria|puedo"
    r"|podemos) )*(?:volver a )?"
    r"(?:empez\w+|comenz\w+|empecemos|reinici\w+|inici\w+|arranc\w+)"
    r"(?: (?:de nuevo|otra vez|(?:de|desde) cero|de vuelta|desde el (?:principio|inicio)|nuevamente|todo|por favor"
    r"|con otr[oa] (?:cosa|tramite|asunto|tema)))*$"
    r"|^(?:de|desde) (?:cero|el principio|el inicio)$|^borron y cuenta nueva$|^start (?:again|over)$"
)


def learned(turn: Turn, know: Knowledge) -> Turn:
    """Return the turn with what the person says of herself for good ("soy extranjera"): SQL keeps it."""
    stable = [each for id_ in sorted(cases.STABLE) if (each := know.catalogue.conditions.get(id_)) is not None]
    told = cases.lasting(turn.text, cases.told(turn.text, stable))
    if not told or turn.memory.for_other or told.items() <= turn.context.case.items():
        return turn
    return replace(turn, context=replace(turn.context, case={**turn.context.case, **told}))


def completed(turn: Turn, know: Knowledge, found: Answer) -> Answer:
    """Put the right fact of the card first, add what was put off, and come back to a question that was left."""
    found = better(turn, know, found)
    return went_back(turn, know, and_then(turn, know, _no_nearer(turn, know, found)))


_WHAT = ((Ask("what_else"),), (Ask("correct_what"),))
"""Answers that only ask what is wanted."""


def _no_nearer(turn: Turn, know: Knowledge, found: Answer) -> Answer:
    """Count a sentence that only led to "what do you need?" as not understood; the second time the menu follows.

    So does one that names nothing and led to a question about something ("lo del coso ese": in which state?).
    """
    pointless = found.memory.misunderstandings == 0 and led_nowhere(turn, know, found)
    counts = len(turn.text.split()) >= _SENTENCE or turn.memory.misunderstandings > 0
    asks_what = found.replies in _WHAT and counts and turn.intent != "pick"
    if not pointless and not asks_what:
        still = turn.memory.misunderstandings if found.replies[-1:] in _WHAT else found.memory.misunderstandings
        return replace(found, memory=replace(found.memory, misunderstandings=still))
    if turn.memory.misunderstandings or found.outcome == "ask_place":
        return not_known(turn.remember(pending=None), know)
    return replace(found, memory=replace(found.memory, misunderstandings=1))


def went_back(turn: Turn, know: Knowledge, found: Answer) -> Answer:
    """Ask again, once, what waited when the message was about something else."""
    pending = turn.memory.pending
    if turn.intent == "goodbye" and found.outcome == "smalltalk":
        return found
    if pending is None or pending.tries or found.memory.pending is not None or found.outcome not in _AGAIN_AFTER:
        return found
    if found.memory.misunderstandings or open_options(found.replies) or not _digression(turn, found):
        return found
    question = _question(turn, know, pending, found.memory)
    if question is None or question in found.replies:
        return found
    memory = replace(found.memory, pending=replace(pending, tries=pending.tries + 1))
    return replace(found, replies=(*found.replies, question), memory=memory)


def _digression(turn: Turn, found: Answer) -> bool:
    """Say whether a message only leaves the matter for a moment: it asks something, or is a courtesy."""
    return found.outcome != "answer" or bool(asked(turn.text)) or "?" in turn.text


def _question(turn: Turn, know: Knowledge, pending: Pending, now: Memory) -> Ask | None:
    if pending.kind == "case":
        card = know.catalogue.procedures.get(pending.candidates[0])
        condition = know.catalogue.conditions.get(pending.candidates[1])
        if card is None or condition is None:
            return None
        same = now.last_procedure is not None and cards.same_matter(know, now.last_procedure, card)
        if same and condition.id in {**turn.context.case, **now.case}:
            return None
        ask = case_question(condition)
        params = {"procedure": card.short, **ask.params}
        return ask if same else replace(ask, phrase="case_question_again", params=params)
    if pending.kind in ("place", "cost_place") and now.state == turn.memory.state:
        previous = last(turn.before)
        return next((r for r in reversed(previous.replies) if isinstance(r, Ask)), None) if previous else None
    return None


def simpler(turn: Turn, know: Knowledge) -> Answer:
    """Say the last answer with the fewest words and offer a person; of a question, say how it is answered."""
    previous = last(turn.before)
    asks = [reply for reply in previous.replies if isinstance(reply, Ask)] if previous else []
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    shown = previous is not None and any(isinstance(reply, ShowProcedure) for reply in previous.replies)
    of_question = bool(asks) and turn.memory.pending is not None and "pregunta" in normalise(turn.text)
    if card is not None and shown and turn.memory.last_aspects != ("simple",) and not of_question:
        found = cards.show(replace(turn.remember(pending=None), text=""), know, card, ("simple",))
        return answer(
            replace(turn, memory=found.memory),
            "answer",
            Say("simpler"),
            *found.replies,
            Ask("simpler_person", (cards.HUMAN,)),
            procedure=card.id,
        )
    if asks and turn.memory.pending is not None:
        how = "simpler_options" if asks[-1].options else "simpler_how"
        return answer(turn, "clarify", Say(how), asks[-1], pending=turn.memory.pending)
    if previous is not None and card is not None:
        return answer(turn, "handoff", Handoff("not_understood"))
    return answer(turn, "menu", Say("what_this_is"), menu(know))


def back_to(turn: Turn, know: Knowledge) -> Answer | None:
    """Return to what was talked about before, by its name ("volviendo al pasaporte, ¿dónde se saca?")."""
    found = _BACK_TO.match(normalise(turn.text)) or _THAT_OF.match(normalise(turn.text))
    if found is None:
        return None
    if _STEPS.search(found["what"]) and turn.memory.last_life_event in know.catalogue.life_events:
        return show_event(turn.remember(pending=None), know, str(turn.memory.last_life_event))
    before = _shown_before(turn, know, roots(found["what"]))
    if before is not None:
        card = know.catalogue.procedures[before.last_procedure or ""]
        here = turn.remember(last_procedure=card.id, case=before.case, asked=before.asked, for_other=before.for_other)
        here = here.remember(pending=None)
        return cards.show(replace(here, text=""), know, card, asked(turn.text) or before.last_aspects)
    return None


def _shown_before(turn: Turn, know: Knowledge, named: set[str]) -> Memory | None:
    """Return the memory of the last card before the one in view that shares most words with what is returned to."""
    view = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    named = named - (roots(f"{view.name} {view.short}") if view else set())
    best: tuple[int, Memory] | None = None
    for past in reversed(turn.before):
        card = know.catalogue.procedures.get(past.memory.last_procedure or "")
        if card is None or (view is not None and card.id == view.id):
            continue
        shared = len(named & roots(" ".join((card.name, card.short, *card.aliases))))
        if shared > (best[0] if best else 0):
            best = shared, past.memory
    return best[1] if best else None


_ANGER = re.compile(
    r"(?<!\w)(?:hart[oa]s?|enojad\w+|no sirven? (?:para|pa) nada|porqueria|inutil\w*|groser\w+|pesim\w+|que coraje"
    r"|ya me canse|me tienen? (?:dando vueltas|hasta)|se burlan|burla|asco|mal(?:a|isima)? atencion|mal servicio"
    r"|nadie (?:me )?(?:ayuda|atiende|contesta|resuelve)|pura[s]? (?:vuelta|mentira)s?|ineptos?|incompetent\w+"
    r"|no me (?:ayudan?|resuelven?) (?:en )?nada)(?!\w)"
)
_COMPLAINS = 0.5


def is_angry(turn: Turn) -> bool:
    """Say whether a complaint was heard, in words of anger: a person is brought, whatever else is open."""
    heard = turn.intent == "complaint" and turn.confidence >= _COMPLAINS
    return heard and bool(_ANGER.search(normalise(turn.text))) and not asked(turn.text)


_BEGIN_WITH = re.compile(
    r"^(?:(?:ok|okey|bueno|pues|va|sale|si|entonces|mejor|quiero|vamos a|hay que) )*"
    r"(?:empe[cz]\w+|comen[cz]\w+|inici\w+|arran\w+|vamos|primero|ahora)(?: \w+)? "
    r"(?:con|por|a lo|lo)(?: (?:de|del|el|la|lo|los|las|mi))* "
    r"(?P<what>.+)$"
)
"""Chooses what comes first ("empecemos por la INE")."""


def begun_with(turn: Turn) -> Turn | None:
    """Return the turn with only the thing that is to come first, as a question for it; None of any other message."""
    found = _BEGIN_WITH.match(normalise(turn.text))
    if found is None or not rest(found["what"]):
        return None
    turn = turn.remember(last_procedure=None, last_aspects=(), pending=None)
    return replace(turn, text=found["what"], intent=ASKING, confidence=_HEARD, ranking=PLAIN_QUESTION)


def said(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer what short words say whatever else is open: not understood; somebody else's matter."""
    if turn.memory.last_procedure in URGENT_CARDS and _ALL_WELL.search(normalise(turn.text)):
        return answer(turn.remember(last_procedure=None), "smalltalk", Say("all_well"))
    if turn.confidence < _HEARD or len(turn.text.split()) > _MOST_WORDS or asked(turn.text):
        return None
    if cases.told(turn.text, know.catalogue.conditions.values()) or cases.own_again(turn.text):
        return None
    if turn.intent == "simpler":
        return simpler(turn, know)
    if minors_card(turn, know) is not None:
        return None
    if (
        turn.intent == "other_person"
        and not normalise(turn.text).startswith("no ")
        and not cases.leftover(turn.text, know.catalogue.conditions.values())
    ):
        return cards.for_other(turn, know)
    return None


def silence(turn: Turn, know: Knowledge) -> Answer:
    """Answer nothing at all: what waits is asked again, else how to go on is said."""
    previous = last(turn.before)
    again = [reply for reply in previous.replies if isinstance(reply, Ask)][-1:] if previous else []
    if again and turn.memory.pending is not None:
        return answer(turn, "clarify", Say("nothing_heard"), *again, pending=turn.memory.pending)
    return answer(turn, "smalltalk", Say("nothing_heard"), Ask("what_else"))


def starts_over(turn: Turn) -> bool:
    """Say whether a message asks to begin from the beginning."""
    return bool(_START_OVER.match(normalise(turn.text)))


def start_over(turn: Turn, know: Knowledge) -> Answer:
    """Forget the matter, not the person: her place, and what SQL keeps, stay."""
    fresh = Memory(state=turn.memory.state, municipality=turn.memory.municipality)
    return answer(replace(turn, memory=fresh), "menu", Say("started_over"), menu(know))
