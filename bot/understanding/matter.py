"""What of a text the search is to look at: without redaction's labels, without formulas that lead to a question.

"Mi CURP es [CURP] y quiero mi acta" asks for the birth certificate; "una vecina me dijo que aquí contestaban" is
about no neighbour. Where nothing else is said, the text stays as it is.
"""

from __future__ import annotations

import re

from bot.catalogue.text import keywords, normalise
from bot.core.redact import redact
from bot.understanding.courtesy import only_courtesy

_NAMES = (
    r"curp|rfc|nss|imss|n[uú]mero(?: de)?(?: (?:la |mi )?(?:seguro(?: social)?|tel[eé]fono|celular|cuenta|"
    r"tarjeta|clabe|credencial|curp|rfc))?|seguro(?: social)?"
    r"|clave(?: de elector)?|clabe|tarjeta|correo|mail|tel[eé]fono|cel(?:ular)?|whats(?:app)?|folio|cuenta"
)
_LABEL = r"\[(?:CURP|RFC|NSS|CLAVE DE ELECTOR|CLABE|TARJETA|CORREO|TELEFONO|NUMERO)\]"
_ARTICLES = r"(?:\b(?:mi|su|el|la|con|es|de|tengo|traigo|aqu[ií] est[aá]|soy)\s+){0,3}"
_GIVEN = re.compile(
    rf"{_ARTICLES}\b(?:{_NAMES})\s*(?:es|:|=|#|n[uú]mero)(?: el| la)?\s*{_LABEL}[\s,.;]*(?:y\s+)?"
    rf"|(?:^|[,.;]|\by\b|\bcon\b)\s*{_ARTICLES}\b(?:{_NAMES})\s*{_LABEL}[\s,.;]*(?:y\s+)?",
    re.IGNORECASE,
)
_ANY_LABEL = re.compile(_LABEL)
_LONG_NUMBER = re.compile(r"(?<!\w)\d(?:[ -]?\d){9,}(?!\w)")
"""A number that is nobody's by its check digits, and names nothing either."""
_FEWEST_DIGITS = 6
"""A birth date in a key: with fewer digits there is nothing personal to look for."""

# On normalised text. Each leads up to what is asked, or closes it, and names nothing itself.
_FORMULAS = re.compile(
    r"\b(?:"
    r"(?:una?|mi|la|el) (?:vecin[ao]|comadre|compadre|amig[ao]|prim[ao]|cunad[ao]|conocid[ao]|senora?|maestr[ao]|"
    r"doctor[a]?|sobrin[ao]|companer[ao]|familiar) (?:me|nos) (?:dij[oe]|dijeron|conto|platico|comento|recomendo|"
    r"paso (?:este|el|su) (?:numero|contacto)|mando)(?: que)?(?: (?:por )?(?:aqui|aca|este numero))?"
    r"(?: (?:contesta\w*|atend\w+|ayuda\w*|informa\w*|dan informes|daban informes|(?:le |me |nos )?podi?an ayudar))?"
    r"|me dijeron que (?:por )?(?:aqui|aca)(?: (?:contesta\w*|atend\w+|ayuda\w*|informa\w*|preguntara))?"
    r"|(?:y )?por eso (?:le|les|te) (?:escribo|hablo|marco|mando mensaje|pregunto)"
    r"|(?:disculpe|perdone|perdon|dispense)(?: usted)?(?: que (?:le |la |lo )?moleste| la molestia| la hora)?"
    r"|(?:no )?(?:se )?si (?:usted |ustedes )?me (?:puede|pueden|podria|podrian) (?:hacer el favor de |ayudar a )?"
    r"(?:decir(?:me)?|informar(?:me)?|orientar(?:me)?|explicar(?:me)?)?"
    r"|(?:a ver si )?(?:usted )?me (?:puede|podria|hace|haria) (?:hacer )?el favor de"
    r"(?: (?:decirme|informarme|orientarme|explicarme|ayudarme))?"
    r"|(?:le|se lo) agradez\w+(?: mucho| bastante| de antemano)*(?: (?:su|la) (?:atencion|ayuda|amabilidad|respuesta|"
    r"informacion|apoyo|tiempo))?"
    r"|(?:muchas )?gracias (?:de antemano|por su (?:atencion|ayuda|tiempo|apoyo|paciencia))"
    r"|(?:mire|mira|fijese|fijate|oiga|oye)(?: usted)?(?: (?:senorita|joven|senor|licenciad[ao]))?"
    r"(?: (?:que|es que|lo que pasa es que|resulta que))?"
    r"|lo que pasa es que|resulta que|pues es que|este pues|pues mire"
    r"|(?:queria|quisiera|quiero|deseo|me gustaria) (?:preguntar(?:le|les|te)?|saber|consultar(?:le)?)"
    r"(?: (?:si|una cosa|algo))?"
    r"|que dios (?:lo|la|los|me lo|me la|se lo) (?:bendiga|pague|cuide)"
    r"|(?:muy )?(?:buenos dias|buenas tardes|buenas noches|buen dia)(?: (?:tenga usted|senorita|joven|licenciad[ao]))?"
    r")\b"
)
_LONG = 9
"""Words from which on formulas are left out: in short texts they harm nothing."""


