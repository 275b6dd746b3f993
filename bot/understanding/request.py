"""What of a story is the request: the sentence that asks, wishes, or tells somebody to do something.

People tell at length, and what they want is a small part of it: "… mi hija me puso el teléfono en la mano y se fue.
Si no es mucha molestia mándeme a alguien con quien platicar." The judges weigh all words alike; so the request is
judged by itself as well, and both rankings are pooled. It is found by its form alone: no judge is asked where it is,
and a message is judged twice at most.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

from bot.catalogue.entries import sane
from bot.catalogue.text import normalise
from bot.understanding.danger import kind_of, long_ago
from bot.understanding.kinds import kind_of_intent

Ranking = Sequence[tuple[str, float]]
Way = Literal["openly", "one thing"]
"""How a request asks: "por dónde empezamos", or "cuánto cuesta"."""

_LONG = 25
"""Words from which on a message is a story: the examples have fewer."""
_MOST = 40
"""Words of a request that are read."""
_FEWEST = 3

_ENDS = re.compile(r"(?<=[.;:!?…])\s+|\n+|(?=¿)")

# On normalised text.
_QUESTION = (
    r"(?:a |en |por |de |con |para |hasta |desde |y )?(?:que|cual(?:es)?|cuant[oa]s?|como|cuando|donde|quien(?:es)?)"
)
_TELL = (
    r"(?:mand|pas|comuniqu|conect|turn|transfier|atiend|contest|marqu|llam|dig|expliqu|ayud|hag|borr|elimin|quit|orient|"
    r"inform|cuent|platiqu|recomiend|indiqu|apoy|de|permit|hable|pong|aconsej|ensen|resuelv|muestr|saqu)"
    r"(?:e|a|en|an|i)?(?:me|nos|melo|le|lo|la|los|las|melos|noslo)"
)
_WANT = (
    r"(?:(?:(?:ya|solo|nomas|nada mas|yo|no) )*(?:quiero|queremos|quisiera|quisieramos|queria|queriamos|quieren|"
    r"necesito|necesitamos|ocupamos|prefiero|preferimos|preferiria|deseo|deseamos|solicito|busco|buscamos|pido|"
    r"(?:me|nos) (?:gustaria|urge|interesa)|vengo a|venimos a|ando buscando)"
    r"|lo (?:unico )?que (?:(?:yo|nosotros|mas) )?(?:quiero|queremos|quisiera|quisieramos|pido|busco|necesito|"
    r"necesitamos|me urge|me interesa|deseo|preciso)|(?:mi|la) (?:pregunta|duda|consulta) es)"
)
_KNOW_NOT = (
    r"(?:ya )?no (?:se|sabemos|sabe|saben|tengo idea|tenemos idea|entiendo|entendemos|me queda claro)(?: ni)?(?: de)? "
    + _QUESTION
)
_PLEASE = (
    r"(?:(?:sea|seria) tan amable|tenga la bondad|ha(?:ga|z)(?:me|nos)? (?:el )?favor|me ha(?:ce|ria) (?:el )?favor|"
    r"dejen? de|(?:me|nos) (?:puede|pueden|podria|podrian|puedes|podrias|dices?|explicas?|ayudas?|pasas?|comunicas?|"
    r"regalas?|informa|orientas?|recomiendas?))"
)
_LEADS = (
    r"(?:(?:y|pero|entonces|pues|asi que|asi|que|bueno|oiga|oye|por eso|por favor|mejor|ahora|disculpe|perdone|o sea|"
    r"mire|mira|total|este|nomas|nada mas|solo|si no es mucha molestia|si se puede|de favor|es que|ni modo|"
    r"antes de \w+(?: \w+){0,2}) )*"
)
_BEGINS = re.compile(rf"{_LEADS}(?:{_WANT}|{_PLEASE}|{_KNOW_NOT}|{_TELL}|{_QUESTION} )\b")
_WITHIN = re.compile(
    rf"\b(?:{_WANT} (?:saber|que|preguntar|ver|hacer|sacar|pedir|tramitar|\w+[aei]r(?:me|lo|la|nos|le|se)?)\b"
    rf"|{_KNOW_NOT}\b|{_PLEASE}\b|(?:asi que|entonces|por eso|por favor|mejor|y) {_TELL}\b"
    r"|lo que (?:yo )?(?:quiero|queremos|quisiera|necesito|pido)\b)"
)
_LAST = re.compile(
    r"(?:(?:y|pero|entonces|ahora|pues|oiga) )*(?<!\w)(?:(?:a |en |con |de |para )?"
    r"(?:donde|cuant[oa]s?|quien(?:es)?|cual(?:es)?)|"
    r"que (?:hago|llevo|papeles|documentos|requisitos|tramite|tengo que|tenemos que|se (?:necesita|lleva|pide)|hay que|"
    r"puedo|podemos|debo|necesito)"
    r"|como (?:se|le|lo|la|les|puedo|podemos|hago|hacemos|saco|tramito|pido|consigo|arreglo))"
    r"(?: \w+){0,9}$|(?<!\w)(?:aun|todavia|si|no) se puede(?: \w+){0,4}$"
)
"""A question at the end of what has no signs."""

_EXCLAIMED = re.compile(
    r"\bqu[eé] (?:pena|verg[uü]enza|bien|buen[oa]?|bonit[oa]|lind[oa]|amables?|f[aá]cil|gusto|padre|chid[oa]|alivio|"
    r"detalle)\b",
    re.IGNORECASE,
)
"""A courtesy that begins as a question does."""
_OPEN = re.compile(
    r"\b(?:por (?:donde|cual(?: \w+)?) (?:\w+ )?(?:empez|comenz|empiez|comienz|inici)\w*"
    r"|que (?:mas )?(?:sigue|procede|se hace|hay que hacer|se tiene que hacer|ten(?:go|emos) que hacer|debemos hacer|"
    r"hacemos|podemos hacer|nos toca hacer)"
    r"|(?:con )?que (?:\w+ )?(?:nos|me|le|les) (?:pueden?|podrian?|podran?) (?:ayudar|apoyar)\w*"
    r"|que (?:\w+ )?(?:nos|me|le|les) (?:corresponden?|tocan?)"
    r"|a quien (?:\w+ )?(?:preguntar|acudir|recurrir|pedir)\w*"
    r"|a que (?:tengo|tenemos|tiene|tienen) derecho|que (?:apoyos?|ayudas?|derechos|opciones)"
    r"|arreglar(?:le|me|nos)? todo|que cosas|de lo que hay que)\b"
)
_ONE_THING = re.compile(
    r"\b(?:cuant[oa]s?|donde|quien(?:es)?|como|cual(?:es)?|cuando|que (?:papel\w*|documentos?|requisitos?|llevo|llevar|"
    r"necesito|(?:me |nos |le |se )?piden?|tengo que (?:llevar|tener)|mas llevo|otra cosa)|se pueden?|puedo|podemos|"
    r"podria|cierto|me (?:va|van|dan|toca|pueden?)|hay (?:algun|alguna|un|una))\b"
)

# Of what is pooled.
_BY_ITSELF = frozenset({"data_use", "delete_data", "stop"})
_SURELY_A_PERSON = 0.85
"""Least share of a request for a person: "¿no sabes de alguien que le entre?" is none."""
_IN_THE_STORY, _A_LITTLE = 0.5, 0.15
"""Least share in the story itself of what a request alone is easily mistaken for: the menu, somebody else's matter."""
_DANGER_TOLD, _CERTAIN = 0.5, 0.9
"""Of a told danger only a request that is certain takes the word: "no sé qué darle" asks for no menu."""
_HEARD = 0.5
"""Share of a request's ranking that must count for it to be heard at all."""
_STORY = 0.5
"""What a story's ranking counts, to that of its request."""
_LEAST = 0.005


