"""Any text of a card as people say it aloud: money, dates, hours, phones, addresses, folios, acronyms, signs.

What is left has letters and the marks of punctuation that a voice reads as pauses: no digit, no sign.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from num2words import num2words  # type: ignore[import-untyped]

_MONTHS = ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
           "noviembre", "diciembre")  # fmt: skip
_MONTH_BY_START = {name[:3]: name for name in _MONTHS} | {"sept": "septiembre", "set": "septiembre"}

# Acronyms as they are said in Mexico; one that is not here is read as a word when it has a vowel in each syllable,
# else letter by letter.
_SAID = {
    "CURP": "curp", "INE": "ine", "SAT": "sat", "IMSS": "ims", "ISSSTE": "isste", "RFC": "erre efe ce",
    "NSS": "ene ese ese", "SRE": "ese erre e", "DIF": "dif", "CDMX": "Ciudad de México", "INAPAM": "inapam",
    "SEP": "sep", "UNAM": "unam", "IPN": "i pe ene", "INM": "i ene eme", "UMF": "u eme efe", "PDF": "pe de efe",
    "SMS": "ese eme ese", "USD": "dólares", "MXN": "pesos", "EUA": "Estados Unidos", "EEUU": "Estados Unidos",
    "FIEL": "fiel", "INEGI": "inegi", "CONAVI": "conavi", "INFONAVIT": "infonavit", "FOVISSSTE": "fovisste",
    "PROFECO": "profeco", "CONDUSEF": "condusef", "LOCATEL": "locatel", "SEDENA": "sedena", "SEMAR": "semar",
    "CFE": "ce efe e", "UMA": "uma", "DOF": "de o efe", "SUAC": "suac", "SARE": "sare", "ID": "i de", "APP": "ap",
    "DNI": "de ene i", "QR": "cu erre", "NIP": "nip", "PIN": "pin", "CIE": "ce i e", "BC": "Baja California",
    "BCS": "Baja California Sur",
    "NL": "Nuevo León", "SLP": "San Luis Potosí", "EDOMEX": "Estado de México", "SSA": "ese ese a", "AFORE": "afore",
    "CLABE": "clabe", "ATM": "a te eme", "VIN": "vin", "NIV": "niv", "REPUVE": "repuve", "SICT": "sict",
    "COFEPRIS": "cofepris", "CAT": "cat", "SNE": "ese ene e", "CNDH": "ce ene de hache", "FGR": "efe ge erre",
    "IEDF": "i e de efe", "DF": "de efe", "ADN": "a de ene", "VIH": "ve i hache", "ONG": "o ene ge", "OCR": "o ce erre",
}  # fmt: skip
_LETTER = {
    "A": "a", "B": "be", "C": "ce", "D": "de", "E": "e", "F": "efe", "G": "ge", "H": "hache", "I": "i", "J": "jota",
    "K": "ka", "L": "ele", "M": "eme", "N": "ene", "Ñ": "eñe", "O": "o", "P": "pe", "Q": "cu", "R": "erre", "S": "ese",
    "T": "te", "U": "u", "V": "ve", "W": "doble u", "X": "equis", "Y": "ye", "Z": "zeta",
}  # fmt: skip
_ABBREVIATIONS = {
    "av": "avenida", "col": "colonia", "núm": "número", "num": "número", "no": "número", "tel": "teléfono",
    "ext": "extensión", "art": "artículo", "arts": "artículos", "fracc": "fracción", "lic": "licenciado",
    "dr": "doctor", "dra": "doctora", "sr": "señor", "sra": "señora", "aprox": "aproximadamente", "ej": "ejemplo",
    "etc": "etcétera", "hrs": "horas", "hr": "hora", "h": "horas", "min": "minutos", "edo": "estado", "pág": "página",
    "km": "kilómetros", "cm": "centímetros", "mm": "milímetros", "kg": "kilos", "mb": "megabytes", "kb": "kilobytes",
    "gral": "general", "depto": "departamento", "esq": "esquina", "c.p": "código postal", "máx": "máximo",
    "mín": "mínimo", "p.ej": "por ejemplo", "cert": "certificado", "mpio": "municipio", "tels": "teléfonos",
    "sec": "secretaría", "fr": "fracción",
    "ags": "Aguascalientes", "chih": "Chihuahua", "coah": "Coahuila", "dgo": "Durango", "gto": "Guanajuato",
    "gro": "Guerrero", "hgo": "Hidalgo", "jal": "Jalisco", "mich": "Michoacán", "nay": "Nayarit", "oax": "Oaxaca",
    "pue": "Puebla", "qro": "Querétaro", "tamps": "Tamaulipas", "tlax": "Tlaxcala", "yuc": "Yucatán",
    "zac": "Zacatecas",
}  # fmt: skip
_NAMES = re.compile(
    r"\b(?:N\. ?(?P<nuevo>Le[oó]n)|S\. ?(?P<santiago>Tulantepec)|(?P<roo>Q\. ?Roo)"
    r"|(?P<mexico>Edo\.? ?(?:de )?M[eé]x(?:ico|\.)?|Edom[eé]x))(?!\w)"
)
"""Places as the cards shorten them where there is little room, with accents or (in SMS) without."""
_WHOLE_NAMES = {"nuevo": "Nuevo León", "santiago": "Santiago Tulantepec", "roo": "Quintana Roo",
                "mexico": "Estado de México"}  # fmt: skip
_SIGNS = {
    "&": " y ", "+": " más ", "%": " por ciento ", "@": " arroba ", "=": " igual a ", "<": " menos de ",
    ">": " más de ", "°": " grados ", "#": " número ", "*": " asterisco ", "$": " pesos ", "€": " euros ",
    "×": " por ", "½": " y medio ", "¼": " un cuarto ", "¾": " tres cuartos ", "§": " sección ", "/": " o ",
    "²": " cuadrados ", "³": " cúbicos ",
}  # fmt: skip
_FEMININE_AFTER = re.compile(
    r"\s+(?:copias?|hojas?|horas?|semanas?|fotos?|fotograf[ií]as?|veces|personas?|p[aá]ginas?|identificaciones|"
    r"identificaci[oó]n|noches?|huellas?|firmas?|cuotas?|quincenas?|unidades|citas?|constancias?|actas?|placas?|"
    r"oficinas?|mensualidades|mujeres|vueltas?|opciones|opci[oó]n|cartas?|solicitudes|partes|letras|cifras)\b",
    re.IGNORECASE,
)
_MASCULINE_AFTER = re.compile(r"\s+(?:[a-zñáéíóúü]+)", re.IGNORECASE)

_DATE_WORDS = r"ene(?:ro)?|feb(?:rero)?|mar(?:zo)?|abr(?:il)?|mayo?|jun(?:io)?|jul(?:io)?|ago(?:sto)?|sep(?:t|tiembre)?|oct(?:ubre)?|nov(?:iembre)?|dic(?:iembre)?"  # noqa: E501
_CLOCK = r"(?:[01]?\d|2[0-4])[:.][0-5]\d"
_URL = r"(?:https?://)?(?:www\.)?(?:[a-z0-9ñ](?:[a-z0-9ñ\-]*[a-z0-9ñ])?\.)+(?:mx|com|org|net|gob|gov|edu|info|es|io|app|us|int)\b(?:/[^\s,;)»\"]*)?"
_RULES: tuple[tuple[str, str], ...] = (
    ("mail", r"[\w.+\-]+@(?:[\w\-]+\.)+\w{2,}"),
    ("url", _URL),
    ("money", r"\$\s?(?P<amount>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,2})?)(?P<unit>\s*(?:pesos|MXN|M\.N\.|USD|d[oó]lares))?"),  # noqa: E501
    ("iso", r"(?<!\d)(?P<iy>(?:19|20)\d\d)-(?P<im>0[1-9]|1[0-2])(?:-(?P<id>[0-2]\d|3[01]))?(?!\d)"),
    ("slashed", r"(?<!\d)(?P<sd>[0-3]?\d)/(?P<sm>0?[1-9]|1[0-2])/(?P<sy>(?:19|20)\d\d)(?!\d)"),
    ("dayful", rf"(?<!\d)(?P<dd>[0-3]?\d)(?:\.?º|\.?er\b)?\s+(?:de\s+)?(?P<dm>{_DATE_WORDS})\b\.?(?:\s+(?:del?\s+)?(?P<dy>(?:19|20)\d\d))?(?!\d)"),  # noqa: E501
    ("monthly", rf"\b(?P<mm>{_DATE_WORDS})\b\.?\s+(?:del?\s+)?(?P<my>(?:19|20)\d\d)(?!\d)"),
    ("clocks", rf"(?P<de>\bde\s+)?(?<!\d)(?P<c1>{_CLOCK})(?:\s*h(?:rs?|oras?)?\b\.?)?\s*(?:-|–|—|\ba\b)\s*(?P<c2>{_CLOCK})(?!\d)(?:\s*h(?:rs?|oras?)?\b\.?)?"),  # noqa: E501
    ("clock", r"(?<![\d.$,])(?P<c>(?:[01]?\d|2[0-4]):[0-5]\d)(?!\d)(?:\s*h(?:rs?|oras?)?\b\.?)?(?P<ampm>\s*[ap]\.?\s?m\b\.?)?"),  # noqa: E501
    ("phone", r"(?<![\d\w])(?:\+52\s?)?(?:\(?\d{2,3}\)?[ \-]\d{3,4}[ \-]\d{4}|\(?\d{3}\)?[ \-]\d{3}[ \-]\d{2}[ \-]\d{2}|\(?\d{2}\)?[ \-]\d{4}[ \-]\d{2}[ \-]\d{2}|\d{2}(?:[ \-]\d{2}){4}|\d{10}|\d{3}[ \-]\d{7})(?!\d)"),  # noqa: E501
    ("years", r"(?<![\d\-])(?P<y1>(?:19|20)\d\d)\s?[-–]\s?(?P<y2>(?:19|20)\d\d)(?![\d\-])"),
    ("ordinal", r"(?<!\w)(?P<on>\d{1,3})\s?\.?(?P<os>º|ª|°(?=\s+[a-z])|(?:er|ra|ro|do|da|to|ta|vo|va|mo|ma|no|na)\b)"),
    ("section", r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){2,}(?![\w.])"),
    ("range", r"(?<![\w.,\-])(?P<r1>\d[\d,]*)\s?[-–]\s?(?P<r2>\d[\d,]*)(?![\w\-])"),
    ("percent", r"(?<!\w)(?P<p>\d+(?:\.\d+)?)\s?%"),
    ("decimal", r"(?<![\w.])(?P<whole>\d[\d,]*)\.(?P<part>\d+)(?![\w.])"),
    ("code", r"(?<!\w)(?=[\w\-/.]*\d)(?=[\w\-/.]*[A-Za-zÑ])[A-Za-zÑ0-9]+(?:[\-/._][A-Za-zÑ0-9]+)*(?!\w)"),
    ("dashed", r"(?<!\w)\d+(?:[\-/]\d+)+(?!\w)"),
    ("number", r"\d{1,3}(?:,\d{3})+(?!\d)|\d+"),
)  # fmt: skip
_ALL = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _RULES), re.IGNORECASE)


@lru_cache(maxsize=4096)
def spoken(text: str) -> str:
    """Return ``text`` as a voice should read it: letters and ``. , ; : ¿ ? ¡ !`` alone."""
    text = unicodedata.normalize("NFC", text).replace("\u00a0", " ")
    text = re.sub(r"\bEE\.?\s?UU\.?(?!\w)", "Estados Unidos", text)
    text = text.replace("n.º", "número ").replace("N.º", "número ").replace("1/2", "½").replace("y/o", "y o")
    text = re.sub(r"\be\.firma\b", "e firma", text, flags=re.IGNORECASE)
    text = re.sub(r"\bNo\.\s?(?=\d)", "número ", text)
    text = _NAMES.sub(lambda match: _WHOLE_NAMES[match.lastgroup or ""], text)
    text = re.sub(r"\),(?=\s)", ");", text)
    text = re.sub(r"\s*\(s\)|\(es\)|\(as\)|\(a\)|\(o\)", "", text)
    parts: list[str] = []
    end = 0
    for match in _ALL.finditer(text):
        name = next(name for name, _ in _RULES if match.group(name) is not None)
        parts += [text[end : match.start()], " " + _SAY[name](match) + " "]
        end = match.end()
    joined = "".join([*parts, text[end:]])
    return _tidy(_signs(_acronyms(joined)))


def number(value: int, feminine: bool = False, short: bool = False) -> str:
    """Return a whole number in words; ``short``: as said before a noun ("un", "veintiún")."""
    words = str(num2words(value, lang="es"))
    if feminine:
        return re.sub(r"uno\b", "una", words).replace("cientos", "cientas").replace("quinientos", "quinientas")
    if short:
        words = re.sub(r"veintiuno\b", "veintiún", words)
        words = re.sub(r"\buno\b$", "un", words)
    return words


def money(amount: str, unit: str = "pesos") -> str:
    """Return an amount ("1,795", "98.50") as it is said, with its centavos."""
    whole, _, cents = amount.replace(",", "").partition(".")
    value, rest = int(whole), int((cents + "0")[:2]) if cents else 0
    one, many, small = ("dólar", "dólares", "centavo") if unit == "dólares" else ("peso", "pesos", "centavo")
    of = " de" if value >= 1_000_000 and value % 1_000_000 == 0 else ""
    said = f"{number(value, short=True)}{of} {one if value == 1 else many}"
    if not rest:
        return said
    centavos = f"{number(rest, short=True)} {small if rest == 1 else small + 's'}"
    return f"{said} con {centavos}" if value else centavos


def phone(digits: str) -> str:
    """Return a phone's digits in threes and pairs: ``800 911 2000`` -> "ochocientos, nueve once, veinte, cero cero"."""
    digits = re.sub(r"\D", "", digits)
    if len(digits) == 12 and digits.startswith("52"):
        digits = digits[2:]
    if len(digits) <= 4:
        return short_line(digits)
    if len(digits) == 10:
        area = 2 if digits[:2] in ("55", "56", "33", "81") else 3
        groups = [digits[:2], *_pairs(digits[2:])] if area == 2 else [digits[:3], digits[3:6], *_pairs(digits[6:])]
    else:
        groups = _pairs(digits)
    return ", ".join(_group(each) for each in groups)


