"""What the caller did, as an event of the flow: keys first, then the few words that the telephone itself obeys."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.choices import OpenOption, pick
from bot.core.optout import bare
from ivr import menus
from ivr.model import Call, Event, State

NOISE_BELOW = 0.2
UNSURE_BELOW = 0.4
"""Confidences of the recogniser. Exactly 0 is what Twilio sends when it has none: then the words are taken."""

_KEYS = {
    "0": Event.PERSON,
    "*": Event.REPEAT,
    "7": Event.SLOWER,
    "9": Event.FASTER,
    "8": Event.BY_SMS,
    "#": Event.BACK,
}
_POLITE = re.compile(r"\b(por favor|porfa|porfavor|oiga|mire|gracias|senorita|joven)\b")
_WORDS: dict[Event, frozenset[str]] = {
    Event.REPEAT: frozenset(
        {"repita", "repitame", "repitamelo", "repitalo", "otra vez", "de nuevo", "que dijo", "como dijo", "como",
         "no oi", "no le oi", "no escuche", "no le escuche", "me repite", "puede repetir", "me lo repite",
         "me lo puede repetir", "repita eso", "otra vez eso", "mande", "que"}
    ),
    Event.SLOWER: frozenset(
        {"mas despacio", "despacio", "mas lento", "hable mas despacio", "hableme mas despacio", "digamelo mas despacio",
         "mas despacito", "muy rapido", "habla muy rapido", "repita mas despacio"}
    ),
    Event.FASTER: frozenset({"mas rapido", "rapido", "hable mas rapido", "mas aprisa"}),
    Event.BY_SMS: frozenset(
        {"por mensaje", "mandemelo por mensaje", "mandelo por mensaje", "mandeme un mensaje", "mandeme mensaje",
         "envielo por mensaje", "enviemelo por mensaje", "me lo manda por mensaje", "me lo puede mandar por mensaje",
         "en un mensaje", "por mensaje de texto", "mensaje de texto", "mandemelo en un mensaje", "por sms"}
    ),
    Event.PERSON: frozenset(
        {"operador", "operadora", "agente", "persona", "una persona", "con una persona",
         "quiero hablar con una persona",
         "quiero hablar con alguien", "paseme con una persona", "comuniqueme con una persona", "un humano",
         "una persona de verdad", "un asesor", "asesor", "asesora", "hablar con una persona", "pasame con alguien",
         "paseme con alguien", "comuniqueme con alguien", "quiero una persona"}
    ),
    Event.BACK: frozenset({"regresar", "regrese", "atras", "volver", "para atras", "anterior"}),
    Event.CALL_ME: frozenset(
        {"llameme", "que me llamen", "llamenme", "que me llame alguien", "marqueme", "regreseme la llamada",
         "me pueden llamar", "me puede llamar"}
    ),
    Event.GOODBYE: frozenset(
        {"adios", "hasta luego", "bye", "colgar", "es todo", "eso es todo", "seria todo", "ya es todo", "nada mas",
         "ya no", "ya seria todo", "muchas adios", "nos vemos", "que este bien", "ya nada", "nada"}
    ),
    Event.OTHERS: frozenset({"otras", "otra", "otros", "otro", "otras opciones", "mas opciones", "siguiente"}),
}  # fmt: skip
_YES = frozenset(
    {"si", "sip", "claro", "si claro", "ok", "okey", "bueno", "va", "sale", "orale", "aja", "siga", "sigale", "si siga",
     "correcto", "asi es", "si por favor", "continue", "adelante", "desde luego", "por supuesto", "eso", "si eso",
     "esta bien", "de acuerdo", "exacto", "si es", "es correcto", "simon", "si sigale", "si quiero", "mas", "sigue"}
)  # fmt: skip
_NO = frozenset(
    {"no", "nel", "no gracias", "negativo", "para nada", "asi esta bien", "ya no", "no asi esta bien", "ya",
     "hasta ahi",
     "con eso", "con eso tengo", "no es", "no es eso", "ninguna", "no ya no", "no no", "incorrecto", "no quiero"}
)  # fmt: skip
_YES_NO = (State.RESUME, State.MORE, State.CONFIRM)
# How people say it in more than one word: these decide, in any company of the small words below, and of nothing else.
_GOODBYE = re.compile(
    r"\b(adios|good ?bye|bye( bye)?|hasta (luego|pronto|manana)|nada mas|nos vemos|(ya )?(voy a )?col(gar|garle|go)"
    r"|(es|seria|era) todo( lo que (queria|necesitaba|ocupaba)( saber)?)?"
    r"|que (este|le vaya|tenga) (muy )?(bien|buen dia|buena tarde|bonito dia))\b"
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_YES_WORDS = _set("afirmativo aja claro correcto exacto mismo simon si sip")
_NO_WORDS = _set("diferente distinto nel ninguna ninguno no otra otro tampoco")
_SMALL = _set(
    "a ah ahi ahorita amable asi asunto ay bien bueno con continue cosa creo de dia digame dije dios e el es esa ese "
    "eso esta este favor gracias hace hoy igual joven la le lo me mil mire misma mucha muchas muchisimas muy ok okey "
    "oiga orale para persona por porfa porfavor pues que quiero rato sale senor senora senorita siga sigale sigue su "
    "tan tarde todo tramite usted va vaya venga y ya hija hijo mija mijo bendiga bendice pague se su ayuda atencion "
    "thank you thanks so very much"
)


@dataclass(frozen=True)
class Input:
    """What a webhook says that the caller did; ``speech`` is redacted already. Nothing at all is silence."""

    digits: str = ""
    speech: str = ""
    confidence: float | None = None


@dataclass(frozen=True)
class Heard:
    """An event with what belongs to it: the option picked, or the words."""

    event: Event
    text: str = ""
    option: OpenOption | None = None


def understand(call: Call, given: Input, options: tuple[OpenOption, ...]) -> Heard:
    """Return what the caller did, in the state that the call is in; ``options`` are those of its menu."""
    if given.digits:
        return _key(call, given.digits[0], options)
    words = bare(given.speech)
    if not words:
        return Heard(Event.NOISE if given.speech.strip() else Event.SILENCE)
    confidence = given.confidence or 0.0
    if 0 < confidence < NOISE_BELOW:
        return Heard(Event.NOISE)
    found = _words(call, given.speech, options)
    if found.event is Event.SPEECH and 0 < confidence < UNSURE_BELOW and call.state is not State.CONFIRM:
        return Heard(Event.UNSURE, given.speech)
    return found


def _key(call: Call, key: str, options: tuple[OpenOption, ...]) -> Heard:
    if key in _KEYS:
        return Heard(_KEYS[key])
    if call.state in _YES_NO:
        return Heard({"1": Event.YES, "2": Event.NO}.get(key, Event.WRONG_KEY))
    option = menus.by_key(options, call.page, key)
    if option is not None:
        return Heard(Event.OPTION, "", option)
    if key == menus.OTHERS and menus.pages(options) > 1:
        return Heard(Event.OTHERS)
    return Heard(Event.WRONG_KEY)


def _words(call: Call, speech: str, options: tuple[OpenOption, ...]) -> Heard:
    folded = " ".join(re.sub(r"[^\w\s]", " ", bare(speech)).split())
    core = " ".join(_POLITE.sub(" ", folded).split()) or folded
    if call.state in _YES_NO:
        if folded in _YES or core in _YES:
            return Heard(Event.YES)
        if folded in _NO or core in _NO:
            return Heard(Event.NO)
        if not _says_goodbye(folded) and (found := _yes_or_no(folded)) is not None:
            return Heard(found)
    if call.state is State.LANGUAGE and (named := _named(options, folded)) is not None:
        return Heard(Event.OPTION, speech, named)
    picked = pick(speech, menus.page(options, call.page)) or pick(speech, _labelled_only(options, core))
    if picked is not None:
        return Heard(Event.OPTION, speech, picked)
    for event, phrases in _WORDS.items():
        if event is Event.OTHERS and menus.pages(options) == 1:
            continue
        if core in phrases or folded in phrases:
            return Heard(event, speech)
    return Heard(Event.GOODBYE if _says_goodbye(folded) else Event.SPEECH, speech)


def _says_goodbye(folded: str) -> bool:
    """Say whether it is a goodbye and nothing else: "no, ya es todo, gracias", and not "nada más el acta"."""
    left = set(_GOODBYE.sub(" ", folded).split())
    return bool(_GOODBYE.search(folded)) and left <= _SMALL | {"no"}


def _yes_or_no(folded: str) -> Event | None:
    """Return what several small words mean: "sí, por lo mismo", "no, es otra cosa"."""
    words = set(folded.split())
    if not words <= _SMALL | _YES_WORDS | _NO_WORDS:
        return None
    if words & _NO_WORDS:
        return Event.NO
    return Event.YES if words & _YES_WORDS else None


def _named(options: tuple[OpenOption, ...], folded: str) -> OpenOption | None:
    """Return the only option whose words are among those that were said: "English, please"."""
    found = [option for option in options if f" {bare(option.label)} " in f" {folded} "]
    return found[0] if len(found) == 1 else None


def _labelled_only(options: tuple[OpenOption, ...], core: str) -> tuple[OpenOption, ...]:
    """Return every option for a pick by its own words; none for a number, which counts on the page that was heard."""
    return (
        ()
        if len(core.split()) < 2 and len(core) < 4
        else tuple(option for option in options if bare(option.label) == bare(core))
    )
