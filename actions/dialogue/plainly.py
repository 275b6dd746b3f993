"""Talk whose words leave no doubt, whatever the classifier heard: "no le entendí nada, más despacito".

Not understood, slower, once more, a call: closed classes of words. A message that has nothing else is that, and none of
it is searched.
"""

from __future__ import annotations

import re

from actions.dialogue import errands
from actions.dialogue.aspects import asked
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.naming import names
from actions.dialogue.turn import Turn
from bot.catalogue.text import normalise

_MOST_WORDS = 14
_NOT_UNDERSTOOD = re.compile(
    r"(?<!\w)(?:(?:no|tampoco|nada|ni) (?:(?:le|les|te|lo|la|se) )*(?:entend\w*|entiend\w*|comprend\w*|capt[eo]\w*"
    r"|agarre)|no (?:me )?qued[oa] (?:muy )?claro|(?:mas|muy) (?:facil\w*|sencill\w*|simple|clar[oa]|clarit[oa])"
    r"|explic\w*(?:me|melo|mela)?|expliqu\w*|con palabras \w+|en palabras \w+|con (?:manzanas|peras)"
    r"|(?:don t|didn t) (?:understand|get it)|que quiere decir(?: eso)?|como asi|i don t get it)(?!\w)"
)
_SLOWER = re.compile(
    r"(?<!\w)(?:(?:mas|muy) (?:despaci\w*|lent\w*|pausad\w*)|(?:no )?(?:tan|muy|va muy|habla muy) (?:rapido|aprisa)"
    r"|despacit[oa]|despacio|slower|slowly)(?!\w)"
)
_AGAIN = re.compile(
    r"(?<!\w)(?:otra vez|de nuevo|nuevamente|repit\w+|repet\w+|(?:como|que) dijo|"
    r"no (?:(?:le|lo|la|les|se|te) )*(?:oi|oigo|oye|escuche|escucho|escucha|alcance a (?:oir|leer|ver|escuchar|apuntar"
    r"|anotar))|say (?:it|that) again|repeat)(?!\w)"
)
_IS_THAT_ALL = re.compile(r"^(?:y |pero |entonces )*(?:nada mas|eso es todo|es todo|seria todo|ya es todo|solo eso)$")
_WITH_IT = frozenset(
    """
    nada bien todo eso esto ese lo muy mucho poco poquito tantito favor porfavor perdon disculpe disculpa oiga joven
    senorita senor hable habla hablar hableme diga digame dime decir dimelo digamelo diganme puede podria puedes pude
    tan rapido leer letra letras mensaje parte palabra palabras vez cual quiere pero mejor mas fui falla llamada ruido
    pregunta
    please it again can you could me i what that entonces ay ni que como es y a de la
    """.split()  # noqa: SIM905
)


def heard(turn: Turn, know: Knowledge) -> str | None:
    """Return the intent of talk that a message surely is; None of anything else."""
    named = errands.named(turn)
    if named == "call_me" and not errands.cannot_talk(turn):
        return named
    said = normalise(turn.text)
    if "?" in turn.text and _IS_THAT_ALL.match(said) and turn.memory.last_procedure is not None:
        return "more"
    if named is not None or len(said.split()) > _MOST_WORDS or know.place_in(turn.text) is not None:
        return None
    kinds = ((_NOT_UNDERSTOOD, "simpler"), (_SLOWER, "slower"), (_AGAIN, "repeat"))
    first = next((intent for pattern, intent in kinds if pattern.search(said)), None)
    if first is None:
        return None
    for pattern, _ in kinds:
        said = pattern.sub(" ", said)
    if asked(said) or [word for word in names(" ".join(said.split())) if word not in _WITH_IT]:
        return None
    return first