def short_line(digits: str) -> str:
    """Return a line of three digits as it is said: 911 "nueve once", 079 "cero setenta y nueve"."""
    if len(digits) == 3 and digits[1:] == "00":
        return number(int(digits))
    if len(digits) == 3:
        return f"{number(int(digits[0]))} {_group(digits[1:])}"
    return " ".join(_group(each) for each in _pairs(digits))


def _pairs(digits: str) -> list[str]:
    first = len(digits) % 2
    return [*([digits[:1]] if first else []), *(digits[at : at + 2] for at in range(first, len(digits), 2))]


def _group(digits: str) -> str:
    if len(digits) == 3:
        return short_line(digits)
    if digits.startswith("0"):
        return " ".join(number(int(digit)) for digit in digits)
    return number(int(digits))


def clock(text: str, with_part: bool = True) -> str:
    """Return a time of day of 24 hours as it is said: ``15:30`` -> "tres y media de la tarde"."""
    hour, minute = (int(part) for part in re.split(r"[:.]", text))
    if minute == 0 and hour in (0, 24):
        return "doce de la noche"
    part = "de la mañana" if hour < 12 else "de la tarde" if hour < 19 else "de la noche"
    part = "del día" if hour == 12 else "de la madrugada" if hour < 5 else part
    shown = (hour - 1) % 12 + 1
    name = "una" if shown == 1 else number(shown)
    past = {0: "", 15: " y cuarto", 30: " y media"}.get(minute, f" y {number(minute)}")
    return f"{name}{past} {part}" if with_part else f"{name}{past}"