def is_story(text: str) -> bool:
    """Say whether a message is so long that what is wanted is a small part of it."""
    return len(sane(text).split()) >= _LONG


def request(text: str) -> str | None:
    """Return the normalised words of a story's request, the last one; None for a short text, or if none can be told."""
    return _request(sane(text)) if is_story(text) else None


def asks(text: str) -> bool:
    """Say whether any sentence of a text, long or short, has the form of a request."""
    return _request(_EXCLAIMED.sub(" ", sane(text))) is not None


@lru_cache(maxsize=64)
def _request(text: str) -> str | None:
    last = True
    for sentence in reversed(_ENDS.split(text)):
        said = normalise(sentence)
        if len(said.split()) < _FEWEST:
            continue
        asked = _asked(said, sentence, last)
        last = False
        if asked is not None:
            return " ".join(asked.split()[:_MOST])
    return None


def _asked(said: str, sentence: str, last: bool) -> str | None:
    """Return what a sentence asks for, if its form says that it does; ``last``: it is the last one of a text."""
    if ("?" in sentence and len(said.split()) <= _MOST) or _BEGINS.match(said):
        return said
    found = [match.start() for match in _WITHIN.finditer(said)][-1:]
    if not found and last:
        found = [match.start() for match in _LAST.finditer(said)][:1]
    asked = said[found[0] :] if found else ""
    return asked if len(asked.split()) >= _FEWEST else None


