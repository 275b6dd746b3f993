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
        r"como (?:le hago para |hago para )?(?:me )?(?:apunt|inscrib|registr)(?:o|ar|arme|irme|imos|amos)(?!\w)",
        r"que datos? (?:(?:me|nos|se|les?|van?|a|tengo que|hay que|debo) )*(?:pid|ped|necesit|ocup|requier|dar)\w*",
        r"que (?:mas )?(?:se )?(?:necesit\w+|ocup\w+)",
        r"que (?:es lo que )?(?:tengo que |hay que |debo |tenemos que |debemos )?(?:llev\w+|present\w+)",
        r"(?:cuant[oa]s) (?:fotos?|fotografias|copias|testigos|papeles|juegos)",
        r"que (?:tengo|tenemos|hay) que (?:prob\w+|demostr\w+|comprob\w+|acredit\w+|junt\w+|entreg\w+)",
        r"(?:tengo|tenemos|hay) que llevar (?:algo|algun\w*)", r"que (?:otr[oa] )?(?:papel|documento)\b",
        r"cuant[oa]s? (?:\w+ ){1,4}(?:piden|exigen|necesit\w+|debo tener|hay que (?:tener|llevar|juntar)|se llevan)",
        r"que (?:mas |otra cosa )?(?:me |nos |te |se |les? )?pid\w+",
        "what (?:do i need|documents|papers|should i bring)", "requirements",
        "documents", "paperwork",
    ),
    "cost": (
        r"cuanto (?:me |se |nos |le |les )?(?:cuesta\w*|costar\w*|vale|cobra\w*|sale|saldria|paga\w*|pago)",
        r"cuanto (?:me |se |nos )?van? a (?:costar|cobrar|salir)", r"cuesta(?: algo| dinero)?\b",
        r"cuanto es lo que (?:me |nos |se )?(?:cobra\w*|paga|hay que pagar|tengo que pagar|cuesta)",
        r"cuanto es\b(?! lo (?:mas|menos|maximo|minimo) que)"
        r"(?! (?:el apoyo|lo que (?:me |nos |le |les )?(?:dan|pagan|depositan|toca|van a dar)))",
        r"(?:tiene|lleva) (?:algun )?costo", r"(?:hay|tengo|tenemos) que pagar",
        r"(?:se|me|nos) (?:paga|pagan|cobran|van a cobrar)\b",
        r"^(?:y |pero )?(?:nosotros |yo |ellos |uno |ella |el )?pagar(?: algo)?$",
        r"(?:le|les|te) (?:cobr\w+|(?:van? a |vayan a )cobrar)\b", r"(?:la|lo) cobran\b", r"sale caro",
        r"(?:paga\w*|cobran|cuesta\w*|sale) (?:lo mismo|igual|menos|mas|la mitad)\b", "me hacen? descuento",
        r"cuanto (?:es |seria )?en (?:dolares|pesos|efectivo)",
        "en cuanto (?:sale|anda|esta|quedo)", r"a como (?:esta|es|sale|la|el)\b",
        "precios?", "costos?", "tarifas?", "gratis", r"gratuit\w*", "(?:tiene|con|hay|hacen) descuentos?", "cobran",
        "how much (?:is|does|do|will|for)", "price", r"fee\b", "free of charge",
    ),
    "where": (
        r"(?:^|\b(?:y|a|en|para|hasta|por|pues|oiga|hola|tambien|tardes|dias|noches|disculpe|eso|esto|ese|esa) )donde\b"
        r"(?! (?:\w+ )?(?:empe|empie|comie|come))"
        r"(?! (?:vivo|naci|trabajo|estoy))",
        r"(?<!de )donde (?:la |lo |las |los |me |se |nos |le )?(?:sac\w+|tramit\w+|qued\w+|est\w+|es|voy|puedo|hago"
        r"|pag\w+|hay|tengo|dan|hac\w+|acud\w+|ir|pido|consig\w+|renuev\w+|registr\w+)",
        r"(?:^|(?:^| )(?:y|a) )donde (?:\w+ ){0,2}(?:habl\w+|marc[aoe]\w*|llam\w+|comunic\w+|pregunt\w+)\b",
        r"(?:tienen|tendran?|hay|habra|(?:me|nos) (?:dan?|pasan?|regalan?|comparten?)|pas[ae]|deme|cual es el|con el) "
        r"(?:algun |un |su |el )?"
        r"(?:telefono|numero (?:de telefono|para|donde|al que|a donde))",
        r"(?:pas|mand|regal|proporcion|compart)\w*(?:me|nos) (?:por favor )?(?:el |su |un |los |algun )?"
        r"(?:numero|telefono)",
        r"d(?:e|a|en)(?:me|nos) (?:por favor )?(?:el |su |un |los |algun )?(?:numero|telefono)",
        r"(?:mandar|pasar|dar|decir|enviar|compartir)(?:me|nos)? (?:por favor )?(?:el |su |un |los |algun )?"
        r"(?:numero|telefono)",
        r"(?:pedir|piden?|dan|den) informes", r"donde (?:la|lo|las|los) (?!vivo|naci|trabajo)\w+",
        r"(?:hay|tienen|tiene|conoce\w*) (?:algun |un |otro )(?:telefono|numero|correo|pagina)\b"
        r"(?! de (?!inform|atenc))",
        r"(?:pas[ae]\w*|d[ae](?:me|nos|n|rme)|dig[ae]\w*|dime|necesit\w+|quiero|quisiera|ocupo|busco|cual es"
        r"|me (?:das|pasas|puede dar)) (?:el |un |su |ese |los |sus )*"
        r"(?:telefonos?|numeros? (?:de (?:telefono|contacto|atencion|es[oa]s|ellos)|para|a donde|del? l[oa]s que))\b",
        "(?:que|cual|cuales) (?:oficina|modulo|ventanilla|direccion|telefono|pagina|numero)",
        "a (?:que|cual) (?:oficina|modulo|lugar|numero|telefono)",
        r"(?<!\bmi )(?<!\bpor )(?<!\bun )telefonos?$",
        r"(?:telefonos?|numeros?) de (?:es[oa]s|ell[oa]s|ahi|alla)$",
        "en que (?:oficina|modulo|lugar|parte|pagina)", "ubicacion",
        "direccion de la oficina", "where", "address", "phone number", "website",
        r"what (?:phone |telephone )?number (?:do|can|should|must|would) (?:i|we|she|he|they)",
        r"who (?:do|can|should) (?:i|we) (?:call|phone)",
    ),
    "hours": (
        "horarios?", "a que horas?", "que dias (?:atienden|abren|trabajan|hay)", "abren", "cierran", "hasta que hora",
        "opening hours", "what time", "office hours",
    ),
    "deadline": (
        "hasta cuando", r"hasta que (?:mes|fecha|dia)\b", "que plazo", "cual es el plazo", "hay plazo", "fecha limite",
        "(?:(?:cuanto|que tanto|que) tiempo|cuantos dias|cuantos meses)"
        " (?:tengo|hay|tenemos|[mn][eo]s? dan|dispongo|disponemos"
        "|(?:me|nos|le) queda)",
        r"(?:cuando|en cuanto(?: tiempo)?|cuanto (?:tiempo )?falta para que)"
        r" (?:se (?:me |le |nos )?)?venc\w+ (?:el|mi) plazo", "antes de que fecha", "deadline",
        r"cuando (?:me |le |nos |te )?toca\w*", r"en que mes(?:es)?\b", "en que fechas?", "cada cuando",
        r"cada cuanto\b",
        r"(?<!hasta )cuando (?:(?:me|nos|se|l[aeo]s?) )*(?:podemos|pueden|podria\w*|apunt\w+|inscrib\w+)\b",
        r"(?<!hasta )cuando (?:es|son|hay|abre\w*|cierra\w*|empieza\w*"
        r"|se (?:abre|cierra|paga|hace|registra|inscribe)\w*"
        r"|tengo que|tenemos que|debo|hay que|puedo)\b", r"que dias? (?:es|se|son)\b", "todavia (?:hay|estoy a) tiempo",
        r"(?:todavia|aun) (?:se puede|puedo|podemos|alcanz\w+|hay lugar)\b",
        r"ya se (?:me|nos|le) (?:paso|fue|vencio)\b",
        r"(?:cuales|cuando) (?:son|es|fueron|fue|eran|seran) (?:las |la |el )?(?:fechas?|periodo|registro)\b",
        r"que fechas?\b",
    ),
    "duration": (
        r"cuanto (?:se )?(?:tard\w+|demor\w+)", r"cuanto tiempo (?:se )?(?:tard\w+|demor\w+|lleva|es)",
        r"cuantos dias\b(?! (?:\w+ ){0,4}(?:piden|exigen|necesit\w+|debo|hay que|tengo que|se necesit\w+))",
        r"que tanto (?:se )?tard\w+", "el mismo dia", r"cuando me (?:la |lo )?(?:entreg\w+|dan)",
        r"cuanto dura(?: el tramite)?$", r"en cuanto (?:tiempo|salgo|me l[oa])", r"es (?:muy )?tardad[oa]",
        "how long", "same day",
    ),
    "who": (
        r"quien(?:es)? (?:lo |la |las |los )?pued\w+", "puede ir (?:mi|otra|alguien)", "puedo ir yo",
        r"(?:a |de |desde |a partir de )?que edad(?:es)?\b",
        r"cuantos anos (?:hay que|se|debo|debe|tengo que|necesit\w+|pid\w+)",
        r"(?:se vale|puede|pueden|puedo|podemos) (?:ir|pedirl[oa]|hacerl[oa]|sacarl[oa]|tramitarl[oa])"
        r" (?:mi|otra|otro|alguien|por mi|en lugar)",
        r"tiene que ir (?:el|la|mi|los|ell?[oa]s?|un[oa])\b",
        r"(?:tenemos|tienen) que (?:ir|estar|acudir|presentar\w+)", "who can",
    ),
    "output": (
        r"para que (?:me )?sirve\w*",
        r"cuanto (?:dinero |me |nos |le |les |es lo que )*"
        r"(?:dan|da|depositan|toca|van a dar|voy a recibir|prestan|presta|ayudan)",
        r"de cuanto es(?! el costo)", r"cuanto es (?:el apoyo|la beca|la pension)", r"cuanto (?:dinero )?(?:recib\w+)",
        "que me (?:dan|entregan)",
        r"(?:cuando|cuanto tiempo|cuanto|cada cuanto) (?:se (?:me |le )?)?(?:venc|vens|caduc|expir)\w+",
        r"por cuanto tiempo (?:me )?(?:sirve|vale)", r"en cuanto (?:tiempo )?se (?:venc|vens|caduc)\w+",
        "cuanto (?:tiempo )?(?:me )?(?:dura|sirve) (?:vigente|valid[oa])", "vigencia",
        r"cuanto (?:tiempo )?(?:me |le )?dura (?:el|la|ese|esa) (?:\w+)",
        "what is it for",
    ),
    "source": (
        r"de donde (?:saca\w*|sale|viene) (?:esa |la |ese |el )?(?:informacion|dato|esto|eso)", "quien (?:lo )?dice",
        "es oficial esa informacion", "(?:cual es|que) (?:la |es la )?fuente", "where did you get",
    ),
}  # fmt: skip
_COMPILED = tuple((aspect, re.compile(rf"(?<!\w)(?:{'|'.join(words)})")) for aspect, words in _WORDS.items())