def date(year: int | None, month: int | None = None, day: int | None = None) -> str:
    """Return a date as precise as it is known: "tres de marzo de dos mil veintiséis"."""
    parts = []
    if day:
        parts.append("primero" if day == 1 else number(day))
    if month:
        parts.append(_MONTHS[month - 1])
    if year:
        parts.append(number(year))
    return " de ".join(parts)


def address(url: str) -> str:
    """Return a web address as it is said: ``www.gob.mx/pasaporte`` -> "gob punto mx diagonal pasaporte"."""
    bare = re.sub(r"^https?://", "", url.strip(), flags=re.IGNORECASE).rstrip("/.")
    bare = re.sub(r"^www\.", "", bare, flags=re.IGNORECASE)
    return _spelled(bare)


def code(text: str) -> str:
    """Return a folio as it is said: letters by name or as their acronym, digits in pairs and threes."""
    said = []
    for part in re.findall(r"[A-Za-zÑñ]+|\d+|[^A-Za-zÑñ\d]", text):
        if part.isdigit():
            said.append(_digits(part))
        elif part.isalpha():
            said.append(_letters(part))
    return " ".join(filter(None, said))


def _digits(digits: str) -> str:
    if digits.startswith("0") and len(digits) > 1:
        return " ".join(number(int(digit)) for digit in digits)
    if len(digits) <= 4:
        return number(int(digits))
    return ", ".join(_group(each) for each in _pairs(digits))