# On the text as it came. What a conversation is opened or taken up with, and says nothing itself.
_OPENING = re.compile(
    r"(?:[\s,.;:!¡¿?-]*\b(?:"
    r"ok(?:ey|ay|i|is)?|bueno(?: pues)?|ah+|aj[aá]|oig[ae]|oye|mire|mira|f[ií]jese"
    r"|(?:disculp[ea]|dispense|perdone)(?: usted)?(?: la (?:molestia|hora)| que (?:le |la |lo )?moleste)?"
    r"|pues|entonces|perfecto"
    r"|(?:una|otra) (?:pregunta|duda|consulta|cosa)|a prop[oó]sito|por cierto|cambiando de tema"
    r"|hola|hello|hi|buenas(?: tardes| noches| d[ií]as)?|buenos d[ií]as|buen d[ií]a|se[nñ]orita|joven|licenciad[ao]"
    r"|(?:muchas |mil )?gracias(?=\s*[,.;!]|\s+(?:y|pero|ahora|oiga|oye|otra|una pregunta)\b)"
    r"|(?:va|sale|[oó]rale|simon|s[ií]|ya)(?=\s*[,.;!])"
    r")(?=\W|$))+[\s,.;:!¡¿?-]*",
    re.IGNORECASE,
)
_LEFT = 3
"""Words that must be left for an opening to be left out: "bueno, no" is an answer."""


def without_opening(text: str) -> str:
    """Return a text without the words that open it ("ok. Buenas tardes, una pregunta: …"), unless little else is said.

    A message that is nothing but courtesy stays as it is.
    """
    found = _OPENING.match(text)
    if found is None or not found.group().strip():
        return text
    left = text[found.end() :]
    return left if len(normalise(left).split()) >= _LEFT and not only_courtesy(text) else text


def without_labels(text: str) -> str:
    """Return a text without its opening, personal numbers and the words that introduce them, unless that is all.

    ``"mi curp es [CURP] y quiero mi acta"`` -> ``"quiero mi acta"``; the numbers themselves are labels from here on.
    """
    left, before = without_opening(_unlabelled(without_opening(text))), text
    while left != before:
        left, before = without_opening(_unlabelled(left)), left
    return left


def _unlabelled(text: str) -> str:
    personal = "@" in text or sum(map(str.isdigit, text)) >= _FEWEST_DIGITS
    hidden = _LONG_NUMBER.sub("[NUMERO]", redact(text)) if personal else text
    if "[" not in hidden or not _ANY_LABEL.search(hidden):
        return hidden
    left = _ANY_LABEL.sub(" ", _GIVEN.sub(" ", hidden)).strip()
    return left if keywords(normalise(left)) else hidden


def matter(text: str) -> str:
    """Return what the search is to look at."""
    said = without_labels(text)
    normalised = normalise(said)
    if len(normalised.split()) < _LONG:
        return said
    left = " ".join(_FORMULAS.sub(" ", normalised).split())
    return left if keywords(left) else said
