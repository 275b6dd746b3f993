"""The clauses of a message, and what each says of the thing that it names: owned, not wanted, lacking, wanted.

"Ya tengo RFC pero me falta la e.firma" names two things and asks for one. What is owned, done, denied, or refused by an
office until something else is there, is set aside; what is left is what a search is to look at. Grammar only: the words
here are verbs of having, of wishing and of lacking, and no procedure's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from actions.dialogue.aspects import asked
from actions.dialogue.naming import names, without_persons
from bot.catalogue.text import normalise

Stance = Literal["owned", "has", "denied", "refused", "purpose", "lack", "wish", "question", "told"]
"""``owned``: surely had or done ("ya tengo …"); ``has``: had, if something else lacks or is wanted ("tengo …");
``refused``: not given by an office ("no me dan …"); ``purpose``: what a thing is for that is not there ("para la
e.firma me piden …"); ``told``: anything else.
"""

_STOPS = re.compile(r"(?P<mark>[.,;:!?\n]+)(?=\s|$)|[¿¡]")
_OBTAIN = (
    r"(?:teng|tien|tenem|tenia|traig|trae|cuent|saqu|saca|sace|sacam|saco|hice|hizo|hicim|tramit|registr|consegu"
    r"|consig|obtuv|recib|dier|dio|entreg|fui|fuim|pagu|pago|pagam|llene|llenam|junt|inscrib|present|renov|arregl)\w*"
)
"""Verbs of getting and having, as they are said of what is there."""
_PRONOUNS = r"(?:(?:me|nos|le|les|se|te|l[ao]s?|todo|todos) )*"
_WISHES = (
    r"(?:quiero|quiere|queremos|quieren|quisiera|queria|necesito|necesita|necesitamos|ocupa|ocupamos|busco|buscamos"
    r"|deseo|prefiero|quisieramos|want|need|interesa|me gustaria|lo que (?:quiero|necesito|busco)|voy por|vamos por)"
)
_SEAMS = re.compile(
    r" (?=(?:pero|sino|aunque|porque)(?: |$))"
    rf"| (?=y (?:(?:yo|el|ella|que) )?(?:ya|no|nunca|ahora|todavia|aun|tampoco|sin|solo|me falta|nos falta|le falta"
    rf"|{_WISHES}|como|donde|cuanto|que) )"
    r"| (?=y (?:me|nos|le) (?:dijeron|dicen|piden|pidieron|mandaron) )"
    rf"| (?=(?:no|ya no) {_PRONOUNS}(?:dan|quieren dar|dejan|aceptan|reciben|entregan|hacen|dieron|dejaron|aceptaron) )"
    rf"| (?=ya {_PRONOUNS}{_OBTAIN} (?:\w+ )*(?:pero|y|ahora))"
    r"|(?<= bien) (?=(?:y )?(?:como|donde|que|cuanto) )|(?<= correct[oa]) (?=(?:y )?(?:como|donde|que|cuanto) )"
)
_STATES = (
    r"quer|quier|pued|pod|deb|sab|viv|sirv|vien|vin|exist|cump|nac|perd|lleg|cai|sufr|sal|est|som|vamos|and|necesit"
    r"|ocup|busc|hace|tiene|dice|teng|venc|muri|fallec|parec|corr|desp|hay|van|nos\b|que\b|pude|anoche"
)
"""Beginnings of verbs that tell how things are rather than what was done."""
_LEAD = re.compile(
    r"^(?:(?:y|pero|es que|que|pues|porque|aunque|ahora si|bueno|entonces|oiga|hola|mire|fijese que|lo que pasa es que"
    r"|yo|nosotros|el|ella|si|por eso|en realidad|mejor) )+(?=\w)"
)
_DENIED = re.compile(
    rf"^(?:ya )?no (?:(?:me|nos|le|lo|la) )*(?:{_WISHES}|es (?:por|para|de|el|la|lo|mi|su)|era|vengo|venimos|hablo de"
    r"|me refiero|se trata|pregunto|pregunte|dije|son)(?!\w)"
    r"|^ni (?:\w+ ){1,4}ni |^(?:en vez|en lugar|antes|ademas|aparte) (?:del?|que) "
)
_OWNED = re.compile(
    rf"(?<!\w)ya {_PRONOUNS}(?:(?:tuv|h)(?:e|o|imos|a|emos) )?{_OBTAIN}(?!\w)(?! que )(?! (?:los |como )?\d)"
    rf"|(?<!\w)ya {_PRONOUNS}(?!{_STATES})\w{{3,}}(?:e|amos|imos|aron|ieron)(?!\w)"
    r"|(?<!\w)(?:mis?|su|la|el|en la|en el) \w+(?: \w+)? (?:si |ya )?(?:esta|estan|viene|vienen|sale|quedo)"
    r" (?:muy )?(?:bien|correct\w+)(?!\w)"
    r"|(?<!\w)ya (?:quedo|esta|estan|salio) (?:list|hech|tramitad|registrad|pagad|inscrit)\w*"
    r"|(?<!\w)already (?:have|got|did|registered)"
)
_HAS = re.compile(
    r"^(?:(?:mi|su) \w+ )?(?:si |nada mas |solo )?(?:tengo|tiene|tenemos|traigo|traemos|cuento con|contamos con)"
    r" (?!que |\d|ganas|miedo|duda|una duda|an(?:o|it))"
)
_REFUSED = re.compile(
    rf"^(?:ya )?no {_PRONOUNS}(?:dan|quieren dar|dejan|aceptan|reciben|entregan|hacen|atienden|dieron|dejaron"
    r"|aceptaron|quisieron|pueden dar)(?!\w)"
)
_LACK = re.compile(
    r"(?<!\w)(?:(?:me|nos|le|les) (?:falta|faltan|hace falta)|(?:ya |aun |todavia )?no (?:l[ao]s? )?"
    r"(?:tengo|tiene|tenemos|tienen|traigo|cuento con|encuentro|hallo|he sacado|ha sacado|hemos sacado)"
    r"|nunca (?:l[ao]s? )?(?:he|ha|hemos|habia|tuve|tuvo|saque|saco)(?: \w+d[oa]| \w+cho)?"
    r"|sin(?! \w+[aei]r(?:me|se|l[oa]s?)?(?!\w))"
    r"|pero no (?:el|la|los|las)|missing)(?!\w)"
)
_NEVER = re.compile(
    r"(?<!\w)(?:(?:me|nos|le|les) (?:falta|faltan)|nunca (?:l[ao]s? )?(?:he|ha|hemos|habia|tuve|tuvo|saque|saco)"
    r"|(?:aun |todavia )no|no (?:l[ao]s? )?(?:he|ha|hemos) (?:sacad|tenid|tramitad|hech)\w*)(?!\w)"
)
"""A thing that was never had is what is asked for, where nothing else is."""
_SHORT_OF = re.compile(r"(?<!\w)(?:me|nos|le|les) (?:hace )?faltan?(?!\w)|^pero no (?:el|la|los|las) ")
"""A thing that is still to be got."""
_WISH = re.compile(
    rf"(?<!\w){_WISHES}(?!\w)|^(?:sino|ahora|solo|nada mas|nomas)(?= )|(?<!\w)(?:me|nos|le) pid(?:en|ieron)"
)
_QUESTION = re.compile(
    r"^(?:a |de |en |por |para )?(?:que|cual|cuales|quien|como|donde|cuando|cuant[oa]s?|hay|habra)(?= |$)"
)
_PURPOSE = re.compile(
    r"^(?P<what>para (?:\w+ ){1,4}?)(?=(?:me|nos|le|les) pid(?:en|ieron) )"
    r"|^(?P<before>(?:antes (?:que|de)|en vez de|en lugar de|ademas de|aparte de)l? (?:\w+ ){1,4}?)"
    rf"(?={_WISHES} )"
)
_DONE_TO_IT = re.compile(
    r"(?<!\w)(?:(?:donde|como|cuando|cuanto|quien|me|se|nos|no|ya|pero) l[ao]s? \w+|\w+[aei]rl[oa]s?)(?!\w)"
)
"""A verb done to "it", which names nothing ("¿dónde la tramito?")."""
_DEEDS = frozenset("tenia tenian tuvo tuve saco tramito hizo perdio perdi robaron vencio".split())  # noqa: SIM905
_FEWEST = 2


@dataclass(frozen=True)
class Clause:
    """A normalised clause; ``asks``: it is a question."""

    text: str
    stance: Stance
    asks: bool = False

    @property
    def named(self) -> frozenset[str]:
        """The words that may name a procedure."""
        return frozenset(names(without_persons(_DONE_TO_IT.sub(" ", self.text)))) - _DEEDS


@dataclass(frozen=True)
class Parts:
    """A message in two: ``left`` is what is asked for, ``aside`` what is there already or not wanted."""

    left: str
    aside: str


def clauses(text: str) -> tuple[Clause, ...]:
    """Return the clauses of a text with what each says."""
    return tuple(_clause(part, asks) for part, asks in _parts(text))


def parts(text: str) -> Parts | None:
    """Return a message in two; None where all that it says belongs together, or nothing would be left to look for."""
    found = clauses(text)
    if len(found) < _FEWEST:
        return None
    wanted = [clause for clause in found if clause.stance in ("wish", "question")]
    named = any(clause.named for clause in wanted)
    lacking = any(clause.named for clause in found if clause.stance == "lack")
    if all(clause.stance != "lack" for clause in found):  # it is asked for what it is for
        found = tuple(replace(c, stance="told") if c.stance == "purpose" else c for c in found)
    short_of = [clause for clause in found if _is_short_of(clause) and clause.named]
    if short_of:
        left = [clause for clause in found if clause in short_of or clause.stance in ("wish", "question")]
    elif not named and not lacking:
        left = [clause for clause in found if clause.stance not in ("owned", "denied", "refused", "purpose")]
    elif named:
        left = [c for c in found if c.stance in ("wish", "question", "told") or _is_short_of(c)]
    else:
        left = [c for c in found if c.stance not in ("owned", "has", "denied", "refused", "purpose")]
    aside = [clause for clause in found if clause not in left]
    names_aside = any(clause.named or clause.stance == "owned" for clause in aside)
    if not names_aside or not any(clause.named for clause in left):
        return None
    return Parts(_joined(left), _joined(aside))


def never_had(text: str) -> str | None:
    """Return the clause that says what was never had or is missing, where every question is without a name of its own.

    "Me voy a trabajar a Canadá y nunca he sacado pasaporte, ¿qué ocupo?" asks for the passport.
    """
    found = clauses(text)
    asks = [clause for clause in found if clause.stance in ("wish", "question") and asked(clause.text)]
    lacking = [clause for clause in found if _NEVER.search(clause.text) and clause.named]
    if len(lacking) != 1 or not asks or any(clause.named for clause in asks):
        return None
    return lacking[0].text


def _is_short_of(clause: Clause) -> bool:
    return clause.stance == "lack" and bool(_SHORT_OF.search(clause.text))


def _joined(kept: Iterable[Clause]) -> str:
    return ", ".join(clause.text for clause in kept)


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    at = 0
    pieces = []
    for mark in _STOPS.finditer(text):
        pieces.append((text[at : mark.start()], "?" in (mark["mark"] or "")))
        at = mark.end()
    pieces.append((text[at:], False))
    for piece, asks in pieces:
        for part in _SEAMS.split(normalise(piece)):
            for clause in _PURPOSE.split(part.strip()):
                if clause and clause.strip():
                    yield clause.strip(), asks


def _clause(said: str, asks: bool) -> Clause:
    bare = _LEAD.sub("", said)
    return Clause(said, _stance(said, bare, asks), asks)


def _stance(said: str, bare: str, asks: bool) -> Stance:
    if said.startswith("sino "):
        return "wish"
    if said.startswith("para ") and _PURPOSE.match(f"{said} me piden "):
        return "purpose"
    if _DENIED.search(bare):
        return "denied"
    if _OWNED.search(bare) and not asks:
        return "owned"
    if _REFUSED.search(bare):
        return "refused"
    if asks or _QUESTION.search(bare) or (asked(bare) and not _WISH.search(bare)):
        return "question"
    if _WISH.search(bare):
        return "wish"
    if _LACK.search(said):
        return "lack"
    if _HAS.search(bare):
        return "has"
    return "told"