def _letters(word: str) -> str:
    upper = word.upper()
    if upper in _SAID:
        return _SAID[upper]
    if word.isupper() and (len(word) < 4 or not re.search("[AEIOU]", upper)):
        return " ".join(_LETTER[letter] for letter in upper)
    return word.lower() if len(word) > 1 else _LETTER.get(upper, word)


_ADDRESS_SIGNS = {
    ".": "punto", "/": "diagonal", "-": "guion", "_": "guion bajo", "@": "arroba", "?": "signo de interrogación",
    "=": "igual a", "&": "ampersand", "#": "gato", "%": "por ciento", ":": "dos puntos", "+": "más", "~": "tilde",
}  # fmt: skip


def _spelled(text: str) -> str:
    said = []
    for part in re.findall(r"[^\W\d_]+|\d+|[^\w\s]|_", text):
        if part.isdigit():
            said.append(_digits(part))
        elif part.isalpha():
            lone = len(part) == 1 or (len(part) <= 4 and not re.search("[aeiouáéíóú]", part, re.IGNORECASE))
            known = _SAID.get(part.upper(), "") if part.upper() not in ("CDMX", "BC", "BCS", "NL", "SLP", "APP") else ""
            spelt = " ".join(_LETTER.get(letter, letter.lower()) for letter in part.upper())
            said.append(known or (spelt if lone and part.lower() not in ("mx",) else part.lower()))
        else:
            said.append(_ADDRESS_SIGNS.get(part, ""))
    return " ".join(filter(None, said))


