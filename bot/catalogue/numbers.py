"""Numbers said in words, in digits: "cero siete nueve" -> "079", "mil novecientos ochenta" -> "1980".

Small numbers that stand alone stay words: "dos testigos" is written so on the cards, and "una" is no number at all.
Standard library only.
"""

from __future__ import annotations

from collections.abc import Sequence

_DIGITS = {
    "cero": 0, "uno": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9,
}  # fmt: skip
_UNITS = {**_DIGITS, "un": 1, "una": 1}
_TEENS = {
    "diez": 10, "once": 11, "doce": 12, "trece": 13, "catorce": 14, "quince": 15, "dieciseis": 16, "diecisiete": 17,
    "dieciocho": 18, "diecinueve": 19, "veintiun": 21, "veintiuno": 21, "veintiuna": 21, "veintidos": 22,
    "veintitres": 23, "veinticuatro": 24, "veinticinco": 25, "veintiseis": 26, "veintisiete": 27, "veintiocho": 28,
    "veintinueve": 29,
}  # fmt: skip
_TENS = {
    "veinte": 20, "treinta": 30, "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "setenta": 70, "ochenta": 80,
    "noventa": 90,
}  # fmt: skip
_HUNDREDS = {"cien": 100, "ciento": 100}
for _root, _value in (
    ("dosc", 200), ("tresc", 300), ("cuatroc", 400), ("quin", 500), ("seisc", 600), ("setec", 700), ("ochoc", 800),
    ("novec", 900),
):  # fmt: skip
    _HUNDREDS.update({f"{_root}ientos": _value, f"{_root}ientas": _value})
_SHORTEST_RUN = 3
"""Digits in a row that are one number: "nueve uno uno". Two may be "uno, dos"."""
_BARE = frozenset({"un", "una", "ciento", "mil", *_DIGITS})
"""Words that alone are left as they are ("por ciento", "mil gracias")."""


def in_digits(words: Sequence[str]) -> list[str]:
    """Return folded words with the numbers among them in digits."""
    found: list[str] = []
    at = 0
    while at < len(words):
        text, end = _run(words, at)
        if not text:
            value, end = _number(words, at)
            text = words[at] if end <= at or (end == at + 1 and words[at] in _BARE) else str(value)
            end = max(end, at + 1)
        found.append(text)
        at = end
    return found


def _run(words: Sequence[str], at: int) -> tuple[str, int]:
    """Return the digits said one by one from ``at`` on ("cero siete nueve", "9 1 1"), "" when they are too few."""
    end, digits = at, ""
    while end < len(words) and (words[end] in _DIGITS or (len(words[end]) == 1 and words[end].isdecimal())):
        digits += str(_DIGITS[words[end]]) if words[end] in _DIGITS else words[end]
        end += 1
    return (digits, end) if len(digits) >= _SHORTEST_RUN else ("", at)


def _number(words: Sequence[str], at: int) -> tuple[int, int]:
    """Return a number below a million and where it ends; an end of ``at`` says that there is none."""
    thousands, end = _below_thousand(words, at)
    if words[end : end + 1] == ["mil"]:
        rest, last = _below_thousand(words, end + 1)
        if end == at and last == end + 1:
            return 0, at  # "mil gracias"
        return (thousands or 1) * 1000 + rest, last
    return thousands, end


def _below_thousand(words: Sequence[str], at: int) -> tuple[int, int]:
    value, end = 0, at
    if words[end : end + 1] and words[end] in _HUNDREDS:
        value, end = _HUNDREDS[words[end]], end + 1
    word = words[end] if end < len(words) else ""
    if word in _TENS or (word == "diez" and words[end + 1 : end + 2] == ["y"]):
        tens = _TENS.get(word, 10)
        joined = words[end + 1 : end + 2] == ["y"]
        unit = end + 2 if joined else end + 1  # recognisers lose the "y"
        if words[unit : unit + 1] and (_UNITS if joined else _DIGITS).get(words[unit], 0) > 0:
            return value + tens + _UNITS[words[unit]], unit + 1
        return value + tens, end + 1
    if word in _TEENS:
        return value + _TEENS[word], end + 1
    if word in _UNITS and (end > at or word not in ("un", "una")):
        if end > at and _UNITS[word] == 0:
            return value, end
        return value + _UNITS[word], end + 1
    return value, end
