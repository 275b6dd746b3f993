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


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_YES = frozenset(
    {"si", "sip", "claro", "si claro", "ok", "okey", "bueno", "va", "sale", "orale", "aja", "siga", "sigale", "si siga",
     "correcto", "asi es", "si por favor", "continue", "adelante", "desde luego", "por supuesto", "eso", "si eso",
     "esta bien", "de acuerdo", "exacto", "si es", "es correcto", "simon", "si sigale", "si quiero", "mas", "sigue",
     "andele", "andele pues", "andale", "a ver", "haber", "a ver digame", "digamelo", "si digamelo", "digame mas",
     "prosiga", "continua", "continuar", "que mas", "y que mas", "y luego", "yes", "yes please", "leamelo", "lo demas",
     "digame lo demas", "lo que sigue", "lo que falta"}
)  # fmt: skip
_NO = frozenset(
    {"no", "nel", "no gracias", "negativo", "para nada", "asi esta bien", "ya no", "no asi esta bien", "ya",
     "hasta ahi",
     "con eso", "con eso tengo", "no es", "no es eso", "ninguna", "no ya no", "no no", "incorrecto", "no quiero"}
)  # fmt: skip
_YES_NO = (State.RESUME, State.MORE, State.CONFIRM)
# How people say it in more than one word: these decide, in any company of the small words below, and of nothing else.
_GOODBYE = re.compile(
    r"\b(adios(ito)?|good ?bye|bye( bye)?|hasta (luego|pronto|manana|la vista|otro dia)|nada mas( eso)?|nos vemos"
    r"|(ya )?(voy a )?col(gar|garle|go)|ya me voy|me despido|ya no le quito (mas )?(el |su )?tiempo"
    r"|(es|seria|era|fue) (todo|suficiente)( lo que (queria|necesitaba|ocupaba)( saber)?)?"
    r"|con eso (tengo|me basta|es suficiente)|ya quedo|ya no (necesito|ocupo|quiero)( saber)? (mas|nada)( mas)?"
    r"|no (necesito|ocupo) (mas|nada)( mas)?|ya no (le sigo|nada)|nada ya"
    r"|que (estes?|esten|(le|te) vaya|tengas?|tengan|pases?) (usted )?(muy |un |una )?"
    r"(bien|bonito|lindo|buen|buena|bonita|excelente)( dia| tarde| noche| fin de semana)?)\b"
)
_ANYTHING: dict[Event, tuple[re.Pattern[str], re.Pattern[str]]] = {
    # What it is about, and which words besides the small ones may stand beside it.
    Event.REPEAT: (
        re.compile(
            r"\b((me |nos )?(lo |la )?(puede|podria|puedes|pudiera|quiere) (volver a )?(repetir|decir)(me)?(lo|la)?"
            r"|(me |nos )?(lo |la )?(repite|repita|repiteme|repitame|repitamelo|repitelo|repitalo|repetir|repitemelo)"
            r"|(digamelo |dimelo |a ver )?otra vez|de nuevo|(que|como) dijo|como( como)+|mande( usted)?|cual dijo"
            r"|no (le |lo |la |te |se )?(oi|oigo|oye|escuche|escucho|escucha|alcance a (oir|escuchar)|oi(mos)?)"
            r"|vuelva(me)?(lo)? a decir(me)?(lo)?|vuelvamelo a decir|repeat( that| it)?|(say it )?again"
            r"|one more time|what (did you say|was that)|pardon( me)?)\b"
        ),
        re.compile(
            r"ultim[oa]|anterior|digame(lo)?|nada|parte|sorda|sordo|senal|casi|vez|please|can|could|i|didnt|hear|sorry|excuse|pardon"
        ),
    ),
    Event.SLOWER: (
        re.compile(
            r"\b((mas|muy|tantito) (despaci(o|to)|len(to|tito)|pausado|calmad[oa]|poco a poco)|despaci(o|to)"
            r"|(habl\w*|dig\w*|dice|vaya|va|no|usted)( \w+)? (muy|tan|bien|demasiado) (rapido|aprisa)"
            r"|^(muy|tan|bien|demasiado) (rapido|aprisa))\b"
        ),
        re.compile(
            r"habl\w*|dig\w*|repit\w*|dice|no|entiendo|entendi|alcanzo|alcance|apunt\w*|anot\w*|puede|podria|poco"
        ),
    ),
    Event.FASTER: (
        re.compile(r"\b((mas|tantito) (rapido|rapidito|aprisa)|apurele|apurese|acelere|apure)\b"),
        re.compile(r"habl\w*|dig\w*|puede|podria|poquito|poco|prisa|tengo|traigo|llevo"),
    ),
    Event.BY_SMS: (
        re.compile(r"\b((por|en|con) (un |este )?|un )(mensaj(e|ito)s?|sms|texto|escrito)( de texto)?\b"),
        re.compile(
            r"(mand|envi|pas|pong|escrib|apunt|anot)\w*|informacion|datos?|lista|requisitos|papeles|todo|eso|celular|numero|"
            r"telefono|puede|podria|podrian|quisiera|mejor|no|tengo|donde|pluma|papel|lapiz|leer(lo)?|despues|y|quiero"
        ),
    ),
    Event.BACK: (
        re.compile(r"\b(regres(ar|e|a|eme|emos|ame)|(para |pa )?atras|volver( atras)?|menu anterior|lo anterior)\b"),
        re.compile(
            r"menu|puede|quiero|me|equivoque|equivocado|equivocada|perdon|disculpe|anterior|opcion|no|era|vamos"
        ),
    ),
    Event.HOLD: (
        re.compile(
            r"\b(esper(e|ame|eme|ese|ate|enme)|permita(me)?|aguant(e|eme|ame)|un (momento|momentito|segundo|segundito"
            r"|minuto|minutito|ratito)|tantito|(de|da)me (chance|oportunidad)|ahorita (vuelvo|regreso|vengo|voy))\b"
        ),
        re.compile(
            r"voy|vengo|traer\w*|traigo|busc\w*|pluma|papel|lapiz|apunt\w*|anot\w*|por|dej\w*|ver|cuelgue|no|una?|mas"
        ),
    ),
}
_PERSON = re.compile(
    r"\b(operador[a]?|agente|asesora?|ejecutiv[oa]|humano|ser humano|telefonista|encargad[oa]|licenciad[oa]"
    r"|(con |una |alguna )+persona( (real|de verdad|humana|de carne y hueso))?|alguien( (real|de verdad|mas))?"
    r"|(a )?(real |human )?(person|being)|operator|representative|(an )?agent)\b"
)
_BRING = re.compile(
    r"\b(pas[ea]|comuni[qc]|habl|quier|quisier|necesit|ocup|gustaria|prefier|atiend|atend|conect|transfier|talk|speak)\w*"
)
_BESIDE_PERSON = re.compile(
    rf"{_BRING.pattern}|puede|podria|ayud\w*|expliqu\w*|maquina|robot|grabadora|computadora|no|direct\w*|mejor|hay|alla|"
    r"poder|ya|entiendo|entiende|urge|urgente|can|could|i|to|with|please|want|need|me"
)
_NOT_A_PERSON = re.compile(
    r"\bno (quiero|necesito|ocupo)( hablar)? con (nadie|una persona|alguien|un agente)\b"
    r"|\b(para|es|de) (una |otra |alguna )?(persona|alguien)\b"
)
_NOTHING = frozenset({"no", "nel", "nop", "ninguna", "ninguno"})
_THANKS = _set(
    "ah ahorita amable asi ay bendiga bien bueno de dios el esta gracias hija hijo hoy joven la le lo mija mijo mil "
    "momento mucho muchas muchisimas muy por pues que senor senora senorita todo usted ya sale ok oiga favor"
)
_PARTING = _set(
    "no si oi entendi apunte anote escuche quedo quedado claro clarito informacion orientacion paciencia tiempo ayudo "
    "ayudarme atenderme sirvio mero perfecto excelente listo siempre tanto toda igualmente vale esposa esposo saludos "
    "jovencita tramites molestia molestias molestarla saber era fue seria"
)
"""What else is said in parting, beside a goodbye."""
_KEY_NAMES = {
    "cero": "0", "uno": "1", "un": "1", "una": "1", "dos": "2", "tres": "3", "cuatro": "4", "cinco": "5", "seis": "6",
    "siete": "7", "ocho": "8", "nueve": "9", "asterisco": "*", "estrella": "*", "estrellita": "*", "gato": "#",
    "gatito": "#", "numeral": "#", "almohadilla": "#", "michi": "#",
} | {key: key for key in "0123456789"}  # fmt: skip
_NAMED_KEY = re.compile(
    r"^(?:(?:ya |yo |le |voy a |quiero |este |pues |bueno )*"
    r"(?:marc|apriet|apret|presion|oprim|pic|piqu|tecle|puls|pong|pus)\w*|(?:la |con la |en la )?tecla|(?:el )?boton)"
    r"(?: (?:la|el|al|en|del?|tecla|numero|boton|opcion))* (?P<key>\w+)$"
    r"|^(?:el |la |con |al )*(?P<alone>cero|0|asterisco|estrellita|gato|numeral|almohadilla)$"
)