def _say_money(match: re.Match[str]) -> str:
    unit = (match.group("unit") or "").strip().lower()
    return money(match.group("amount"), "dólares" if unit.startswith(("usd", "d")) else "pesos")


def _say_iso(match: re.Match[str]) -> str:
    day = match.group("id")
    return date(int(match.group("iy")), int(match.group("im")), int(day) if day else None)


def _say_slashed(match: re.Match[str]) -> str:
    return date(int(match.group("sy")), int(match.group("sm")), int(match.group("sd")))


def _month(name: str) -> int:
    return _MONTHS.index(_MONTH_BY_START[name.lower()[:3]]) + 1


def _say_dayful(match: re.Match[str]) -> str:
    year = match.group("dy")
    return date(int(year) if year else None, _month(match.group("dm")), int(match.group("dd")))


def _say_monthly(match: re.Match[str]) -> str:
    return date(int(match.group("my")), _month(match.group("mm")))


def _say_clocks(match: re.Match[str]) -> str:
    return f"de {clock(match.group('c1'))} a {clock(match.group('c2'))}"


def _say_clock(match: re.Match[str]) -> str:
    half = (match.group("ampm") or "").replace(".", "").replace(" ", "").lower()
    hour, minute = match.group("c").split(":")
    if half == "pm" and int(hour) < 12:
        hour = str(int(hour) + 12)
    return clock(f"{hour}:{minute}")


