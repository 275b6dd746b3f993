"""Which parts of a card a message asks for. The intent gives the main one, the words give the others.

The patterns are the citizens' words, matched on normalised text; nothing here is ever shown.
"""

from __future__ import annotations

import re

from bot.catalogue.text import keywords, normalise
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

_PATTERNS: tuple[tuple[Aspect, str], ...] = (
    (
        "requirements",
        r"requisit\w*|(?:que|cuales|cuantos|cuales son los) (?:\w+ )?(?:papel\w*|document\w+)"
        r"|(?:^|(?:^| )y )(?:los |sobre los |de los )?(?:papeles|papeleo|documentos|documentacion)\b"
        r"|(?:papeles|documentos|documentacion) (?:para|que|del?|son|pide\w*|pido|neces\w+|llev\w+|ocup\w+)"
        r"|que (?:mas )?(?:se )?(?:necesit\w+|ocup\w+)"
        r"|que (?:es lo que )?(?:tengo que |hay que |debo )?(?:llev\w+|present\w+)|que (?:me |nos |te |se |les )?pid\w+"
        r"|what (?:do i need|documents|papers|should i bring)|requirements|documents|paperwork",
    ),
    (
        "cost",
        r"cuanto (?:me |se |nos )?(?:cuesta\w*|vale|cobra\w*|sale|paga\w*|pago|es lo que|va a costar)|cuanto es\b(?! el apoyo)"
        r"|en cuanto (?:sale|anda|esta|quedo)|a como (?:esta|es|sale|la|el)\b|precios?|costos?|tarifas?|gratis|gratuit\w*"
        r"|(?:tiene|con|hay|hacen) descuentos?|cobran|how much (?:is|does|do|will|for)|price|fee\b|free of charge",
    ),
    (
        "where",
        r"(?:^|\b(?:y|a|en|para|hasta|por|pues|oiga|hola|tambien|tardes|dias|noches|disculpe) )donde\b(?! (?:vivo|naci|trabajo|estoy))"
        r"|donde (?:la |lo |las |los |me |se |nos |le )?(?:saco|tramit\w+|qued\w+|est\w+|es|voy|puedo|hago|pago|pag\w+|hay|tengo"
        r"|dan|hac\w+|acud\w+|ir|pido|consig\w+|renuev\w+|registr\w+)|(?:que|cual|cuales) (?:oficina|modulo|ventanilla|direccion|telefono|pagina|numero)"
        r"|a que (?:oficina|modulo|lugar|numero|telefono)|en que (?:oficina|modulo|lugar|parte|pagina)|ubicacion|direccion de la oficina"
        r"|where|address|phone number|website",
    ),
    (
        "hours",
        r"horarios?|a que horas?|que dias (?:atienden|abren|trabajan|hay)|abren|cierran|hasta que hora|opening hours|what time|office hours",
    ),
    (
        "deadline",
        r"hasta cuando|que plazo|cual es el plazo|hay plazo|fecha limite|cuanto tiempo (?:tengo|hay|tenemos|me dan)|cuando vence el plazo"
        r"|antes de que fecha|deadline",
    ),
    (
        "duration",
        r"cuanto (?:se )?(?:tard\w+|demor\w+)|cuanto tiempo (?:se )?(?:tard\w+|demor\w+|lleva|es)|cuantos dias|que tanto (?:se )?tard\w+"
        r"|el mismo dia|cuando me (?:la |lo )?(?:entreg\w+|dan)|how long|same day",
    ),
    (
        "who",
        r"quien(?:es)? (?:lo |la |las |los )?pued\w+|puede ir (?:mi|otra|alguien)|puedo ir yo|a (?:que|partir de que) edad|who can",
    ),
    (
        "output",
        r"para que (?:me )?sirve\w*|que me (?:dan|entregan)|cuanto (?:tiempo )?dura vigente|vigencia|what is it for",
    ),
    (
        "source",
        r"de donde (?:saca\w*|sale|viene) (?:esa |la |ese |el )?(?:informacion|dato|esto|eso)|quien (?:lo )?dice|es oficial esa informacion"
        r"|(?:cual es|que) (?:la |es la )?fuente|where did you get",
    ),
)
_COMPILED = tuple((aspect, re.compile(rf"(?<!\w)(?:{pattern})")) for aspect, pattern in _PATTERNS)

# Words that a follow-up may hold without naming a procedure ("¿y eso cuánto cuesta en Jalisco?").
_FILLERS = frozenset(
    """
    abren ahi alguien alla allá alto anda apunto atienden barato bien cae caro cierran cita cobran cobra como copia copias
    correo costo costos cosa cosas cuesta cuestan cuanta cuantas cuantos cuanto dan dar dato demora descuento despues dia digital
    dinero direccion documentacion documento dice digame donde dura edad efectivo entonces entregan entrega es eso ese esa
    esos esas fecha gente gratis gratuito hacen hace hacerlo hacerla hacerse hora horas horario horarios hoy
    informes ir interesado internet linea limite llega llego llevar llevo lleva lugar mande mandan manda mande mañana manana mero
    mismo modulo nada nomas oficina oiga okay otra otro paga pagan pagar pago pagina papel papeleo papeles parte persona
    pide piden pido plazo poder pueda pueden puede precio poco presentar presento neta queda quedan quien quienes quiere
    queremos quieren rapido requisito requisitos sabado sabe sacar saca saco sacan saldria sale senor seria sirve sirven tal tanto tarda tardan
    tardado tarjeta tarifa telefono tiempo tipo trae tramite tramites tramitarlo tramitarla tramitar traer urge usted
    vale vigencia ventanilla ver vez whatsapp dias mas necesita necesitan ocupa ocupan ocupo
    how much is it the what do need where can cost and for documents it's long does take in are they open who to
    """.split()
)


def asked(text: str) -> tuple[Aspect, ...]:
    """Return the aspects that the words name, in the order asked."""
    folded = normalise(text)
    found = [(match.start(), aspect) for aspect, pattern in _COMPILED if (match := pattern.search(folded))]
    return tuple(aspect for _, aspect in sorted(found, key=lambda item: item[0]))


def aspects_of(text: str, intent: str, confidence: float) -> tuple[Aspect, ...]:
    """Return what a message asks for; empty when it asks for no part in particular."""
    named = asked(text)
    main = BY_INTENT.get(intent)
    if main is None or main in named:
        return named
    if not named:
        return (main,) if confidence >= HEARD else ()
    if confidence < SURE or (main == "duration" and "deadline" in named):
        return named
    return (*named, main)


def rest(normalised: str) -> list[str]:
    """Return the words of a normalised text that may name a procedure: what no follow-up needs."""
    return [word for word in keywords(normalised) if word not in _FILLERS]