def first_of_two(text: str) -> str | None:
    """Return the question that a message begins with, where something else is asked after it; None of any other."""
    said = sane(text)
    at = said.find("?") + 1
    first, rest = said[:at], said[at:]
    if min(len(first.split()), len(rest.split())) <= _FEWEST:
        return None
    return first if "?" in rest or "¿" in rest or asks(rest) else None


def first_heard(text: str, whole: Ranking, first: Ranking) -> Ranking:
    """Return the ranking of a message's first question, where that and the whole ask or tell; else the whole's."""
    heard = [ranking[0][0] for ranking in (whole, first) if ranking]
    both = len(heard) > 1 and all(kind_of_intent(name) in ("procedure", "life_event") for name in heard)
    return first if both and kind_of(text) is None else whole


def way(text: str) -> Way | None:
    """Say how a story's request asks; None for a short text, or if its form does not say."""
    asked = request(text)
    if asked is None:
        return None
    if _OPEN.search(asked):
        return "openly"
    return "one thing" if _ONE_THING.search(asked) else None


def pooled(text: str, story: Ranking, asked: Ranking) -> Ranking:
    """Return one ranking of what a story was heard as and what its request was, the likeliest first.

    What a request alone cannot mean is left out of it: "¿qué más llevo?" at a story's end wants no more of a list.
    Where a danger is named, whatever is asked for at the end, the story counts alone.
    """
    if kind_of(text) is not None and not long_ago(text):
        return story
    whole = dict(story)
    part = {name: share for name, share in asked if _counts(name, share, whole)}
    certain = max((part.get(name, 0.0) for name in ("human", *_BY_ITSELF)), default=0.0) >= _CERTAIN
    total = sum(part.values())
    if total < _HEARD or (whole.get("emergency", 0.0) >= _DANGER_TOLD and not certain):
        return story
    values = {
        name: max(whole.get(name, 0.0), _LEAST) ** _STORY * max(part.get(name, 0.0) / total, _LEAST)
        for name in {**whole, **part}
    }
    scale = sum(values.values())
    return sorted(((name, round(value / scale, 4)) for name, value in values.items()), key=lambda item: -item[1])


def _counts(name: str, share: float, story: Mapping[str, float]) -> bool:
    """Say whether a request may be for this."""
    if name == "human":
        return share >= _SURELY_A_PERSON
    if name == "menu":
        return story.get(name, 0.0) >= _IN_THE_STORY
    if name == "out_of_scope":
        return story.get(name, 0.0) >= _A_LITTLE
    return name in _BY_ITSELF or kind_of_intent(name) in ("procedure", "life_event")


__all__ = ["asks", "first_heard", "first_of_two", "is_story", "pooled", "request", "way"]