def _say_years(match: re.Match[str]) -> str:
    return f"{number(int(match.group('y1')))} a {number(int(match.group('y2')))}"


_ORDINAL_TENS = {1: "primer", 2: "segund", 3: "tercer", 4: "cuart", 5: "quint", 6: "sext", 7: "séptim", 8: "octav",
                 9: "noven", 10: "décim"}  # fmt: skip


def _say_ordinal(match: re.Match[str]) -> str:
    value, ending = int(match.group("on")), match.group("os").lower()
    if value not in _ORDINAL_TENS:
        return number(value)
    if ending == "er" and value in (1, 3):
        return _ORDINAL_TENS[value]
    return _ORDINAL_TENS[value] + ("a" if ending in ("ª", "ra", "da", "ta", "va", "ma", "na") else "o")


def _say_section(match: re.Match[str]) -> str:
    return " punto ".join(number(int(part)) for part in match.group("section").split("."))


def _say_range(match: re.Match[str]) -> str:
    return " a ".join(_whole(match.group(name)) for name in ("r1", "r2"))


def _whole(digits: str) -> str:
    digits = digits.replace(",", "")
    return phone(digits) if len(digits) == 3 and digits.startswith("0") else number(int(digits))


def _say_percent(match: re.Match[str]) -> str:
    whole, _, part = match.group("p").partition(".")
    said = number(int(whole)) + (f" punto {_digits(part)}" if part else "")
    return f"{said} por ciento"


def _say_decimal(match: re.Match[str]) -> str:
    return f"{number(int(match.group('whole').replace(',', '')))} punto {_digits(match.group('part'))}"


_SHORT_LINES = frozenset({"911", "089", "088", "079", "078", "075", "074", "073", "072", "071", "070", "066", "065",
                          "060", "040", "030", "020"})  # fmt: skip


def _say_number(match: re.Match[str]) -> str:
    text = match.group("number")
    digits = text.replace(",", "")
    if digits in _SHORT_LINES:
        return short_line(digits)
    if len(digits) > 1 and digits.startswith("0"):
        return " ".join(_group(each) for each in _pairs(digits))
    if len(digits) > 7 and "," not in text:
        return ", ".join(_group(each) for each in _pairs(digits))
    after = match.string[match.end() :]
    if _FEMININE_AFTER.match(after):
        return number(int(digits), feminine=True)
    return number(int(digits), short=bool(_MASCULINE_AFTER.match(after)) and int(digits) % 10 == 1)


def _say_dashed(match: re.Match[str]) -> str:
    return ", ".join(_digits(part) for part in re.split(r"[\-/]", match.group("dashed")))