_AMOUNT = re.compile(
    r"^(?:(?:y|entonces|pero|oiga|ok|bueno|como|es[oae]|pues) )*(?:de |a |en )?cuanto(?: (?:es|seria|viene siendo))?"
    r"(?: (?:al|por|cada|a la) (?:mes|bimestre|ano|quincena|semana|dia|dos meses))?$"
)


def only_how_much(text: str) -> bool:
    """Say whether a text asks "how much?" and not of what: the price, or what is paid out."""
    folded = _read(text)
    return bool(_AMOUNT.match(folded)) or (not _named(folded) and bool(_BARE_MUCH.search(folded)))


_GIVES = re.compile(r"(?<!\w)(?:pag[ao]n?|pagarian?|dan|darian?|deposit\w+|recib\w+|mas|extra|ayud\w+)(?!\w)")


def gives(text: str) -> bool:
    """Say whether "cuánto" may ask for what somebody is paid, rather than pays."""
    return bool(_GIVES.search(_read(text)))


def _read(text: str) -> str:
    """Return the normalised text with its spelling put right ("kuanto dan x mes")."""
    return default_speller().correct(normalise(sane(text)))


def asked(text: str) -> tuple[Aspect, ...]:
    """Return the aspects that the words name, in the order asked."""
    folded = _read(text)
    return _named(folded) or (("cost",) if _BARE_MUCH.search(folded) else ())


def _named(folded: str) -> tuple[Aspect, ...]:
    found = [(match.start(), aspect) for aspect, pattern in _COMPILED if (match := pattern.search(folded))]
    return tuple(aspect for _, aspect in sorted(found, key=lambda item: item[0]))


_BARE_MUCH = re.compile(
    r"(?<!\w)(?:cuanto|que tanto)"
    r"(?: (?:mas|extra|menos|en total|por (?:cada|todo|los|las)|(?:es )?(?:al|a la|por) \w+))*$"
)
"""Asks how much, with no verb that says whether it is paid or got."""


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
