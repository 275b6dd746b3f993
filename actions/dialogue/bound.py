"""What an open question makes of an answer in free words: "no, ninguno", "creo que sí", "mi hermana la mayor".

Who was asked answers first of all what was asked: yes and no, quantities, persons and not knowing are closed classes of
words, and with a question open they are its answer, before anything is searched.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from actions.dialogue import cards, cases, choice
from actions.dialogue.aspects import BY_INTENT, asked, without_question
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import fully_named, sought
from actions.dialogue.naming import names, root, roots
from actions.dialogue.turn import Answer, Turn
from bot.catalogue.text import normalise
from bot.core.procedures import Condition, Procedure
from bot.understanding.danger import kind_of
from bot.understanding.decision import Decision

Unknown = Literal["?"]
UNKNOWN: Unknown = "?"
"""She does not know: the list comes without it."""

_FILLER = (
    r"(?:pues|bueno|ah|ay|oh|eh|este|mire|mira|fijese|fijate|oiga|oye|la|verdad|mera|neta|en realidad|de hecho"
    r"|hijole|uy|mmm|senorita|senor|senora|joven|eso|ese dato|el dato|es que|y|pos|well|actually)"
)
_LEAD = re.compile(rf"^(?:{_FILLER} )+")
_COURTESY = r"(?: (?:senor\w*|joven|gracias|por favor|fijese|verdad|la verdad|oiga|creo|pues))*"
_YES = r"si+|simon|claro|aja|sip|efectivamente|afirmativo|correcto|exacto|asi es|por supuesto|obvio|andale|yes|yeah|yep"
_NO = r"no+|nel|nop|nope|negativo|para nada|nunca|jamas|tampoco|todavia no|aun no|ya no|claro que no"
_NOBODY = r"ningun[oa]?|nadie|ni (?:un[oa]|el|ella|yo)|nada"
_NONE = re.compile(rf"^(?:no )?(?:{_NOBODY})(?: de (?:l[oa]s dos|nosotr[oa]s|ell[oa]s))?(?!\w)")
_HEDGED = re.compile(
    r"(?<!\w)(?:creo|parece|digo|dice|dijo|dicen|supongo|imagino|pienso|segun (?:yo|el|ella|\w+)|sepa|se|seguro"
    rf"|probable(?:mente)?|casi|lo mejor) (?:que )?(?P<said>si|no){_COURTESY}$|^(?P<first>no) creo{_COURTESY}$"
)
"""Says yes or no as far as she knows ("creo que sí")."""
_STARTS = re.compile(rf"^(?:(?P<no>{_NO}|{_NOBODY})|(?P<yes>{_YES}))(?!\w)(?P<rest>.*)$")
_NO_THEN = re.compile(
    r"^(?P<no>\W*no+)\s+(?=(?:(?:l[oa]s\s+dos|amb[oa]s|tod[oa]s|nosotr[oa]s|ell[oa]s)\s+\w+(?:mos|n)|(?:yo|ella|[eé]l|mi\s+\w+)\s+"
    r"(?:soy|es|era|fue|tambi[eé]n|s[ií]|naci\w*|est[aá]\w*))\b)",
    re.IGNORECASE,
)
"""A "no" that answers, before a sentence that says how it is instead ("no los dos somos de aquí")."""
_ONLY_IF = re.compile(
    r"^si (?:no|fuera|hubiera|voy|quiero|quisiera|mejor|pago|saco|tuviera|se puede|puedo|me|le|nos|es que)(?!\w)"
)
"""A condition rather than a yes ("si mejor voy en enero")."""
_NOT_KNOWN = re.compile(
    r"^(?:yo )?(?:no (?:lo |la |le |me |te )*(?:se|tengo(?= *$)|sabria|sabemos|sabe|recuerdo|acuerdo|importa"
    r"|aplica|tengo idea"
    r"|tengo (?:ese|el) dato|estoy (?:muy )?segur[oa])|ni (?:idea|se|yo se)|quien sabe|sepa(?: la bola)?|a saber"
    r"|da igual|cualquier[ao]|lo que sea|i don t know|not sure|no idea)"
    r"(?: (?:la verdad|si|bien|todavia|aun|que|cual|cuando|cuanto|donde|eso|ese|esa|decir\w*|decirle|exact\w*|ahorita"
    r"|senor\w*|joven|oiga|pues|fijese)(?: .*)?)?$"
)
_BOTH = re.compile(r"(?<!\w)(?:l[oa]s dos|ambos|ambas|entre los dos|todos|todas|cada uno)(?!\w)")
_ONE = re.compile(
    r"^(?:si )?(?:(?:nomas|nada mas|solo|solamente|unicamente|pero|es) )*"
    r"(?:un[oa](?: de (?:l[oa]s dos|nosotr[oa]s|ell[oa]s))?"
    r"|yo|el|ella|mi \w+|el (?:papa|novio)|la (?:mama|novia))(?: (?:si|nomas|nada mas|sol[oa]))*$"
)
_ONLY_THAT = re.compile(r"^(?:si )?(?:nomas|nada mas|nadamas|solo|solamente|unicamente|puro|pura|puros|puras) \w+")
"""Only something that was not asked about ("nada más vendo ropa")."""
_SELF = re.compile(
    r"^(?:(?:si|no|soy|voy|va a ir|nomas|nada mas|solo|solamente|para|a|por|es) )*(?:yo|mi)(?: mism[oa])?"
    r"(?: (?:voy|ire|sol[oa]|solit[oa]|merit[oa]|l[oa] hago|l[oa] saco|l[oa] tramito|personalmente))*$"
)
_EXISTS = re.compile(r"^(?:algun[oa]|hay|habra)(?!\w)| o (?:el|la) (?:papa|mama|padre|madre)(?!\w)")
"""A question that one of several is enough for."""
_RELATIVE = (
    r"(?:hij[oa]s?|hermanit[oa]|herman[oa]s?|espos[oa]|marido|mujer|pareja|novi[oa]|mama|mami|papa|papi|abuel[oa]"
    r"|abuelit[oa]|ti[oa]|prim[oa]|sobrin[oa]|cunad[oa]|suegr[oa]|yerno|nuera|niet[oa]|vecin[oa]|amig[oa]|comadre"
    r"|compadre|madrina|padrino|maestr[oa]|abogad[oa]|gestor|conocid[oa]|familiar|companer[oa])"
)
_PERSON = re.compile(
    r"^(?:(?:si|no|con|a|para|por|de|es|va|va ir|ira|va a ir|seria|sera|lo hace|la hace|manda\w*|mejor) )*"
    rf"(?:mi|mis|su|sus|un|una|el|la|otr[oa]) {_RELATIVE}(?: \w+)?"
    r"(?: (?:mayor|menor|grande|chic[oa]|el|ella|va|ira|lo hace|por mi|(?:el|la) (?:de|del|que) (?:\w+ ?){1,4}))*$"
)
"""Nothing but somebody ("mi hermana la mayor")."""
_WITH_ME = re.compile(
    r"(?<!\w)(?:conmigo|con nosotr[oa]s|l[oa] llevo yo|yo l[oa] llevo"
    rf"|soy (?:su|el|la) (?!mama|papa|madre|padre|tutor|duen)(?={_RELATIVE}|representante|apoderad))"
)
_OTHER_PERSON = re.compile(r"(?<!\w)otra persona(?!\w)")
_COPULAS = frozenset(
    """
    es era eran son somos soy fue fueron esta estaba estan estamos tiene tienen tenemos tengo tenia tuvo hay habia ha
    han hemos he sido va van vamos viene vienen quiere asi ese esa eso el ella ellos nosotros nadie ninguno ninguna
    alguno todavia aun ya nunca tampoco creo nada antes ahora
    """.split()  # noqa: SIM905
)
_ABROAD = frozenset(map(root, ("extranjera", "extranjero")))
_FROM_ABROAD = re.compile(
    r"(?<!\w)(?:es|son|soy|nacio|naci|nacieron|viene|vienen|vino|llego) (?:de|en|del) "
    r"(?!aqui|mexico|aca|este|la casa)\w+"
)
_FROM = re.compile(
    r"(?<!\w)(?:es|son|soy|somos|naci\w*|vien\w+|vengo|venimos|dos|ambos|ella|el|yo|no|si|novi[oa]|espos[oa]|pareja"
    r"|papa|mama) (?:tambien )?(?:de|del|en) "
)
_FROM_HERE = re.compile(r"(?<!\w)(?:de|en|somos|aqui en) (?:aqui|mexico|aca|este pais)(?!\w)|(?<!\w)aqui$")
"""Comes from somewhere: with no place of Mexico named, from another country."""
_ONLY = re.compile(r"(?<!\w)(?:nomas|nada mas|nadamas|unicamente|solamente)(?!\w)")
_OTHER_STATE = re.compile(r"(?<!\w)(?:otro|mismo) estado(?!\w)")
_OF_AGE = 18
"""Who writes for herself is of age."""
_MOST_WORDS = 18
"""A longer message tells a story of its own."""
_SHORT = 7
_SURE = 0.85
_HEARD = 0.6
_LIKELY = 0.5
_PUTS_RIGHT = re.compile(
    r"(?<!\w)(?:quise decir|quiero decir|queria decir|me referia|me refiero|me equivoque|me confundi|corrijo|perdon\w*"
    r"|disculp\w+|mejor dicho|mas bien|sino|i meant|sorry)(?!\w)"
)
"""Corrects what was said before rather than answers."""
_FOR_SOMEBODY = re.compile(r"^no (?:\w+ ){0,2}?(?:para|pa) (?:mis?|un|una|otr[oa]|el|la) \w+")
"""Says for whom it is instead ("no, es para mi hijo")."""
_THEN_ASKS = re.compile(
    r"^(?P<first>[^,.;:!?¿]+?)"
    r"(?:[,.;:!]+\s*(?=\S)|\s+(?=¿)|\s+(?=(?:y|pero|oiga) (?:\w+ )?(?:cu[aá]nt|d[oó]nde|qu[eé] )))"
    r"(?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_ALREADY_TALK = frozenset(
    {"human", "menu", "repeat", "slower", "simpler", "go_back", "call_me", "send_copy", "remind", "cancel_reminders"}
    | {"plan", "data_use", "delete_data", "stop", "change_language", "complaint", "thanks", "goodbye", "step_done"}
)


def answered(turn: Turn, know: Knowledge) -> Answer | None:
    """Take a message as the answer to the condition that was asked; None when it is about something else."""
    pending = turn.memory.pending
    if pending is None or pending.kind != "case" or not _may_answer(turn):
        return None
    card = know.catalogue.procedures.get(pending.candidates[0])
    condition = know.catalogue.conditions.get(pending.candidates[1])
    if card is None or condition is None:
        return None
    value = value_told(turn.text, condition) or _by_place(turn, know, condition)
    said = normalise(turn.text)
    if value is None or _FOR_SOMEBODY.search(said):
        return None
    if not _ONLY_THAT.match(said) and _begins_another(turn, know, card):
        return None
    if value == UNKNOWN:
        return choice.case_told(turn, know, card, {})
    told = cases.told(turn.text, cards.card_conditions(know, card))
    return choice.case_told(turn, know, card, {**told, condition.id: value})


def without_answer(turn: Turn, know: Knowledge) -> Turn:
    """Return the turn with what its first words answer noted, where a question follows ("no, ¿y cuánto cuesta?")."""
    pending = turn.memory.pending
    condition = know.catalogue.conditions.get(pending.candidates[1]) if pending and pending.kind == "case" else None
    found = _THEN_ASKS.match(turn.text.strip())
    if condition is None or found is None or not asked(found["rest"]) or asked(found["first"]):
        return turn
    value = value_told(found["first"], condition) if len(found["first"].split()) <= _SHORT else None
    if value is None or value == UNKNOWN:
        return turn
    return replace(turn, text=found["rest"]).remember(case={**turn.memory.case, condition.id: value}, pending=None)


def unclear(turn: Turn, know: Knowledge, decision: Decision, *, alarmed: bool = False) -> bool:
    """Say whether a few words with a question open are more likely its answer, not understood, than a new matter.

    ``alarmed``: danger was heard, and no word of it said.
    """
    pending = turn.memory.pending
    if pending is None or pending.kind != "case" or not _may_answer(turn) or len(turn.text.split()) > _SHORT:
        return False
    card = know.catalogue.procedures.get(pending.candidates[0])
    talks = decision.kind == "talk" and turn.confidence >= _LIKELY
    afraid = decision.kind == "emergency" and not (alarmed and decision.chances.get("emergency", 0.0) < _SURE)
    if card is None or talks or afraid or kind_of(turn.text) is not None:
        return False
    if (turn.intent in BY_INTENT and turn.confidence >= _HEARD) or any(map(str.isdigit, turn.text)):
        return False
    hits = decision.verdict.hits
    return not (hits and hits[0].score >= _SURE) and not _begins_another(turn, know, card)


def value_told(text: str, condition: Condition) -> str | None:
    """Return the answer's id that a text gives to a condition's own question, :data:`UNKNOWN`, or None."""
    text = _NO_THEN.sub(r"\g<no>, ", text)
    age = cases.bare_age(text)
    if age is not None and (aged := cases.by_age(condition, age)) is not None:
        return aged
    none = _NONE.match(_LEAD.sub("", normalise(text)))
    if none:  # "ninguno de los dos" has the words of "los dos"
        return "no" if {each.id for each in condition.values} == {"yes", "no"} else cases.answered(none[0], condition)
    value = cases.told(text, (condition,)).get(condition.id)
    value = value or cases.told(_ONLY.sub("solo", normalise(text)), (condition,)).get(condition.id)
    if value:
        return value
    said = _LEAD.sub("", normalise(text)).strip() or normalise(text)
    first = _LEAD.sub("", normalise(re.split(r"[,.;:!]+", text.strip(" ,.;:!¡"))[0]))
    hedged = _HEDGED.search(said) or _HEDGED.search(first)
    values = {each.id for each in condition.values}
    if hedged and values == {"yes", "no"}:
        return "yes" if "si" in (hedged["said"], hedged["first"]) else "no"
    if _NOT_KNOWN.match(said):
        return UNKNOWN
    if values == {"yes", "no"}:
        return _yes_or_no(text, said, condition)
    return _person(said, condition) or cases.answered(text, condition)


def _may_answer(turn: Turn) -> bool:
    """Say whether a message is none that asks, corrects, or wants something of the assistant."""
    said = normalise(turn.text)
    asks = turn.intent in BY_INTENT and turn.intent != "ask_requirements" and turn.confidence >= _SURE
    if not said or len(said.split()) > _MOST_WORDS or "?" in turn.text or "¿" in turn.text or asked(turn.text):
        return False
    if asks and not _STARTS.match(_LEAD.sub("", said)):
        return False
    if turn.intent in _ALREADY_TALK and turn.confidence >= _SURE:
        return False
    return not _PUTS_RIGHT.search(said)


def _begins_another(turn: Turn, know: Knowledge, card: Procedure) -> bool:
    """Say whether a message names another card in full, and surely ("no, mejor el pasaporte")."""
    if not names(without_question(know.without_place(turn.text))):
        return False
    verdict = sought(turn, know)
    first = next((hit for hit in verdict.hits if hit.kind == "procedure"), None)
    if first is None or cards.same_matter(know, first.id, card):
        return False
    other = know.catalogue.procedures[first.id]
    return fully_named(know, other, turn.text) and not fully_named(know, card, turn.text)


def _yes_or_no(text: str, said: str, condition: Condition) -> str | None:
    """Return the yes or no of an answer, by its first word, by how many it speaks of, or by whom."""
    question = normalise(condition.question)
    both = _BOTH.search(said)
    started = None if _ONLY_IF.match(said) and not text.strip().lower().startswith("sí") else _STARTS.match(said)
    if started and started["yes"]:
        return "yes"
    if started:
        return "no" if _denies(text, started["rest"], condition) else None
    if both:
        left = _BOTH.sub(" ", said)
        return _by_words(left, condition, "yes")
    if _ONE.match(said):
        return "yes" if _EXISTS.search(question) else "no"
    if _ONLY_THAT.match(said) and not roots(said) & roots(condition.question):
        return "no"
    return _by_words(said, condition, None)


def _denies(text: str, rest: str, condition: Condition) -> bool:
    """Say whether a "no" answers the question: alone, set off, or denying the question's own words."""
    first = re.split(r"[,.;:!]+", text.strip())[0]
    if not rest.strip() or (len(normalise(first).split()) < len(normalise(text).split()) and _is_only_no(first)):
        return True
    own = roots(condition.question) | {word for value in condition.values for word in roots(value.if_text)}
    left = [word for word in names(normalise(first)) if word not in _COPULAS and word not in ("no", "nel", "nop")]
    return all(root(word) in own for word in left)