_SAY: dict[str, Callable[[re.Match[str]], str]] = {
    "mail": lambda match: _spelled(match.group("mail")),
    "url": lambda match: address(match.group("url")),
    "money": _say_money,
    "iso": _say_iso,
    "slashed": _say_slashed,
    "dayful": _say_dayful,
    "monthly": _say_monthly,
    "clocks": _say_clocks,
    "clock": _say_clock,
    "phone": lambda match: phone(match.group("phone")),
    "years": _say_years,
    "ordinal": _say_ordinal,
    "section": _say_section,
    "range": _say_range,
    "percent": _say_percent,
    "decimal": _say_decimal,
    "code": lambda match: code(match.group("code")),
    "dashed": _say_dashed,
    "number": _say_number,
}
_ACRONYM = re.compile(r"(?<![\w])(?:[A-ZÑ]\.){2,}|(?<!\w)[A-ZÑ]{2,}(?:s\b|(?!\w))")
_ABBREVIATION = re.compile(
    r"\b(" + "|".join(sorted(map(re.escape, _ABBREVIATIONS), key=len, reverse=True)) + r")\.(?!\w)", re.IGNORECASE
)
_ROMAN = {"II": "dos", "III": "tres", "IV": "cuatro", "VI": "seis", "VII": "siete", "VIII": "ocho", "IX": "nueve",
          "XI": "once", "XII": "doce", "XX": "veinte", "XXI": "veintiuno"}  # fmt: skip


def _acronyms(text: str) -> str:
    def said(match: re.Match[str]) -> str:
        word = match.group().replace(".", "")
        ending = "" if not word.endswith("s") else "s"
        word = word.removesuffix("s")
        if word in _ROMAN:
            return _ROMAN[word]
        if word in _SAID:
            return _SAID[word]
        if len(word) > 6 or (len(word) > 3 and _pronounceable(word)):
            return word.lower() + ending
        return word.lower() if len(word) == 2 and word in _WORDS_OF_TWO else _letter_names(word)

    return _ABBREVIATION.sub(_unabbreviated, _ACRONYM.sub(said, text))


_WORDS_OF_TWO = frozenset({"DE", "EL", "LA", "EN", "SE", "SU", "SI", "NO", "YA", "LO", "AL", "UN", "MI", "TE", "ME"})


def _unabbreviated(match: re.Match[str]) -> str:
    word = match.group(1).lower()
    # "no." at the end of a sentence is the word, not "número".
    if word == "no":
        return match.group()
    ends = not match.string[match.end() :].strip() or re.match(r"\s+[A-ZÁÉÍÓÚÑ¿¡]", match.string[match.end() :])
    return _ABBREVIATIONS[word] + ("." if ends and word in ("etc", "hrs", "h", "min") else "")


def _pronounceable(word: str) -> bool:
    return bool(re.search("[AEIOUÁÉÍÓÚ]", word)) and not re.search(
        r"[^AEIOUÁÉÍÓÚ]{3,}|^[^AEIOUÁÉÍÓÚ]{2}(?<![BCDFGPT][LR])", word
    )


def _letter_names(word: str) -> str:
    return " ".join(_LETTER.get(letter, letter.lower()) for letter in word)


def _signs(text: str) -> str:
    said = []
    for character in text:
        if character in _SIGNS:
            said.append(_SIGNS[character])
        elif character.isalpha() or character in " .,;:¿?¡!\n":
            said.append(character)
        elif character in "()[]{}–—…|•·":
            said.append(" , ")
        else:
            value = unicodedata.normalize("NFKD", character)
            said.append(_digits(value) if value.isdigit() and value.isascii() else " ")
    return "".join(said)


def _tidy(text: str) -> str:
    text = " ".join(text.replace("\n", " . ").split())
    text = re.sub(r"\s+([.,;:?!])", r"\1", text)
    text = re.sub(r"([¿¡])\s+", r"\1", text)
    text = re.sub(r"[,;:.]*([.?!])[,;:.]*", r"\1", text)
    text = re.sub(r"[,;:]*([,;:])", r"\1", text)
    text = re.sub(r"([.,;:?!])(?=[^\s.,;:?!])", r"\1 ", text)
    text = re.sub(r"\bde de\b", "de", text)
    return text.strip(" ,;:")
