"""How people write and speak, made comparable: folding, SMS spelling, repetition, letters and numbers, light stems.

Standard library only.
"""

from __future__ import annotations

import re

from bot.catalogue.letters import default_acronyms
from bot.catalogue.numbers import in_digits
from bot.catalogue.places import fold

# Whole words only, after folding. What is ambiguous ("a", "c", "s") stays as it is.
_SPELLING = {
    "q": "que", "k": "que", "ke": "que", "qe": "que", "x": "por", "xq": "por que", "pq": "por que", "porq": "por que",
    "pa": "para", "pal": "para el", "pala": "para la", "d": "de", "dl": "del", "t": "te", "tb": "tambien",
    "tmb": "tambien", "tbn": "tambien", "bn": "bien", "kiero": "quiero", "kero": "quiero", "qiero": "quiero",
    "nesesito": "necesito", "nececito": "necesito", "nesecito": "necesito", "necesto": "necesito", "ocupo": "necesito",
    "ps": "pues", "pos": "pues", "cnto": "cuanto", "qnto": "cuanto", "kuanto": "cuanto", "dnd": "donde",
    "dond": "donde", "ond": "donde", "onde": "donde", "adonde": "a donde", "cm": "como", "kmo": "como", "komo": "como",
    "info": "informacion", "doc": "documento", "docs": "documentos", "tramitre": "tramite", "tel": "telefono",
    "nac": "nacimiento", "nacim": "nacimiento", "bb": "bebe", "beba": "bebe", "mija": "mi hija", "mijo": "mi hijo",
    "ife": "ine", "lic": "licencia", "carro": "auto", "coche": "auto", "troca": "auto", "chamba": "trabajo",
    "jale": "trabajo", "lana": "dinero", "edo": "estado", "mpio": "municipio", "ayto": "ayuntamiento", "sra": "señora",
    "sr": "señor", "fam": "familia", "axta": "acta", "hacta": "acta", "sertificado": "certificado",
    "pasporte": "pasaporte", "pazaporte": "pasaporte", "crup": "curp", "kurp": "curp", "curt": "curp",
    "cur": "curp", "curb": "curp",
    "p": "para", "pra": "para", "xa": "para", "xfa": "por favor", "xfavor": "por favor", "porfa": "por favor",
    "porfis": "por favor", "plis": "por favor", "grax": "gracias", "grasias": "gracias", "kien": "quien",
    "qien": "quien", "kual": "cual", "cdo": "cuando", "qndo": "cuando", "kuando": "cuando", "cuant": "cuanto",
    "cto": "cuanto", "tbm": "tambien", "tmbn": "tambien", "tngo": "tengo", "ntonces": "entonces", "tons": "entonces",
    "sta": "esta", "stoy": "estoy", "ola": "hola", "wenas": "buenas", "nesesita": "necesita", "nececita": "necesita",
    "nesecita": "necesita", "nesesitan": "necesitan", "aser": "hacer", "aserlo": "hacerlo", "aserme": "hacerme",
    "ise": "hice", "alludenme": "ayudenme", "alluda": "ayuda", "haiga": "haya", "hrs": "horas", "cel": "celular",
    "msj": "mensaje", "domic": "domicilio", "reg": "registro", "lisencia": "licencia",
    "matri": "matrimonio", "certif": "certificado", "cert": "certificado", "comprob": "comprobante",
}  # fmt: skip

STOP_WORDS = frozenset(
    [
        "a",
        "al",
        "ante",
        "aqui",
        "asi",
        "ay",
        "buenas",
        "buenos",
        "bueno",
        "cada",
        "con",
        "como",
        "cual",
        "cuales",
        "cuando",
        "de",
        "del",
        "desde",
        "dia",
        "dias",
        "dias",
        "el",
        "ella",
        "ellos",
        "en",
        "entre",
        "era",
        "es",
        "esa",
        "ese",
        "eso",
        "esta",
        "estan",
        "estar",
        "este",
        "esto",
        "estoy",
        "favor",
        "fue",
        "gracias",
        "ha",
        "hacer",
        "hago",
        "hay",
        "hola",
        "la",
        "las",
        "le",
        "les",
        "lo",
        "los",
        "mas",
        "me",
        "mi",
        "mis",
        "muy",
        "necesito",
        "ni",
        "no",
        "nos",
        "o",
        "oiga",
        "oye",
        "para",
        "pero",
        "por",
        "porfa",
        "pues",
        "puedo",
        "que",
        "queria",
        "quiero",
        "quisiera",
        "saber",
        "se",
        "señor",
        "señora",
        "ser",
        "si",
        "sin",
        "sobre",
        "solo",
        "son",
        "soy",
        "su",
        "sus",
        "tambien",
        "te",
        "tengo",
        "tiene",
        "todo",
        "tu",
        "tus",
        "un",
        "una",
        "uno",
        "unos",
        "va",
        "voy",
        "y",
        "ya",
        "yo",
        "disculpe",
        "tardes",
        "noches",
        "informacion",
        "requisitos",
        "papeles",
        "documentos",
        "cuanto",
        "cuesta",
        "donde",
    ]
)

_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_MOST = 4000
"""Characters of an endless text that are looked at, half of them from its end."""
_THOUSANDS = re.compile(r"(?<=\d)[,\u2019](?=\d{3}(?!\d))")
# What bot.core.redact puts for an identifier, with the words that introduce it: "mi curp es [CURP]" asks for no CURP.
_GIVEN = re.compile(
    r"(?:\b(?:mi|su|el|la|con|es)\s+)*(?:\b(?:curp|rfc|nss|clabe|correo|tarjeta|telefono|tel|cel|celular|numero|num|"
    r"clave|elector|seguro|social|imss|de|del)\s+)*(?:\b(?:es|son|seria)\s+)?[:#]?\s*\[[A-Z ]{3,20}\]",
    re.IGNORECASE,
)


def normalise(text: str) -> str:
    """Return folded text in everyday spelling: ``"Q nesesito pa MI ACTAAA"`` -> ``"que necesito para mi acta"``.

    Letters and numbers that were said one by one are joined ("erre efe ce" -> "rfc", "cero siete nueve" -> "079"). An
    identifier that was redacted is left out with the words that introduce it, unless nothing else is left.
    """
    if len(text) > _MOST:
        text = f"{text[: _MOST // 2]} {text[-_MOST // 2 :]}"
    if "[" in text:
        rest = _GIVEN.sub(" ", text)
        text = rest if keywords(_words(rest)) else text
    return _words(text)


def _words(text: str) -> str:
    words = _REPEATED.sub(r"\1", fold(_THOUSANDS.sub("", text))).split()
    words = in_digits(default_acronyms().join(words))
    return " ".join(_SPELLING.get(word, word) for word in words)


def stem(word: str) -> str:
    """Cut plural, gender and the commonest verb endings, the same for query and card: rough, but even on both sides."""
    for ending in (
        "aciones",
        "acion",
        "iones",
        "ando",
        "iendo",
        "arme",
        "arla",
        "arlo",
        "arse",
        "arle",
        "ados",
        "adas",
    ):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            return word[: -len(ending)]
    for ending in ("ado", "ada", "ido", "ida", "es", "os", "as", "ar", "er", "ir", "s", "o", "a", "e"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            return word[: -len(ending)]
    return word


def keywords(text: str) -> list[str]:
    """Return the words of a normalised text that carry meaning, in order."""
    return [word for word in text.split() if word not in STOP_WORDS and len(word) > 1]
