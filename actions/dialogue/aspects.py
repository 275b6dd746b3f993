"""Which parts of a card a message asks for. The intent gives the main one, the words give the others.

The patterns are the citizens' words, matched on normalised text; nothing here is ever shown.
"""

from __future__ import annotations

import re

from bot.catalogue.entries import sane
from bot.catalogue.spelling import default_speller
from bot.catalogue.text import normalise
from bot.core.replies import Aspect

BY_INTENT: dict[str, Aspect] = {
    "ask_requirements": "requirements",
    "ask_cost": "cost",
    "ask_where": "where",
    "ask_hours": "hours",
    "ask_duration": "duration",
    "ask_who": "who",
    "ask_output": "output",
    "ask_online": "where",
}
SURE = 0.6
"""From this confidence on an intent adds its aspect to those that the words name."""
HEARD = 0.4
"""Below this the intent alone asks for no part in particular."""

_WORDS: dict[Aspect, tuple[str, ...]] = {
    "requirements": (
        r"requisit\w*", r"(?:que|cuales|cuantos|cuales son los) (?:\w+ )?(?:papel\w*|document\w+)",
        r"(?:^|(?:^| )y )(?:los |sobre los |de los )?(?:papeles|papeleo|documentos|documentacion)\b",
        r"(?:papeles|documentos|documentacion) (?:para|que|del?|son|pide\w*|pido|neces\w+|llev\w+|ocup\w+)",
        r"que (?:mas )?(?:se )?(?:necesit\w+|ocup\w+)",
        r"que (?:es lo que )?(?:tengo que |hay que |debo )?(?:llev\w+|present\w+)",
        r"que (?:me |nos |te |se |les )?pid\w+", "what (?:do i need|documents|papers|should i bring)", "requirements",
        "documents", "paperwork",
    ),
    "cost": (
        r"cuanto (?:me |se |nos |le |les )?(?:cuesta\w*|costar\w*|vale|cobra\w*|sale|saldria|paga\w*|pago)",
        r"cuanto (?:me |se |nos )?van? a (?:costar|cobrar|salir)", r"cuesta(?: algo| dinero)?\b",
        r"cuanto es lo que (?:me |nos |se )?(?:cobra\w*|paga|hay que pagar|tengo que pagar|cuesta)",
        r"cuanto es\b(?! (?:el apoyo|lo que (?:me |nos |le |les )?(?:dan|pagan|depositan|toca|van a dar)))",
        r"(?:tiene|lleva) (?:algun )?costo", r"hay que pagar",
        r"(?:se|me|nos) (?:paga|pagan|cobran|van a cobrar)\b", r"sale caro",
        "en cuanto (?:sale|anda|esta|quedo)", r"a como (?:esta|es|sale|la|el)\b",
        "precios?", "costos?", "tarifas?", "gratis", r"gratuit\w*", "(?:tiene|con|hay|hacen) descuentos?", "cobran",
        "how much (?:is|does|do|will|for)", "price", r"fee\b", "free of charge",
    ),
    "where": (
        r"(?:^|\b(?:y|a|en|para|hasta|por|pues|oiga|hola|tambien|tardes|dias|noches|disculpe) )donde\b"
        r"(?! (?:vivo|naci|trabajo|estoy))",
        r"(?<!de )donde (?:la |lo |las |los |me |se |nos |le )?(?:sac\w+|tramit\w+|qued\w+|est\w+|es|voy|puedo|hago"
        r"|pag\w+|hay|tengo|dan|hac\w+|acud\w+|ir|pido|consig\w+|renuev\w+|registr\w+)",
        "(?:que|cual|cuales) (?:oficina|modulo|ventanilla|direccion|telefono|pagina|numero)",
        "a que (?:oficina|modulo|lugar|numero|telefono)", "en que (?:oficina|modulo|lugar|parte|pagina)", "ubicacion",
        "direccion de la oficina", "where", "address", "phone number", "website",
    ),
    "hours": (
        "horarios?", "a que horas?", "que dias (?:atienden|abren|trabajan|hay)", "abren", "cierran", "hasta que hora",
        "opening hours", "what time", "office hours",
    ),
    "deadline": (
        "hasta cuando", "que plazo", "cual es el plazo", "hay plazo", "fecha limite",
        "cuanto tiempo (?:tengo|hay|tenemos|me dan)", "cuando vence el plazo", "antes de que fecha", "deadline",
        r"cuando (?:me |le |nos |te )?toca\w*", r"en que mes(?:es)?\b",
    ),
    "duration": (
        r"cuanto (?:se )?(?:tard\w+|demor\w+)", r"cuanto tiempo (?:se )?(?:tard\w+|demor\w+|lleva|es)",
        "cuantos dias", r"que tanto (?:se )?tard\w+", "el mismo dia", r"cuando me (?:la |lo )?(?:entreg\w+|dan)",
        "how long", "same day",
    ),
    "who": (
        r"quien(?:es)? (?:lo |la |las |los )?pued\w+", "puede ir (?:mi|otra|alguien)", "puedo ir yo",
        "a (?:que|partir de que) edad", "who can",
    ),
    "output": (
        r"para que (?:me )?sirve\w*",
        r"cuanto (?:me |nos |le |les |es lo que )*(?:dan|depositan|toca|van a dar|voy a recibir)",
        r"de cuanto es(?! el costo)", r"cuanto es (?:el apoyo|la beca|la pension)", r"cuanto (?:dinero )?(?:recib\w+)",
        "que me (?:dan|entregan)", "cuanto (?:tiempo )?dura vigente", "vigencia",
        "what is it for",
    ),
    "source": (
        r"de donde (?:saca\w*|sale|viene) (?:esa |la |ese |el )?(?:informacion|dato|esto|eso)", "quien (?:lo )?dice",
        "es oficial esa informacion", "(?:cual es|que) (?:la |es la )?fuente", "where did you get",
    ),
}  # fmt: skip
_COMPILED = tuple((aspect, re.compile(rf"(?<!\w)(?:{'|'.join(words)})")) for aspect, words in _WORDS.items())


def _read(text: str) -> str:
    """Return the normalised text with its spelling put right ("kuanto dan x mes")."""
    return default_speller().correct(normalise(sane(text)))


def asked(text: str) -> tuple[Aspect, ...]:
    """Return the aspects that the words name, in the order asked."""
    folded = _read(text)
    found = [(match.start(), aspect) for aspect, pattern in _COMPILED if (match := pattern.search(folded))]
    return tuple(aspect for _, aspect in sorted(found, key=lambda item: item[0]))


def without_question(text: str) -> str:
    """Return the normalised text without the words that ask for a part of a card ("hasta cuándo")."""
    folded = _read(text)
    for _, pattern in _COMPILED:
        folded = pattern.sub(" ", folded)
    return " ".join(folded.split())


def aspects_of(text: str, intent: str, confidence: float) -> tuple[Aspect, ...]:
    """Return what a message asks for; empty when it asks for no part in particular."""
    named = asked(text)
    main = BY_INTENT.get(intent)
    if main is None or main in named:
        wanted = named
    elif not named:
        wanted = (main,) if confidence >= HEARD else ()
    elif confidence < SURE or (main == "duration" and "deadline" in named):
        wanted = named
    else:
        wanted = (*named, main)
    # Who asks what to bring is about to go: the overview leads with the documents and adds cost, place and source.
    return ("overview",) if wanted == ("requirements",) else wanted