def _is_only_no(clause: str) -> bool:
    return bool(
        re.fullmatch(
            rf"(?:{_FILLER} )*(?:{_NO}|{_NOBODY})(?: de (?:l[oa]s dos|nosotr[oa]s|ell[oa]s))?"
            rf"{_COURTESY}",
            normalise(clause),
        )
    )


def _by_words(said: str, condition: Condition, otherwise: str | None) -> str | None:
    """Return the answer that the words are of: those of one answer's own wording, else of the question (yes)."""
    heard = {root(word) for word in names(said) if word not in _COPULAS}
    if not heard:
        return otherwise
    in_question = roots(condition.question)
    own = {value.id: roots(value.if_text) - in_question for value in condition.values}
    fitting = [id_ for id_, words in own.items() if heard & words]
    if len(fitting) == 1:
        return fitting[0]
    return "yes" if otherwise == "yes" and heard & in_question else None


def _person(said: str, condition: Condition) -> str | None:
    """Return the answer "another person", or "I", where one of the answers is that and only that was said."""
    other = next((v.id for v in condition.values if _OTHER_PERSON.search(normalise(f"{v.label} {v.if_text}"))), None)
    own = next((v.id for v in condition.values if normalise(v.label) in ("yo", "a mi", "usted")), None)
    own = own or next((v.id for v in condition.values if v.ages and v.ages[0] == _OF_AGE), None)
    if own is not None and _SELF.match(said):
        return own
    return other if other is not None and (_PERSON.match(said) or _WITH_ME.search(said)) else None


def _by_place(turn: Turn, know: Knowledge, condition: Condition) -> str | None:
    """Return what a place says where the question is whether somebody is of another country, or of another state."""
    places, said = know.places_in(turn.text), normalise(turn.text)
    here = bool(_FROM_HERE.search(know.without_place(turn.text)))
    places = places if _FROM.search(said) else ()
    if {value.id for value in condition.values} != {"yes", "no"}:
        return None
    if _OTHER_STATE.search(normalise(condition.question)) and turn.place is not None:
        if any(place.state != turn.place.state for place in places):
            return "yes"
        return "no" if places or here else None
    if not roots(condition.question) & _ABROAD:
        return None
    return "no" if places or here else "yes" if _FROM_ABROAD.search(said) else None