_YES_WORDS = _set(
    "afirmativo aja andale andele claro continue correcto exacto mismo siga sigale sigame sigue siguele simon si sip "
    "dele prosiga continua"
)
_NO_WORDS = _set("diferente distinto nel ninguna ninguno no otra otro tampoco")
_SMALL = _set(
    "a ah ahi ahorita amable asi asunto ay bien bueno con continue cosa creo de dia digame dije dios e el es esa ese "
    "eso esta este favor gracias hace hoy igual joven la le lo me mil mire misma mucha muchas muchisimas muy ok okey "
    "oiga orale para persona por porfa porfavor pues que quiero rato sale senor senora senorita siga sigale sigue su "
    "tan tarde todo tramite usted va vaya venga y ya hija hijo mija mijo bendiga bendice pague se su ayuda atencion "
    "thank you thanks so very much disculpe perdon hola buenas buenos tardes noches dias andele andale ora fijese "
    "nomas entonces aqui alli eh em mm ah oh uy ups un una poquito tantito mas tambien ustedes les nos lindo linda "
    "atenta atento bonito bonita buen buena cuide cuidese acompane tenga ahora al"
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
    if (key := _key_said(folded, core, call, options)) is not None:
        return _key(call, key, options)
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
    if _says_goodbye(folded) or _needs_nothing_else(call, folded):
        return Heard(Event.GOODBYE, speech)
    if _asks_for_a_person(core):
        return Heard(Event.PERSON, speech)
    for event, (about, beside) in _ANYTHING.items():
        if about.search(folded) and _only_beside(about.sub(" ", folded), beside):
            return Heard(event, speech)
    return Heard(Event.SPEECH, speech)


def _only_beside(left: str, beside: re.Pattern[str]) -> bool:
    """Say whether nothing is left but small words and those that may stand beside."""
    return all(word in _SMALL or beside.fullmatch(word) for word in left.split())


def _asks_for_a_person(core: str) -> bool:
    """Say whether somebody wants to be put through, and says nothing of what about."""
    if not _PERSON.search(core) or _NOT_A_PERSON.search(core):
        return False
    asked = len(core.split()) <= 3 or _BRING.search(_PERSON.sub(" ", core)) is not None
    return asked and _only_beside(_PERSON.sub(" ", core), _BESIDE_PERSON)


def _needs_nothing_else(call: Call, folded: str) -> bool:
    """Say whether it is a "no, gracias" to "anything else?"."""
    if call.state is not State.OPEN or not call.last_answer or (call.question and call.question.text):
        return False
    words = set(folded.split())
    return bool(words & _NOTHING) and words <= _NOTHING | _THANKS


def _key_said(folded: str, core: str, call: Call, options: tuple[OpenOption, ...]) -> str | None:
    """Return the key that somebody says instead of pressing it: "marco el dos", "asterisco"."""
    found = _NAMED_KEY.match(folded) or _NAMED_KEY.match(core)
    if found:
        return _KEY_NAMES.get(found["key"] or found["alone"])
    alone = core.removeprefix("el ").removeprefix("la ")
    keys = {key for key in _KEYS if key.isdigit()} | {menus.OTHERS} if options else set()
    keys |= {"1", "2"} if call.state in _YES_NO else set()
    key = _KEY_NAMES.get(alone)
    return key if key in keys and pick(alone, menus.page(options, call.page)) is None else None


def _says_goodbye(folded: str) -> bool:
    """Say whether it is a goodbye and nothing else: "no, ya es todo, gracias", and not "nada más el acta"."""
    left = set(_GOODBYE.sub(" ", folded).split())
    return bool(_GOODBYE.search(folded)) and left <= _SMALL | _PARTING


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
